"""Transitions: the clocks of everything that changes its state with time, and the waits of jobs.

A job passes through ``Starting``, ``Preparing`` and so on; a compute, an endpoint, a deployment or a schedule is
``Creating``, ``Updating`` or ``Deleting`` while a long-running operation goes on (see ``core/operations.py``). Each
kind of these has a clock of its own:

* ``immediate``: a passing state is over at once.
* ``looks``: it is over after so many looks: reads of the resource, or of its operation, by a client.
* ``time``: it is over after so many seconds.

A clock can be changed while the emulator runs; what is under way goes by the new one. The idea is that of moto's
managed state model: https://docs.getmoto.org/en/latest/docs/configuration/state_transition/index.html
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

JOBS, COMPUTES, ENDPOINTS, DEPLOYMENTS = "jobs", "computes", "endpoints", "deployments"
SCHEDULES = "schedules"
KINDS = (JOBS, COMPUTES, ENDPOINTS, DEPLOYMENTS, SCHEDULES)
"""What has a clock."""

IMMEDIATE, LOOKS, TIME = "immediate", "looks", "time"
CLOCKS = (IMMEDIATE, LOOKS, TIME)

PACE = 0.5
"""Seconds that the states before a job's command last together, and those after it."""

PAUSE = 0.05
"""Seconds that an operation on a compute, an endpoint, a deployment or a schedule takes."""


class ClockError(Exception):
    """A clock that cannot be set; the text names what was given and what is accepted."""


@dataclass(frozen=True)
class Clock:
    """How long a passing state lasts.

    :param clock: ``immediate``, ``looks`` or ``time``.
    :param looks: how many looks, for ``looks``.
    :param seconds: how many seconds, for ``time``; of a job: those of its states together.
    """

    clock: str
    looks: int = 0
    seconds: float = 0.0

    def is_over(self, seconds: float, looks: int, share: float = 1.0) -> bool:
        """Whether a state is over.

        :param seconds: since it began.
        :param looks: at it, since it began.
        :param share: which share of ``seconds`` it lasts.
        """
        if self.clock == LOOKS:
            return looks >= self.looks
        return self.clock == IMMEDIATE or seconds >= self.seconds * share

    def to_dict(self) -> dict[str, Any]:
        """Plain values, as the control route answers them."""
        return {"clock": self.clock, **{name: getattr(self, name) for name in OPTIONS[self.clock]}}


class Transitions:
    """The clock of each kind, and the states of jobs that are waited for.

    :param pace: seconds, the clock of jobs at the start.
    :param pause: seconds, the clock of everything else at the start.
    """

    def __init__(self, pace: float = PACE, pause: float = PAUSE) -> None:
        self._first = {JOBS: Clock(TIME, seconds=pace)} | {
            kind: Clock(TIME, seconds=pause) for kind in KINDS if kind != JOBS
        }
        self._clocks = dict(self._first)
        self._stays: dict[tuple[str, str], _Stay] = {}

    def clock(self, kind: str) -> Clock:
        """The clock of a kind."""
        return self._clocks[kind]

    def list(self) -> list[dict[str, Any]]:
        """The clocks of all kinds, as plain values."""
        return [{"kind": kind, **clock.to_dict()} for kind, clock in self._clocks.items()]

    def set(self, kind: str, wanted: Mapping[str, Any]) -> Clock:
        """Change the clock of a kind; what is under way goes by the new one.

        :param wanted: ``{"clock": "immediate"}``, ``{"clock": "looks", "looks": 3}``, or
            ``{"clock": "time", "seconds": 2}``.
        :raises ClockError: naming what is not accepted.
        """
        if kind not in self._clocks:
            raise ClockError(f"{kind!r} has no clock. Accepted: {', '.join(self._clocks)}.")
        self._clocks[kind] = clock = read_clock(wanted)
        self._wake(kind)
        return clock

    def reset(self) -> None:
        """Set all clocks to those of the start."""
        self._clocks = dict(self._first)
        for kind in self._clocks:
            self._wake(kind)

    def release(self) -> None:
        """End all waits and let there be no more of them: the emulator stops."""
        self._clocks = dict.fromkeys(self._clocks, Clock(IMMEDIATE))
        for kind in self._clocks:
            self._wake(kind)

    async def stay(self, kind: str, key: str, share: float = 1.0) -> None:
        """Wait until a state that begins now is over.

        :param key: what is in the state, such as a job's name; one wait at a time.
        :param share: which share of the kind's seconds the state lasts.
        """
        stay = self._stays[kind, key] = _Stay()
        began = time.monotonic()
        try:
            while not self._clocks[kind].is_over(time.monotonic() - began, stay.looks, share):
                clock = self._clocks[kind]
                left = began + clock.seconds * share - time.monotonic() if clock.clock == TIME else None
                await stay.change(left)
        finally:
            self._stays.pop((kind, key), None)

    def look(self, kind: str, key: str) -> None:
        """Count a client's look at something whose state is waited for."""
        stay = self._stays.get((kind, key))
        if stay:
            stay.looks += 1
            stay.changed.set()

    def _wake(self, kind: str) -> None:
        for (other, _), stay in self._stays.items():
            if other == kind:
                stay.changed.set()


class _Stay:
    """One wait for the end of a state."""

    def __init__(self) -> None:
        self.looks = 0
        self.changed = asyncio.Event()

    async def change(self, seconds: float | None) -> None:
        """Wait for a look or another clock, so many seconds at most."""
        self.changed.clear()
        wait = asyncio.ensure_future(self.changed.wait())
        try:
            await asyncio.wait([wait], timeout=seconds)
        finally:
            wait.cancel()


def read_clock(wanted: Mapping[str, Any]) -> Clock:
    """A clock from plain values.

    :raises ClockError: naming what is not accepted.
    """
    options = dict(wanted)
    word = options.pop("clock", None)
    if not isinstance(word, str) or word not in OPTIONS:
        raise ClockError(f"clock: {word!r} is not a clock. Accepted: {', '.join(OPTIONS)}.")
    known = OPTIONS[word]
    for name in options:
        if name not in known:
            raise ClockError(
                f"{name!r} is not an option of the clock {word!r}. Accepted: {', '.join(known) or 'none'}."
            )
    for name, (description, test) in known.items():
        if not test(options.get(name)):
            raise ClockError(f"{name}: {options.get(name)!r} is not accepted. Accepted: {description}.")
    return Clock(word, **options)


def is_seconds(value: Any) -> bool:
    """A number from 0."""
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 1e6


def is_count(value: Any) -> bool:
    """A whole number from 0."""
    return isinstance(value, int) and is_seconds(value)


OPTIONS: Mapping[str, Mapping[str, tuple[str, Callable[[Any], bool]]]] = {
    IMMEDIATE: {},
    LOOKS: {"looks": ("a whole number from 0", is_count)},
    TIME: {"seconds": ("a number from 0", is_seconds)},
}
"""Clocks by name: the options of each, what they accept, and the test of it."""
