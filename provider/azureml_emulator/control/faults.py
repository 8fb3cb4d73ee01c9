"""Faults: what was asked to go wrong, where, how often, and whether it did."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from typing import Any

TRANSPORT = {
    "status": "the answer is an error with --status (default 500)",
    "delay": "the answer comes --delay seconds late (default 1)",
    "drop": "the connection is cut without an answer",
    "timeout": "no answer ever comes",
}
PROTOCOL = {
    "not_responding": "a running job shows NotResponding for --delay seconds, then Running again",
    "cancel_slow": "a canceled job stays CancelRequested for --delay seconds",
    "run_lag": "run history does not know a new job for --delay seconds",
    "null_outputs": "outputs of an ended job come back with a null uri",
    "expired_log_sas": "log addresses carry a signature that has expired",
    "drop_mark": "a batch endpoint forgets the properties and tags that its invocation gave the job",
    "operation_slow": "creating, changing or deleting an endpoint or deployment takes --delay seconds more",
    "operation_fails": "creating, changing or deleting an endpoint or deployment ends with Failed",
    "list_lag": "lists do not show a new batch job for --delay seconds",
}
KINDS = {**TRANSPORT, **PROTOCOL}


class FaultError(Exception):
    """A fault that cannot be injected; the text names what is accepted."""


@dataclass
class Fault:
    """One thing asked to go wrong.

    :param route: regular expression, searched in ``"METHOD /path"``; for protocol faults in the job's name as well.
    :param times: how often it comes; None: until it is cleared.
    :param delay: seconds.
    :param when: ``before`` or ``after`` the service acted.
    :param count: how often it came.
    """

    id: int
    kind: str
    route: str = ""
    times: int | None = None
    status: int = 500
    delay: float | None = None
    when: str = "before"
    count: int = 0

    def fits(self, kind: str, subjects: tuple[str, ...]) -> bool:
        """Whether this fault is due for something of this kind and subject."""
        if self.kind != kind or (self.times is not None and self.count >= self.times):
            return False
        return any(re.search(self.route, subject) for subject in subjects)

    def seconds(self, default: float) -> float:
        """The fault's delay, or ``default``."""
        return default if self.delay is None else self.delay


class Faults:
    """The faults injected since the emulator started."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []
        self._number = 0

    def add(self, kind: str, **options: Any) -> Fault:
        """Ask for a fault.

        :raises FaultError: naming the option, what was given and what is accepted.
        """
        fault = Fault(id=self._number + 1, **checked(kind, options))
        self._number += 1
        self._faults.append(fault)
        return fault

    def take(self, kind: str, *subjects: str) -> Fault | None:
        """The first fault of this kind that is due for a subject, counted; None when there is none.

        :param subjects: what ``route`` is searched in: ``"METHOD /path"``, a job's name.
        """
        for fault in self._faults:
            if fault.fits(kind, subjects):
                fault.count += 1
                return fault
        return None

    def take_transport(self, when: str, subject: str) -> Fault | None:
        """The first fault on the wire that is due for a request, counted."""
        for fault in self._faults:
            if fault.kind in TRANSPORT and fault.when == when and fault.fits(fault.kind, (subject,)):
                fault.count += 1
                return fault
        return None

    def list(self) -> list[dict[str, Any]]:
        """All faults, with how often each came."""
        return [asdict(fault) for fault in self._faults]

    def clear(self) -> int:
        """Remove all faults; the number of them."""
        number = len(self._faults)
        self._faults.clear()
        return number


def checked(kind: str, options: dict[str, Any]) -> dict[str, Any]:
    """The options of a fault, each one tried; those that are None are left out."""
    if kind not in KINDS:
        raise FaultError(f"kind: {kind!r} is not a kind of fault. Accepted: {', '.join(KINDS)}.")
    set_options = {name: value for name, value in options.items() if value is not None}
    for name, value in set_options.items():
        if name not in CHECKS:
            raise FaultError(f"{name!r} is not an option of a fault. Accepted: {', '.join(CHECKS)}.")
        accepted, test = CHECKS[name]
        if not test(value):
            raise FaultError(f"{name}: {value!r} is not accepted. Accepted: {accepted}.")
    return {"kind": kind, **set_options}


def is_number(value: Any, least: float, most: float) -> bool:
    """A number, not a boolean, in a range."""
    return isinstance(value, int | float) and not isinstance(value, bool) and least <= value <= most


def is_pattern(value: Any) -> bool:
    """A text that is a regular expression."""
    try:
        re.compile(value)
    except (re.error, TypeError):
        return False
    return True


CHECKS = {
    "route": ("a regular expression, searched in 'METHOD /path'", is_pattern),
    "times": ("a whole number from 1", lambda value: isinstance(value, int) and is_number(value, 1, 1e9)),
    "status": ("a status from 400 to 599", lambda value: isinstance(value, int) and is_number(value, 400, 599)),
    "delay": ("seconds from 0", lambda value: is_number(value, 0, 1e6)),
    "when": ("before, after", lambda value: value in ("before", "after")),
}
