"""The kinds of faults, what each does, and the options of a fault with what they accept."""

from __future__ import annotations

import re
from typing import Any

TOKEN_EXPIRED = "token_expired"
PREEMPT, NODE_LOST, QUEUE, QUOTA, IMAGE_BUILD_FAILS = "preempt", "node_lost", "queue", "quota", "image_build_fails"

TRANSPORT = {
    "status": "the answer is an error with --status (default 500)",
    "delay": "the answer comes --delay seconds late (default 1)",
    "drop": "the connection is cut without an answer",
    "timeout": "no answer ever comes",
}
"""What happens to a request on the wire."""

PROTOCOL = {
    "not_responding": "a running job shows NotResponding for --delay seconds, then Running again",
    "cancel_slow": "a canceled job stays CancelRequested for --delay seconds",
    "run_lag": "run history does not know a new job for --delay seconds",
    "null_outputs": "outputs of an ended job come back with a null uri",
    "expired_log_sas": "log addresses carry a signature that has expired",
    "drop_mark": "a batch endpoint forgets the properties and tags that its invocation gave the job",
    "operation_slow": "creating, changing or deleting an endpoint, deployment or compute takes --delay seconds more",
    "operation_fails": "creating, changing or deleting an endpoint, deployment or compute ends with Failed",
    "list_lag": "lists do not show a new batch job for --delay seconds",
    TOKEN_EXPIRED: "access tokens that were issued until now have expired; --delay: new ones live so many seconds",
}
"""What the service does otherwise than on a good day."""

JOBS = {
    PREEMPT: "a running job's node is taken away: it fails as PreemptionError; --requeue: it goes back to the queue",
    NODE_LOST: "a running job's node is lost: it shows NotResponding, then fails",
    QUEUE: "a job stays Queued for --delay seconds (default: until the fault is cleared), with a reason",
    QUOTA: "a job fails for want of cores; --delay: it waits for them in Queued; --when before: its PUT is refused",
    IMAGE_BUILD_FAILS: "the image of a job's environment cannot be built",
}
"""What happens to jobs in real life. ``--delay`` of the first two: seconds after the command began (default 0)."""

KINDS = {**TRANSPORT, **PROTOCOL, **JOBS}

DEFAULTS: dict[str, dict[str, Any]] = {QUOTA: {"when": "after"}}
"""Options that a kind gives another default."""

DELAYED = (
    "status",
    "delay",
    "not_responding",
    "cancel_slow",
    "run_lag",
    "operation_slow",
    "list_lag",
    TOKEN_EXPIRED,
    *(PREEMPT, NODE_LOST, QUEUE, QUOTA),
)
"""The kinds that last, or wait before they come; of a status it is how soon the client is asked to come back."""

ONLY_WITH: dict[str, tuple[str, ...]] = {
    "status": ("status",),
    "delay": DELAYED,
    "when": (*TRANSPORT, QUOTA),
    "requeue": (PREEMPT,),
}
"""The kinds that an option has an effect with, of the options that have none with others."""


class FaultError(Exception):
    """A fault that cannot be injected; the text names what is accepted."""


def checked(kind: str, options: dict[str, Any]) -> dict[str, Any]:
    """The options of a fault, each one tried; those that are None are left out.

    :raises FaultError: naming the option, what was given and what is accepted.
    """
    if kind not in KINDS:
        raise FaultError(f"kind: {kind!r} is not a kind of fault. Accepted: {', '.join(KINDS)}.")
    set_options = {name: value for name, value in options.items() if value is not None}
    for name, value in set_options.items():
        if name not in CHECKS:
            raise FaultError(f"{name!r} is not an option of a fault. Accepted: {', '.join(CHECKS)}, then.")
        accepted, test = CHECKS[name]
        if not test(value):
            raise FaultError(f"{name}: {value!r} is not accepted. Accepted: {accepted}.")
    refuse_without_effect(kind, set_options)
    return {"kind": kind, **DEFAULTS.get(kind, {}), **set_options}


def refuse_without_effect(kind: str, options: dict[str, Any]) -> None:
    """Refuse options that change nothing of a fault of this kind.

    :raises FaultError: naming them all, and what each goes with.
    """
    without = [name for name in options if options[name] is not False and kind not in ONLY_WITH.get(name, KINDS)]
    if without:
        needed = "; ".join(f"{name} with {', '.join(ONLY_WITH[name])}" for name in without)
        raise FaultError(f"{', '.join(without)}: no effect on a fault {kind!r}. Accepted: {needed}.")
    if kind == QUOTA and options.get("when") == "before" and "delay" in options:
        raise FaultError(f"delay: no effect on a fault {kind!r} with when before, which makes no job that could wait.")


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
    "route": ("a regular expression, searched in 'METHOD /path' or in the job's name", is_pattern),
    "times": ("a whole number from 1", lambda value: isinstance(value, int) and is_number(value, 1, 1e9)),
    "status": ("a status from 400 to 599", lambda value: isinstance(value, int) and is_number(value, 400, 599)),
    "delay": ("seconds from 0", lambda value: is_number(value, 0, 1e6)),
    "when": ("before, after", lambda value: value in ("before", "after")),
    "requeue": ("true, false", lambda value: isinstance(value, bool)),
    "scope": ("a text: the value of a tag of the jobs that are meant", lambda value: isinstance(value, str) and value),
}
