"""The examples on Airflow 2.11, by ``dag.test()``: the same files, the same results."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from demo.airflow import Airflow
from demo.warm_python import WarmPython
from tests import REPOSITORY
from tests.one_at_a_time import one_at_a_time
from tests.real_airflow import Service

EXAMPLES = REPOSITORY / "dags_examples"
DAGS = (
    "cluster_for_one_run",
    "credit_defaults_training",
    "daily_report",
    "hook_in_a_task",
    "job_from_yaml",
    "reporting_job",
    "scores_as_tables",
)
MORE = (
    "client_groups",
    "credit_defaults_pipeline",
    "credit_defaults_retraining",
    "learning_rates",
    "tuned_model_online",
    "without_workers",
)
"""Run by ``--long``: what they show on 2.11, the operators' own tests show there, too."""

LOADED = ("airflow.models.dagbag", "airflow_azureml.operators", "airflow_azureml.client")
SIDE_BY_SIDE = 3
"""Examples at a time: they mostly wait for their jobs."""

Ended = dict[str, Future[dict[str, Any]]]

pytestmark = pytest.mark.timeout(300)


@pytest.fixture(scope="module")
def airflow2(
    airflow2_python: Path, service: Service, databases: Path, tmp_path_factory: pytest.TempPathFactory
) -> Airflow:
    """An Airflow 2.11 with a database and the connection; no component of it runs."""
    home = tmp_path_factory.mktemp("airflow2") / "home"
    settings = {"AIRFLOW__AZUREML__POLL_INTERVAL": "1"}
    airflow = Airflow(airflow2_python.parent, home, EXAMPLES, major=2, settings=settings)
    airflow.environment["AIRFLOW_CONN_AZUREML_DEFAULT"] = service.wait()["airflow_connection"]
    with one_at_a_time(databases / "2.db"):
        airflow.prepare(databases / "2.db")
    # SQLite keeps those that write side by side waiting for five seconds at the most unless it is told otherwise.
    airflow.environment["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"] += "?timeout=60"
    return airflow


@pytest.fixture(scope="module")
def ended(airflow2: Airflow, request: pytest.FixtureRequest) -> Iterator[Ended]:
    """What became of each example, run by ``dag.test()`` under 2.11's own interpreter, several at a time."""
    python = WarmPython(airflow2.bin / "python", airflow2.environment, LOADED)

    def run(dag: str) -> dict[str, Any]:
        script = Path(__file__).with_name("run_dag.py")
        done = python.run(script, EXAMPLES / f"{dag}.py", dag, cwd=airflow2.home)
        assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
        answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
        return answer

    with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        yield {dag: pool.submit(run, dag) for dag in (MORE if request.config.getoption("--long") else DAGS)}
    python.close()


def test_tutorial_runs(ended: Ended) -> None:
    tasks = ended["credit_defaults_training"].result()["tasks"]

    assert tasks["train"]["result"]["metrics"]["auc"] > 0.8
    assert tasks["decide"]["result"] == "promote"


def test_what_a_job_wrote_is_read_as_tables(ended: Ended) -> None:
    tasks = ended["scores_as_tables"].result()["tasks"]

    assert tasks["with_polars"]["result"] == pytest.approx(0.9495)
    assert tasks["with_duckdb"]["result"] == 500


@pytest.mark.long
def test_retraining_runs(ended: Ended) -> None:
    tasks = ended["credit_defaults_retraining"].result()["tasks"]

    assert tasks["score"]["result"]["outputs"]["score"]["path"].endswith("/score/predictions.csv")
    assert tasks["read"]["result"]["clients"] == 120


@pytest.mark.long
def test_the_best_trials_model_answers_online(ended: Ended) -> None:
    tasks = ended["tuned_model_online"].result()["tasks"]

    assert tasks["ask"]["result"] == [pytest.approx(-1, abs=0.3), pytest.approx(5, abs=0.3)]


@pytest.mark.parametrize("dag", [*DAGS, *(pytest.param(dag, marks=pytest.mark.long) for dag in MORE)])
def test_every_task_succeeds(ended: Ended, dag: str) -> None:
    became = ended[dag].result()

    assert became["state"] == "success"
    assert {task["state"] for task in became["tasks"].values()} == {"success"}
