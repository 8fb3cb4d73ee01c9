"""Staging: what is prepared before a job's command starts: a copy of its code, its inputs, places for its outputs."""

from __future__ import annotations

import os
import re
import shutil
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from azureml_emulator.assets.references import Page, Place, Resolver, UnresolvedError, below
from azureml_emulator.core.settings import Settings
from azureml_emulator.jobs.artifacts import JobError, default_output
from azureml_emulator.jobs.models import Job
from azureml_emulator.storage.files import copy_file, copy_tree
from azureml_emulator.storage.models import BlobNameError, BlobStore

SINGLE_FILE = frozenset({"uri_file"})
EITHER = frozenset({"custom_model", "triton_model", "mlflow_model"})


class StagingError(JobError):
    """A job cannot start with the data that it names; the text is the job's error message."""


@dataclass(frozen=True)
class Output:
    """Where an output goes.

    :param target: its place in storage; the folder of a ``uri_folder``, the file itself of a ``uri_file``.
    :param local: the path that the command gets: the place itself for a mounted output, a scratch place for an uploaded
        one.
    :param value: the text that replaces ``${{outputs.<name>}}``: the local place, or the address of a ``Direct``
        output.
    """

    target: Place
    local: Path
    value: str
    data_type: str
    mode: str


@dataclass
class Stage:
    """A job's scratch folder and what was put in it.

    :param pages: web addresses that are still to be fetched, by the place to put them.
    """

    root: Path
    inputs: dict[str, str] = field(default_factory=dict)
    literals: dict[str, str] = field(default_factory=dict)
    outputs: dict[str, Output] = field(default_factory=dict)
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
    """Fills a stage for one job. All of it is file work: call it in a thread."""

    def __init__(self, settings: Settings, resolver: Resolver, blobs: BlobStore, job: Job) -> None:
        self._settings = settings
        self._resolver = resolver
        self._blobs = blobs
        self._job = job

    def stage(self, root: Path) -> Stage:
        """Prepare everything below ``root``.

        :raises StagingError: something that the job names does not exist.
        """
        stage = Stage(root)
        stage.remove()
        for folder in (stage.code, stage.home, stage.scratch):
            folder.mkdir(parents=True)
        self._code(stage)
        (stage.code / "outputs").mkdir(exist_ok=True)
        (stage.code / "logs").mkdir(exist_ok=True)
        for name, row in self._job.definition["inputs"].items():
            self._input(stage, name, row)
        for name, row in self._job.definition["outputs"].items():
            if row != default_output(self._job.name):
                stage.outputs[name] = self._output(stage, name, row)
        return stage

    def _code(self, stage: Stage) -> None:
        code_id = self._job.definition.get("codeId")
        if not code_id:
            return
        source = self._real(self._place(code_id, "codes", "codeId"), "codeId")
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
        place = self._place(uri, "models" if data_type.endswith("_model") else "data", f"inputs.{name}")
        folder = stage.root / "inputs" / name
        if isinstance(place, Page):
            stage.inputs[name] = str(self._page(stage, folder, name, data_type, place))
            return
        source = self._real(place, f"inputs.{name}")
        check_data_type(name, data_type, uri, source)
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
            message = (
                f"inputs.{name}: {page.url!r} lies outside of the workspace; only a uri_file can be read from there."
            )
            raise StagingError(message)
        folder.mkdir(parents=True)
        target = folder / (unquote(urlsplit(page.url).path).rpartition("/")[2] or name)
        stage.pages[target] = page.url
        return target

    def _output(self, stage: Stage, name: str, row: Mapping[str, Any]) -> Output:
        data_type, mode = row["jobOutputType"], row.get("mode", "ReadWriteMount")
        target = self.output_place(name, row)
        real = self._local(target, f"outputs.{name}")
        local = real if mode == "ReadWriteMount" else stage.root / "outputs" / name
        if data_type in SINGLE_FILE:
            local = local if mode == "ReadWriteMount" else local / real.name
            local.parent.mkdir(parents=True, exist_ok=True)
        else:
            make_folder(local, f"outputs.{name}")
        value = self._resolver.uri_of(target) if mode == "Direct" else str(local)
        return Output(target, local, value, data_type, mode)

    def output_place(self, name: str, row: Mapping[str, Any]) -> Place:
        """The place that an output's ``uri`` names, or ``azureml/<job>/<output>/`` of the default datastore.

        A ``uri_file`` without a ``uri`` becomes a file of the output's name in that folder: clients look below it for
        what they download. The file's name is unproven.
        """
        single = row["jobOutputType"] in SINGLE_FILE
        uri = row.get("uri")
        if not uri:
            base = Place(self._settings.default_container, f"azureml/{self._job.name}/{name}/")
            return below(base, name) if single else base
        uri = re.sub(r"\$\{\{\s*name\s*\}\}", self._job.name, uri)
        uri = re.sub(r"\$\{\{\s*output_name\s*\}\}", name, uri)
        uri = re.sub(r"\$\{\{\s*default_datastore\s*\}\}", self._resolver.default_datastore(), uri)
        place = self._place(uri, None, f"outputs.{name}")
        if isinstance(place, Page):
            raise StagingError(f"outputs.{name}: {uri!r} is not a datastore address.")
        return Place(place.container, place.path.rstrip("/") + ("" if single else "/"))

    def _place(self, uri: str, kind: str | None, where: str) -> Place | Page:
        try:
            return self._resolver.place(uri, kind)
        except UnresolvedError as error:
            raise StagingError(f"{where}: {error}") from None

    def _real(self, place: Place | Page, where: str) -> Path:
        if isinstance(place, Page):
            raise StagingError(f"{where}: {place.url!r} lies outside of the workspace's storage account.")
        real = self._local(place, where)
        if not real.exists():
            uri = self._resolver.uri_of(place)
            raise StagingError(
                f"{where}: there is no data at {uri} (container {place.container!r}, path {place.path!r})."
            )
        return real

    def _local(self, place: Place, where: str) -> Path:
        try:
            return self._blobs.path(place.container, place.path)
        except BlobNameError as error:
            raise StagingError(f"{where}: {error}") from None


def check_data_type(name: str, data_type: str, uri: str, source: Path) -> None:
    """A file is a ``uri_file``, a folder a ``uri_folder``; models may be either.

    :raises StagingError: otherwise.
    """
    if data_type in SINGLE_FILE and source.is_dir():
        raise StagingError(f"inputs.{name}: {uri!r} is a folder; the input's type is {data_type}, which is one file.")
    if data_type not in SINGLE_FILE | EITHER and not source.is_dir():
        raise StagingError(f"inputs.{name}: {uri!r} is a file; the input's type is {data_type}, which is a folder.")


def make_folder(folder: Path, where: str) -> None:
    """Make a folder with its parents.

    :raises StagingError: a file is in its way.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        raise StagingError(f"{where}: a file is where the output's folder would be.") from None


def make_read_only(folder: Path) -> None:
    """Take the right to write from everything below a folder, as a read-only mount does."""
    for here, _, files in os.walk(folder, topdown=False):
        for file in files:
            os.chmod(os.path.join(here, file), stat.S_IRUSR | stat.S_IRGRP | stat.S_IROTH)
        os.chmod(here, 0o555)
