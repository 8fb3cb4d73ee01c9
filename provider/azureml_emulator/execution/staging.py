"""Staging: what is copied before a job's command starts: its code and its inputs."""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from azureml_emulator.assets.references import Page, Place, Resolver, UnresolvedError
from azureml_emulator.jobs.artifacts import JobError
from azureml_emulator.storage.blobs.files import copy_file, copy_tree
from azureml_emulator.storage.blobs.models import BlobNameError, BlobStore

SINGLE_FILE = frozenset({"uri_file"})
EITHER = frozenset({"custom_model", "triton_model", "mlflow_model"})


class StagingError(JobError):
    """A job cannot start with the data that it names; the text is the job's error message."""


@contextmanager
def naming(field: str) -> Iterator[None]:
    """Let an error name the field of the job that it is about.

    :raises StagingError: what the field names cannot be used.
    """
    try:
        yield
    except (UnresolvedError, BlobNameError, StagingError) as error:
        raise StagingError(f"{field}: {error}") from None


@dataclass
class Stage:
    """A job's scratch folder and what was put in it.

    :param pages: web addresses that are still to be fetched, by the place to put them.
    """

    root: Path
    inputs: dict[str, str] = field(default_factory=dict)
    literals: dict[str, str] = field(default_factory=dict)
    pages: dict[Path, str] = field(default_factory=dict)

    @property
    def code(self) -> Path:
        """The command's working directory."""
        return self.root / "wd"

    @property
    def home(self) -> Path:
        """The command's home directory."""
        return self.root / "home"

    @property
    def scratch(self) -> Path:
        """The command's directory for temporary files."""
        return self.root / "tmp"

    @property
    def imports(self) -> Path:
        """The file that lists the modules which the job's code imports."""
        return self.root / "imports.txt"

    def remove(self) -> None:
        """Take everything away; files that were made read-only included."""
        for folder, _, _ in os.walk(self.root):
            os.chmod(folder, 0o700)
        shutil.rmtree(self.root, ignore_errors=True)


class Stager:
    """Fills the stages of jobs. All of it is file work: call it in a thread."""

    def __init__(self, resolver: Resolver, blobs: BlobStore) -> None:
        self._resolver = resolver
        self._blobs = blobs

    def stage(self, root: Path, definition: Mapping[str, Any]) -> Stage:
        """Prepare everything below ``root`` that a job of this definition starts with.

        :raises StagingError: something that the job names does not exist.
        """
        stage = Stage(root)
        stage.remove()
        for folder in (stage.code, stage.home, stage.scratch):
            folder.mkdir(parents=True)
        with naming("codeId"):
            self._code(stage, definition.get("codeId"))
        (stage.code / "outputs").mkdir(exist_ok=True)
        (stage.code / "logs").mkdir(exist_ok=True)
        for name, row in definition["inputs"].items():
            with naming(f"inputs.{name}"):
                self._input(stage, name, row)
        return stage

    def _code(self, stage: Stage, code_id: str | None) -> None:
        if not code_id:
            return
        source = self._real(self._resolver.place(code_id, "codes"))
        if source.is_dir():
            copy_tree(source, stage.code)
        else:
            copy_file(source, stage.code / source.name)

    def _input(self, stage: Stage, name: str, row: Mapping[str, Any]) -> None:
        data_type, mode = row["jobInputType"], row.get("mode")
        if data_type == "literal":
            stage.literals[name] = row["value"]
            return
        uri = row["uri"]
        if mode == "Direct":
            stage.inputs[name] = self._resolver.long_uri(uri)
            return
        place = self._resolver.place(uri, "models" if data_type.endswith("_model") else "data")
        folder = stage.root / "inputs" / name
        if isinstance(place, Page):
            stage.inputs[name] = str(self._page(stage, folder, name, data_type, place))
            return
        source = self._real(place)
        check_data_type(data_type, uri, source)
        if mode == "ReadWriteMount":
            stage.inputs[name] = str(source)
            return
        folder.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            copy_tree(source, folder)
            stage.inputs[name] = str(folder)
        else:
            folder.mkdir()
            stage.inputs[name] = str(copy_file(source, folder / source.name))
        if mode != "Download":
            make_read_only(folder)

    def _page(self, stage: Stage, folder: Path, name: str, data_type: str, page: Page) -> Path:
        if data_type not in SINGLE_FILE:
            message = f"{page.url!r} lies outside of the workspace; only a uri_file can be read from there."
            raise StagingError(message)
        folder.mkdir(parents=True)
        target = folder / (unquote(urlsplit(page.url).path).rpartition("/")[2] or name)
        stage.pages[target] = page.url
        return target

    def _real(self, place: Place | Page) -> Path:
        if isinstance(place, Page):
            raise StagingError(f"{place.url!r} lies outside of the workspace's storage account.")
        real = self._blobs.path(place.container, place.path)
        if not real.exists():
            uri = self._resolver.uri_of(place)
            raise StagingError(f"there is no data at {uri} (container {place.container!r}, path {place.path!r}).")
        return real


def check_data_type(data_type: str, uri: str, source: Path) -> None:
    """A file is a ``uri_file``, a folder a ``uri_folder``; models may be either.

    :raises StagingError: otherwise.
    """
    if data_type in SINGLE_FILE and source.is_dir():
        raise StagingError(f"{uri!r} is a folder; the input's type is {data_type}, which is one file.")
    if data_type not in SINGLE_FILE | EITHER and not source.is_dir():
        raise StagingError(f"{uri!r} is a file; the input's type is {data_type}, which is a folder.")


def make_read_only(folder: Path) -> None:
    """Take the right to write from everything below a folder, as a read-only mount does."""
    for here, _, files in os.walk(folder, topdown=False):
        for file in files:
            os.chmod(os.path.join(here, file), stat.S_IRUSR | stat.S_IRGRP | stat.S_IROTH)
        os.chmod(here, 0o555)
