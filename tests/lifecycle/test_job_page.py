"""What is told of a job on its task's page, and that it takes few requests, whatever goes wrong."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timezone
from typing import Any

import pytest

from airflow_azureml.lifecycle.job_page.attempts import MOST, attempts
from airflow_azureml.lifecycle.job_page.curves import MOST_CURVES, MOST_POINTS, curves, thinned
from airflow_azureml.lifecycle.job_page.job import MOST_CHILDREN, show
from airflow_azureml.lifecycle.job_page.log import log_end
from airflow_azureml.lifecycle.naming import JobIdentity, TaskFacts, identify
from airflow_azureml.rest.errors import ForbiddenError, NotFoundError, UnreachableError
from airflow_azureml.rest.flow import Call
from tests.rest.driving import MISSING_JOB, WS, Drive, job_json, reply

FACTS = TaskFacts("dag", "run", datetime(2025, 1, 31, 10, tzinfo=timezone.utc), "train")


class Service:
    """Jobs and their runs; what is asked for is counted.

    :param answers: by the last word of a path, what takes the place of the usual answer.
    """

    def __init__(self, *jobs: dict[str, Any], **answers: Any) -> None:
        self.jobs = {one["name"]: one for one in jobs}
        self.answers = answers
        self.run: dict[str, Any] = {"runId": "j", "startTimeUtc": "2025-01-31T10:00:00Z", "status": "Running"}
        self.children: list[dict[str, Any]] = []
        self.metrics = [{"key": "auc", "value": 0.9}, {"key": "loss", "value": "NaN"}]
        self.logged: dict[str, list[tuple[int, Any]]] = {}
        self.log_files: dict[str, str] = {}
        self.asked: list[Call[Any]] = []
        self.drive = Drive(self)

    def __call__(self, call: Any) -> Any:
        assert isinstance(call, Call)
        self.asked.append(call)
        word = call.path.rpartition("/")[2]
        if word in self.answers:
            return self.answers[word]
        if call.path.startswith(f"{WS.path}/jobs/"):
            return reply(200, self.jobs[word]) if word in self.jobs else reply(404, MISSING_JOB)
        if word == "children":
            return reply(200, {"value": self.children, "nextLink": f"https://host{call.path}?page=2"})
        if word == "get":
            return reply(200, {"run": {"data": {"metrics": self.metrics}}})
        if word == "get-history":
            name = str((call.query or {})["metric_key"])
            rows = [{"key": name, "step": str(step), "value": value} for step, value in self.logged[name]]
            return reply(200, {"metrics": rows})
        if word == "details":
            return reply(200, {**self.run, "logFiles": self.log_files})
        if "/runs/" in call.path:
            return reply(200, self.run)
        return reply(206, body=b"one\ntwo\n", headers={"Content-Range": "bytes 0-7/8"})

    def show(self, name: str = "j") -> Any:
        """What is told of a job."""
        return self.drive.run(show(WS, name, tenant_id="t"))


def test_a_running_job() -> None:
    inputs = {
        "data": {"jobInputType": "uri_file", "uri": "azureml://datastores/d/paths/a.csv"},
        "rate": {"jobInputType": "literal", "value": "0.1"},
        "text": {"jobInputType": "literal", "value": "x" * 1000},
    }
    studio = {"Studio": {"endpoint": "https://ml.azure.com/runs/j?wsid=w"}}
    service = Service(job_json("j", inputs=inputs, services=studio, computeId="/computes/gpu", displayName="d.train"))
    shown = service.show()
    assert (shown["status"], shown["phase"], shown["compute"]) == ("Running", "active", "gpu")
    assert shown["studio_url"].endswith("&tid=t")
    assert shown["started_at"] == "2025-01-31T10:00:00+00:00"
    assert shown["inputs"]["data"] == {"type": "uri_file", "value": "azureml://datastores/d/paths/a.csv"}
    assert shown["inputs"]["rate"]["value"] == "0.1"
    assert len(shown["inputs"]["text"]["value"]) < 600
    assert shown["metrics"] == {"auc": 0.9, "loss": None}
    assert (shown["why"], shown["children"], shown["not_read"]) == (None, [], {})
    assert len(service.drive.calls) == 3


def test_why_a_job_is_queued() -> None:
    service = Service(job_json("j", "Queued"))
    service.run = {"runId": "j", "status": "Queued", "queueingInfo": {"message": "No cores are free."}}
    assert service.show()["queue_message"] == "No cores are free."


def test_a_job_that_is_not_there_yet() -> None:
    assert Service().show() is None


def test_a_workspace_that_is_not_there_is_an_error() -> None:
    gone = reply(404, {"error": {"code": "ResourceGroupNotFound", "message": "No such group."}})
    with pytest.raises(NotFoundError):
        Service(j=gone).show()


def test_a_part_that_may_not_be_read_is_named_and_the_others_are_read() -> None:
    service = Service(job_json("j", jobType="Pipeline"), get=ForbiddenError("Nobody may read metrics.", reply(403)))
    service.children = [{"runId": "c", "displayName": "step", "status": "Running"}]
    shown = service.show()
    assert shown["not_read"] == {"metrics": "Nobody may read metrics."}
    assert [child["display_name"] for child in shown["children"]] == ["step"]


def test_a_service_that_does_not_answer_is_asked_for_nothing_further() -> None:
    service = Service(job_json("j", jobType="Pipeline"), get=UnreachableError("The host cannot be reached."))
    shown = service.show()
    assert set(shown["not_read"]) == {"metrics", "children"}
    assert len(service.drive.calls) == 3


def test_of_many_children_those_that_are_not_done_are_shown_from_one_page() -> None:
    service = Service(job_json("j", jobType="Sweep"))
    statuses = ["Completed"] * 60 + ["Failed", "Running"]
    service.children = [{"runId": f"c{n}", "status": status} for n, status in enumerate(statuses)]
    shown = service.show()
    assert len(shown["children"]) == MOST_CHILDREN
    assert [child["status"] for child in shown["children"]][-2:] == ["Failed", "Running"]
    assert [child["name"] for child in shown["children"]][:2] == ["c0", "c1"]
    assert shown["children_left_out"] == len(statuses) - MOST_CHILDREN
    assert len([call for call in service.drive.calls if call.endswith("/children")]) == 1


def test_why_a_job_failed_without_its_log() -> None:
    service = Service(job_json("j", "Failed"))
    message = "Execution failed. sig=abcdef123"
    service.run = {"runId": "j", "status": "Failed", "error": {"error": {"code": "UserError", "message": message}}}
    service.log_files = {"user_logs/std_log.txt": "https://blob/std_log.txt?sig=SECRET"}
    shown = service.show()
    assert shown["why"] == {"kind": "user", "code": "UserError", "reason": "Execution failed. sig=***"}
    assert not [call for call in service.drive.calls if "std_log" in call]


@pytest.mark.parametrize(
    ("ran", "kind", "reason"),
    [("10:00:30", None, "ended by A. User"), ("10:01:00", "timeout", "it exceeded its own limit of 60 seconds")],
)
def test_why_a_job_was_canceled(ran: str, kind: str | None, reason: str) -> None:
    service = Service(job_json("j", "Canceled", limits={"timeout": "PT1M"}))
    service.run |= {"status": "Canceled", "cancelationReason": "ended by A. User", "endTimeUtc": f"2025-01-31T{ran}Z"}
    why = service.show()["why"]
    assert why["kind"] == kind
    assert why["reason"].startswith(reason)


def test_the_end_of_a_log() -> None:
    service = Service(job_json("j"))
    service.log_files = {"user_logs/std_log.txt": "https://blob/std_log.txt?sig=SECRET"}
    assert service.drive.run(log_end(WS, "j")) == "one\ntwo"


@pytest.mark.parametrize("status", ["Queued", "Preparing"])
def test_a_job_that_has_not_begun_has_no_log(status: str) -> None:
    service = Service(job_json("j", status))
    assert service.drive.run(log_end(WS, "j")) == ""
    assert len(service.drive.calls) == 1


def tagged(identity: JobIdentity, attempt: int, status: str, tried: int) -> dict[str, Any]:
    """A job of ours."""
    tags = identity.tags(attempt) | {"airflow_try_number": str(tried)}
    return job_json(identity.name(attempt), status, tags=tags)


def test_the_jobs_of_earlier_tries_and_generations_are_found_by_their_names() -> None:
    before, now = identify(FACTS), identify(replace(FACTS, generation=2))
    jobs = [
        *(tagged(before, 1, "Failed", 1), tagged(before, 2, "Completed", 2)),
        *(tagged(now, 1, "Failed", 3), tagged(now, 2, "Failed", 3), tagged(now, 3, "Running", 4)),
    ]
    found = Service(*jobs).drive.run(attempts(WS, now.name(3)))
    assert [(row["name"], row["status"], row["try_number"]) for row in found] == [
        (now.name(3), "Running", 4),
        (now.name(2), "Failed", 3),
        (now.name(1), "Failed", 3),
        (before.name(2), "Completed", 2),
        (before.name(1), "Failed", 1),
    ]


def test_only_so_many_jobs_are_looked_for() -> None:
    now = identify(replace(FACTS, generation=50))
    service = Service(*(tagged(now, number, "Failed", number) for number in range(1, 31)))
    found = service.drive.run(attempts(WS, now.name(30)))
    assert [row["name"] for row in found] == [now.name(number) for number in range(30, 30 - 1 - MOST, -1)]
    assert len(service.drive.calls) == 1 + MOST
    young = Service(tagged(now, 1, "Running", 60))
    assert len(young.drive.run(attempts(WS, now.name(1)))) == 1
    assert len(young.drive.calls) == 1 + MOST


def test_a_job_of_an_endpoint_stands_alone() -> None:
    service = Service(job_json("b-2"), job_json("b-1"))
    assert [row["name"] for row in service.drive.run(attempts(WS, "b-2"))] == ["b-2"]
    assert len(service.drive.calls) == 1


def test_a_job_of_another_naming_stands_alone() -> None:
    other = tagged(identify(FACTS), 2, "Running", 2) | {"name": "renamed-2"}
    service = Service(other, job_json("renamed-1"))
    assert [row["name"] for row in service.drive.run(attempts(WS, "renamed-2"))] == ["renamed-2"]


def logged(service: Service, name: str, *values: Any) -> None:
    """Have a metric logged, from step 1 on."""
    service.logged[name] = list(enumerate(values, 1))
    service.metrics += [{"key": name, "step": len(values), "value": values[-1]}]


def test_only_metrics_with_steps_are_asked_for_their_curves() -> None:
    service = Service(job_json("j"))
    logged(service, "loss", 1.0, "NaN", 0.5)
    logged(service, "broken", "NaN", "NaN")
    service.logged["loss"].reverse()
    shown = service.drive.run(curves(WS, "j"))
    assert shown == {"phase": "active", "curves": {"loss": [(1, 1.0), (3, 0.5)]}, "left_out": 0}
    assert len(service.drive.calls) == 4


def test_of_many_metrics_the_first_have_curves() -> None:
    service = Service(job_json("j", "Completed"))
    for number in range(MOST_CURVES + 3):
        logged(service, f"m{number}", 1, 2)
    shown: Any = service.drive.run(curves(WS, "j"))
    assert list(shown["curves"]) == [f"m{number}" for number in range(MOST_CURVES)]
    assert (shown["left_out"], shown["phase"]) == (3, "succeeded")


def test_the_curves_of_a_sweep_are_those_of_its_best_trial() -> None:
    service = Service(job_json("j", jobType="Sweep"))
    service.run["properties"] = {"best_child_run_id": "j_3"}
    logged(service, "loss", 1, 2)
    service.drive.run(curves(WS, "j"))
    assert [call.query["run_id"] for call in service.asked if "/mlflow/" in call.path] == ["j_3"] * 2


def test_a_job_that_is_not_there_yet_has_no_curves() -> None:
    assert Service().drive.run(curves(WS, "j")) is None


def test_a_long_curve_keeps_its_ends_and_its_peak() -> None:
    points = [(step, 100.0 if step == 5123 else float(step % 7)) for step in range(10_000)]
    kept = thinned(points)
    assert len(kept) <= MOST_POINTS
    assert {points[0], points[-1], (5123, 100.0)} <= set(kept)
    assert kept == sorted(kept)
    assert thinned(points[:MOST_POINTS]) == points[:MOST_POINTS]
