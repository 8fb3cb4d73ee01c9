"""The command ``azureml-emulator``: its grammar, and the commands that start and stop an emulator."""

from __future__ import annotations

import argparse
import asyncio
import os
import shutil
import signal
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from azureml_emulator.console import control_client, inspection
from azureml_emulator.console.background import STOP_PATIENCE, BackgroundEmulator, run_beside, words_of
from azureml_emulator.console.options import environments, port_number, seconds
from azureml_emulator.console.presence import (
    DEFAULT_STATE,
    NotRunningError,
    Presence,
    RunningError,
    UsageError,
    chosen,
    exports,
    running,
)
from azureml_emulator.control.faults import KINDS
from azureml_emulator.core.settings import (
    MLFLOW_AS_SERVICE,
    MLFLOW_DIRECT,
    SettingsError,
    load_settings,
    with_free_studio_port,
)
from azureml_emulator.core.transitions import PACE, Transitions

OK, FAILURE, USAGE, NOT_RUNNING = 0, 1, 2, 3


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
    except (SettingsError, control_client.RemoteError) as error:
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
    text = f"state directory (default {DEFAULT_STATE}; most commands then find the emulator that runs, wherever it is)"
    state.add_argument("--state", type=Path, metavar="DIR", help=text)
    about = "A local Azure Machine Learning, for development and CI only."
    top = argparse.ArgumentParser("azureml-emulator", description=about)
    commands = top.add_subparsers(metavar="COMMAND", required=True)
    serving = start_options()
    add_start(commands.add_parser("start", parents=[state, serving], help="serve a workspace until a signal or stop"))
    add_run(commands.add_parser("run", parents=[state, serving], help="start one, run a command with it, stop it"))
    for name, function, text in (
        ("stop", stop, "end the running emulator"),
        ("status", status, "one line; exit 0 running, 3 not"),
        ("reset", reset, "remove the state directory's content; refuses while running"),
        ("env", env, "print shell exports that lead clients here"),
        ("doctor", inspection.diagnose, "what in this shell would keep a client from reaching it"),
    ):
        commands.add_parser(name, parents=[state], help=text, description=text).set_defaults(command=function)
    journal = commands.add_parser("journal", parents=[state], help="the requests received, or the jobs made")
    journal.add_argument("--json", action="store_true", help="one JSON array")
    journal.add_argument("--jobs", action="store_true", help="the jobs made instead of the requests")
    journal.add_argument("--path", metavar="TEXT", help="only requests whose path contains this text")
    journal.add_argument("--experiment", metavar="NAME", help="with --jobs: only those of this experiment")
    journal.set_defaults(command=inspection.show_journal)
    add_download(commands.add_parser("download", parents=[state], help="copy an output of a job into a folder"))
    add_fault(commands.add_parser("fault", help="make something go wrong"), state)
    return top


def start_options() -> argparse.ArgumentParser:
    """How an emulator serves: what ``start`` and ``run`` have in common."""
    options = argparse.ArgumentParser(add_help=False)
    options.add_argument("--host", default="127.0.0.1", help="address to listen on (default 127.0.0.1)")
    text = "TLS port (default: chosen once per state directory)"
    options.add_argument("--port", type=port_number, metavar="N", help=text)
    options.add_argument(
        "--environment",
        action="extend",
        nargs="+",
        default=[],
        metavar="NAME=PYTHON",
        help="interpreter for jobs whose environment has this name; '*' for all others",
    )
    text = f"seconds that the states before a job's command last, and those after it (default {PACE})"
    options.add_argument("--pace", type=seconds, default=PACE, metavar="S", help=text)
    options.add_argument(
        "--mlflow",
        choices=(MLFLOW_AS_SERVICE, MLFLOW_DIRECT),
        default=MLFLOW_AS_SERVICE,
        help="azureml (default): as the service, scripts need azureml-mlflow; direct: plain MLflow is enough",
    )
    return options


