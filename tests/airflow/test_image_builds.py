"""``wait_for_build``: the image of an environment is built where it is not there, and a failed build shows its log."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_azureml.exceptions import AzureMLSpecError
from airflow_azureml.operators import AzureMLCreateEnvironmentOperator
from airflow_azureml.triggers import AzureMLOperationTrigger
from tests.airflow.instance import Instance
from tests.airflow.scoring import context, unique
from tests.emulator_fixture import RunningEmulator

pytestmark = pytest.mark.usefixtures("hook")


@pytest.fixture
def name() -> str:
    """An environment's name that no other test has."""
    return unique("img")


def task(name: str, **given: Any) -> AzureMLCreateEnvironmentOperator:
    """An operator that waits for its image."""
    return AzureMLCreateEnvironmentOperator(
        task_id="t", name=name, image="docker.io/python", wait_for_build=True, **given
    )


def builds(emulator: RunningEmulator, name: str) -> int:
    """How many builds were asked for."""
    rows = emulator.journal()
    return sum(one["method"] == "POST" and one["path"].endswith(f"/{name}/versions/1/image") for one in rows)


def test_an_image_is_built_once(name: str, emulator: RunningEmulator, capsys: pytest.CaptureFixture[str]) -> None:
    made = AzureMLCreateEnvironmentOperator(task_id="t", name=name, image="docker.io/python").execute(context())
    assert builds(emulator, name) == 0, "without the keyword a job's first need builds it"
    assert task(name).execute(context()) == made
    assert task(name).execute(context()) == made
    assert builds(emulator, name) == 1
    said = capsys.readouterr().out
    assert f"Azure ML builds the image of environment {name}:1." in said
    assert f"The image of environment {name}:1 is there." in said


async def test_a_deferred_task_keeps_the_version_that_it_made(
    name: str, emulator: RunningEmulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("airflow_azureml.triggers.base.SETTLE", 0)
    ti = Instance()
    event = await deferred(ti, task(name, deferrable=True))
    assert event["outcome"] == "done"
    AzureMLCreateEnvironmentOperator(task_id="t", name=name, image="docker.io/other").execute(context())
    made: Any = task(name, deferrable=True).execute_complete(ti.context(), event)
    assert (made["name"], made["version"]) == (name, "1")
    assert builds(emulator, name) == 1


@pytest.mark.parametrize("deferrable", [False, True])
async def test_a_build_that_fails_shows_the_end_of_its_log(
    name: str, deferrable: bool, emulator: RunningEmulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("airflow_azureml.triggers.base.SETTLE", 0)
    emulator.fault("image_build_fails", route=f"environments/{name}/", times=1)
    wanted = r"ended as Failed.*The end of the build's log:\nBuilding the image of .*\nThe image could not be built"
    ti = Instance()
    if deferrable:
        event = await deferred(ti, task(name, deferrable=True))
        with pytest.raises(AzureMLSpecError, match=wanted):
            task(name, deferrable=True).execute_complete(ti.context(), event)
    else:
        with pytest.raises(AzureMLSpecError, match=wanted):
            task(name).execute(ti.context())
    assert task(name).execute(context())["version"] == "1", "the next try builds it"
    assert builds(emulator, name) == 2


async def deferred(ti: Instance, one: AzureMLCreateEnvironmentOperator) -> Any:
    """Run a task until it is deferred, and its trigger to its end; what that says."""
    import asyncio

    from airflow.providers.common.compat.sdk import TaskDeferred

    with pytest.raises(TaskDeferred) as caught:
        await asyncio.to_thread(one.execute, ti.context())
    trigger = AzureMLOperationTrigger(**caught.value.trigger.serialize()[1])
    (event,) = [event async for event in trigger.run()]
    return event.payload
