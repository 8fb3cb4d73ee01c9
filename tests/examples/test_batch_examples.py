"""The examples of batch scoring and pipelines, end to end: real Airflow, real jobs, scores that are read."""

from __future__ import annotations

import contextlib
import json
import math
import os
import sqlite3
import subprocess
from pathlib import Path
from typing import Any

import pytest

from airflow_azureml.client import MLClient
from airflow_azureml.rest import workspace
from airflow_azureml.rest.ids import Workspace
from airflow_azureml.rest.settings import Settings
from tests import REPOSITORY
from tests.emulator_fixture import read_exports
from tests.examples.example_runs import DAY, EXAMPLES, RUN, finished, waited_on_a_worker
from tests.examples.test_examples import BATCH, BATCH_SCHEDULED
from tests.real_airflow import RealAirflow

pytestmark = pytest.mark.timeout(900)

SCORECARD = json.loads((EXAMPLES / "nightly_scoring" / "scorecard" / "scorecard.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the ETL chain loads its scores."""
    return tmp_path_factory.mktemp("scores") / "scores.db"


@pytest.fixture(scope="module")
def runs(airflow: RealAirflow, database: Path, earlier: set[str]) -> dict[str, str]:
    """One run of every example, all begun at once: DAG id to run id."""
    zone = landing_zone(airflow.service.wait())
    airflow.until("answer of the REST API", lambda: airflow.find("/monitor/health"))
    airflow.api("POST", "/connections", {"connection_id": "landing_zone", "conn_type": "generic", **zone})
    place = {"connection_id": "scores_database", "conn_type": "sqlite", "host": str(database)}
    airflow.api("POST", "/connections", place)
    for dag in BATCH:
        airflow.trigger(dag, RUN)
    for dag in BATCH_SCHEDULED:
        airflow.trigger(dag, RUN, day=DAY)
    return dict.fromkeys((*BATCH, *BATCH_SCHEDULED), RUN)


def landing_zone(endpoint: dict[str, Any]) -> dict[str, str]:
    """A connection to the container behind the default datastore: its address, and a SAS as password."""
    coordinates = Workspace(*(endpoint[key] for key in ("subscription_id", "resource_group", "workspace_name")))
    settings = Settings(
        coordinates,
        auth="client_secret",
        tenant_id=endpoint["tenant_id"],
        client_id=endpoint["client_id"],
        client_secret=endpoint["client_secret"],
        endpoint=endpoint["endpoint"],
        verify=endpoint["ca_bundle"],
    )
    with MLClient(settings) as client:
        store = client.run(workspace.default_datastore(coordinates))
        address, secret = store.address(""), client.run(workspace.secret(coordinates, store.name))
    assert address is not None
    sas = secret.location(address).sas
    assert sas is not None
    extra = json.dumps({"verify": endpoint["ca_bundle"]})
    return {"host": address.https_url.rstrip("/"), "password": sas, "extra": extra}


def invocations(airflow: RealAirflow, endpoint: str, earlier: set[str]) -> list[str]:
    """Name the jobs that POSTs to an endpoint have made; a POST that made none counts as None."""
    path = f"/scoring/{endpoint}/jobs"
    posts = [one for one in airflow.service.requests() if (one["method"], one["path"]) == ("POST", path)]
    return [one["job"] for one in posts if one["job"] not in earlier]


def chance(client: dict[str, float]) -> float:
    """Compute what the scorecard says of a client, to six places."""
    score = SCORECARD["intercept"] + sum(client[name] * weight for name, weight in SCORECARD["weights"].items())
    return round(1 / (1 + math.exp(-score)), 6)


def test_retraining_deploys_what_it_trained_and_reads_its_scores(
    airflow: RealAirflow, runs: dict[str, str], earlier: set[str]
) -> None:
    dag = "credit_defaults_retraining"
    run = finished(airflow, runs, dag)

    model = airflow.xcom(dag, run, "register")
    assert model["id"].endswith(f"/models/credit-defaults/versions/{model['version']}")
    assert model["path"].rstrip("/") == airflow.xcom(dag, run, "train", key="model")["path"].rstrip("/")
    assert airflow.xcom(dag, run, "deploy")["id"].endswith("/credit-defaults/deployments/gradient-boosting")

    score = airflow.xcom(dag, run, "score")
    assert (score["status"], score["experiment_name"]) == ("Completed", "credit-defaults")
    assert score["outputs"]["score"]["type"] == "uri_file"
    assert score["outputs"]["score"]["path"].endswith("/score/predictions.csv")
    read = airflow.xcom(dag, run, "read")
    assert (read["clients"], read["files"]) == (120, ["east.csv", "north.csv", "west.csv"])
    assert 0 < len(read["likely"]) < 60
    assert invocations(airflow, "credit-defaults", earlier) == [score["job_name"]]
    assert waited_on_a_worker(airflow, dag, run, "score") == []


def test_etl_chain_loads_a_score_for_each_clean_row(
    airflow: RealAirflow, runs: dict[str, str], database: Path, earlier: set[str]
) -> None:
    dag = "nightly_scoring"
    run = finished(airflow, runs, dag)

    counts = airflow.xcom(dag, run, "clean")["metrics"]
    assert counts == {"rows_read": 18, "rows_incomplete": 2, "rows_twice": 2, "rows_kept": 14}
    score = airflow.xcom(dag, run, "score", key="score")
    assert score == airflow.xcom(dag, run, "score")["outputs"]["score"]
    assert score["path"].endswith("/score/scores.csv")
    assert airflow.xcom(dag, run, "load") == 14
    with contextlib.closing(sqlite3.connect(database)) as connection:
        rows = connection.execute("SELECT client, chance FROM scores WHERE run = ?", (run,)).fetchall()
    assert len(rows) == 14
    assert dict(rows)[1001] == chance({"LIMIT_BAL": 20000, "AGE": 24, "PAY_0": 2, "BILL_AMT1": 3913})
    assert not {1004, 2005} & set(dict(rows))
    assert invocations(airflow, "nightly-scoring", earlier) == [airflow.xcom(dag, run, "score")["job_name"]]


def test_pipeline_is_one_task_whose_outputs_are_in_xcom(
    airflow: RealAirflow, runs: dict[str, str], earlier: set[str]
) -> None:
    dag = "credit_defaults_pipeline"
    run = finished(airflow, runs, dag)

    result = airflow.xcom(dag, run, "pipeline")
    assert result["status"] == "Completed"
    assert {"model", "test_data"} <= set(result["outputs"])
    for name in ("model", "test_data"):
        assert airflow.xcom(dag, run, "pipeline", key=name) == result["outputs"][name]
        assert airflow.xcom(dag, run, "where")[name] == result["outputs"][name]["path"]
    jobs = airflow.service.made(dag, besides=earlier)
    assert [job["type"] for job in jobs].count("Pipeline") == 1
    # Two steps, and the task that looks into the model that they left: once, unless the scheduler failed it by mistake.
    tries = airflow.column("try_number", dag, run, "inspect")
    assert tries == 1 or airflow.mistaken(dag, run)
    assert [job["status"] for job in jobs if job["type"] == "Command"] == ["Completed"] * (2 + tries)
    found = airflow.xcom(dag, run, "inspect", key="found")["https_url"].split("/", 4)[4]
    text = (airflow.service.state / "storage" / found / "models.txt").read_text(encoding="utf-8")
    assert text.strip().endswith("/credit_defaults_model/MLmodel")


def test_output_of_the_pipeline_is_downloaded_by_microsofts_client(
    airflow: RealAirflow, runs: dict[str, str], sdk_python: Path, tmp_path: Path
) -> None:
    dag = "credit_defaults_pipeline"
    run = finished(airflow, runs, dag)

    command = [str(airflow.service.command), "env", "--state", str(airflow.service.state)]
    exports = read_exports(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    wanted = {"JOB": airflow.xcom(dag, run, "pipeline")["job_name"], "OUTPUT": "model"}
    script = REPOSITORY / "tests" / "conformance" / "scripts" / "download.py"
    done = subprocess.run(
        [sdk_python, script],
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path), "NO_PROXY": "*", "no_proxy": "*", **exports, **wanted},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert "named-outputs/model/credit_defaults_model/MLmodel" in done.stdout
