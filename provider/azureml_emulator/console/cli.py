"""The command ``azureml-emulator``: its grammar, and what becomes of the failures of its commands."""

from __future__ import annotations

import argparse
import functools
import os
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from azureml_emulator.console import (
    control_commands,
    coverage,
    fault_options,
    inspection,
    lifecycle,
    permissions,
    snapshots,
)
from azureml_emulator.console.background import StopError
from azureml_emulator.console.control_client import RemoteError
from azureml_emulator.console.exit_codes import FAILURE, NOT_RUNNING, USAGE
from azureml_emulator.console.options import start_options
from azureml_emulator.console.presence import DEFAULT_STATE, NotRunningError, RunningError, UsageError
from azureml_emulator.core.settings import SettingsError
from azureml_emulator.core.transitions import CLOCKS, KINDS


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
    except (SettingsError, StopError, RemoteError) as error:
        return complain(error, FAILURE)
    except ModuleNotFoundError as error:
        return complain(f"{error.name} is not installed: pip install 'airflow-provider-azureml[emulator]'", FAILURE)
    except BrokenPipeError:
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115 - the interpreter flushes it when it ends
        return FAILURE
    except OSError as error:
        # A disk that is full, a folder that is read-only: about a file that the error names.
        if error.filename is None:
            raise
        return complain(f"{error.filename}: {error.strerror}", FAILURE)


def complain(error: object, code: int) -> int:
    """Print one line on stderr."""
    print(f"azureml-emulator: {error}", file=sys.stderr)
    return code


@functools.cache
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
        ("stop", lifecycle.stop, "end the running emulator"),
        ("status", lifecycle.status, "one line; exit 0 running, 3 not"),
        ("reset", lifecycle.reset, "remove the state directory's content; refuses while running"),
        ("env", lifecycle.env, "print shell exports that lead clients here"),
        ("doctor", inspection.diagnose, "what in this shell would keep a client from reaching it"),
    ):
        commands.add_parser(name, parents=[state], help=text, description=text).set_defaults(command=function)
    journal = commands.add_parser("journal", parents=[state], help="the requests received, or the jobs made")
    journal.add_argument("--json", action="store_true", help="one JSON array")
    journal.add_argument("--jobs", action="store_true", help="the jobs made instead of the requests")
    journal.add_argument("--path", metavar="TEXT", help="only requests whose path contains this text")
    journal.add_argument("--experiment", metavar="NAME", help="with --jobs: only those of this experiment")
    journal.set_defaults(command=inspection.show_journal)
    text = "the custom role that the requests in the journal need, as JSON for `az role definition create`"
    permission = commands.add_parser("permissions", parents=[state], help=text, description=text)
    permission.add_argument("--name", default=permissions.NAME, help=f"the role's name (default: {permissions.NAME})")
    text = "where it can be assigned (default: a resource group whose name is to be filled in)"
    permission.add_argument("--scope", default=permissions.SCOPE, help=text)
    permission.set_defaults(command=permissions.show_permissions)
    text = "what of Azure ML's REST API is answered here: method and path; {ws} is the workspace's"
    covered = commands.add_parser("coverage", help=text, description=text)
    covered.add_argument("--json", action="store_true", help="one JSON array")
    covered.set_defaults(command=coverage.show_coverage)
    add_snapshot(commands.add_parser("snapshot", help="keep what the workspace holds, and bring it back"), state)
    add_download(commands.add_parser("download", parents=[state], help="copy an output of a job into a folder"))
    add_fault(commands.add_parser("fault", help="make something go wrong"), state)
    text = "how long jobs, computes and other things stay in a passing state"
    add_clock(commands.add_parser("clock", help=text, description=text), state)
    return top


def add_start(start_parser: argparse.ArgumentParser) -> None:
    """The options of ``start`` alone."""
    text = "return when everything answers; its output goes to DIR/emulator.log, and `stop` ends it"
    start_parser.add_argument("--detach", action="store_true", help=text)
    start_parser.set_defaults(command=lifecycle.start)


def add_run(run_parser: argparse.ArgumentParser) -> None:
    """The options of ``run`` alone."""
    run_parser.usage = "azureml-emulator run [OPTIONS OF start] -- COMMAND [ARGUMENT ...]"
    text = "a command with its arguments; its exit code is that of `run`"
    run_parser.add_argument("words", nargs="+", metavar="COMMAND", help=text)
    run_parser.set_defaults(command=lifecycle.run)


def add_snapshot(snapshot_parser: argparse.ArgumentParser, state: argparse.ArgumentParser) -> None:
    """The commands below ``snapshot``."""
    commands = snapshot_parser.add_subparsers(metavar="COMMAND", required=True)
    for name, function, text in (
        ("save", snapshots.save, "keep jobs, assets and data under a name; refuses while running"),
        ("load", snapshots.load, "put what was kept in place of what is there; refuses while running"),
    ):
        command = commands.add_parser(name, parents=[state], help=text, description=text)
        command.add_argument("name", metavar="NAME", help="the snapshot's name")
        command.set_defaults(command=function)


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
    fault_options.add_options(add)
    add.set_defaults(command=partial(control_commands.add_fault, state))
    listing = commands.add_parser("list", parents=[state], help="faults, with how often each came")
    listing.set_defaults(command=control_commands.list_faults)
    clearing = commands.add_parser("clear", parents=[state], help="forget all faults")
    clearing.add_argument("--scope", metavar="NAME", help="only those of this scope")
    clearing.set_defaults(command=control_commands.clear_faults)


def add_clock(clock_parser: argparse.ArgumentParser, state: argparse.ArgumentParser) -> None:
    """The commands below ``clock``."""
    commands = clock_parser.add_subparsers(metavar="COMMAND", required=True)
    text = "change a clock; what is under way goes by the new one"
    setting = commands.add_parser("set", parents=[state], help=text, description=text)
    setting.add_argument("kind", metavar="KIND", help=", ".join(KINDS))
    setting.add_argument("clock", metavar="CLOCK", help=", ".join(CLOCKS))
    setting.add_argument(
        "--looks", type=int, metavar="N", help="for looks: reads by a client, of which the last ends it"
    )
    setting.add_argument(
        "--seconds", type=float, metavar="S", help="for time; a job's states before and after its command"
    )
    setting.set_defaults(command=control_commands.set_clock)
    listing = commands.add_parser("list", parents=[state], help="the clock of each kind")
    listing.set_defaults(command=control_commands.list_clocks)
    resetting = commands.add_parser("reset", parents=[state], help="set all clocks to those of the start")
    resetting.set_defaults(command=control_commands.reset_clocks)


if __name__ == "__main__":
    sys.exit(main())
