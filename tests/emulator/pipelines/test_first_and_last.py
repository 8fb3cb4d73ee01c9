"""``on_init`` and ``on_finalize``: the nodes that run before and after all others."""

from __future__ import annotations

from typing import Any

import pytest

from tests.emulator.pipelines.service import Body, Pipelines, from_node, node


def order(service: Pipelines, name: str) -> list[str]:
    """The nodes in the order in which their commands began."""
    steps = service.steps(name)
    return sorted(steps, key=lambda node: steps[node]["startTimeUtc"] or "")


@pytest.fixture
def jobs(service: Pipelines) -> dict[str, Any]:
    """Nodes that take nothing of each other."""
    return {name: node(service.component(f"echo {name}")) for name in ("middle", "last", "first", "other")}


BOTH = {"on_init": "first", "on_finalize": "last"}


def test_one_node_runs_before_all_others_and_one_after(service: Pipelines, name: str, jobs: Body) -> None:
    assert service.finish(name, jobs, settings=BOTH)["status"] == "Completed"
    began = order(service, name)
    assert (began[0], set(began[1:3]), began[3]) == ("first", {"middle", "other"}, "last")
    again = f"{name}-again"
    service.finish(again, jobs, settings=BOTH)
    marks = {node: row["properties"].get("azureml.isreused") for node, row in service.steps(again).items()}
    assert marks == {"first": None, "last": None, "middle": "true", "other": "true"}


def test_nothing_begins_after_a_first_node_that_failed_but_the_last(service: Pipelines, name: str, jobs: Body) -> None:
    jobs["first"] = node(service.component("exit 3"))
    assert service.finish(name, jobs, settings=BOTH)["status"] == "Failed"
    assert order(service, name) == ["first", "last"]


def test_the_last_node_runs_after_a_failure_and_can_fail_itself(service: Pipelines, name: str, jobs: Body) -> None:
    jobs["middle"] = node(service.component("exit 3"))
    assert service.finish(name, jobs, settings={"on_finalize": "last"})["status"] == "Failed"
    assert service.steps(name)["last"]["status"] == "Completed"
    alone = f"{name}-alone"
    jobs = {"one": jobs["other"], "last": jobs["middle"]}
    assert service.finish(alone, jobs, settings={"on_finalize": "last"})["status"] == "Failed"


def test_the_last_node_runs_after_a_cancel(service: Pipelines, name: str, jobs: Body) -> None:
    jobs["first"] = node(service.component("sleep 60"))
    service.start(name, jobs, settings=BOTH)
    service.wait_for_step(name, "first", "Running")
    assert service.post(f"jobs/{name}/cancel").status == 202
    assert service.wait(name)["status"] == "Canceled"
    assert {node: row["status"] for node, row in service.steps(name).items()} == {
        "first": "Canceled",
        "last": "Completed",
    }


def test_pipelines_inside_have_none(service: Pipelines, name: str, jobs: Body) -> None:
    inner = service.register({"type": "pipeline", "jobs": {"first": jobs["middle"]}})
    jobs["sub"] = {"type": "pipeline", "componentId": inner}
    assert service.finish(name, jobs, settings=BOTH)["status"] == "Completed"
    assert set(service.steps(service.steps(name)["sub"]["runId"])) == {"first"}


REFUSED: list[tuple[Body, str]] = [
    ({"on_init": "none"}, "settings.on_init: On_init job name none not exists in jobs."),
    ({"on_finalize": "tied"}, "settings.on_finalize: On_finalize job should not have connection to other"),
    ({"on_init": "source"}, "settings.on_init: On_init job should not have connection to other"),
    ({"on_init": "first", "on_finalize": "first"}, "it should be different from on_finalize."),
]


@pytest.mark.parametrize(("settings", "said"), REFUSED, ids=lambda value: str(value)[:40])
def test_what_does_not_fit_is_named(service: Pipelines, name: str, jobs: Body, settings: Body, said: str) -> None:
    folder: Body = {"o": {"type": "uri_folder"}}
    jobs["source"] = node(service.component("true", {}, folder))
    jobs["tied"] = node(service.component("echo ${{inputs.o}}", folder), {"o": from_node("source", "o")})
    answer = service.start(name, jobs, settings=settings)
    assert (answer.status, said in answer.body["error"]["message"]) == (400, True), answer.body


def test_there_is_a_node_beside_them(service: Pipelines, name: str, jobs: Body) -> None:
    answer = service.start(name, {key: jobs[key] for key in ("first", "last")}, settings=BOTH)
    assert answer.status == 400
    assert "No other job except for on_init/on_finalize job." in answer.body["error"]["message"]
