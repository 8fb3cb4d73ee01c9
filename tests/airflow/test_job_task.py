"""The end of a task: what its own log says of the job, whichever way the task has waited for it."""

from __future__ import annotations

import contextlib
import logging
from types import SimpleNamespace
from typing import Any

import pytest

from airflow_azureml import observability
from airflow_azureml.exceptions import AzureMLJobCanceledFinalError, AzureMLJobFailedError
from airflow_azureml.rest.flow import Call, News, Reply
from airflow_azureml.task.job_task import JobTask
from tests.airflow.instance import Instance
from tests.rest.driving import WS, Drive, job, reply

LOG = "user_logs/std_log.txt"


class Service:
    """Answers what the end of a job asks; a client of it."""

    workspace = WS
    settings = SimpleNamespace(tenant_id="t")

    def __init__(self, **run: Any) -> None:
        self.run_json = {"runId": "j", "logFiles": {LOG: "https://blob.example/log"}, **run}

    def run(self, flow: Any, news: Any = None) -> Any:
        """Drive a flow by hand."""
        drive = Drive(self._answer)
        try:
            return drive.run(flow)
        finally:
            for effect in drive.effects:
                if isinstance(effect, News) and news is not None:
                    news(effect.record)

    def _answer(self, call: Any) -> Reply:
        assert isinstance(call, Call)
        if call.path == "https://blob.example/log":
            return reply(206, body=b"one\nlast words\n", headers={"Content-Range": "bytes 0-14/15"})
        if call.path.endswith("/mlflow/runs/get"):
            return reply(
                200, {"run": {"data": {"metrics": [{"key": "loss", "value": 2}, {"key": "auc", "value": 0.9}]}}}
            )
        return reply(200, {"runMetadata": self.run_json} if call.path.endswith("/rundata") else self.run_json)


LAST_LINES = "The last lines of the job's log, also where they were copied while the task waited:"


def concluded(caplog: pytest.LogCaptureFixture, status: str, service: Any, *, tail: bool) -> list[str]:
    """What the log says; errors are the caller's."""
    caplog.set_level(logging.INFO)
    log = logging.getLogger("task")
    try:
        hook: Any = SimpleNamespace(client=lambda: service)
        JobTask(Instance(), log, hook, "fail").conclude(job("j", status), tail=tail)
    finally:
        lines = [record.getMessage() for record in caplog.records if record.name == "task"]
    return lines


@pytest.mark.parametrize("tail", [True, False])
def test_a_completed_job_has_its_last_lines_and_metrics_in_the_log(caplog: Any, tail: bool) -> None:
    lines = concluded(caplog, "Completed", Service(), tail=tail)
    assert lines == [
        *([LAST_LINES, "| one", "| last words"] if tail else []),
        "Azure ML job j ended as Completed. Metrics: auc = 0.9, loss = 2.0.",
    ]


def test_a_failed_job_is_said_to_have_failed(caplog: Any) -> None:
    with pytest.raises(AzureMLJobFailedError, match="last words"):
        concluded(caplog, "Failed", Service(), tail=True)
    assert [record.getMessage() for record in caplog.records if record.name == "task"] == [
        "Azure ML job j ended as Failed."
    ]


def test_a_canceled_job_is_said_to_be_canceled_and_why(caplog: Any) -> None:
    with pytest.raises(AzureMLJobCanceledFinalError, match=r"not by this task\. Wrong data\."):
        concluded(caplog, "Canceled", Service(cancelationReason="Wrong data."), tail=True)
    assert [record.getMessage() for record in caplog.records if record.name == "task"] == [
        "Azure ML job j ended as Canceled, and not by this task."
    ]


@pytest.mark.parametrize("status", ["Completed", "Failed", "Canceled"])
def test_how_long_a_job_was_queued_and_ran_is_sent_once_however_it_ended(
    status: str, caplog: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[tuple[str, float, str]] = []
    counted: list[tuple[str, int, str]] = []
    stats = SimpleNamespace(
        timing=lambda name, took, tags: sent.append((name, took.total_seconds(), tags["operator"])),
        incr=lambda name, count, tags: counted.append((name, count, tags["vm_size"])),
    )
    monkeypatch.setattr(observability, "metrics_on", lambda: True)
    monkeypatch.setattr(observability, "_stats", lambda: stats)
    day = "2026-01-01T00:"
    times = {"createdUtc": f"{day}00:00Z", "startTimeUtc": f"{day}00:05Z", "endTimeUtc": f"{day}01:05Z"}
    with contextlib.suppress(AzureMLJobFailedError, AzureMLJobCanceledFinalError):
        concluded(caplog, status, Service(**times), tail=True)
    assert sent == [("azureml.job.queued", 5, "object"), ("azureml.job.run", 60, "object")]
    assert counted == [("azureml.job.node_seconds", 60, "unknown")]


@pytest.mark.parametrize("status", ["Completed", "Failed", "Canceled"])
def test_what_a_job_has_used_is_left_however_it_ended(status: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW__AZUREML__PRICES", '{"STANDARD_NC6": 3}')
    day = "2026-01-01T00:"
    times = {"createdUtc": f"{day}00:00Z", "startTimeUtc": f"{day}00:05Z", "endTimeUtc": f"{day}20:05Z"}
    service: Any = Service(**times, compute={"vmSize": "STANDARD_NC6", "instanceCount": 2})
    ti = Instance()
    task = JobTask(ti, logging.getLogger("task"), SimpleNamespace(client=lambda: service), "fail")  # type: ignore[arg-type]
    with contextlib.suppress(AzureMLJobFailedError, AzureMLJobCanceledFinalError):
        task.conclude(job("j", status))
    assert ti.xcoms["azureml_usage"] == {
        "queued_seconds": 5.0,
        "run_seconds": 1200.0,
        "node_hours": 0.666667,
        "nodes": 2,
        "vm_size": "STANDARD_NC6",
        "cost": 2.0,
    }


def test_a_wrong_table_of_prices_is_told_and_fails_no_job(caplog: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW__AZUREML__PRICES", '{"STANDARD_NC6": "3 EUR"}')
    lines = concluded(caplog, "Completed", Service(), tail=False)
    assert len(lines) == 2
    assert lines[0].startswith("[azureml] prices: STANDARD_NC6: '3 EUR' is not accepted.")
    assert lines[0].endswith("The cost of the job is left out.")
