"""The life of an emulator on the command line: the commands start, run, stop, status, reset and env."""

from __future__ import annotations

import argparse
import asyncio
import shutil
import signal
import sys
from pathlib import Path

from azureml_emulator.console.background import BackgroundEmulator, end_process, run_beside, words_of
from azureml_emulator.console.exit_codes import NOT_RUNNING, OK, USAGE
from azureml_emulator.console.options import check_environments, environments, start_options
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
from azureml_emulator.core.settings import load_settings, with_free_studio_port
from azureml_emulator.core.transitions import Transitions


def start(options: argparse.Namespace) -> int:
    """Serve until a signal, or have another process do so."""
    from azureml_emulator.console.server import host_warning, serve

    environment = environments(options.environment)
    check_environments(options.environments)
    state = options.state or Path(DEFAULT_STATE)
    if options.detach:
        print(in_background(options).greeting(), end="")
        return OK
    presence = Presence(state)
    presence.take()
    try:
        loaded = load_settings(state, options.host, options.port, environment, options.mlflow, options.environments)
        settings = with_free_studio_port(loaded)
        warning = host_warning(options.host)
        if warning:
            print(warning, file=sys.stderr)
        asyncio.run(serve(settings, presence, Transitions(options.pace), options.seed))
    finally:
        presence.leave()
    return OK


def run(options: argparse.Namespace) -> int:
    """Start an emulator, run a command with it, stop it."""
    environments(options.environment)
    check_environments(options.environments)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda number, _: sys.exit(128 + number))
    return run_beside(in_background(options), options.words)


def in_background(options: argparse.Namespace) -> BackgroundEmulator:
    """An emulator with the options given, in a process of its own."""
    return BackgroundEmulator(options.state or Path(DEFAULT_STATE), words_of(options, start_options().parse_args([])))


def stop(options: argparse.Namespace) -> int:
    """End the running emulator and wait until it has ended; nothing running is success.

    :raises StopError: it does not end.
    """
    presence = chosen(options.state)
    pid = presence.pid()
    if not presence.alive() or pid is None:
        print(f"not running: no emulator in {presence.state}")
        return OK
    end_process(pid, lambda: not presence.alive())
    print(f"stopped: process {pid}")
    return OK


def status(options: argparse.Namespace) -> int:
    """Say in one line whether an emulator runs; where none is named and none runs here, a line for each that does."""
    here = Presence(options.state or Path(DEFAULT_STATE))
    presences = [here] if options.state or here.alive() else running() or [here]
    return min(show_status(presence) for presence in presences)


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
