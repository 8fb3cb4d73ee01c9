"""Faults: what was asked to go wrong, for whom, how often, and whether it did."""

from __future__ import annotations

import asyncio
import contextlib
import re
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from azureml_emulator.control.kinds import TRANSPORT, FaultError, checked
from azureml_emulator.core.callers import CALLER
from azureml_emulator.core.timeouts import timeout


@dataclass(frozen=True)
class Subject:
    """What a fault may be meant for.

    :param names: what ``route`` is searched in: ``"METHOD /path"``, a job's name.
    :param scopes: the scopes that it belongs to: of a job the values of its tags, and the client id of who asks.
    """

    names: tuple[str, ...]
    scopes: frozenset[str] = frozenset()


def subject(*names: str, tags: Mapping[str, Any] | None = None) -> Subject:
    """What a request asks for, as the subject of faults; the application that asks is one of its scopes.

    :param tags: those of the job that it is about.
    """
    caller = CALLER.get()
    return Subject(names, frozenset(map(str, (tags or {}).values())) | ({caller} if caller else frozenset()))


@dataclass
class Fault:
    """One thing asked to go wrong.

    :param route: regular expression, searched in ``"METHOD /path"``; for faults of jobs in the job's name.
    :param times: how often it comes; None: until it is cleared.
    :param delay: seconds.
    :param when: ``before`` or ``after`` the service acted.
    :param requeue: a preempted job goes back to the queue.
    :param scope: only for what belongs to this scope; None: for all.
    :param after: the id of the fault that it follows: it is due when that one has come as often as asked.
    :param count: how often it came.
    :param since: when it was asked for or, of one that follows another, when that one had come; seconds since the
        epoch.
    """

    id: int
    kind: str
    route: str = ""
    times: int | None = None
    status: int = 500
    delay: float | None = None
    when: str = "before"
    requeue: bool = False
    scope: str | None = None
    after: int | None = None
    count: int = 0
    since: float = field(default_factory=time.time)

    @property
    def spent(self) -> bool:
        """Whether it came as often as asked."""
        return self.times is not None and self.count >= self.times

    def fits(self, who: Subject) -> bool:
        """Whether this fault is meant for a subject."""
        if self.scope is not None and self.scope not in who.scopes:
            return False
        return any(re.search(self.route, name) for name in who.names)

    def seconds(self, default: float) -> float:
        """The fault's delay, or ``default``."""
        return default if self.delay is None else self.delay


Accept = Callable[[Fault], bool]


def whichever(fault: Fault) -> bool:
    """Any fault will do."""
    return True


class Faults:
    """The faults injected since the emulator started."""

    def __init__(self) -> None:
        self._faults: dict[int, Fault] = {}
        self._gone: dict[int, asyncio.Event] = {}
        self._number = 0

    def add(self, kind: str, *, then: Any = None, **options: Any) -> Fault:
        """Ask for a fault.

        :param then: mappings of ``kind`` and options: the faults that follow it one after another, with its ``route``
            and ``scope`` unless they name their own. A fault that another one follows comes once, unless ``times``
            says otherwise.
        :raises FaultError: naming the option, what was given and what is accepted.
        """
        rows = [checked(kind, options)]
        for step in read_steps(then):
            following = str(step.pop("kind", ""))
            rows.append(checked(following, {name: rows[0].get(name) for name in ("route", "scope")} | step))
        faults: list[Fault] = []
        for row in rows:
            self._number += 1
            after = faults[-1].id if faults else None
            last = len(faults) == len(rows) - 1
            faults.append(Fault(**{"times": None if last else 1, **row}, id=self._number, after=after))
        for fault in faults:
            self._faults[fault.id], self._gone[fault.id] = fault, asyncio.Event()
        return faults[0]

    def due(self, kinds: str | Iterable[str], who: Subject, accept: Accept = whichever) -> Fault | None:
        """The first fault of one of these kinds that is due for a subject, not counted.

        :param accept: what else it must be.
        """
        wanted = {kinds} if isinstance(kinds, str) else set(kinds)
        for fault in self._faults.values():
            if fault.kind in wanted and self._is_due(fault) and fault.fits(who) and accept(fault):
                return fault
        return None

    def take(self, kinds: str | Iterable[str], who: Subject, accept: Accept = whichever) -> Fault | None:
        """The first fault of one of these kinds that is due for a subject, counted; None when there is none."""
        fault = self.due(kinds, who, accept)
        if fault:
            self.came(fault)
        return fault

    def take_transport(self, when: str, who: Subject) -> Fault | None:
        """The first fault on the wire that is due for a request, counted."""
        return self.take(TRANSPORT, who, lambda fault: fault.when == when)

    def take_operation(self, request: str) -> tuple[float, bool]:
        """What is injected for the long-running operation that a request begins.

        :param request: the method and path of it.
        :returns: for how many seconds longer it runs (``operation_slow``, 3 where the fault does not say), and whether
            it fails (``operation_fails``).
        """
        who = subject(request)
        slow, fails = self.take("operation_slow", who), self.take("operation_fails", who)
        return slow.seconds(3) if slow else 0.0, fails is not None

    def came(self, fault: Fault) -> None:
        """Count a fault."""
        fault.count += 1
        for other in self._faults.values():
            if other.after == fault.id and fault.spent:
                other.since = time.time()

    def give_back(self, fault: Fault) -> None:
        """Count a fault less: what it was taken for ended before it came."""
        fault.count -= 1

    def stands(self, fault: Fault) -> bool:
        """Whether a fault was not cleared."""
        return fault.id in self._faults

    async def hold(self, fault: Fault) -> None:
        """Wait for the fault's delay, or without one until it is cleared; a clear always ends the wait."""
        gone = self._gone.get(fault.id)
        if gone is None:
            return  # it was cleared after it was taken, before this wait has begun
        with contextlib.suppress(asyncio.TimeoutError):
            async with timeout(fault.delay):
                await gone.wait()

    def has(self, kinds: str | Iterable[str], *, scoped: bool = False) -> bool:
        """Whether there is any fault of one of these kinds.

        :param scoped: only one with a scope counts.
        """
        if not self._faults:
            return False
        wanted = {kinds} if isinstance(kinds, str) else set(kinds)
        return any(fault.kind in wanted and (fault.scope or not scoped) for fault in self._faults.values())

    def list(self) -> list[dict[str, Any]]:
        """All faults, with how often each came."""
        return [asdict(fault) for fault in self._faults.values()]

    def clear(self, scope: str | None = None) -> int:
        """Remove all faults, or those of a scope; the number of them."""
        gone = [fault for fault in self._faults.values() if scope is None or fault.scope == scope]
        for fault in gone:
            del self._faults[fault.id]
            self._gone.pop(fault.id).set()
        return len(gone)

    def _is_due(self, fault: Fault) -> bool:
        """Whether it has not come as often as asked yet, and the one that it follows has."""
        before = self._faults.get(fault.after) if fault.after is not None else None
        return not fault.spent and (before is None or before.spent)


def read_steps(then: Any) -> list[dict[str, Any]]:
    """What follows a fault, as it was asked for.

    :raises FaultError: it is no list of objects.
    """
    steps = then or []
    if not isinstance(steps, list) or not all(isinstance(step, dict) for step in steps):
        raise FaultError(f"then: {then!r} is not accepted. Accepted: a list of objects with a kind and options.")
    return [dict(step) for step in steps]
