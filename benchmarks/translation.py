"""How long the largest pipeline of the golden requests takes to be read and translated. Budget: 50 ms."""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from airflow_azureml.jobspec.document.load import load
from airflow_azureml.jobspec.translate import translate
from airflow_azureml.rest.ids import Workspace
from tests.corpus.cases import find

BUDGET_MS = 50.0
RUNS = 20


def measure() -> tuple[str, float]:
    """The largest pipeline and its best time in milliseconds."""
    pipelines = [case for case in find() if case.kind == "jobs" and case.job_type == "pipeline" and case.submitted]
    if not pipelines:
        raise SystemExit("there are no golden requests; set AZUREML_CORPUS")
    largest = max(pipelines, key=lambda case: len(str(case.expected["job_body"])))
    with tempfile.TemporaryDirectory() as folder:
        file = largest.lay_out(Path(folder))
        times = []
        for _ in range(RUNS):
            started = time.perf_counter()
            translate(load(file), Workspace("s", "g", "w"))
            times.append((time.perf_counter() - started) * 1000)
    return largest.id, min(times)


if __name__ == "__main__":
    name, best = measure()
    print(f"{name}: {best:.1f} ms (budget {BUDGET_MS:.0f} ms)")
    sys.exit(best > BUDGET_MS)
