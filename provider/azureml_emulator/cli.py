"""The command ``azureml-emulator``: start, stop, status, reset, env, doctor, journal, fault."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import shutil
import signal
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from azureml_emulator import doctor, remote
from azureml_emulator.endpoint import NotRunningError, Presence, RunningError, exports
from azureml_emulator.faults import KINDS
from azureml_emulator.journal import Journal
from azureml_emulator.model import Jobs
from azureml_emulator.settings import SettingsError, load_settings, with_free_studio_port
from azureml_emulator.store import Store

OK, FAILURE, USAGE, NOT_RUNNING = 0, 1, 2, 3
DEFAULT_STATE = "./.azureml-emulator"
STOP_PATIENCE = 60.0
"""Seconds that ``stop`` waits for the process to end."""


class UsageError(Exception):
    """The command cannot be carried out as given."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit code. Every expected failure is one line on stderr."""
    options = parser().parse_args(arguments)
    command: Callable[[argparse.Namespace], int] = options.command
    try:
        return command(options)
    except (UsageError, RunningError) as error:
        return complain(error, USAGE)
    except NotRunningError as error:
        return complain(error, NOT_RUNNING)
    except (SettingsError, remote.RemoteError) as error:
        return complain(error, FAILURE)
    except PermissionError as error:
        return complain(f"{error.filename}: {error.strerror}", FAILURE)
    except BrokenPipeError:
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115 - the interpreter flushes it when it ends
        return FAILURE


def complain(error: object, code: int) -> int:
    """Print one line on stderr."""
    print(f"azureml-emulator: {error}", file=sys.stderr)
    return code


def parser() -> argparse.ArgumentParser:
    """The command line's grammar."""
    state = argparse.ArgumentParser(add_help=False)
    text = f"state directory (default {DEFAULT_STATE})"
    state.add_argument("--state", type=Path, default=Path(DEFAULT_STATE), metavar="DIR", help=text)
    about = "A local Azure Machine Learning, for development and CI only."
    top = argparse.ArgumentParser("azureml-emulator", description=about)
    commands = top.add_subparsers(metavar="COMMAND", required=True)
    add_start(commands.add_parser("start", parents=[state], help="serve a workspace until SIGTERM, SIGINT or stop"))
    for name, function, text in (
        ("stop", stop, "end the running emulator"),
        ("status", status, "one line; exit 0 running, 3 not"),
        ("reset", reset, "remove the state directory's content; refuses while running"),
        ("env", env, "print shell exports that lead clients here"),
        ("doctor", diagnose, "what in this shell would keep a client from reaching it"),
    ):
        commands.add_parser(name, parents=[state], help=text, description=text).set_defaults(command=function)
    journal = commands.add_parser("journal", parents=[state], help="the requests received, or the jobs made")
    journal.add_argument("--json", action="store_true", help="one JSON array")
    journal.add_argument("--jobs", action="store_true", help="the jobs made instead of the requests")
    journal.set_defaults(command=show_journal)
    add_fault(commands.add_parser("fault", help="make something go wrong"), state)
    return top


def add_start(start_parser: argparse.ArgumentParser) -> None:
    """The options of ``start``."""
    start_parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default 127.0.0.1)")
    text = "TLS port (default: chosen once per state directory)"
    start_parser.add_argument("--port", type=port_number, metavar="N", help=text)
    start_parser.add_argument(
        "--environment",
        action="extend",
        nargs="+",
        default=[],
        metavar="NAME=PYTHON",
        help="interpreter for jobs whose environment has this name; '*' for all others",
    )
    start_parser.set_defaults(command=start)


def add_fault(fault_parser: argparse.ArgumentParser, state: argparse.ArgumentParser) -> None:
    """The commands below ``fault``."""
    commands = fault_parser.add_subparsers(metavar="COMMAND", required=True)
    add = commands.add_parser("add", parents=[state], help="ask for a fault")
    add.add_argument("kind", metavar="KIND", help=", ".join(KINDS))
    add.add_argument(
        "--route",
        metavar="REGEX",
        help="searched in 'METHOD /path', for protocol faults in the job's name (default: all)",
    )
    add.add_argument("--times", type=int, metavar="N", help="how often (default: until cleared)")
    add.add_argument("--status", type=int, metavar="S", help="status of the answer (default 500)")
    add.add_argument("--delay", type=float, metavar="SECONDS", help="seconds; with a status: its Retry-After")
    add.add_argument("--when", help="before or after the service acted (default before)")
    add.set_defaults(command=fault_add)
    listing = commands.add_parser("list", parents=[state], help="faults, with how often each came")
    listing.set_defaults(command=fault_list)
    clearing = commands.add_parser("clear", parents=[state], help="forget all faults")
    clearing.set_defaults(command=fault_clear)


def port_number(text: str) -> int:
    """A port from 1 to 65535."""
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port. Accepted: 1 to 65535.")
    return int(text)


def environments(pairs: Sequence[str]) -> dict[str, str]:
    """``NAME=PYTHON`` pairs as a mapping to absolute paths; a virtual environment's link is not followed."""
    mapping = {}
    for pair in pairs:
        name, equals, python = pair.partition("=")
        if not (name and equals and python):
            raise UsageError(f"--environment: {pair!r} is not NAME=PYTHON, such as '*=/usr/bin/python3'.")
        found = shutil.which(os.path.expanduser(python))
        if not found:
            raise UsageError(f"--environment {name}: {python!r} is not a program that can be run.")
        mapping[name] = os.path.abspath(found)
    return mapping


