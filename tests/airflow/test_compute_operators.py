"""Computes: made once, changed as told, scaled, started, stopped, gone when deleted."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from airflow_azureml.exceptions import AzureMLException, AzureMLSpecError
from airflow_azureml.hooks.azureml import AzureMLHook
from airflow_azureml.operators import (
    AzureMLCreateComputeOperator,
    AzureMLDeleteComputeOperator,
    AzureMLScaleComputeOperator,
    AzureMLStartComputeInstanceOperator,
    AzureMLStopComputeInstanceOperator,
)
from airflow_azureml.rest.resources import computes, tracked
from tests.airflow.scoring import context, unique
from tests.airflow.test_infrastructure import played
from tests.emulator_fixture import RunningEmulator

pytestmark = pytest.mark.usefixtures("hook")


@pytest.fixture
def name() -> str:
    """A compute's name that no other test has."""
    return unique("cc")


def run(cls: type[Any], **keywords: Any) -> Any:
    """Run an operator."""
    return cls(task_id="t", **keywords).execute(context())


def create(**keywords: Any) -> Any:
    """Run the operator that makes a compute."""
    return run(AzureMLCreateComputeOperator, **keywords)


def sent(emulator: RunningEmulator, name: str) -> list[str]:
    """The methods of the requests that changed a compute."""
    rows = emulator.journal(f"/computes/{name}")
    return [one["method"] for one in rows if one["method"] != "GET"]


def shown(hook: AzureMLHook, name: str) -> dict[str, Any]:
    """What the service shows of a compute."""
    with hook.client() as client:
        return dict(client.run(tracked.get(computes.path(client.workspace, name))).raw)


def scale(hook: AzureMLHook, name: str) -> tuple[Any, ...]:
    """How far a cluster scales."""
    settings = shown(hook, name)["properties"]["properties"]["scaleSettings"]
    return tuple(settings[key] for key in ("minNodeCount", "maxNodeCount", "nodeIdleTimeBeforeScaleDown"))


def test_a_cluster_is_made_once_and_changed_where_it_is_told(
    name: str, hook: AzureMLHook, emulator: RunningEmulator, capsys: pytest.CaptureFixture[str]
) -> None:
    given: dict[str, Any] = {"size": "STANDARD_DS2_V2", "max_instances": 3, "tags": {"team": "risk"}}
    given["idle_time_before_scale_down"] = timedelta(minutes=5)
    made = create(name=name, tier="low_priority", **given)
    assert made == {"id": made["id"], "name": name}
    assert made["id"].endswith(f"/computes/{name}")
    assert scale(hook, name) == (0, 3, "PT5M")
    assert shown(hook, name)["properties"]["properties"]["vmPriority"] == "LowPriority"
    assert create(name=name, max_instances=9) == made, "skip is the default"
    assert create(name=name, if_exists="update", **given) == made
    assert sent(emulator, name) == ["PUT"], "nothing differs"
    capsys.readouterr()
    create(name=name, max_instances=5, if_exists="update")
    assert "scaleSettings.maxNodeCount: 3 becomes 5" in capsys.readouterr().out
    assert scale(hook, name) == (0, 5, "PT5M")
    found = shown(hook, name)
    assert (found["tags"], found["properties"]["properties"]["vmSize"]) == ({"team": "risk"}, "STANDARD_DS2_V2")
    with pytest.raises(AzureMLSpecError, match=rf"name: compute '{name}' exists already.*if_exists"):
        create(name=name, if_exists="fail")
    with pytest.raises(AzureMLSpecError, match="exists and is of type AmlCompute, not ComputeInstance"):
        create(name=name, type="computeinstance")


