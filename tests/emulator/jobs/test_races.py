"""Races inside the engine, turn by turn of the event loop: no client, no pauses, real processes."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from aiohttp import web

from azureml_emulator.app import Emulator
from azureml_emulator.core.settings import load_settings
from azureml_emulator.core.tls import server_context
from azureml_emulator.core.transitions import Transitions
from azureml_emulator.execution import processes
from azureml_emulator.execution.process_environment import identity_marks
from azureml_emulator.jobs.job_run import STEPS
from azureml_emulator.jobs.models import STOPPABLE, Job

TURNS = 30
COMMAND = {"jobType": "Command", "command": "sleep 300", "environmentId": "e"}


class QueueTransitions(Transitions):
    """Transitions without pauses that ring when a job is about to be queued, or has been."""

    rings: asyncio.Event

    async def stay(self, kind: str, key: str, share: float = 1.0) -> None:
        """Do not wait; ring at the step of the status ``Queued``."""
        if share == STEPS["Queued"]:
            self.rings.set()


class RecordingTransitions(Transitions):
    """Transitions that write down the shares of the seconds that are asked for, and do not wait."""

    shares: list[float]

    async def stay(self, kind: str, key: str, share: float = 1.0) -> None:
        """Write down a share."""
        self.shares.append(share)


def known(em: Emulator, name: str) -> Job:
    """A job of the emulator."""
    job = em.jobs.get(name)
    assert job is not None
    return job


async def cancel(em: Emulator, name: str) -> None:
    """Cancel a job and wait for its end."""
    assert known(em, name).status in STOPPABLE
    em.engine.cancel(known(em, name))
    await em.engine.ended(name)


async def stop(em: Emulator, name: str) -> None:
    """Stop the engine."""
    await em.engine.stop()


async def with_job(state: Path, transitions: Transitions, name: str, **changes: str) -> Emulator:
    """An emulator that has begun a job."""
    em = Emulator(load_settings(state, "127.0.0.1", None, {}), transitions)
    em.workspace.create_defaults()
    await em.engine.recover()
    em.engine.add(name, COMMAND | changes)
    em.engine.submit(name)
    return em


async def after(state: Path, turns: int, act: Callable[[Emulator, str], Awaitable[None]]) -> tuple[str, str]:
    """The statuses before and after an act that comes so many turns after that."""
    QueueTransitions.rings = asyncio.Event()
    name = f"job-{turns}"
    em = await with_job(state, QueueTransitions(), name)
    await QueueTransitions.rings.wait()
    for _ in range(turns):
        await asyncio.sleep(0)
    before = known(em, name).status
    await act(em, name)
    ended = known(em, name).status
    await em.stop()
    assert processes.marked_processes(identity_marks(em.settings, name)) == []
    return before, ended


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A state directory that has made its key, which takes a while."""
    state = tmp_path_factory.mktemp("prepared")
    asyncio.run(Emulator(load_settings(state, "127.0.0.1", None, {})).stop())
    return state


@pytest.fixture
def state(prepared: Path, tmp_path: Path) -> Path:
    """A copy of it."""
    return Path(shutil.copytree(prepared, tmp_path / "state"))


@pytest.mark.parametrize("turns", range(TURNS))
def test_a_cancel_wins_at_every_turn_between_queued_and_running(state: Path, turns: int) -> None:
    _, ended = asyncio.run(after(state, turns, cancel))
    assert ended == "Canceled"


@pytest.mark.parametrize("turns", range(0, TURNS, 3))
def test_a_stop_leaves_no_process_at_any_turn(state: Path, turns: int) -> None:
    before, ended = asyncio.run(after(state, turns, stop))
    assert (before, ended) in {("Preparing", "Preparing"), ("Queued", "Queued"), ("Running", "Failed")}


async def test_nobody_can_ask_before_the_jobs_of_a_former_emulator_are_dealt_with(
    state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings, go = load_settings(state, "127.0.0.1", None, {}), state / "go"
    former = Emulator(settings)
    for name, statuses in (("cut", ("Preparing", "Queued", "Running")), ("not-begun", ("Preparing", "Queued"))):
        former.engine.add(name, COMMAND | {"command": f"until [ -e {go} ]; do sleep 0.02; done"})
        for status in statuses:
            former.jobs.change(name, status=status)
    await former.stop()
    em = Emulator(settings, Transitions(0, 0))
    seen: list[tuple[str, bool]] = []
    listen = web.TCPSite.start

    async def listened(site: web.TCPSite) -> None:
        await listen(site)
        seen.append((known(em, "cut").status, "not-begun" in em.engine._runs))

    monkeypatch.setattr(web.TCPSite, "start", listened)
    await em.start(server_context(settings))
    go.touch()
    await em.engine.ended("not-begun")
    ended = known(em, "not-begun").status
    await em.stop()
    # With the second port, that of the pages, all are under way.
    assert seen == [("Failed", False), ("Failed", True)]
    assert ended == "Completed"


def test_a_job_waits_for_its_pace_before_its_command_and_after_it_and_no_longer(state: Path) -> None:
    async def walked() -> tuple[list[float], str]:
        RecordingTransitions.shares = []
        em = await with_job(state, RecordingTransitions(), "paced", command="true")
        await em.engine.ended("paced")
        status = known(em, "paced").status
        await em.stop()
        return RecordingTransitions.shares, status

    shares, status = asyncio.run(walked())
    assert status == "Completed"
    assert sum(shares[:-1]) == pytest.approx(1)
    assert shares[-1] == 1
