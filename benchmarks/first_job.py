"""How long the README's first DAG takes from trigger to green, on a real Airflow and the emulator as they are.

Call: ``python benchmarks/first_job.py [CHECKOUT ...]``: this checkout of the repository, and others to compare it with.
Each gets an Airflow of its own, one after the other, and the same emulator; two runs each way; prints the medians.
"""

from __future__ import annotations

import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(REPOSITORY))

from demo.airflow import Airflow  # noqa: E402
from demo.emulator import Emulator  # noqa: E402

BIN = Path(sys.executable).parent
RUNS = 2
DAG = """
from airflow.providers.common.compat.sdk import DAG, task
from airflow_azureml.operators import AzureMLCommandJobOperator

for name, deferrable in (("on_a_worker", False), ("deferred", True)):
    with DAG(name):
        hello = AzureMLCommandJobOperator(
            task_id="hello",
            command="echo Hello from ${{inputs.who}} > ${{outputs.greeting}}/hello.txt",
            environment={"image": "python:3.12"},
            inputs={"who": "Azure ML"},
            outputs={"greeting": {"type": "uri_folder"}},
            deferrable=deferrable,
        )

        @task
        def show(greeting):
            print(greeting["path"])

        show(hello.output["greeting"])
"""


def seconds(airflow: Airflow, dag: str, run: str) -> float:
    """Trigger a DAG and wait until its run has succeeded."""
    begun = time.monotonic()
    airflow.api("POST", f"/dags/{dag}/dagRuns", {"dag_run_id": run, "logical_date": None})

    def ended() -> str | None:
        state = str(airflow.api("GET", f"/dags/{dag}/dagRuns/{run}")["state"])
        return state if state in ("success", "failed") else None

    if airflow.until(f"end of {dag}", ended, timeout=300) != "success":
        raise SystemExit(f"{dag} failed; read {airflow.home}")
    return time.monotonic() - begun


def measure(checkout: Path, home: Path, connection: str, template: Path) -> dict[str, list[float]]:
    """Run both DAGs with the provider of a checkout."""
    dags = home / "dags"
    dags.mkdir(parents=True)
    (dags / "hello.py").write_text(DAG, encoding="utf-8")
    settings = {
        "AIRFLOW_CONN_AZUREML_DEFAULT": connection,
        "PYTHONPATH": str(checkout / "provider"),
        "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
        "AIRFLOW__SCHEDULER__SCHEDULER_IDLE_SLEEP_TIME": "1",  # Airflow's own default
    }
    airflow = Airflow(BIN, home / "home", dags, settings=settings)
    airflow.prepare(template)
    try:
        airflow.start()
        for dag in ("on_a_worker", "deferred"):
            airflow.until(f"DAG {dag}", lambda dag=dag: airflow.find(f"/dags/{dag}"), timeout=120)  # type: ignore[misc]
        seconds(airflow, "deferred", "warm")  # the first trigger of a triggerer waits for its imports
        return {
            dag: [seconds(airflow, dag, f"run{number}") for number in range(RUNS)]
            for dag in ("on_a_worker", "deferred")
        }
    finally:
        airflow.stop()


def main() -> None:
    """Print a line per checkout and way."""
    place = Path(tempfile.mkdtemp(prefix="first-job-"))
    emulator = Emulator(BIN, place / "emulator", Path(sys.executable))
    try:
        emulator.start()
        connection = emulator.wait()["airflow_connection"]
        print(f"{'from trigger to green, seconds':<40}{'median':>8}   each")
        for number, checkout in enumerate([REPOSITORY, *map(Path, sys.argv[1:])]):
            found = measure(checkout.resolve(), place / str(number), connection, place / "3.db")
            for way, times in found.items():
                each = ", ".join(f"{one:.1f}" for one in times)
                print(f"{checkout.name + ', ' + way:<40}{statistics.median(times):>8.1f}   {each}", flush=True)
    finally:
        emulator.stop()
        shutil.rmtree(place, ignore_errors=True)


if __name__ == "__main__":
    main()
