"""What a job has used: of one that runs by itself, and of one that runs others; and that nobody's silence fails it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from airflow_azureml.lifecycle.costs.prices import Prices
from airflow_azureml.lifecycle.costs.usage import MOST_PARENTS, usage
from airflow_azureml.rest.errors import UnreachableError
from airflow_azureml.rest.flow import Call
from airflow_azureml.rest.history import Run
from tests.rest.driving import WS, Drive, job, reply

PRICES = Prices.from_text('{"Standard_DS3_v2": 0.5, "Standard_NC6": {"dedicated": 4, "low_priority": 1}}')
HOUR = {
    "createdUtc": "2026-01-01T00:00:00Z",
    "startTimeUtc": "2026-01-01T00:01:30Z",
    "endTimeUtc": "2026-01-01T01:01:30Z",
}


def run(name: str = "j", *, kind: str = "azureml.scriptrun", title: str = "", **fields: Any) -> dict[str, Any]:
    """A run of one hour, after a minute and a half in the queue."""
    return {"runId": name, "runType": kind, "displayName": title or name, **HOUR, **fields}


class Service:
    """Computes and children of runs, and what was asked for."""

    def __init__(self, computes: Mapping[str, Any] | None = None, children: Mapping[str, list[Any]] | None = None):
        self.computes = computes or {}
        self.children = children or {}
        self.asked: list[str] = []
        self.silent = False

    def __call__(self, call: Any) -> Any:
        assert isinstance(call, Call)
        path = call.path.removeprefix(WS.path)
        self.asked.append(path)
        if self.silent:
            return UnreachableError("gone")
        if path.endswith("/children"):
            return reply(200, {"value": self.children.get(path.split("/")[-2], [])})
        rows = {
            name: {"name": name, "properties": {"computeType": "AmlCompute", "properties": fields}}
            for name, fields in self.computes.items()
        }
        if path == "/computes":
            return reply(200, {"value": list(rows.values())})
        found = rows.get(path.removeprefix("/computes/"))
        return reply(200, found) if found else reply(404)

    def usage(
        self, own: dict[str, Any], *, children: list[Any] | None = None, prices: Prices | None = None, **properties: Any
    ) -> dict[str, Any]:
        """What job j has used."""
        below = None if children is None else tuple(map(Run.from_json, children))
        return Drive(self).run(usage(WS, job("j", "Completed", **properties), Run.from_json(own), below, prices))


def test_a_command_by_what_run_history_tells_asks_nobody() -> None:
    service = Service()
    told = {"vmSize": "STANDARD_NC6", "instanceCount": 2, "priority": "LowPriority"}
    assert service.usage(run(compute=told), prices=PRICES) == {
        "queued_seconds": 90.0,
        "run_seconds": 3600.0,
        "node_hours": 2.0,
        "nodes": 2,
        "vm_size": "STANDARD_NC6",
        "cost": 2.0,
    }
    assert service.asked == []


def test_a_command_by_its_request_where_run_history_tells_nothing() -> None:
    used = Service().usage(
        run(),
        prices=PRICES,
        resources={"instanceType": "Standard_NC6", "instanceCount": 3},
        queueSettings={"jobTier": "Spot"},
    )
    assert (used["node_hours"], used["nodes"], used["vm_size"], used["cost"]) == (3.0, 3, "Standard_NC6", 3.0)


def test_a_command_on_a_cluster_asks_the_cluster_for_its_size() -> None:
    service = Service({"gpus": {"vmSize": "STANDARD_NC6", "vmPriority": "LowPriority"}})
    used = service.usage(run(), prices=PRICES, computeId=f"{WS.path}/computes/gpus")
    assert (used["nodes"], used["vm_size"], used["cost"]) == (1, "STANDARD_NC6", 1.0)
    assert service.asked == ["/computes/gpus"]


def test_without_a_table_there_is_no_cost_and_without_a_price_it_is_unknown() -> None:
    told = {"vmSize": "Standard_D2", "instanceCount": 1}
    assert "cost" not in Service().usage(run(compute=told))
    assert Service().usage(run(compute=told), prices=PRICES)["cost"] is None


@pytest.mark.parametrize("compute", ["serverless", "elsewhere", None])
def test_a_size_that_nobody_tells_is_none(compute: str | None) -> None:
    where = f"{WS.path}/computes/{compute}" if compute else None
    used = Service().usage(run(), prices=PRICES, computeId=where)
    assert (used["node_hours"], used["vm_size"], used["cost"]) == (1.0, None, None)


def test_a_job_that_never_began_has_used_nothing() -> None:
    own = {"runId": "j", "createdUtc": HOUR["createdUtc"], "endTimeUtc": HOUR["endTimeUtc"]}
    used = Service().usage(own)
    assert (used["queued_seconds"], used["run_seconds"], used["node_hours"]) == (None, None, None)


def test_clocks_that_disagree_give_no_negative_time() -> None:
    assert Service().usage(run(createdUtc="2026-01-01T00:02:00Z"))["queued_seconds"] == 0.0


@pytest.mark.parametrize("children", [None, []])
def test_a_service_that_does_not_answer_leaves_out_what_it_would_tell(children: list[Any] | None) -> None:
    service = Service()
    service.silent = True
    used = service.usage(run(), computeId=f"{WS.path}/computes/gpus")
    assert (used["run_seconds"], used["vm_size"]) == (3600.0, None)
    used = service.usage(run(), jobType="Pipeline", children=children)
    assert used["node_hours"] == (None if children is None else 0)


STEPS = {
    "jobs": {
        "prep": {"type": "command", "resources": {"instance_count": 1}},
        "train": {"type": "command", "resources": {"instance_count": 4}},
    }
}


def test_a_pipeline_is_the_sum_of_the_steps_that_ran_in_it() -> None:
    service = Service({"cpus": {"vmSize": "STANDARD_DS3_V2"}, "gpus": {"vmSize": "STANDARD_NC6"}})
    children = [
        run("a", title="prep", compute={"target": "CPUs"}),
        run("b", title="train", compute={"target": "gpus"}),
        run("c", title="kept", properties={"azureml.isreused": "True"}, compute={"target": "gpus"}),
        {"runId": "d", "displayName": "never"},
    ]
    used = service.usage(run(kind="azureml.PipelineRun"), children=children, prices=PRICES, jobType="Pipeline", **STEPS)
    assert (used["run_seconds"], used["nodes"], used["vm_size"]) == (3600.0, None, None)
    assert (used["node_hours"], used["cost"]) == (5.0, 0.5 + 4 * 4)
    assert service.asked == ["/computes"]


def test_one_step_of_which_nothing_is_known_leaves_the_sum_unknown_but_the_rest_as_it_is() -> None:
    children = [run("a", compute={"vmSize": "Standard_DS3_v2", "instanceCount": 1}), run("b", endTimeUtc=None)]
    used = Service().usage(run(kind="azureml.PipelineRun"), children=children, jobType="Pipeline")
    assert (used["queued_seconds"], used["node_hours"]) == (90.0, None)


def test_a_pipeline_within_and_a_sweep_within_are_followed_to_their_runs() -> None:
    size = {"vmSize": "Standard_DS3_v2", "instanceCount": 1}
    service = Service(
        children={
            "inner": [run("x", compute=size), run("sweep", kind="hyperdrive")],
            "sweep": [run("t1", compute=size), run("t2", compute=size)],
        }
    )
    used = service.usage(
        run(), children=[run("inner", kind="azureml.PipelineRun")], prices=PRICES, jobType="Pipeline", jobs={}
    )
    assert (used["node_hours"], used["vm_size"], used["cost"]) == (3.0, "Standard_DS3_v2", 1.5)


def test_the_trials_of_a_sweep_have_the_nodes_that_it_asks_for() -> None:
    used = Service().usage(
        run(kind="hyperdrive"),
        children=[run("t1"), run("t2")],
        prices=PRICES,
        jobType="Sweep",
        trial={"command": "python x.py"},
        resources={"instanceType": "Standard_DS3_v2", "instanceCount": 2},
    )
    assert (used["node_hours"], used["nodes"], used["vm_size"], used["cost"]) == (4.0, None, "Standard_DS3_v2", 2.0)


def test_of_very_many_pipelines_within_only_some_are_read_and_nothing_is_guessed() -> None:
    children = [run(f"p{number}", kind="azureml.PipelineRun") for number in range(MOST_PARENTS + 1)]
    service = Service()
    assert service.usage(run(), children=children, jobType="Pipeline")["node_hours"] is None
    assert len(service.asked) == MOST_PARENTS
