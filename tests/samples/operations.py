"""Samples that describe nothing: a look, a list, a cancel, a deletion; the service's answers are in the file."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from airflow_azureml.hooks import AzureMLHook
from airflow_azureml.rest import endpoints, jobs
from airflow_azureml.rest.flow import Steps
from airflow_azureml.rest.ids import Workspace
from tests.corpus.fake_azure import HOME
from tests.corpus.invocations import FakeAzureBatch
from tests.oracle.judge import Case, recorded

OURS: Mapping[str, Callable[[Workspace, Mapping[str, str]], Any]] = {
    "jobs.get": lambda ws, words: jobs.get(ws, words["name"]),
    "jobs.list": lambda ws, words: jobs.list(ws),
    "jobs.begin_cancel": lambda ws, words: jobs.begin_cancel(ws, words["name"]),
    "batch_endpoints.get": lambda ws, words: endpoints.get(ws, words["name"]),
    "batch_endpoints.begin_delete": lambda ws, words: endpoints.delete(ws, words["name"]),
    "batch_deployments.list": lambda ws, words: endpoints.deployments(ws, words["endpoint_name"]),
}
"""A method of Microsoft's client to ours."""


@dataclass(frozen=True)
class Operation(Case):
    """An operation; ``job`` holds its name, its arguments and the service's answers."""

    def question(self, file: Path) -> dict[str, Any]:
        """Ask for the same method."""
        assert isinstance(self.job, Mapping)
        return {"folder": str(file.parent), "operate": self.job["operation"], **_words(self.job)}

    def submit(self, file: Path, answer: Callable[[], Mapping[str, Any]]) -> dict[str, Any]:
        """Do ours, and say what was asked and what was read in the answers."""
        assert isinstance(self.job, Mapping)
        words = _words(self.job)
        read: list[Any] = []
        fake_azure = FakeAzureBatch(scripted=words["answers"])

        def send() -> None:
            hook = AzureMLHook()
            with hook.client() as client:
                steps: Steps[Any] = OURS[words["operation"]](hook.settings().workspace, words["arguments"])
                found = client.run(steps)
            read.extend(found if isinstance(found, tuple) else [] if found is None else [found])

        found = recorded(fake_azure, send)
        rows = [{"method": one.method, "path": one.path, "body": one.body} for one in fake_azure.sent]
        shown = [[one.name, getattr(one, "status", None)] for one in read]
        return {**found, "body": {"asked": [row for row in rows if row["path"] != HOME], "read": shown}}

    def differences(self, own: Mapping[str, Any], other: Mapping[str, Any]) -> Sequence[str]:
        """List what ours asks and theirs does not, what changes something in one alone, and what was misread."""
        ours, theirs = own["body"]["asked"], other["asked"]
        found = [f"ours alone: {row}" for row in ours if row not in theirs]
        found += [f"theirs alone: {row}" for row in theirs if row["method"] != "GET" and row not in ours]
        if own["body"]["read"] != other["read"]:
            found.append(f"ours reads {own['body']['read']}, the answers say {other['read']}")
        return found


def _words(job: Mapping[str, Any]) -> dict[str, Any]:
    scripted = [{**row, "path": HOME + row["path"]} for row in job["answers"]]
    return {"operation": job["operation"], "arguments": job["arguments"], "answers": scripted}


def answers(exchanges: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """What Microsoft's client asked, and what the recorded answers to that say: names and, of jobs, statuses."""
    about = [one for one in exchanges if one["request"]["path"] != HOME]
    read = []
    for one in about:
        body = one["answer"].get("body") or {}
        for row in body.get("value", [body] if "name" in body else []):
            read.append([row["name"], row["properties"].get("status")])
    asked = [{key: one["request"].get(key) for key in ("method", "path", "body")} for one in about]
    return {"asked": asked, "read": read}
