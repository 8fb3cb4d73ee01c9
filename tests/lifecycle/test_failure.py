"""Why a job failed: its own reason, that of its first failed step, and the end of its log, without secrets."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_azureml.lifecycle.records import Failure
from airflow_azureml.lifecycle.result import failure
from airflow_azureml.rest.flow import Call, Plane, Reply
from tests.rest.driving import WS, Drive, job, reply

LOG = "user_logs/std_log.txt"


def run_error(message: str, code: str) -> dict[str, Any]:
    """The error of a run as run history shows it."""
    return {"error": {"code": "UserError", "message": message, "innerError": {"code": code}}}


class Runs:
    """Run history and blobs: runs by id with their children and logs."""

    def __init__(self, **runs: dict[str, Any]) -> None:
        self.runs = runs
        self.blobs: dict[str, bytes] = {}
        self.details = 0
        self.expired = 0
        self.broken: set[str] = set()

    def __call__(self, call: Any) -> Any:
        assert isinstance(call, Call)
        if call.plane is Plane.SIGNED:
            return self._blob(call)
        name, _, what = call.path.rpartition("/runs/")[2].partition("/")
        if what in self.broken:
            return reply(500)
        if what == "children":
            return reply(200, {"value": [run for run in self.runs.values() if run.get("parentRunId") == name]})
        self.details += 1
        files = {
            path: f"https://blob.example/{name}/{path}?sig={self.details}" for path in self.runs[name].get("files", [])
        }
        return reply(200, {**self.runs[name], "logFiles": files})

    def _blob(self, call: Call[Any]) -> Reply:
        path, _, signature = call.path.partition("?sig=")
        if int(signature) <= self.expired:
            return reply(403)
        content = self.blobs[path.removeprefix("https://blob.example/")]
        first, last = (int(part) for part in call.headers["Range"].removeprefix("bytes=").split("-"))
        if first >= len(content):
            return reply(416, headers={"Content-Range": f"bytes */{len(content)}"})
        return reply(206, body=content[first : last + 1], headers={"Content-Range": f"bytes 0-0/{len(content)}"})

    def failure(self, kind: str = "Command", tail: int = 40) -> Failure:
        """Why job j failed."""
        return Drive(self).run(failure(WS, job("j", "Failed", jobType=kind), tail=tail))


def test_reason_code_and_the_end_of_the_log() -> None:
    runs = Runs(
        j={"runId": "j", "error": run_error("Script failed.", "NonZeroExit"), "files": [LOG, "system_logs/x.log"]}
    )
    runs.blobs[f"j/{LOG}"] = b"".join(b"line %d\n" % number for number in range(50_000))
    found = runs.failure(tail=3)
    assert found == Failure(
        "NonZeroExit", "Script failed.", "line 49997\nline 49998\nline 49999", ("UserError", "NonZeroExit"), "user"
    )


def test_a_datastore_that_does_not_exist_is_told_with_the_nearest() -> None:
    said = "The datastore 'blobstor' was not found in the workspace."
    runs = Runs(j={"runId": "j", "error": run_error(said, "DataAccessError")})
    inputs = {"rows": {"uri": "azureml://datastores/blobstor/paths/x"}}
    failed = job("j", "Failed", jobType="Command", inputs=inputs)

    def respond(call: Any) -> Any:
        if call.path.endswith("/datastores"):
            return reply(200, {"value": [{"name": "blobstore"}]})
        return reply(404) if call.path.endswith("/datastores/blobstor") else runs(call)

    hint = 'inputs.rows: datastore "blobstor" does not exist in workspace "ws". Did you mean "blobstore"?'
    assert Drive(respond).run(failure(WS, failed)).reason == f"{said}\n{hint}"


def test_an_expired_address_is_renewed() -> None:
    runs = Runs(j={"runId": "j", "error": run_error("m", "c"), "files": [LOG]})
    runs.blobs[f"j/{LOG}"] = b"the reason\n"
    runs.expired = 1
    assert runs.failure().log_tail == "the reason"
    runs.expired = 10**6
    assert runs.failure() == Failure("c", "m", "", ("UserError", "c"), "user")


@pytest.mark.parametrize(
    ("run", "reason", "kind"),
    [
        ({"warnings": [{"message": "node lost"}]}, "node lost", "node"),
        ({}, "The service gives no reason; the job's log may.", "unknown"),
        ({"error": None}, "The service gives no reason; the job's log may.", "unknown"),
    ],
)
def test_no_error(run: dict[str, Any], reason: str, kind: Any) -> None:
    assert Runs(j={"runId": "j", **run}).failure() == Failure(None, reason, "", kind=kind)


def test_a_pipeline_fails_for_its_first_failed_child() -> None:
    runs = Runs(
        j={
            "runId": "j",
            "error": run_error("Pipeline failed.", "PipelineFailed"),
            "files": ["logs/azureml/executionlogs.txt"],
        },
        a={"runId": "a", "parentRunId": "j", "displayName": "prep", "status": "Completed"},
        b={
            "runId": "b",
            "parentRunId": "j",
            "displayName": "late",
            "status": "Failed",
            "endTimeUtc": "2025-01-02T00:00:00Z",
        },
        c={
            "runId": "c",
            "parentRunId": "j",
            "displayName": "train",
            "status": "Failed",
            "endTimeUtc": "2025-01-01T00:00:00Z",
            "error": run_error("No such file.", "FileMissing"),
            "files": [LOG],
        },
        d={"runId": "d", "parentRunId": "j", "displayName": "odd", "status": "Failed"},
    )
    runs.blobs[f"c/{LOG}"] = b"Traceback\nboom\n"
    assert runs.failure("Pipeline") == Failure(
        "FileMissing",
        "train: No such file. (Pipeline failed.)",
        "Traceback\nboom",
        ("UserError", "FileMissing"),
        "user",
    )
    runs.broken = {"children"}
    runs.blobs["j/logs/azureml/executionlogs.txt"] = b"root\n"
    assert runs.failure("Pipeline") == Failure(
        "PipelineFailed", "Pipeline failed.", "root", ("UserError", "PipelineFailed"), "user"
    )


def test_a_pipeline_without_a_failed_child_speaks_for_itself() -> None:
    runs = Runs(
        j={"runId": "j", "error": run_error("Compute is gone.", "ComputeLost")},
        a={"runId": "a", "parentRunId": "j", "status": "Canceled"},
    )
    codes = ("UserError", "ComputeLost")
    assert runs.failure("Pipeline") == Failure("ComputeLost", "Compute is gone.", "", codes, "node")


def test_a_pipeline_fails_as_its_step_did() -> None:
    preempted = run_error("AzureMLCompute job failed. PreemptionError: Nodes of this job got pre-empted.", "c")
    runs = Runs(
        j={"runId": "j", "error": run_error("Pipeline failed.", "JobFailed")},
        a={"runId": "a", "parentRunId": "j", "displayName": "train", "status": "Failed", "error": preempted},
    )
    assert runs.failure("Pipeline").kind == "preempted"


@pytest.mark.parametrize(("seconds", "kind"), [(61, "timeout"), (30, "user")])
def test_a_pipeline_whose_step_was_ended_by_its_limit(seconds: int, kind: str) -> None:
    step = {"runId": "a", "parentRunId": "j", "displayName": "train", "status": "Canceled"}
    runs = Runs(
        j={"runId": "j", "error": run_error("Pipeline failed.", "PipelineHasStepJobFailed")},
        a=step
        | {
            "startTimeUtc": "2025-01-01T00:00:00Z",
            "endTimeUtc": f"2025-01-01T00:{seconds // 60:02}:{seconds % 60:02}Z",
        },
    )
    nodes = {"train": {"limits": {"job_limits_type": "Command", "timeout": "PT1M"}}}
    found = Drive(runs).run(failure(WS, job("j", "Failed", jobType="Pipeline", jobs=nodes)))
    assert found.kind == kind
    assert ("train: it exceeded its own limit of 60 seconds" in found.reason) == (kind == "timeout")


def test_a_reason_that_cannot_be_read() -> None:
    runs = Runs(j={"runId": "j"})
    runs.broken = {"details"}
    assert runs.failure().reason.startswith("The reason could not be read: ")


def test_no_secret_from_the_log_or_the_reason() -> None:
    runs = Runs(j={"runId": "j", "error": run_error("GET https://a/b?sig=SECRET failed", "c"), "files": [LOG]})
    runs.blobs[f"j/{LOG}"] = b"https://a/b?sv=1&sig=SECRET&x\n"
    found = runs.failure()
    assert "SECRET" not in f"{found}"
    assert found.log_tail == "https://a/b?sv=1&sig=***&x"