def test_a_password_is_not_told(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    create(name=name)
    spec = {"type": "amlcompute", "ssh_settings": {"admin_username": "me", "admin_password": "hush-hush"}}
    create(name=name, spec=spec, if_exists="update")
    told = capsys.readouterr().out
    assert "userAccountCredentials.adminUserPassword changes" in told
    assert "hush-hush" not in told


def test_a_cluster_is_scaled(name: str, hook: AzureMLHook, emulator: RunningEmulator) -> None:
    made = create(name=name, max_instances=3)
    templated: Any = "1"
    assert run(AzureMLScaleComputeOperator, name=made, min_instances=templated, max_instances=2) == made
    assert scale(hook, name) == (1, 2, "PT2M")
    run(AzureMLScaleComputeOperator, name=name, min_instances=1)
    assert sent(emulator, name) == ["PUT", "PATCH"], "nothing differs"
    with pytest.raises(AzureMLSpecError, match="min_instances: 3 is more than max_instances, 2"):
        run(AzureMLScaleComputeOperator, name=name, min_instances=3)


@pytest.mark.parametrize("early", [True, False])
def test_a_task_that_is_told_to_end_begins_nothing_more_and_says_so(
    early: bool, name: str, hook: AzureMLHook, emulator: RunningEmulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    task = AzureMLCreateComputeOperator(task_id="t", name=name, size="S")
    if early:
        task.on_kill()
    else:
        follow = task._follow

        def follow_when_told(*given: Any) -> None:
            task.on_kill()  # as a signal that comes when the operation has been begun
            follow(*given)

        monkeypatch.setattr(task, "_follow", follow_when_told)
    said = r"^The task was told to end before .* An operation that it has begun goes on, and the next try finds it\.$"
    with pytest.raises(AzureMLException, match=said):
        task.execute(context())
    begun = [row for row in emulator.journal(f"/computes/{name}") if row["method"] == "PUT"]
    assert len(begun) == (0 if early else 1)
    made = AzureMLCreateComputeOperator(task_id="t", name=name, size="S").execute(context())
    assert made["name"] == name


def test_an_instance_is_stopped_and_started(name: str, hook: AzureMLHook, emulator: RunningEmulator) -> None:
    made = create(spec=f"name: {name}\ntype: computeinstance\nsize: STANDARD_DS2_V2\n")
    for _ in range(2):
        assert run(AzureMLStopComputeInstanceOperator, name=made) == made
    assert shown(hook, name)["properties"]["properties"]["state"] == "Stopped"
    for _ in range(2):
        assert run(AzureMLStartComputeInstanceOperator, name=name) == made
    assert shown(hook, name)["properties"]["properties"]["state"] == "Running"
    assert sent(emulator, name) == ["PUT", "POST", "POST"], "what is so already is not done again"


async def test_deferred_tasks_follow_their_operation(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("airflow_azureml.triggers.base.SETTLE", 0)
    make: dict[str, Any] = {"task_id": "t", "name": name, "deferrable": True}
    assert await played(AzureMLCreateComputeOperator(type="computeinstance", **make)) == 1
    assert await played(AzureMLCreateComputeOperator(type="computeinstance", **make)) == 0
    assert await played(AzureMLStopComputeInstanceOperator(**make)) == 1
    assert await played(AzureMLStartComputeInstanceOperator(**make)) == 1
    assert await played(AzureMLDeleteComputeOperator(**make)) == 1
    assert await played(AzureMLDeleteComputeOperator(**make)) == 0, "it is gone"


def test_what_is_missing_is_named_with_what_is_there(name: str) -> None:
    run(AzureMLDeleteComputeOperator, name=name)
    missing: tuple[tuple[type[Any], dict[str, Any]], ...] = (
        (AzureMLDeleteComputeOperator, {"if_missing": "fail"}),
        (AzureMLScaleComputeOperator, {"max_instances": 1}),
        (AzureMLStartComputeInstanceOperator, {}),
    )
    for cls, keywords in missing:
        with pytest.raises(AzureMLSpecError, match=rf"name: compute '{name}' does not exist. Accepted: .*cpu-cluster"):
            run(cls, name=name, **keywords)
    with pytest.raises(AzureMLSpecError, match=r"'cpu-cluster' is of type AmlCompute. Accepted: .*ComputeInstance"):
        run(AzureMLStopComputeInstanceOperator, name="cpu-cluster")


@pytest.mark.parametrize(
    ("cls", "given", "words"),
    [
        (AzureMLCreateComputeOperator, {"name": "a_b"}, ["name", '"a_b"', "letters"]),
        (AzureMLCreateComputeOperator, {"name": "abc", "type": "cluster"}, ["type", '"cluster"', "amlcompute"]),
        (AzureMLCreateComputeOperator, {"name": "abc", "tier": "spot"}, ["tier", '"spot"', "low_priority"]),
        (AzureMLCreateComputeOperator, {"name": "abc", "max_instances": "x"}, ["max_instances", '"x"']),
        (AzureMLCreateComputeOperator, {"name": "abc", "if_exists": "replace"}, ["if_exists", '"replace"', "update"]),
        (
            AzureMLCreateComputeOperator,
            {"name": "abc", "type": "computeinstance", "if_exists": "update"},
            ["if_exists", "clusters", "skip, fail"],
        ),
        (AzureMLScaleComputeOperator, {"name": "abc"}, ["min_instances", "max_instances"]),
        (AzureMLScaleComputeOperator, {"name": "abc", "max_instances": -1}, ["max_instances", "-1", "from 0"]),
        (AzureMLDeleteComputeOperator, {"name": 3}, ["name", "3", "a text that is not empty or a mapping"]),
        (AzureMLDeleteComputeOperator, {"name": "abc", "if_missing": "ask"}, ["if_missing", '"ask"', "skip, fail"]),
    ],
)
def test_mistakes_name_the_field(
    cls: type[Any], given: dict[str, Any], words: list[str], emulator: RunningEmulator
) -> None:
    before = len(emulator.journal())
    with pytest.raises(AzureMLSpecError) as caught:
        run(cls, **given)
    assert [word for word in words if word not in str(caught.value)] == [], str(caught.value)
    assert len(emulator.journal()) == before, "nothing is sent"
