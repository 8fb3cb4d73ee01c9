"""The triggers of watchers against the emulator: what they fire, what they remember, what they ask."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from airflow.providers.common.compat.sdk import DAG
from airflow.sdk import Asset, AssetWatcher

from airflow_azureml.exceptions import AzureMLSpecError
from airflow_azureml.hooks.azureml import AzureMLHook
from airflow_azureml.rest import assets
from airflow_azureml.triggers import (
    AzureMLDataAssetTrigger,
    AzureMLExperimentJobTrigger,
    AzureMLModelTrigger,
    watch_memory,
    watchers,
)
from airflow_azureml.triggers.watchers import AzureMLWatcherTrigger
from tests.emulator_fixture import RunningEmulator

INTERVAL = 0.3
PLACES = {"models": "modelUri", "data": "dataUri"}
Register = Callable[..., None]


class AssetStates:
    """Airflow's state store of one asset."""

    def __init__(self) -> None:
        self.values: dict[str, Any] = {}

    async def aget(self, key: str) -> Any:
        """Give a value."""
        return self.values.get(key)

    async def aset(self, key: str, value: Any) -> None:
        """Keep a value."""
        self.values[key] = value


class Watching:
    """Triggers in one event loop, as a triggerer runs them, and what they have fired."""

    def __init__(self) -> None:
        self.fired: list[dict[str, Any]] = []
        self.states: dict[str, AssetStates] = {}
        self._tasks: list[asyncio.Task[None]] = []

    async def begin(self, *triggers: AzureMLWatcherTrigger) -> None:
        """Run triggers until they know what there is."""
        for trigger in triggers:
            memory: Any = self.states.setdefault(trigger.memory_key(), AssetStates())
            trigger.asset_state_store = memory
            self._tasks.append(asyncio.create_task(self._run(trigger)))
        await until(lambda: all(self.states[trigger.memory_key()].values for trigger in triggers))

    async def _run(self, trigger: AzureMLWatcherTrigger) -> None:
        async for event in trigger.run():
            self.fired.append(event.payload)

    async def die(self) -> None:
        """Take the triggers away in the midst of what they do."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks.clear()

    def told(self, key: str = "version") -> list[Any]:
        """What was fired."""
        return [payload[key] for payload in self.fired]


async def until(done: Callable[[], bool], seconds: float = 60) -> None:
    """Wait for something."""
    deadline = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.02)


@pytest.fixture
async def watching(hook: AzureMLHook) -> AsyncIterator[Watching]:
    """Triggers that end with the test."""
    running = Watching()
    yield running
    await running.die()


@pytest.fixture(autouse=True)
def no_long_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing gathers, and nobody waits long for a listener: there is none here."""
    monkeypatch.setattr("airflow_azureml.triggers.watch_poll.GATHER", 0.2)
    monkeypatch.setattr(watch_memory, "LOOKS", (0.05, 0.05))


@pytest.fixture
def register(hook: AzureMLHook) -> Register:
    """Registers a version."""

    def make(kind: str, name: str, version: int, **properties: Any) -> None:
        place = f"azureml://datastores/workspaceblobstore/paths/{name}/{version}/"
        types = {"dataType": "uri_folder"} if kind == "data" else {"modelType": "custom_model"}
        body = {"properties": {PLACES[kind]: place, **types, **properties}}
        with hook.client() as client:
            client.run(assets.create(client.workspace, kind, name, str(version), body))

    return make


@pytest.fixture
def name() -> str:
    """A name that no other test has."""
    return f"watched-{uuid4().hex[:8]}"


