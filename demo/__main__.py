"""`make demo`: the tutorial DAG on a real Airflow, its jobs on the emulator.

Everything lies below this clone, and nothing is left running.
"""

from __future__ import annotations

import argparse
import contextlib
import fcntl
import os
import signal
import sys
import time
from collections.abc import Iterator
from datetime import datetime, timezone
from importlib.metadata import version
from pathlib import Path
from typing import Any, NoReturn

from demo import processes, report
from demo.airflow import Airflow, AirflowError
from demo.emulator import Emulator, EmulatorError
from demo.results import Results
from demo.run import Run

CLONE = Path(__file__).resolve().parent.parent
DAG = "credit_defaults_training"
TIMEOUT = 600.0
"""Seconds after which a run that has not ended is given up."""
INTERRUPTED = 130


class BusyError(Exception):
    """Another demo runs in the same folder."""


def main() -> int:
    """Run the demo; returns 0 only when every task and every job succeeded."""
    arguments = parse()
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, interrupt)
    conf = {} if arguments.learning_rate is None else {"learning_rate": arguments.learning_rate}
    home = arguments.home.absolute()
    try:
        with alone(home):
            return demonstrate(home, conf)
    except (AirflowError, EmulatorError, BusyError) as error:
        print(f"demo: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nInterrupted; nothing is left running.", file=sys.stderr)
        return INTERRUPTED


def parse() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser("demo", description="Run the tutorial DAG on a real Airflow against the emulator.")
    parser.add_argument("--learning-rate", type=positive, metavar="RATE", help="train with this learning rate")
    parser.add_argument(
        "--home", type=Path, default=CLONE / ".airflow-demo", metavar="DIR", help="where everything is kept"
    )
    return parser.parse_args()


def positive(text: str) -> float:
    """Read a number above zero."""
    try:
        number = float(text)
    except ValueError:
        number = 0.0
    if not 0 < number < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r} is not a learning rate. Accepted: a number above 0, such as 0.1.")
    return number


def interrupt(*_: Any) -> NoReturn:
    """Treat SIGTERM and SIGHUP as Ctrl-C."""
    raise KeyboardInterrupt


@contextlib.contextmanager
def alone(home: Path) -> Iterator[None]:
    """Hold the demo's folder for ourselves, and end what an earlier one left when it was killed."""
    home.mkdir(parents=True, exist_ok=True)
    with (home / "lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise BusyError(f"another demo is running in {home}; wait for it or stop it.") from None
        for place in ("airflow", "emulator"):
            if left := processes.sweep(home / place):
                print(f"Ended {left} processes that an earlier demo had left behind.")
        yield


def demonstrate(home: Path, conf: dict[str, Any]) -> int:
    """Start everything, run the DAG, report, stop everything."""
    bin = Path(sys.executable).parent
    emulator = Emulator(bin, home / "emulator", CLONE / ".venvs" / "jobs" / "bin" / "python")
    settings = {
        "AIRFLOW__AZUREML__POLL_INTERVAL": "2",
        "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "True",
        # A DAG file that somebody edits is read anew within seconds; to read all that have not changed every half a
        # minute takes processors from the run.
        "AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": "120",
    }
    airflow = Airflow(bin, home / "airflow", CLONE / "dags_examples", settings=settings)
    airflow.forked = sys.platform == "linux"
    began = time.monotonic()
    try:
        start(emulator, airflow)
        run = Run(airflow, DAG, f"demo-{datetime.now(timezone.utc):%Y%m%dT%H%M%S}")
        run.begin(conf)
        print(
            f"{time.monotonic() - began:6.1f} s  Airflow is up; run {run.id} of {DAG} {conf or ''}".rstrip(), flush=True
        )
        run.started = began
        code = conclude(run, run.watch(TIMEOUT), emulator)
        stay(airflow, emulator)
        return code
    finally:
        stop(airflow, emulator)
        print(f"Everything is stopped, {time.monotonic() - began:.1f} s after the start.")


def start(emulator: Emulator, airflow: Airflow) -> None:
    """Start the emulator and Airflow, with the one's connection as the other's ``azureml_default``."""
    print("Starting the emulator and Airflow (api-server, dag-processor, scheduler, triggerer)", flush=True)
    emulator.start()
    airflow.prepare(airflow.home.parent / f"airflow-{version('apache-airflow')}.db")
    endpoint = emulator.wait()
    airflow.environment["AIRFLOW_CONN_AZUREML_DEFAULT"] = endpoint["airflow_connection"]
    airflow.start()
    print(f"Airflow  {airflow.url}\nStudio   {endpoint['studio_url']}", flush=True)


def conclude(run: Run, state: str, emulator: Emulator) -> int:
    """Print the report; returns the exit code."""
    tasks, jobs, colour = run.tasks(), emulator.jobs(), report.coloured()
    shown = report.paint(state, report.GREEN if state == "success" else report.RED, colour)
    print(f"\nRun {run.id} of {run.dag}: {shown}\n")
    for line in report.lines(tasks, colour=colour):
        print(line)
    wrong = report.problems(tasks, jobs)
    outcome = report.trained(run.id, float(run.parameter("learning_rate")), tasks)
    if outcome:
        results = Results(emulator.home.parent / "results.jsonl")
        print()
        for line in report.comparison(outcome, results.last(), colour=colour):
            print(line)
        results.add(outcome)
    for problem in wrong:
        print(f"demo: {problem}", file=sys.stderr)
    if wrong:
        print(f"Task logs: {run.airflow.home / 'logs'}", file=sys.stderr)
    return 0 if state == "success" and not wrong else 1


def stay(airflow: Airflow, emulator: Emulator) -> None:
    """On a terminal, leave Airflow and Studio up to be looked at until Ctrl-C; ``DEMO_KEEP=0`` ends at once."""
    command = f"{os.path.relpath(emulator.command)} start --state {os.path.relpath(emulator.state)}"
    if os.environ.get("DEMO_KEEP") == "0" or not (sys.stdin.isatty() and sys.stdout.isatty()):
        print(f"\nThe Studio pages come back with: {command}", flush=True)
        return
    studio = emulator.wait()["studio_url"]
    print(f"\nAirflow  {airflow.url}/dags/{DAG}")
    print(f"Studio   {studio}")
    print("No login: everybody on this machine is an administrator. Both stay up until Ctrl-C.", flush=True)
    with contextlib.suppress(KeyboardInterrupt):
        while True:
            signal.pause()


def stop(airflow: Airflow, emulator: Emulator) -> None:
    """Stop everything, undisturbed by a second Ctrl-C."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    airflow.stop()
    emulator.stop()


if __name__ == "__main__":
    sys.exit(main())
