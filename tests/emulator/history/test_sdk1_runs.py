"""Runs that scripts of azureml-core 1.61 begin by themselves: children of a job, or of no job at all."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from tests.emulator.service import Answer, Service

EVENT = "Microsoft.MachineLearning.Run."


class Runs:
    """The runs of one experiment."""

    def __init__(self, service: Service, experiment: str) -> None:
        self._service = service
        self.place = f"experiments/{experiment}"

    def put(self, run: str, **said: Any) -> Answer:
        """What ``run.child_run`` and ``experiment.start_logging`` send first."""
        return self._service.history("PATCH", f"{self.place}/runs/{run}", {"runId": run, **said})

    def tell(self, run: str, event: str, **data: Any) -> Answer:
        """Send an event of a run."""
        return self._service.history("POST", f"{self.place}/runs/{run}/events", happened(run, event, **data))

    def get(self, run: str, end: str = "") -> Any:
        """A run, or something of it."""
        return self._service.history("GET", f"{self.place}/runs/{run}{end}").body


def happened(run: str, event: str, **data: Any) -> dict[str, Any]:
    """An event as ``contracts/events.py`` of the SDK makes it."""
    return {"timestamp": "2026-12-03T06:00:00Z", "name": f"{EVENT}{event}", "data": {"RunId": run, **data}}


def failure(message: str) -> dict[str, Any]:
    """What ``run.fail(message)`` says."""
    return {"ErrorResponse": {"error": {"code": "UserError", "message": message, "target": None}}}


@pytest.fixture
def runs(service: Service, name: str) -> Runs:
    """Those of an experiment with one job, ``name``, which is over."""
    service.run(name, "true", experimentName=f"of-{name}")
    return Runs(service, f"of-{name}")


def new_id() -> str:
    """A run's id as the SDK makes them."""
    return str(uuid.uuid4())


def test_a_child_run_begins_and_ends(service: Service, runs: Runs, name: str) -> None:
    child = new_id()
    made = runs.put(child, parentRunId=name, name=">part", status="NotStarted", target="local", tags={"a": "1"}).body
    shown = {key: made[key] for key in ("runId", "parentRunId", "rootRunId", "status", "startTimeUtc", "name", "tags")}
    assert shown == {
        "runId": child,
        "parentRunId": name,
        "rootRunId": name,
        "status": "NotStarted",
        "startTimeUtc": None,
        "name": ">part",
        "tags": {"a": "1"},
    }
    assert isinstance(made["runNumber"], int)
    assert runs.tell(child, "Start", StartTime="2026-12-03T06:00:00Z").status == 200
    assert (runs.get(child)["status"], runs.get(child)["endTimeUtc"]) == ("Running", None)
    runs.put(child, tags={"b": None}, properties={"p": "1"}, description="why")
    runs.put(child, properties={"p": "2", "q": "3"})
    runs.tell(child, "Completed", EndTime="2026-12-03T06:00:00Z")
    run = runs.get(child)
    assert (run["status"], run["tags"], run["properties"]) == ("Completed", {"a": "1", "b": ""}, {"p": "1", "q": "3"})
    assert (run["description"], run["endTimeUtc"] >= run["startTimeUtc"]) == ("why", True)
    assert service.history("DELETE", f"{runs.place}/runs/{child}/tags", ["a"]).status == 200
    details = runs.get(child, "/details")
    assert (details["tags"], details["logFiles"], details["status"]) == ({"b": ""}, {}, "Completed")


def test_children_are_listed_with_their_children(service: Service, runs: Runs, name: str) -> None:
    child, grandchild = new_id(), new_id()
    runs.put(child, parentRunId=name)
    runs.put(grandchild, parentRunId=child)
    assert [row["runId"] for row in runs.get(name, "/children")["value"]] == [child]
    assert [row["runId"] for row in runs.get(child, "/children")["value"]] == [grandchild]
    asked = {"filter": f"(RootRunId eq {name}) and (RunId ne {name})"}
    listed = service.history("POST", f"{runs.place}/runs:query", asked).body["value"]
    assert [row["runId"] for row in listed] == [child, grandchild]
    everything = service.history("POST", f"{runs.place}/runs:query", {"orderBy": "RunId desc"}).body["value"]
    assert [row["runId"] for row in everything] == sorted([name, child, grandchild], reverse=True)


