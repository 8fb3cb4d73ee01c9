"""``python -m tests.lines [LINE ...]``: install Airflows of each line, run every scenario on each, print a table.

Takes one to four minutes for each line (3.4 with its loops: some ten), the network for the packages, and about 2 GB
below the temporary folder, which is empty again at the end.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from demo.airflow import AirflowError
from tests.lines import scenarios
from tests.lines.running import Counted, Run, WrongError, running
from tests.lines.versions import LINES, InstallError, Line
from tests.real_airflow import BIN

HOW = ("worker", "deferred")
AT_ONCE = 14

Verdicts = dict[tuple[str, str], str]
"""Scenario and way of waiting → ``ok`` or what was wrong."""


def main() -> int:
    """Run what is asked for; 0 when all went as it should."""
    names = [line.name for line in LINES]
    parser = argparse.ArgumentParser("tests.lines", description="Try every Airflow line with real processes.")
    parser.add_argument("lines", nargs="*", metavar="LINE", help=f"of {', '.join(names)}; default: all")
    parser.add_argument(
        "--only",
        action="append",
        metavar="WORD",
        help="scenarios with this word in their name, or one of several",
    )
    parser.add_argument("--how", choices=HOW, help="wait in this way alone")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="keep the environments there, for the next time")
    parser.add_argument("--oldest", action="store_true", help="with the common-compat of each version's constraints")
    arguments = parser.parse_args()
    if unknown := sorted(set(arguments.lines) - set(names)):
        parser.error(f"unknown: {', '.join(unknown)}; known: {', '.join(names)}")
    home = Path(tempfile.mkdtemp(prefix="airflow-lines-"))
    service = Counted(BIN, home / "emulator", Path(sys.executable))
    table: dict[str, Verdicts] = {}
    try:
        service.start()
        os.environ["AIRFLOW_CONN_AZUREML_DEFAULT"] = service.wait()["airflow_connection"]
        for line in LINES:
            if not arguments.lines or line.name in arguments.lines:
                table[line.name] = try_line(line, home / line.name, service, arguments)
                print(rows(table), flush=True)
    finally:
        service.stop()
        shutil.rmtree(home, ignore_errors=True)
    return 0 if all(verdict == "ok" for verdicts in table.values() for verdict in verdicts.values()) else 1


def try_line(line: Line, place: Path, service: Counted, arguments: argparse.Namespace) -> Verdicts:
    """Install one Airflow and run the scenarios on it, many at once."""
    words = arguments.only or [""]
    chosen = {name: one for name, one in scenarios.of(line.is_3_4).items() if any(word in name for word in words)}
    ways = [arguments.how] if arguments.how else list(HOW)
    began = time.monotonic()
    verdicts: Verdicts = {}
    try:
        environment = (arguments.keep or place) / f"{line.name}{'-oldest' if arguments.oldest else ''}"
        bin = line.install(environment, oldest=arguments.oldest)
        say(f"{line.name}: Airflow {line.airflow} installed after {time.monotonic() - began:.0f} s")
        with running(line, bin, service) as airflow, ThreadPoolExecutor(32) as pool:
            runs = {
                (name, how): Run(airflow, f"{name}_{how}", place / f"{name}_{how}")
                for name in chosen
                for how in ways
                if f"{name}_{how}" not in line.left_out
                if how == "worker" or name not in scenarios.ON_WORKERS
            }
            for batch in batches(list(runs)):
                for key in batch:
                    if key[0] in scenarios.FAULTS:
                        service.fault(*scenarios.FAULTS[key[0]], "--scope", runs[key].id)
                    runs[key].begin()
                waiting = {key: pool.submit(judge, chosen[key[0]], runs[key]) for key in batch}
                verdicts |= {key: future.result() for key, future in waiting.items()}
    except (InstallError, AirflowError) as error:
        verdicts = {(name, how): f"{line.name} does not run: {error}" for name in chosen for how in ways}
    shutil.rmtree(place, ignore_errors=True)
    say(f"{line.name}: done after {time.monotonic() - began:.0f} s")
    return verdicts


def batches(keys: list[tuple[str, str]]) -> Iterator[list[tuple[str, str]]]:
    """What runs at once: more than SQLite and two cores bear ends in locked databases and tasks that wait for ever."""
    for start in range(0, len(keys), AT_ONCE):
        yield keys[start : start + AT_ONCE]


def judge(scenario: scenarios.Scenario, run: Run) -> str:
    """Run one scenario; ``ok`` or what was wrong."""
    try:
        scenario(run)
    except (WrongError, AirflowError) as error:
        say(f"{run.dag}: {error}\n{run.log('*')[-20_000:]}")
        return str(error)
    finally:
        run.go()
    return "ok"


def say(text: str) -> None:
    """Tell how far it is; the table alone goes to stdout."""
    print(text, file=sys.stderr, flush=True)


def rows(table: dict[str, Verdicts]) -> str:
    """The table in Markdown: a row for each scenario, a column for each line, worker and deferred in each cell."""
    names = list(dict.fromkeys(name for verdicts in table.values() for name, _ in verdicts))
    shown = [f"| | {' | '.join(table)} |", f"|---{'|---' * len(table)}|"]
    for name in names:
        cells = []
        for verdicts in table.values():
            found = {how: verdicts[name, how] for how in HOW if (name, how) in verdicts}
            if set(found.values()) == {"ok"}:
                cells.append("ok" if len(found) == len(HOW) else f"ok ({', '.join(found)})")
            else:
                cells.append(", ".join(f"{how}: {verdict}" for how, verdict in found.items()) or "-")
        shown.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(shown)


if __name__ == "__main__":
    sys.exit(main())
