"""Runs a bed until it is told to stop, for whoever tries something on it: `python -m tests.distributed`.

It prints where everything is, as one line of JSON, and keeps that up to date in a file: process ids change when a part
was killed and has come back. SIGTERM, SIGINT or `--stop FILE` end it, with all of its processes.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import signal
import sys
import threading
import time
from pathlib import Path
from typing import Any

from tests import REPOSITORY
from tests.distributed.bed import KINDS, bed
from tests.distributed.servers import MissingError

FACTS = REPOSITORY / ".tmp" / "bed.json"
LOOKS = 1.0
STOPS = 120.0


def main() -> int:
    """Run a bed, or stop the one that runs."""
    parser = argparse.ArgumentParser("python -m tests.distributed", description=__doc__)
    text = "CeleryExecutor, LocalExecutor, or LocalExecutor on Airflow 2.11 (default: the first)"
    parser.add_argument("--kind", choices=KINDS, default=KINDS[0], help=text)
    text = "folders of DAG files (default: the examples)"
    parser.add_argument("--dags", nargs="+", type=Path, default=[REPOSITORY / "dags_examples"], help=text)
    text = "environment variables of Airflow's processes"
    parser.add_argument("--settings", nargs="+", default=[], metavar="NAME=VALUE", help=text)
    parser.add_argument("--facts", type=Path, default=FACTS, help=f"where the addresses are kept (default {FACTS})")
    parser.add_argument("--keep", action="store_true", help="leave the bed's folder, with all logs")
    parser.add_argument("--stop", type=Path, metavar="FILE", help="stop the bed whose addresses are there")
    options = parser.parse_args()
    if options.stop:
        return stop(options.stop)
    settings = dict(pair.split("=", 1) for pair in options.settings)
    dags = {folder.resolve().name: folder for folder in options.dags}
    ends = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ends.set())
    try:
        with bed(options.kind, dags, settings=settings, keep=options.keep) as running:
            kept: dict[str, Any] = {}
            while not ends.wait(LOOKS if kept else 0):
                facts = {"pid": os.getpid(), **running.facts()}
                if facts != kept:
                    write(options.facts, facts)
                if not kept:
                    print(json.dumps(facts), flush=True)
                kept = facts
    except MissingError as missing:
        print(missing, file=sys.stderr)
        return 2
    finally:
        options.facts.unlink(missing_ok=True)
    return 0


def write(place: Path, facts: dict[str, Any]) -> None:
    """Write the addresses at once."""
    place.parent.mkdir(parents=True, exist_ok=True)
    half = place.with_name(f"{place.name}.new")
    half.write_text(json.dumps(facts, indent=1), encoding="utf-8")
    half.replace(place)


def stop(place: Path) -> int:
    """End the bed whose addresses are in a file, and wait until it is gone."""
    try:
        pid = int(json.loads(place.read_text(encoding="utf-8"))["pid"])
    except FileNotFoundError:
        print(f"No bed runs that keeps its addresses in {place}.", file=sys.stderr)
        return 3
    os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + STOPS
    with contextlib.suppress(ProcessLookupError):
        while time.monotonic() < deadline:
            os.kill(pid, 0)
            time.sleep(0.2)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
