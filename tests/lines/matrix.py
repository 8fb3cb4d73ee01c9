"""``python -m tests.lines.matrix [LINE ...]``: quick tests and the tutorial on each line and Python, as of its time.

For each line an environment is made from the wheel, with the newest packages of the day when its constraints came out
(``uv --exclude-newer``), or with the lowest that this project allows (``--lowest``); the tests' own tools are today's.
Then the quick tests run in it, and the tutorial's DAG, one environment after the other. Prints a table in Markdown;
takes three minutes for each line, ten for 3.3 and 3.4, and 1 GB for each environment, on an idle machine.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from tests import REPOSITORY
from tests.lines.tutorial import tutorial
from tests.lines.versions import LINES, Line
from tests.lines.wheels import build, install, pip, say, uv, versions

TOOLS = (
    "hypothesis",
    "jsonschema",
    "pytest",
    "pytest-asyncio",
    "pytest-mock",
    "pytest-timeout",
    "pytest-xdist",
    "statsd",
)
ANY_AIRFLOW = ("tests/client", "tests/jobspec", "tests/lifecycle", "tests/local", "tests/rest")
"""Tests of what knows no Airflow, with the libraries of each line's time."""
NEWEST = (*ANY_AIRFLOW, "tests/airflow", "tests/demo", "tests/plugin", "tests/upgrades")
"""Tests of lines whose internals they know."""
SHOWN = (
    "apache-airflow-providers-common-compat",
    "azure-identity",
    "azure-storage-blob",
    "aiohttp",
    "requests",
    "urllib3",
)
COUNTS = re.compile(r"(\d+) (passed|failed|skipped|errors?)")


@dataclass(frozen=True)
class Outcome:
    """What came of one environment.

    :param versions: of the libraries that are shown.
    :param counts: ``12 passed, 1 failed``, or why there are none.
    :param tutorial: ``ok``, or what went wrong.
    """

    line: str
    python: str
    versions: dict[str, str]
    counts: str
    tutorial: str
    is_good: bool


def main() -> int:
    """Run what is asked for; 0 when no test failed."""
    parser = argparse.ArgumentParser("tests.lines.matrix", description="Quick tests on each Airflow line and Python.")
    parser.add_argument("lines", nargs="*", metavar="LINE", help=f"of {', '.join(one.name for one in LINES)}")
    parser.add_argument("--python", action="append", metavar="X.Y", help="these alone; default: the oldest and newest")
    parser.add_argument("--lowest", action="store_true", help="the lowest versions that pyproject.toml allows")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="keep the environments there, for the next time")
    parser.add_argument("--tests", action="append", metavar="PATH", help="these tests alone")
    arguments = parser.parse_args()
    # The wheel is tried, whatever sources the caller's Python reads.
    os.environ.pop("PYTHONPATH", None)
    home = Path(tempfile.mkdtemp(prefix="airflow-matrix-"))
    found: list[Outcome] = []
    try:
        wheel = build(home)
        for line in LINES:
            if arguments.lines and line.name not in arguments.lines:
                continue
            for python in arguments.python or (line.pythons[0], line.pythons[-1]):
                found.append(tried(line, python, wheel, arguments, arguments.keep or home))
                print(table(found), flush=True)
    finally:
        shutil.rmtree(home, ignore_errors=True)
    return 0 if found and all(one.is_good for one in found) else 1


def tried(line: Line, python: str, wheel: Path, arguments: argparse.Namespace, place: Path) -> Outcome:
    """Make one environment, and run the tests in it."""
    environment = place / f"{line.name}-{python}{'-lowest' if arguments.lowest else ''}"
    began = time.monotonic()
    try:
        if (environment / "bin" / "pytest").exists():
            uv(*pip(environment), "--no-deps", "--reinstall", str(wheel))
        else:
            install(line, python, f"{wheel}[emulator]", environment, lowest=arguments.lowest)
            uv(*pip(environment), *TOOLS)
    except subprocess.CalledProcessError as error:
        return Outcome(line.name, python, {}, f"not installed: {error.stderr.strip()[-300:]}", "-", False)
    say(f"{environment.name}: installed after {time.monotonic() - began:.0f} s")
    tests = arguments.tests or (NEWEST if line.has_known_internals else ANY_AIRFLOW)
    command = [str(environment / "bin" / "python"), "-m", "pytest", "-q", "-n", "2", "--quick", "-k", "not airflow2"]
    settings = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    done = subprocess.run([*command, *tests], cwd=REPOSITORY, env=settings, capture_output=True, text=True, check=False)
    say(f"{environment.name}: tested after {time.monotonic() - began:.0f} s\n{done.stdout[-4000:]}")
    counts = ", ".join(f"{number} {word}" for number, word in COUNTS.findall(done.stdout.rstrip().rpartition("\n")[2]))
    trained = "-" if arguments.tests else tutorial(environment / "bin", line.major)
    say(f"{environment.name}: tutorial after {time.monotonic() - began:.0f} s: {trained}")
    is_good = done.returncode == 0 and trained in ("ok", "-")
    return Outcome(line.name, python, versions(environment, SHOWN), counts or "did not run", trained, is_good)


def table(found: list[Outcome]) -> str:
    """The outcomes in Markdown."""
    rows = [f"| Airflow | Python | {' | '.join(SHOWN)} | tests | tutorial |", f"|---|---|{'---|' * len(SHOWN)}---|---|"]
    for one in found:
        cells = " | ".join(one.versions.get(name, "-") for name in SHOWN)
        rows.append(f"| {one.line} | {one.python} | {cells} | {one.counts} | {one.tutorial} |")
    return "\n".join(rows)


if __name__ == "__main__":
    sys.exit(main())
