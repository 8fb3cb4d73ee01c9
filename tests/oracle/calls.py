"""Cases that are no job files: calls of ``command``, objects, invocations of batch endpoints, what is set in a file."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest import mock

import pathspec
import yaml

from airflow_azureml.hooks import AzureMLHook
from airflow_azureml.jobspec.document.document import Document, SourceLocation
from airflow_azureml.jobspec.document.load import LocalFiles
from tests.corpus import commands, compare
from tests.corpus.cases import CLONE
from tests.corpus.fake_azure import FakeAzure
from tests.corpus.invocations import FakeAzureBatch, Invocation, reduced
from tests.oracle.judge import Case, differences, recorded

PATHS = [str(CLONE / "provider"), os.path.dirname(os.path.dirname(pathspec.__file__))]
"""Where the interpreter of Microsoft's client finds our reading of objects."""

Answer = Callable[[], Mapping[str, Any]]


@contextmanager
def inside(folder: Path) -> Iterator[None]:
    """Work in a folder."""
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)


@dataclass(frozen=True)
class Call(Case):
    """A call of ``azure.ai.ml.command``; ``job`` holds its keywords.

    :param environment: variables that are set.
    """

    environment: Mapping[str, str] = field(default_factory=dict)

    def question(self, file: Path) -> dict[str, Any]:
        """Ask for the call."""
        return {"call": self.job, "folder": str(file.parent), "environment": self.environment}

    def submit(self, file: Path, answer: Answer) -> dict[str, Any]:
        """Give the same keywords to our operator."""
        assert isinstance(self.job, Mapping)
        arguments = self.job
        with inside(file.parent), mock.patch.dict(os.environ, self.environment):
            return recorded(FakeAzure(), lambda: commands.submit(arguments, arguments.get("name") or "job-under-test"))

    def differences(self, own: Mapping[str, Any], other: Mapping[str, Any]) -> Sequence[str]:
        """List where two submissions differ; properties of git count where the environment says them."""
        return differences(own, other, git=any("_GIT_" in name for name in self.environment))


@dataclass(frozen=True)
class Made(Case):
    """A program that makes ``job``, an object of azure-ai-ml."""

    def lay_out(self, folder: Path) -> Path:
        """Write the files that it reads."""
        super().lay_out(folder).unlink()
        return folder / "made.py"

    def question(self, file: Path) -> dict[str, Any]:
        """Ask for the object, and for our reading of it."""
        return {"make": self.job, "folder": str(file.parent), "paths": PATHS}

    def submit(self, file: Path, answer: Answer) -> dict[str, Any]:
        """Submit what our reading of the object says."""
        found = answer().get("ours")
        if found is None:
            return {"error": "there is no object", "rows": []}
        if "refused" in found:
            return {"error": found["refused"], "rows": []}
        place = SourceLocation(found["folder"])
        document = Document(found["value"], found["folder"], LocalFiles(), {(): place}, from_python=True)
        return recorded(FakeAzure(), lambda: AzureMLHook().create_job(document, "job-under-test"))


@dataclass(frozen=True)
class Setting(Case):
    """A job file in which something is set.

    :param override: dotted paths and values.
    """

    override: Mapping[str, Any] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """The file's text, and what is set."""
        return f"{super().text}# set: {json.dumps(self.override, default=str)}\n"

    def question(self, file: Path) -> dict[str, Any]:
        """Ask for the file with each of them set."""
        override = [{path: value} for path, value in self.override.items()]
        return {**super().question(file), "override": override}

    def submit(self, file: Path, answer: Answer) -> dict[str, Any]:
        """Set the same in ours."""
        name = (yaml.safe_load(super().text) or {}).get("name") or "job-under-test"
        return recorded(FakeAzure(), lambda: AzureMLHook().create_job(file, name, set=self.override))


@dataclass(frozen=True)
class Invoked(Case):
    """An invocation of a batch endpoint; ``job`` holds the keywords."""

    def question(self, file: Path) -> dict[str, Any]:
        """Ask for the call."""
        return {"invoke": self.job, "folder": str(file.parent)}

    def submit(self, file: Path, answer: Answer) -> dict[str, Any]:
        """Give the same to our hook."""
        assert isinstance(self.job, Mapping)
        arguments = Invocation(self.id, {"call": self.job}).arguments()
        fake_azure = FakeAzureBatch()
        with inside(file.parent):
            found = recorded(fake_azure, lambda: AzureMLHook().invoke_batch_endpoint(**arguments))
        for sent in fake_azure.posts:
            headers = {name.lower(): value for name, value in sent.headers.items()}
            found |= {"body": sent.body, "token": headers.get("azureml-model-deployment")}
            found["url"] = f"https://{sent.host}{sent.path}"
        return found

    def differences(self, own: Mapping[str, Any], other: Mapping[str, Any]) -> Sequence[str]:
        """List where body, address, deployment and files differ."""
        found = compare.differences(reduced(own["body"], theirs=False), reduced(other["body"], theirs=True))
        found += [f"{name}: ours {own[name]!r}" for name in ("url", "token") if own[name] != other[name]]
        here, there = (compare.Requests(side["rows"]).blobs() for side in (own, other))
        return found + ([f"files: ours {here}, theirs {there}"] if here != there else [])
