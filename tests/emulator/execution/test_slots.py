"""Slots of the machine and of clusters: who runs, who waits, and in which order they follow."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from pytest_mock import MockerFixture

from azureml_emulator.core.store import Store
from azureml_emulator.core.transitions import Transitions
from azureml_emulator.execution.slots import Slots
from azureml_emulator.workspace.computes import Computes, cluster

LIMIT = 3


class Machine:
    """Jobs that take slots, end when they are told to, and say why they wait."""

    def __init__(self, slots: Slots) -> None:
        self.slots = slots
        self.running: list[str] = []
        self.reasons: dict[str, str] = {}
        self._ends: dict[str, asyncio.Event] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}

    async def begin(self, name: str, compute: str | None = None, nodes: int = 1) -> None:
        """Begin a job, which runs or waits when this comes back."""
        self._ends[name] = asyncio.Event()
        self._tasks[name] = asyncio.create_task(self._job(name, compute, nodes))
        await settled()

    async def end(self, *names: str) -> None:
        """Have jobs that run come to their end."""
        for name in names:
            self.let_end(name)
        await asyncio.gather(*(self._tasks[name] for name in names))
        await settled()

    def let_end(self, name: str) -> None:
        """Have a job come to its end as soon as it has a turn."""
        self._ends[name].set()

    def cancel(self, name: str) -> None:
        """Cancel a job."""
        self._tasks[name].cancel()

    async def _job(self, name: str, compute: str | None, nodes: int) -> None:
        async with self.slots.held(compute, nodes, lambda reason: self.reasons.__setitem__(name, reason)):
            self.running.append(name)
            try:
                await self._ends[name].wait()
            finally:
                self.running.remove(name)


async def settled() -> None:
    """Let every task go as far as it can."""
    for _ in range(20):
        await asyncio.sleep(0)


@pytest.fixture
def computes(tmp_path: Path) -> Computes:
    """A cluster ``pair`` of two nodes."""
    found = Computes(Store(tmp_path / "state.sqlite"), Transitions())
    found.add(cluster("here", "pair", "Standard_DS3_v2", 2))
    return found


def play(computes: Computes, story: Callable[[Machine], Awaitable[None]]) -> None:
    """Let a story happen on a machine with room for three jobs."""

    async def told() -> None:
        await story(Machine(Slots(computes, LIMIT)))

    asyncio.run(told())


def test_who_waits_longest_runs_next(computes: Computes) -> None:
    async def story(machine: Machine) -> None:
        for name in "abcdef":
            await machine.begin(name)
        assert machine.running == ["a", "b", "c"]
        assert set(machine.reasons) == {"d", "e", "f"}
        assert "runs 3 jobs at a time" in machine.reasons["d"]
        await machine.end("b")
        assert machine.running == ["a", "c", "d"]
        await machine.end("a", "c")
        assert machine.running == ["d", "e", "f"]

    play(computes, story)


def test_a_full_cluster_keeps_no_other_job_waiting(computes: Computes) -> None:
    async def story(machine: Machine) -> None:
        await machine.begin("both nodes", "pair", 2)
        await machine.begin("one node", "pair")
        await machine.begin("first")
        await machine.begin("second")
        await machine.begin("third")
        assert machine.running == ["both nodes", "first", "second"]
        assert "has 2 node(s)" in machine.reasons["one node"]
        await machine.end("first")
        assert machine.running == ["both nodes", "second", "third"]
        await machine.end("both nodes")
        assert machine.running == ["second", "third", "one node"]

    play(computes, story)


def test_whoever_is_canceled_while_it_waits_is_passed_over(computes: Computes) -> None:
    async def story(machine: Machine) -> None:
        for name in "abcdef":
            await machine.begin(name)
        machine.cancel("d")
        await machine.end("a")
        assert machine.running == ["b", "c", "e"]

    play(computes, story)


def test_a_slot_that_is_free_in_the_moment_of_a_cancel_goes_to_the_next(computes: Computes) -> None:
    async def story(machine: Machine) -> None:
        for name in "abcde":
            await machine.begin(name)
        machine.let_end("a")
        machine.cancel("d")
        await machine.end("a")
        assert machine.running == ["b", "c", "e"]

    play(computes, story)


def test_a_slot_given_to_one_who_is_canceled_in_that_moment_is_not_lost(computes: Computes) -> None:
    async def story(machine: Machine) -> None:
        for name in "abcde":
            await machine.begin(name)
        machine.let_end("a")
        while "a" in machine.running:
            await asyncio.sleep(0)
        machine.cancel("d")
        await machine.end("a", "b", "c")
        assert machine.running == ["e"]
        for name in "fgh":
            await machine.begin(name)
        assert machine.running == ["e", "f", "g"]

    play(computes, story)


def test_the_reason_is_asked_of_a_cluster_once_for_all_that_wait_for_it(
    computes: Computes, mocker: MockerFixture
) -> None:
    async def story(machine: Machine) -> None:
        for number in range(50):
            await machine.begin(f"{number}", "pair")
        asked = mocker.spy(computes, "get")
        await machine.end("0")
        assert machine.running == ["1", "2"]
        assert asked.call_count <= 3

    play(computes, story)
