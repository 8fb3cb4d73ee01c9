"""The log of a job in the log of its deferred task: all of it, in order, whatever becomes of the trigger."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import logging
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest
from airflow.sdk.execution_time.xcom import XCom

from airflow_azureml.hooks.azureml import AzureMLHook
from airflow_azureml.triggers import AzureMLJobTrigger, base, log_copy
from tests.emulator_fixture import RunningEmulator

Submit = Callable[[str], str]
TI: Any = SimpleNamespace(dag_id="d", task_id="t", run_id="r", map_index=None, try_number=1)
MARK = "std_log.txt | "
COUNTING = (
    "for i in $(seq {number}); do echo this is line number $i; sleep {pause}; done; "
    "until test -e {gate}; do sleep 0.1; done; printf unfinished"
)
LATE = 15
"""Lines that a trigger has copied and not noted when it is moved, at most."""


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    """No trigger waits for a scheduler to digest that a worker is done, and what it logs is kept."""
    monkeypatch.setattr(base, "SETTLE", 0)
    caplog.set_level("INFO")


@pytest.fixture
def notes(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """The XComs of the task, as Airflow keeps them."""
    kept: dict[str, Any] = {}
    monkeypatch.setattr(XCom, "set", lambda key, value, **_: kept.update({key: value}))
    monkeypatch.setattr(XCom, "get_one", lambda key, **_: kept.get(key))
    return kept


def trigger_of(name: str, *files: str, since: float = 0.0, interval: float = 0.2) -> AzureMLJobTrigger:
    """A trigger that copies its job's log."""
    given = {"files": list(files), "kind": "Command", "since": since}
    trigger = AzureMLJobTrigger(job_name=name, poll_interval=interval, log_copy=given)
    trigger.task_instance = TI
    trigger._log = logging.getLogger("trigger")  # type: ignore[assignment]
    return trigger


async def fire(trigger: AzureMLJobTrigger) -> None:
    """Let a trigger run to its event."""
    assert [event.payload["status"] async for event in trigger.run()] == ["Completed"]


def copied(caplog: pytest.LogCaptureFixture) -> list[str]:
    """The lines of the job in the task's log."""
    return [text.removeprefix(MARK) for record in caplog.records if (text := record.getMessage()).startswith(MARK)]


def printed(caplog: pytest.LogCaptureFixture) -> list[str]:
    """The same without what the emulator says there."""
    return [line for line in copied(caplog) if not line.startswith("[azureml-emulator]")]


async def lines_copied(caplog: pytest.LogCaptureFixture, number: int) -> None:
    """Wait until so many different lines are there."""
    for _ in range(600):
        if len(set(copied(caplog))) >= number:
            return
        await asyncio.sleep(0.05)
    pytest.fail(f"only {copied(caplog)}")


def not_noted(caplog: pytest.LogCaptureFixture, notes: dict[str, Any]) -> int:
    """How many of the lines that are copied are not noted."""
    noted = sum(notes["azureml_log_copied"]["bytes"].values()) if notes else -1
    ends = itertools.accumulate(len(line.encode()) + 1 for line in dict.fromkeys(copied(caplog)))
    return sum(end > noted for end in ends)


async def moved_after(lines: int, name: str, caplog: pytest.LogCaptureFixture, notes: dict[str, Any]) -> None:
    """Run a job's trigger until so many lines are copied, and nearly all of them noted; take it away then, as Airflow
    does to move it."""
    moving = asyncio.ensure_future(fire(trigger_of(name)))
    await lines_copied(caplog, lines)
    while not notes or not_noted(caplog, notes) > LATE:
        await asyncio.sleep(0.01)
    moving.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await moving


async def test_the_log_is_there_while_the_job_writes_it(
    submit: Submit,
    hook: AzureMLHook,
    emulator: RunningEmulator,
    notes: Any,
    caplog: pytest.LogCaptureFixture,
    tmp_path: Path,
) -> None:
    gate = tmp_path / "gate"
    name = submit(COUNTING.format(number=20, pause=0.1, gate=gate))
    running = asyncio.ensure_future(fire(trigger_of(name)))
    await lines_copied(caplog, 20)
    assert not hook.get_job(name).phase.is_terminal
    gate.touch()
    await running
    assert copied(caplog) == hook.get_logs(name).split("\n")
    assert copied(caplog)[-1] == "unfinished"
    details = [one for one in emulator.journal(name) if one["path"].endswith(f"/runs/{name}/details")]
    assert len(details) <= 3, "one for the trigger, the others are this test's"