@pytest.mark.parametrize(("kind", "trigger"), [("models", AzureMLModelTrigger), ("data", AzureMLDataAssetTrigger)])
async def test_each_new_version_is_told_once(
    watching: Watching, register: Register, name: str, kind: str, trigger: Callable[..., Any]
) -> None:
    register(kind, name, 1)
    await watching.begin(trigger(name, poll_interval=INTERVAL))
    for version in (2, 3, 4):
        register(kind, name, version)
    await until(lambda: len(watching.fired) == 3)
    await asyncio.sleep(4 * INTERVAL)
    assert watching.told() == ["2", "3", "4"]
    first = watching.fired[0]
    assert first["name"] == name
    assert first["path"].startswith("azureml://subscriptions/")
    assert first["path"].endswith(f"/datastores/workspaceblobstore/paths/{name}/2/")
    assert first["asset_id"].endswith(f"/{kind}/{name}/versions/2")


@pytest.mark.parametrize("after", [0, 1, 2])
async def test_a_restart_neither_loses_nor_doubles(
    watching: Watching, register: Register, name: str, monkeypatch: pytest.MonkeyPatch, after: int
) -> None:
    def trigger() -> AzureMLModelTrigger:
        return AzureMLModelTrigger(name, poll_interval=INTERVAL)

    await watching.begin(trigger())
    for version in range(1, after + 1):
        register("models", name, version)
    await until(lambda: len(watching.fired) == after)
    memory = watching.states[trigger().memory_key()]
    await until(lambda: len(next(iter(memory.values.values()))["keys"]) == after)
    await watching.die()
    for version in range(after + 1, after + 4):
        register("models", name, version)
    await watching.begin(trigger())
    await until(lambda: len(watching.fired) == after + 3)
    await asyncio.sleep(4 * INTERVAL)
    assert watching.told() == [str(version) for version in range(1, after + 4)]


async def test_a_workspace_that_was_away_costs_no_event(
    watching: Watching, register: Register, name: str, emulator: RunningEmulator, caplog: pytest.LogCaptureFixture
) -> None:
    await watching.begin(AzureMLModelTrigger(name, poll_interval=INTERVAL))
    emulator.fault("status", route=f"GET .*/models/{name}/versions", status=503, times=1000)
    register("models", name, 1)
    await until(lambda: "fails, and is tried again" in caplog.text)
    register("models", name, 2)
    assert watching.fired == []
    emulator.clear_faults()
    await until(lambda: len(watching.fired) == 2)
    assert watching.told() == ["1", "2"]
    assert caplog.text.count("fails, and is tried again") == 1


async def test_fifty_watchers_cost_one_request_a_round(
    watching: Watching, register: Register, name: str, emulator: RunningEmulator
) -> None:
    names = [f"{name}-{number}" for number in range(50)]
    for each in names:
        register("models", each, 1)
    await watching.begin(*(AzureMLModelTrigger(each, poll_interval=INTERVAL) for each in names))
    begun = len(emulator.journal())
    await until(lambda: len(emulator.journal()) >= begun + 1)
    # However slow the machine is: no more requests than rounds.
    before, since = len(emulator.journal()), time.monotonic()
    await until(lambda: len(emulator.journal()) >= before + 3)
    asked = [one["path"].partition("/workspaces/")[2].partition("/")[2] for one in emulator.journal()[before:]]
    assert set(asked) == {"models"}
    assert len(asked) <= (time.monotonic() - since) / INTERVAL + 1
    before = len(emulator.journal())
    register("models", names[17], 2)
    await until(lambda: len(watching.fired) == 1)
    assert (watching.fired[0]["name"], watching.fired[0]["version"]) == (names[17], "2")
    versions = [one for one in emulator.journal()[before:] if str(one["path"]).endswith("/versions")]
    assert len(versions) == 1


async def test_a_version_is_told_when_it_comes_into_its_stage(
    watching: Watching, register: Register, name: str
) -> None:
    register("models", name, 1)
    await watching.begin(AzureMLModelTrigger(name, "Production", poll_interval=INTERVAL))
    register("models", name, 2)
    register("models", name, 1, stage="Production")
    await until(lambda: len(watching.fired) == 1)
    await asyncio.sleep(4 * INTERVAL)
    assert [(one["version"], one["stage"]) for one in watching.fired] == [("1", "Production")]


