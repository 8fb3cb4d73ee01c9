"""The grammar of ``fault add``: a kind with its options, and with ``--then`` the faults that follow it."""

from __future__ import annotations

import argparse
from typing import Any

from azureml_emulator.control.kinds import CHECKS, KINDS


def add_options(parser: argparse.ArgumentParser) -> None:
    """A kind of fault and its options."""
    parser.add_argument("kind", metavar="KIND", help=", ".join(KINDS))
    text = "searched in 'METHOD /path', for faults of jobs in the job's name (default: all)"
    parser.add_argument("--route", metavar="REGEX", help=text)
    text = "how often (default: until cleared; before --then once)"
    parser.add_argument("--times", type=int, metavar="N", help=text)
    parser.add_argument("--status", type=int, metavar="S", help="status of the answer (default 500)")
    parser.add_argument("--delay", type=float, metavar="SECONDS", help="seconds; with a status: its Retry-After")
    parser.add_argument("--when", help="before or after the service acted (default before, of quota after)")
    text = "preempt: the job goes back to the queue under the same name, and its command starts anew"
    parser.add_argument("--requeue", action="store_true", default=None, help=text)
    text = "only jobs with a tag of this value, such as the DAG run's id, and requests that name them"
    parser.add_argument("--scope", metavar="NAME", help=text)
    text = "a further fault with options, due when this one has come; with its route and scope"
    parser.add_argument("--then", nargs=argparse.REMAINDER, metavar="KIND", help=text)


def fault_of(options: argparse.Namespace, state: argparse.ArgumentParser) -> dict[str, Any]:
    """The fault that the options ask for, as the control route takes it.

    ``options.state`` becomes the state directory that was given last, which may stand behind ``--then``.

    :param state: the option of the state directory.
    """
    fault, following = body_of(options), options.then
    while following is not None:
        parser = argparse.ArgumentParser("azureml-emulator fault add ... --then", parents=[state])
        add_options(parser)
        step = parser.parse_args(following)
        fault.setdefault("then", []).append(body_of(step))
        options.state = step.state or options.state
        following = step.then
    return fault


def body_of(options: argparse.Namespace) -> dict[str, Any]:
    """One fault, without what follows it."""
    return {name: value for name in ("kind", *CHECKS) if (value := getattr(options, name)) is not None}
