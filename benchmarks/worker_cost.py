"""What a job takes of Airflow's workers in each way of waiting, on a real Airflow 3.3 and the emulator.

Call: ``python benchmarks/worker_cost.py [--jobs N] [--seconds S] [--json FILE]``. One DAG for each way, with ``N`` jobs
side by side that sleep for ``S`` seconds, one DAG after the other: some six minutes with 3 and 60. Counted are the
processes that workers start for tasks, for how long each takes a worker's slot, and its processor time.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(REPOSITORY))

from benchmarks.on_airflow.workers import Workers  # noqa: E402
from demo.airflow import Airflow  # noqa: E402
from demo.emulator import Emulator  # noqa: E402

BIN = Path(sys.executable).parent
WAYS = {
    "on_a_worker": {"deferrable": False},
    "deferrable": {"deferrable": True},
    "finish_in_trigger": {"finish_in_trigger": True},
    "start_and_finish_in_trigger": {"start_in_trigger": True, "finish_in_trigger": True},
}
DAG = """
from airflow.providers.common.compat.sdk import DAG
from airflow_azureml.operators import AzureMLCommandJobOperator

for way, keywords in {ways!r}.items():
    with DAG(way) as dag:
        for number in range({jobs}):
            AzureMLCommandJobOperator(
                task_id=f"job_{{number}}",
                command="sleep {seconds:g}",
                environment={{"image": "python:3.12"}},
                **keywords,
            )
    globals()[way] = dag
"""


def measure(airflow: Airflow, way: str, run: str, jobs: int) -> dict[str, float]:
    """Run one DAG and look at the workers meanwhile."""
    with Workers(airflow.running["scheduler"].pid) as workers:
        airflow.api("POST", f"/dags/{way}/dagRuns", {"dag_run_id": run, "logical_date": None})

        def ended() -> str | None:
            state = str(airflow.api("GET", f"/dags/{way}/dagRuns/{run}")["state"])
            return state if state in ("success", "failed") else None

        if airflow.until(f"end of {way}", ended, timeout=900, pause=1) != "success":
            raise SystemExit(f"{way} failed; read {airflow.home}")
    return {
        "worker_starts_per_job": round(workers.starts / jobs, 2),
        "worker_seconds_per_job": round(workers.seconds / jobs, 1),
        "worker_cpu_seconds_per_job": round(workers.cpu_seconds / jobs, 1),
    }


def measure_all(place: Path, connection: str, jobs: int, seconds: float) -> dict[str, dict[str, float]]:
    """Run the DAG of each way, after one of each that nobody counts: first times import more."""
    dags = place / "dags"
    dags.mkdir(parents=True)
    (dags / "ways.py").write_text(DAG.format(ways=WAYS, jobs=jobs, seconds=seconds), encoding="utf-8")
    settings = {
        "AIRFLOW_CONN_AZUREML_DEFAULT": connection,
        "PYTHONPATH": str(REPOSITORY / "provider"),
        "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
    }
    airflow = Airflow(BIN, place / "home", dags, settings=settings)
    airflow.prepare(place / "3.db")
    try:
        airflow.start()
        for way in WAYS:
            airflow.until(f"DAG {way}", lambda way=way: airflow.find(f"/dags/{way}"), timeout=300)  # type: ignore[misc]
        measure(airflow, "deferrable", "warm", jobs)
        return {way: measure(airflow, way, "counted", jobs) for way in WAYS}
    finally:
        airflow.stop()


def main() -> int:
    """Print the table; 0 when no way without a worker takes one."""
    parser = argparse.ArgumentParser(description="What a job takes of Airflow's workers.")
    parser.add_argument("--jobs", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there")
    options = parser.parse_args()
    place = Path(tempfile.mkdtemp(prefix="worker-cost-"))
    emulator = Emulator(BIN, place / "emulator", Path(sys.executable))
    try:
        emulator.start()
        rows = measure_all(place, emulator.wait()["airflow_connection"], options.jobs, options.seconds)
    finally:
        emulator.stop()
        shutil.rmtree(place, ignore_errors=True)
    report: dict[str, Any] = {"jobs": options.jobs, "job_seconds": options.seconds, "ways": rows}
    if options.json:
        options.json.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    title = f"{options.jobs} jobs of {options.seconds:g} s, for each job"
    print(f"{title:<32}{'starts':>10}{'seconds':>10}{'CPU, s':>10}")
    for way, figures in rows.items():
        print(f"{way:<32}" + "".join(f"{figure:>10}" for figure in figures.values()))
    return 0 if rows["start_and_finish_in_trigger"]["worker_starts_per_job"] == 0 else 1


if __name__ == "__main__":
    sys.exit(main())