def test_mlflow_sees_them_and_they_see_mlflows(service: Service, runs: Runs, name: str) -> None:
    child = new_id()
    runs.put(child, parentRunId=name, name="part")
    runs.tell(child, "Start")
    runs.tell(child, "Failed")
    tracking = f"/mlflow/v2.0{service.ws}/api/2.0/mlflow"
    seen = service.get(f"{tracking}/runs/get?run_id={child}").body["run"]
    assert (seen["info"]["status"], seen["info"]["run_name"]) == ("FAILED", "part")
    assert {"key": "mlflow.parentRunId", "value": name} in seen["data"]["tags"]
    experiment = service.history("GET", f"runs/{name}").body["experimentId"]
    nested = [{"key": "mlflow.parentRunId", "value": name}]
    made = service.post(f"{tracking}/runs/create", {"experiment_id": experiment, "tags": nested}).body["run"]["info"]
    assert [row["runId"] for row in runs.get(name, "/children")["value"]] == [child, made["run_id"]]


def test_many_children_at_once(service: Service, runs: Runs, name: str) -> None:
    """``run.create_children``, which starts them, too."""
    ids = [new_id(), new_id()]
    rows = [{"runId": run, "parentRunId": name, "status": "NotStarted", "tags": {"k": run}} for run in ids]
    made = service.history("PATCH", f"{runs.place}/batch/runs", {"runs": [*rows, {"runId": name}]}).body
    assert (list(made["runs"]), list(made["errors"])) == (ids, [name])
    told = {"events": [*(happened(run, "Start") for run in ids), happened("nobody", "Start")]}
    (error,) = service.history("POST", f"{runs.place}/batch/events", told).body["errors"]
    assert error["key"]["data"]["RunId"] == "nobody"
    assert [runs.get(run)["status"] for run in ids] == ["Running", "Running"]


def test_why_a_run_failed_is_kept(runs: Runs, name: str) -> None:
    """``child.fail("x")``, and of a job ``Run.get_context().fail("x")``, which does not end it."""
    child = new_id()
    runs.put(child, parentRunId=name)
    for run, status in ((child, "Failed"), (name, "Completed")):
        assert runs.tell(run, "Error", **failure("too cold")).status == 200
        assert runs.tell(run, "Warning", Source="s", Message="m").status == 200
        if run == child:
            runs.tell(run, "Failed")
        details = runs.get(run, "/details")
        assert (details["status"], details["error"]["error"]["message"]) == (status, "too cold")
        assert details["warnings"] == [{"source": "s", "message": "m"}]
        assert runs.tell(run, "Heartbeat", TimeToLiveSeconds=1).status == 200
        assert runs.tell(run, "Error").status == 400


@pytest.mark.parametrize("event", ["Completed", "Failed", "Canceled", "Exploded"])
def test_no_event_ends_a_job(runs: Runs, name: str, event: str) -> None:
    answer = runs.tell(name, event)
    assert (answer.status, f"Run.{event}" in answer.body["error"]["message"]) == (501, True)


def test_a_run_of_no_job(service: Service) -> None:
    """``experiment.start_logging``, by the name of an experiment that is not there yet, and by an id."""
    experiment, first, second = f"alone-{new_id()}", new_id(), new_id()
    runs = Runs(service, experiment)
    made = runs.put(first, name="x").body
    assert (made["parentRunId"], made["rootRunId"]) == (None, first)
    by_id = Runs(service, "")
    by_id.place = f"experimentids/{made['experimentId']}"
    assert by_id.put(second).body["experimentId"] == made["experimentId"]
    assert Runs(service, "other").get(first)["error"]["innerError"]["innerError"]["code"] == "RunNotFound"


@pytest.mark.parametrize(
    ("run", "said", "reason"),
    [
        ("a", {"status": "Odd"}, "status is 'Odd'"),
        ("a", {"tags": []}, "tags is []"),
        ("a", {"parentRunId": 1}, "parentRunId is 1"),
        ("a", {"hidden": True}, "hidden cannot be set"),
        ("a%2F..%2Fb", {}, "runId is 'a/../b'"),
    ],
)
def test_what_is_no_run_is_refused(service: Service, run: str, said: dict[str, Any], reason: str) -> None:
    answer = Runs(service, "refused").put(run, **said)
    assert (answer.status, reason in answer.body["error"]["message"]) == (400, True)
    assert service.history("GET", "runs/a").status == 404


def test_a_run_is_not_made_where_no_experiment_is_named(service: Service) -> None:
    assert service.history("PATCH", f"runs/{new_id()}", {"tags": {}}).status == 404
    assert service.history("PATCH", f"experimentids/{new_id()}/runs/{new_id()}", {"tags": {}}).status == 404


@pytest.mark.parametrize(
    ("place", "body"),
    [("batch/runs", {"runs": 1}), ("batch/events", {"events": [1]}), ("runs/{name}/events", {"name": "x", "data": 1})],
)
def test_bodies_of_another_kind_are_refused(
    service: Service, runs: Runs, name: str, place: str, body: dict[str, Any]
) -> None:
    method = "PATCH" if place == "batch/runs" else "POST"
    assert service.history(method, f"{runs.place}/{place.format(name=name)}", body).status == 400