async def test_ended_jobs_of_an_experiment_are_told(watching: Watching, hook: AzureMLHook, name: str) -> None:
    def submit(number: int, command: str) -> str:
        spec = {"type": "command", "command": command, "environment": {"image": "x"}, "experiment_name": name}
        return hook.create_job(spec, f"{name}-{number}").name

    hook.wait_for_job(submit(0, "true"))
    await watching.begin(AzureMLExperimentJobTrigger(name, poll_interval=INTERVAL))
    good, bad = submit(1, "sleep 1"), submit(2, "exit 3")
    await until(lambda: len(watching.fired) == 1)
    assert watching.fired[0].items() >= {"job_name": good, "experiment_name": name, "status": "Completed"}.items()
    assert watching.fired[0]["ended_at"]
    await watching.die()
    # The two began together: either may have ended first, and what has ended before is no news.
    hook.wait_for_job(bad)
    await watching.begin(AzureMLExperimentJobTrigger(name, ("Failed", "Canceled"), poll_interval=INTERVAL))
    later = submit(3, "exit 4")
    await until(lambda: len(watching.fired) == 2)
    assert (watching.fired[1]["job_name"], watching.fired[1]["status"]) == (later, "Failed"), f"not {bad}"


async def test_airflow_that_does_not_answer_is_waited_for(
    watching: Watching, register: Register, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watch_memory, "TRY_AGAIN_AFTER", 0.05)
    failures = iter([OSError("away"), OSError("away")])
    given = AssetStates.aget

    async def fails_twice(self: AssetStates, key: str) -> Any:
        for failure in failures:
            raise failure
        return await given(self, key)

    monkeypatch.setattr(AssetStates, "aget", fails_twice)
    await watching.begin(AzureMLModelTrigger(name, poll_interval=INTERVAL))
    register("models", name, 1)
    await until(lambda: watching.told() == ["1"])


def test_watchers_of_a_workspace_share_a_stream() -> None:
    one, other = AzureMLModelTrigger("a"), AzureMLDataAssetTrigger("b", poll_interval=1)
    assert one.shared_stream_key() == other.shared_stream_key()
    assert one.shared_stream_key() != AzureMLModelTrigger("a", workspace_name="w").shared_stream_key()
    assert one.memory_key() == AzureMLModelTrigger("a", poll_interval=7).memory_key()
    others = (AzureMLDataAssetTrigger("a"), AzureMLModelTrigger("a", "Production"), AzureMLModelTrigger("b"))
    assert len({one.memory_key(), *(trigger.memory_key() for trigger in others)}) == 4


def test_a_variable_remembers_for_one_trigger_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watchers, "AIRFLOW_V_3_3_PLUS", False)
    assert AzureMLModelTrigger("a").memory_key() != AzureMLModelTrigger("a", poll_interval=7).memory_key()


def test_an_asset_takes_a_watcher() -> None:
    watcher = AssetWatcher(name="new_version", trigger=AzureMLModelTrigger("credit"))
    with DAG("d", schedule=[Asset(name="credit", uri="azureml://datastores/x/paths/y", watchers=[watcher])]):
        pass
    path, arguments = AzureMLExperimentJobTrigger("e", "Completed").serialize()
    assert path == "airflow_azureml.triggers.watchers.AzureMLExperimentJobTrigger"
    assert arguments["statuses"] == ["Completed"]


def test_what_stands_for_a_plain_value_is_kept_as_one() -> None:
    interval: Any = Decimal(5)
    arguments = AzureMLModelTrigger("m", poll_interval=interval).serialize()[1]
    assert (arguments["poll_interval"], type(arguments["poll_interval"])) == (5, int)
    ends: Any = {"Failed", "canceled", "Completed"}
    assert AzureMLExperimentJobTrigger("e", ends).serialize()[1]["statuses"] == ["Completed", "Failed", "Canceled"]