async def test_a_trigger_that_goes_on_elsewhere_loses_nothing_and_repeats_little(
    submit: Submit,
    hook: AzureMLHook,
    notes: dict[str, Any],
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    monkeypatch.setattr(log_copy, "NOTED_AFTER", 100)
    monkeypatch.setattr(log_copy, "NOTES_PER_SECOND", 100.0)
    gate = tmp_path / "gate"
    name = submit(COUNTING.format(number=60, pause=0.1, gate=gate))
    for lines_before_the_move in (15, 30):
        await moved_after(lines_before_the_move, name, caplog, notes)
        monkeypatch.setattr(log_copy, "_BEGUN_HERE", {})  # the next one is in another process
    gate.touch()
    await fire(trigger_of(name))
    whole = hook.get_logs(name).split("\n")
    lines = copied(caplog)
    assert list(dict.fromkeys(lines)) == whole
    assert 0 <= len(lines) - len(whole) <= 2 * LATE
    assert notes["azureml_log_copied"]["job_name"] == name
    said = [record.getMessage() for record in caplog.records if "is copied further" in record.getMessage()]
    assert len(said) == 2


async def test_a_trigger_that_comes_back_to_a_triggerer_copies_what_airflow_has_discarded_there(
    submit: Submit,
    hook: AzureMLHook,
    notes: dict[str, Any],
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    monkeypatch.setattr(log_copy, "NOTED_AFTER", 1)
    monkeypatch.setattr(log_copy, "NOTES_PER_SECOND", 100.0)
    gate = tmp_path / "gate"
    name = submit(COUNTING.format(number=40, pause=0.1, gate=gate))
    await moved_after(15, name, caplog, notes)
    caplog.clear()
    gate.touch()
    await fire(trigger_of(name))
    assert copied(caplog) == hook.get_logs(name).split("\n")
    assert "copied once more" in caplog.text
    assert (name, 1) not in log_copy._BEGUN_HERE


async def test_what_was_noted_of_another_job_does_not_count(
    submit: Submit, hook: AzureMLHook, notes: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    notes["azureml_log_copied"] = {"job_name": "other", "bytes": {"user_logs/std_log.txt": 10}}
    name = submit("echo one; sleep 1; echo two")
    await fire(trigger_of(name))
    assert printed(caplog) == ["one", "two"]


async def test_the_first_trigger_of_a_try_asks_for_no_note(
    submit: Submit, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(XCom, "get_one", lambda **_: pytest.fail("asked"))
    await fire(trigger_of(submit("echo one"), since=time.time(), interval=5))
    assert printed(caplog) == ["one"]


async def test_a_log_that_airflow_cannot_note_is_copied_all_the_same(
    submit: Submit, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(**_: Any) -> None:
        raise OSError("no supervisor")

    monkeypatch.setattr(XCom, "get_one", refuse)
    monkeypatch.setattr(XCom, "set", refuse)
    monkeypatch.setattr(log_copy, "NOTED_AFTER", 1)
    await fire(trigger_of(submit("echo one; sleep 1; echo two")))
    assert printed(caplog) == ["one", "two"]


async def test_a_log_that_cannot_be_read_delays_no_event(
    submit: Submit,
    emulator: RunningEmulator,
    notes: Any,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(log_copy, "END_WITHIN", 1.0)
    name = submit("echo one")
    emulator.fault("delay", route=f"GET .*/runs/{name}/details", delay=60, times=100)
    begun = time.monotonic()
    await fire(trigger_of(name))
    assert time.monotonic() - begun < 20
    assert copied(caplog) == []
    assert "could not be read in time" in caplog.text


async def test_a_cancel_that_a_reading_loses_delays_no_event(
    submit: Submit, notes: Any, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    lost: list[float] = []
    sleep = asyncio.sleep

    async def deaf(seconds: float, *more: Any) -> None:
        try:
            await sleep(seconds, *more)
        except asyncio.CancelledError:
            if seconds != 0.25 or lost:
                raise
            lost.append(seconds)

    monkeypatch.setattr(asyncio, "sleep", deaf)
    firing = asyncio.ensure_future(fire(trigger_of(submit("echo one"), interval=0.25)))
    done, _ = await asyncio.wait([firing], timeout=60)
    firing.cancel()
    assert lost, "a beat was cancelled in vain"
    assert done
    await firing


async def test_a_long_log_is_cut(
    submit: Submit, notes: Any, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log_copy, "MOST", 2**20)
    monkeypatch.setattr(log_copy, "END_WITHIN", 120.0)  # a busy machine needs longer than 15 s for a megabyte
    await fire(trigger_of(submit(f"for i in $(seq 30000); do echo {'x' * 99}; done")))
    assert 2**20 - 1000 <= 100 * len(copied(caplog)) <= 2**20 + log_copy.PIECE
    assert caplog.text.count("longer than 1 MiB") == 1


async def test_patterns_choose(submit: Submit, notes: Any, caplog: pytest.LogCaptureFixture) -> None:
    await fire(trigger_of(submit("echo one"), "user_logs/*.json"))
    assert copied(caplog) == []
    assert "log_files: no log file" in caplog.text


async def test_the_steps_of_a_pipeline_are_told_of(
    hook: AzureMLHook, notes: Any, caplog: pytest.LogCaptureFixture
) -> None:
    step = {"type": "command", "command": "sleep 1", "environment": {"image": "docker.io/python"}}
    spec = {"type": "pipeline", "settings": {"default_compute": "serverless"}, "jobs": {"train": step}}
    name = hook.create_job(spec, f"log-{uuid4().hex[:12]}").name
    trigger = trigger_of(name)
    trigger.log_copy = {"files": [], "kind": "Pipeline", "since": 0.0}
    await fire(trigger)
    mark = f"Azure ML job {name}: train is "
    told = [text for record in caplog.records if (text := record.getMessage()).startswith(mark)]
    assert told[-1] == f"{mark}Completed."
    assert len(set(told)) == len(told)