def add_start(start_parser: argparse.ArgumentParser) -> None:
    """The options of ``start`` alone."""
    text = "return when everything answers; what it says goes to DIR/emulator.log, and `stop` ends it"
    start_parser.add_argument("--detach", action="store_true", help=text)
    start_parser.set_defaults(command=start)


def add_run(run_parser: argparse.ArgumentParser) -> None:
    """The options of ``run`` alone."""
    run_parser.usage = "azureml-emulator run [OPTIONS OF start] -- COMMAND [ARGUMENT ...]"
    text = "a command with its arguments; its exit code is that of `run`"
    run_parser.add_argument("words", nargs="+", metavar="COMMAND", help=text)
    run_parser.set_defaults(command=run)


def add_download(download_parser: argparse.ArgumentParser) -> None:
    """The options of ``download``."""
    download_parser.add_argument("job", metavar="JOB", help="the job's name")
    text = "the output's name; `default`: the job's artifacts, its logs among them"
    download_parser.add_argument("output", metavar="OUTPUT", help=text)
    download_parser.add_argument("folder", type=Path, metavar="DIR", help="made if missing; no file is written over")
    download_parser.set_defaults(command=inspection.download_output)


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
    add.set_defaults(command=inspection.fault_add)
    listing = commands.add_parser("list", parents=[state], help="faults, with how often each came")
    listing.set_defaults(command=inspection.fault_list)
    clearing = commands.add_parser("clear", parents=[state], help="forget all faults")
    clearing.set_defaults(command=inspection.fault_clear)


def start(options: argparse.Namespace) -> int:
    """Serve until a signal, or have another process do so."""
    from azureml_emulator.console.server import host_warning, serve

    environment = environments(options.environment)
    state = state_directory(options)
    if options.detach:
        print(in_background(options).greeting(), end="")
        return OK
    presence = Presence(state)
    presence.take()
    try:
        loaded = load_settings(state, options.host, options.port, environment, options.mlflow)
        settings = with_free_studio_port(loaded)
        warning = host_warning(options.host)
        if warning:
            print(warning, file=sys.stderr)
        asyncio.run(serve(settings, presence, Transitions(options.pace)))
    finally:
        presence.leave()
    return OK


def run(options: argparse.Namespace) -> int:
    """Start an emulator, run a command with it, stop it."""
    environments(options.environment)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda number, _: sys.exit(128 + number))
    return run_beside(in_background(options), options.words)


def in_background(options: argparse.Namespace) -> BackgroundEmulator:
    """An emulator with the options given, in a process of its own."""
    return BackgroundEmulator(state_directory(options), words_of(options, start_options().parse_args([])))


def state_directory(options: argparse.Namespace) -> Path:
    """Where a new emulator keeps its state."""
    state: Path = options.state or Path(DEFAULT_STATE)
    if state.exists() and not state.is_dir():
        raise UsageError(f"--state: {str(state)!r} is not a directory.")
    return state


def stop(options: argparse.Namespace) -> int:
    """End the running emulator and wait until it has ended; nothing running is success."""
    presence = chosen(options.state)
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
    """Say in one line whether an emulator runs; where none is named and none runs here, a line for each that does."""
    here = Presence(options.state or Path(DEFAULT_STATE))
    found = [here] if options.state or here.alive() else running() or [here]
    return min(show_status(presence) for presence in found)


def show_status(presence: Presence) -> int:
    """Say in one line whether an emulator runs in a state directory."""
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
    presence = Presence(options.state or Path(DEFAULT_STATE))
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
    """Print shell exports; where there is nothing to export, a command that makes ``eval "$(...)"`` fail."""
    try:
        endpoint = chosen(options.state).endpoint()
    except (NotRunningError, UsageError) as error:
        if not sys.stdout.isatty():
            print(f"(exit {NOT_RUNNING if isinstance(error, NotRunningError) else USAGE})")
        raise
    print(exports(endpoint), end="")
    return OK


if __name__ == "__main__":
    sys.exit(main())