def start(options: argparse.Namespace) -> int:
    """Serve until a signal."""
    from azureml_emulator.server import host_warning, serve

    chosen = environments(options.environment)
    if options.state.exists() and not options.state.is_dir():
        raise UsageError(f"--state: {str(options.state)!r} is not a directory.")
    presence = Presence(options.state)
    presence.take()
    try:
        settings = with_free_studio_port(load_settings(options.state, options.host, options.port, chosen))
        warning = host_warning(options.host)
        if warning:
            print(warning, file=sys.stderr)
        asyncio.run(serve(settings, presence))
    finally:
        presence.leave()
    return OK


def stop(options: argparse.Namespace) -> int:
    """End the running emulator and wait until it has ended; nothing running is success."""
    presence = Presence(options.state)
    pid = presence.pid()
    if not presence.alive() or pid is None:
        print(f"not running: no emulator in {presence.state}")
        return OK
    os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + STOP_PATIENCE
    while presence.alive():
        if time.monotonic() > deadline:
            return complain(f"process {pid} did not end within {STOP_PATIENCE:.0f} seconds of SIGTERM.", FAILURE)
        time.sleep(0.05)
    print(f"stopped: process {pid}")
    return OK


def status(options: argparse.Namespace) -> int:
    """Say in one line whether an emulator runs."""
    presence = Presence(options.state)
    try:
        endpoint = presence.endpoint()
    except NotRunningError:
        word = "starting" if presence.alive() else "not running"
        print(f"{word}: {presence.state}")
        return NOT_RUNNING
    facts = f"pid {endpoint['pid']}, studio {endpoint['studio_url']}, state {presence.state}"
    print(f"running: {endpoint['endpoint']} ({facts})")
    return OK


def reset(options: argparse.Namespace) -> int:
    """Remove what emulators keep in the state directory, and the directory when nothing else is in it."""
    presence = Presence(options.state)
    if presence.alive():
        raise RunningError(presence.state, presence.pid())
    if not presence.state.exists():
        print(f"nothing to remove: {presence.state}")
        return OK
    if not (presence.state / "identity.json").exists():
        raise UsageError(f"--state: {presence.state} is not an emulator's state directory; nothing was removed.")
    for place in presence.state.iterdir():
        shutil.rmtree(place) if place.is_dir() and not place.is_symlink() else place.unlink()
    presence.state.rmdir()
    print(f"removed: {presence.state}")
    return OK


def env(options: argparse.Namespace) -> int:
    """Print shell exports."""
    print(exports(Presence(options.state).endpoint()), end="")
    return OK


def diagnose(options: argparse.Namespace) -> int:
    """Print what would keep a client from reaching the emulator; exit 1 when there is something."""
    findings = doctor.examine(Presence(options.state).endpoint(), os.environ)
    for finding in findings:
        print(finding)
    if findings:
        return FAILURE
    print("ok: clients started from this shell reach the emulator")
    return OK


def show_journal(options: argparse.Namespace) -> int:
    """Print the requests received or the jobs made; works when the emulator has ended, too."""
    state = options.state.absolute()
    if not (state / "journal.sqlite").exists():
        raise NotRunningError(state)
    rows = jobs_made(state) if options.jobs else requests_received(state)
    if options.json:
        print(json.dumps(rows, indent=2))
        return OK
    for row in rows:
        print("  ".join("-" if value is None else str(value) for value in row.values()))
    return OK


def requests_received(state: Path) -> list[dict[str, object]]:
    """Every request in the journal, the oldest first."""
    with contextlib.closing(Journal(state / "journal.sqlite")) as journal:
        return [entry.to_dict() for entry in journal]


def jobs_made(state: Path) -> list[dict[str, object]]:
    """Name, parent, type, status, experiment and times of every job in the store, the oldest first."""
    store = Store(state / "state.sqlite")
    try:
        return [
            {
                "name": job.name,
                "parent": job.parent,
                "type": job.definition.get("jobType"),
                "status": job.status,
                "experiment": job.experiment,
                "created_at": job.created_at,
                "started_at": job.started_at,
                "ended_at": job.ended_at,
            }
            for job in Jobs(store).all()
        ]
    finally:
        store.close()


def fault_add(options: argparse.Namespace) -> int:
    """Ask for a fault."""
    names = ("kind", "route", "times", "status", "delay", "when")
    wanted = {name: getattr(options, name) for name in names if getattr(options, name) is not None}
    endpoint = Presence(options.state).endpoint()
    try:
        fault = remote.call(endpoint, "POST", "/emulator/faults", wanted)
    except remote.RefusedError as error:
        raise UsageError(str(error)) from None
    print(f"fault {fault['id']}: {fault['kind']}")
    return OK


def fault_list(options: argparse.Namespace) -> int:
    """Print the faults with how often each came."""
    for fault in remote.call(Presence(options.state).endpoint(), "GET", "/emulator/faults")["value"]:
        number, kind, count = fault.pop("id"), fault.pop("kind"), fault.pop("count")
        details = " ".join(f"{name}={value}" for name, value in fault.items() if value)
        print(f"{number}  {kind}  came {count} times  {details}")
    return OK


def fault_clear(options: argparse.Namespace) -> int:
    """Forget all faults."""
    answer = remote.call(Presence(options.state).endpoint(), "DELETE", "/emulator/faults")
    print(f"cleared: {answer['cleared']}")
    return OK


if __name__ == "__main__":
    sys.exit(main())
