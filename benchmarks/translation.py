"""How long the largest pipeline of the golden requests takes to be read and translated. Budget: 50 ms.

``--against PROVIDER`` names the ``provider`` folder of another checkout, which is measured in turns with this one.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
BUDGET_MS = 50.0
RUNS = 300
ROUNDS = 4

Times = dict[str, float]
"""Best times in milliseconds: of reading the file, of translating it, and of both."""


def measure(file: Path) -> Times:
    """Measure the package that this process imports."""
    try:
        room = "airflow_azureml.jobspec"
        load: Any = importlib.import_module(f"{room}.document.load").load
    except ModuleNotFoundError:  # a checkout from before this package was called jobspec
        room = "airflow_azureml.spec"
        load = importlib.import_module(f"{room}.load").load
    translate: Any = importlib.import_module(f"{room}.translate").translate
    workspace = importlib.import_module("airflow_azureml.rest.ids").Workspace("s", "g", "w")
    best: Times = {}
    for _ in range(RUNS):
        started = time.perf_counter()
        document = load(file)
        loaded = time.perf_counter()
        translate(document, workspace)
        ended = time.perf_counter()
        times = {"read": loaded - started, "translate": ended - loaded, "both": ended - started}
        best = {name: min(best.get(name, 1e9), seconds * 1000) for name, seconds in times.items()}
    return best


def measure_apart(provider: Path, file: Path) -> Times:
    """Measure the package of a ``provider`` folder, in a process of its own."""
    environment = {**os.environ, "PYTHONPATH": str(provider)}
    done = subprocess.run(
        [sys.executable, __file__, "--measure", str(file)], env=environment, check=True, capture_output=True, text=True
    )
    times: Times = json.loads(done.stdout)
    return times


def main(arguments: list[str] | None = None) -> int:
    """Print the times, and with ``--against`` how they compare; returns 1 over budget."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--against", type=Path, help="the provider folder of another checkout")
    parser.add_argument("--measure", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.measure:
        print(json.dumps(measure(options.measure)))
        return 0
    sys.path.insert(0, str(ROOT))
    from tests.corpus.cases import find

    pipelines = [case for case in find() if case.kind == "jobs" and case.job_type == "pipeline" and case.submitted]
    if not pipelines:
        raise SystemExit("there are no golden requests; set AZUREML_CORPUS")
    largest = max(pipelines, key=lambda case: len(str(case.expected["job_body"])))
    sides = [ROOT / "provider", *([options.against.resolve()] if options.against else [])]
    best: list[Times] = [{} for _ in sides]
    with tempfile.TemporaryDirectory() as folder:
        file = largest.lay_out(Path(folder))
        for _ in range(ROUNDS):
            for times, provider in zip(best, sides, strict=True):
                for name, taken in measure_apart(provider, file).items():
                    times[name] = min(times.get(name, taken), taken)
    print(f"{largest.id} (budget {BUDGET_MS:.0f} ms)")
    for times, provider in zip(best, sides, strict=True):
        print(f"{provider}: " + ", ".join(f"{name} {taken:.2f} ms" for name, taken in times.items()))
    if options.against:
        print("ratio: " + ", ".join(f"{name} {best[0][name] / best[1][name]:.2f}" for name in best[0]))
    return int(best[0]["both"] > BUDGET_MS)


if __name__ == "__main__":
    sys.exit(main())