def test_airflow_2_is_told_what_there_is_instead(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watchers, "AIRFLOW_V_3_0_PLUS", False)
    with pytest.raises(AzureMLSpecError, match="AssetWatcher, which Airflow has since"):
        AzureMLModelTrigger("m")


async def test_the_last_who_leaves_ends_the_rounds(
    watching: Watching, register: Register, name: str, emulator: RunningEmulator
) -> None:
    trigger = AzureMLModelTrigger(name, poll_interval=INTERVAL)
    await watching.begin(trigger)
    await watching.die()
    await asyncio.sleep(INTERVAL)  # a request that they had sent may still be on its way
    before = len(emulator.journal(name))
    await asyncio.sleep(4 * INTERVAL)
    assert len(emulator.journal(name)) == before
    await watching.begin(trigger)
    register("models", name, 1)
    await until(lambda: watching.told() == ["1"])


@pytest.mark.parametrize(
    ("kind", "given", "said"),
    [
        (AzureMLDataAssetTrigger, {"name": 5}, "name: 5 is not accepted. Accepted: a name."),
        (AzureMLDataAssetTrigger, {"name": " "}, "name: ' ' is not accepted. Accepted: a name."),
        (AzureMLModelTrigger, {"name": "{{ ds }}"}, "name: '{{ ds }}' is not accepted. Accepted: the name itself"),
        (AzureMLModelTrigger, {"name": "m", "stage": 5}, "stage: 5 is not accepted. Accepted: a name, or None."),
        (
            AzureMLModelTrigger,
            {"name": "m", "stage": "{{ ds }}"},
            "stage: '{{ ds }}' is not accepted. Accepted: the name",
        ),
        (
            AzureMLModelTrigger,
            {"name": "m", "workspace_name": "{{ ds }}"},
            "workspace_name: '{{ ds }}' is not accepted.",
        ),
        (
            AzureMLModelTrigger,
            {"name": "m", "resource_group": 5},
            "resource_group: 5 is not accepted. Accepted: a name, ",
        ),
        (AzureMLModelTrigger, {"name": "a\ud800b"}, "name: half of a surrogate pair"),
        (AzureMLExperimentJobTrigger, {"experiment_name": None}, "experiment_name: None is not accepted. Accepted:"),
        (
            AzureMLExperimentJobTrigger,
            {"statuses": None},
            "statuses: None is not accepted. Accepted: one or more of Com",
        ),
        (
            AzureMLExperimentJobTrigger,
            {"statuses": []},
            "statuses: [] is not accepted. Accepted: one or more of Complet",
        ),
        (
            AzureMLExperimentJobTrigger,
            {"statuses": ["Done"]},
            "statuses: ['Done'] is not accepted. Accepted: one or mo",
        ),
        (
            AzureMLDataAssetTrigger,
            {"name": "d", "poll_interval": 0},
            "poll_interval: 0 is not accepted. Accepted: a num",
        ),
        (AzureMLDataAssetTrigger, {"name": "d", "azureml_conn_id": 5}, "azureml_conn_id: 5 is not accepted. Accepted:"),
    ],
)
def test_a_watcher_that_would_wait_in_vain_is_refused_where_it_is_written(kind: Any, given: Any, said: str) -> None:
    needed = {"experiment_name": "e"} if kind is AzureMLExperimentJobTrigger else {}
    with pytest.raises(AzureMLSpecError) as refused:
        kind(**{**needed, **given})
    assert str(refused.value).startswith(said)


def test_a_workspace_that_is_left_blank_is_the_connections() -> None:
    for blank in (None, "", " "):
        assert AzureMLModelTrigger("m", workspace_name=blank).workspace_name == blank


def test_ends_are_known_in_any_case() -> None:
    found = [
        AzureMLExperimentJobTrigger("e", statuses=given).statuses for given in ("completed", ("FAILED",), ["Canceled"])
    ]
    assert found == [["Completed"], ["Failed"], ["Canceled"]]
