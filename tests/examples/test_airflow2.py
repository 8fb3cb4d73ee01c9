"""The examples on Airflow 2.11, by ``dag.test()``: the same files, the same results."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from demo import processes
from demo.airflow import Airflow
from tests.airflow_harness import REPOSITORY, Service

EXAMPLES = REPOSITORY / "dags_examples"

pytestmark = pytest.mark.timeout(300)


@pytest.fixture(scope="module")
def airflow2(airflow2_python: Path, service: Service, tmp_path_factory: pytest.TempPathFactory) -> Airflow:
    """An Airflow 2.11 with a database and the connection; no component of it runs."""
    place = tmp_path_factory.mktemp("airflow2")
    settings = {"AIRFLOW__AZUREML__POLL_INTERVAL": "1"}
    airflow = Airflow(airflow2_python.parent, place / "home", EXAMPLES, major=2, settings=settings)
    airflow.environment["AIRFLOW_CONN_AZUREML_DEFAULT"] = service.wait()["airflow_connection"]
    airflow.prepare(place / "template.db")
    return airflow


def run(airflow: Airflow, dag: str) -> dict[str, Any]:
    """Run an example by ``dag.test()`` under 2.11's own interpreter."""
    script = Path(__file__).with_name("run_dag.py")
    done = subprocess.run(
        [str(airflow.bin / "python"), str(script), str(EXAMPLES / f"{dag}.py"), dag],
        cwd=airflow.home,
        env=processes.marked(airflow.home, airflow.environment),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answer


def test_tutorial_runs(airflow2: Airflow) -> None:
    ended = run(airflow2, "credit_defaults_training")

    assert ended["state"] == "success"
    assert {task["state"] for task in ended["tasks"].values()} == {"success"}
    assert ended["tasks"]["train"]["result"]["metrics"]["auc"] > 0.8
    assert ended["tasks"]["decide"]["result"] == "promote"


def test_retraining_runs(airflow2: Airflow) -> None:
    ended = run(airflow2, "credit_defaults_retraining")

    assert ended["state"] == "success"
    assert {task["state"] for task in ended["tasks"].values()} == {"success"}
    assert ended["tasks"]["score"]["result"]["outputs"]["score"]["path"].endswith("/score/predictions.csv")
    assert ended["tasks"]["read"]["result"]["clients"] == 120


@pytest.mark.parametrize(
    "dag", ["credit_defaults_pipeline", "daily_report", "hook_in_a_task", "job_from_yaml", "learning_rates"]
)
def test_pipelines_templates_files_and_mapping_run(airflow2: Airflow, dag: str) -> None:
    ended = run(airflow2, dag)

    assert ended["state"] == "success"
    assert {task["state"] for task in ended["tasks"].values()} == {"success"}
