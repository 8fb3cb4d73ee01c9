"""Commands that change a running emulator: faults, and the clocks of what changes its state with time."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from azureml_emulator.console.control_client import RefusedError, call
from azureml_emulator.console.exit_codes import OK
from azureml_emulator.console.fault_options import fault_of
from azureml_emulator.console.presence import UsageError, chosen
from azureml_emulator.control.kinds import QUOTA, TRANSPORT


def ask(state: Path | None, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
    """One request to a control route of the emulator that the command is about.

    :raises UsageError: the emulator refuses the request; the text is its message.
    """
    try:
        return call(chosen(state).endpoint(), method, f"/emulator/{path}", body)
    except RefusedError as error:
        raise UsageError(str(error)) from None


def add_fault(state: argparse.ArgumentParser, options: argparse.Namespace) -> int:
    """Inject a fault, with those that follow it.

    :param state: the option of the state directory, which may also stand behind ``--then``.
    """
    body = fault_of(options, state)
    fault = ask(options.state, "POST", "faults", body)
    kinds = [fault["kind"], *(step["kind"] for step in body.get("then", []))]
    print(f"fault {fault['id']}: {', then '.join(kinds)}")
    return OK


def list_faults(options: argparse.Namespace) -> int:
    """Print the faults with how often each occurred."""
    for fault in ask(options.state, "GET", "faults")["value"]:
        number, kind, count, _ = (fault.pop(name) for name in ("id", "kind", "count", "since"))
        for option, meant in (("status", kind == "status"), ("when", kind == QUOTA or kind in TRANSPORT)):
            if not meant:
                del fault[option]
        details = " ".join(f"{name}={value}" for name, value in fault.items() if value)
        print(f"{number}  {kind}  came {count} times  {details}")
    return OK


def clear_faults(options: argparse.Namespace) -> int:
    """Remove all faults, or those of a scope."""
    query = f"?{urlencode({'scope': options.scope})}" if options.scope else ""
    print(f"cleared: {ask(options.state, 'DELETE', f'faults{query}')['cleared']}")
    return OK


def set_clock(options: argparse.Namespace) -> int:
    """Change the clock of a kind."""
    amounts = {name: getattr(options, name) for name in ("looks", "seconds") if getattr(options, name) is not None}
    clock = ask(options.state, "PUT", f"clocks/{options.kind}", {"clock": options.clock, **amounts})
    print(described(clock))
    return OK


def list_clocks(options: argparse.Namespace) -> int:
    """Print the clock of each kind."""
    for clock in ask(options.state, "GET", "clocks")["value"]:
        print(described(clock))
    return OK


def reset_clocks(options: argparse.Namespace) -> int:
    """Set all clocks to those of the start."""
    for clock in ask(options.state, "DELETE", "clocks")["value"]:
        print(described(clock))
    return OK


def described(clock: dict[str, Any]) -> str:
    """A clock in a line."""
    amounts = "".join(f"  {name}={value}" for name, value in clock.items() if name not in ("kind", "clock"))
    return f"{clock['kind']}  {clock['clock']}{amounts}"
