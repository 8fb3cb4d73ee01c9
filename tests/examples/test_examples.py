"""Every example DAG runs end to end: real Airflow, real jobs, a fresh workspace."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from airflow_azureml.version_compat import AIRFLOW_V_3_4_PLUS
from tests.airflow_harness import REPOSITORY, RealAirflow

pytestmark = pytest.mark.timeout(600)

EXAMPLES = REPOSITORY / "dags_examples"
SCHEDULED = ("cancel_orphans", "daily_report", "job_from_yaml")
TRIGGERED = (
    "cancel_a_job",
    "credit_defaults_on_workers",
    "credit_defaults_sensor",
    "credit_defaults_training",
    "hook_in_a_task",
    "learning_rates",
    "spot_training",
    "tuned_training",
    "without_workers",
)
BATCH = ("credit_defaults_retraining", "nightly_scoring")
BATCH_SCHEDULED = ("credit_defaults_pipeline",)
"""Examples that are run by the tests of batch scoring and pipelines."""
SINCE_3_4 = ("train_until_good",)
"""Examples that have a DAG only where the tests run on Airflow 3.4: ``make test-airflow34``."""

RUN = "example"
TUTORIAL_JOBS = ("data_prep", "train", "text", "comma_list", "json_document")


@pytest.fixture(scope="module")
def runs(airflow: RealAirflow, earlier: set[str]) -> dict[str, str]:
    """One run of every example, all begun at once: DAG id to run id."""
    airflow.service.fault("preempt", "--route", "^spot_training", "--times", "1", "--delay", "3")
    triggered = (*TRIGGERED, *SINCE_3_4) if AIRFLOW_V_3_4_PLUS else TRIGGERED
    for dag in triggered:
        airflow.trigger(dag, RUN)
    started = dict.fromkeys(triggered, RUN)
    for dag in SCHEDULED:
        airflow.unpause(dag)
    return started | {dag: airflow.scheduled_run(dag) for dag in SCHEDULED}


def finished(airflow: RealAirflow, runs: dict[str, str], dag: str) -> str:
    """Wait for the end of an example's run, which must succeed; gives back its id."""
    state = airflow.wait_run(dag, runs[dag], timeout=420)
    logs = {
        task: airflow.log(dag, runs[dag], task)[-5000:]
        for task, state in airflow.states(dag, runs[dag]).items()
        if state == "failed"
    }
    assert state == "success", logs
    return runs[dag]


def stored(airflow: RealAirflow, https_url: str, name: str) -> Any:
    """Read a JSON file of an output from the place where the emulator keeps its blobs."""
    place = https_url.split("/", 4)[4].rstrip("/")
    return json.loads((airflow.service.state / "storage" / place / name).read_text(encoding="utf-8"))


def deferrals(airflow: RealAirflow, dag: str, run: str) -> dict[str, int]:
    """Count how often each task was deferred, by Airflow's own log of events."""
    query = "SELECT task_id, count(*) FROM log WHERE dag_id = ? AND run_id = ? AND event = 'deferred' GROUP BY task_id"
    return dict(airflow.sql(query, dag, run))


def test_every_example_is_run() -> None:
    ids = {re.search(r'DAG\(\s*"(\w+)"', file.read_text(encoding="utf-8"))[1] for file in EXAMPLES.glob("*.py")}  # type: ignore[index]

    assert ids == {*SCHEDULED, *TRIGGERED, *BATCH, *BATCH_SCHEDULED, *SINCE_3_4}


@pytest.mark.parametrize("file", sorted(EXAMPLES.glob("*.py")), ids=lambda file: file.stem)
def test_marks_come_in_pairs(file: Path) -> None:
    marks = re.findall(r"# \[(START|END) (\w+)\]", file.read_text(encoding="utf-8"))

    assert marks, "no region that a page could include"
    assert [word for word, _ in marks] == ["START", "END"] * (len(marks) // 2)
    assert [name for word, name in marks if word == "START"] == [name for word, name in marks if word == "END"]


def test_no_example_fails_to_import(airflow: RealAirflow, runs: dict[str, str]) -> None:
    assert airflow.api("GET", "/importErrors")["import_errors"] == []


def test_tutorial_trains_in_the_triggerer(airflow: RealAirflow, runs: dict[str, str]) -> None:
    dag = "credit_defaults_training"
    run = finished(airflow, runs, dag)

    states = airflow.states(dag, run)
    assert set(states) == {"credit_card_data", "decide", *TUTORIAL_JOBS}
    assert set(states.values()) == {"success"}
    deferred = deferrals(airflow, dag, run)
    assert deferred["data_prep"] >= 1
    assert deferred["train"] >= 1

    train = airflow.xcom(dag, run, "train")
    assert 0.8 < train["metrics"]["auc"] < 1
    assert train["status"] == "Completed"
    assert airflow.xcom(dag, run, "decide") == "promote"


def test_tutorial_hands_outputs_on_through_xcom(airflow: RealAirflow, runs: dict[str, str]) -> None:
    dag = "credit_defaults_training"
    run = finished(airflow, runs, dag)

    result = airflow.xcom(dag, run, "data_prep")
    assert result["metrics"] == {"num_samples": 2000, "num_features": 23, "num_train": 1500}
    for name in ("train_data", "test_data"):
        output = airflow.xcom(dag, run, "data_prep", key=name)
        assert output == result["outputs"][name]
        assert output["type"] == "uri_folder"
        assert output["path"].startswith("azureml://subscriptions/")
        assert output["path"].endswith("/")


def test_tutorial_takes_data_straight_into_the_command(airflow: RealAirflow, runs: dict[str, str]) -> None:
    dag = "credit_defaults_training"
    run = finished(airflow, runs, dag)

    output = airflow.xcom(dag, run, "json_document", key="received")
    document = {"model": "credit_defaults_model", "rates": [0.1, 0.2], "note": "50 % of all"}
    assert stored(airflow, output["https_url"], "received.json") == {"json": document}


def test_tutorial_shows_the_studio_link(airflow: RealAirflow, runs: dict[str, str]) -> None:
    dag = "credit_defaults_training"
    run = finished(airflow, runs, dag)

    links = airflow.api("GET", f"/dags/{dag}/dagRuns/{run}/taskInstances/train/links")["extra_links"]
    result = airflow.xcom(dag, run, "train")
    assert links == {"Azure ML Studio": result["studio_url"]}
    assert result["job_name"] in result["studio_url"]


def test_waiting_on_workers_defers_nothing_and_shows_the_log(airflow: RealAirflow, runs: dict[str, str]) -> None:
    dag = "credit_defaults_on_workers"
    run = finished(airflow, runs, dag)

    assert deferrals(airflow, dag, run) == {}
    assert airflow.xcom(dag, run, "train")["metrics"]["auc"] > 0.8
    assert "2000 clients: 1500 to train on, 500 to test with" in airflow.log(dag, run, "data_prep")


def test_jobs_without_workers_have_none(airflow: RealAirflow, runs: dict[str, str]) -> None:
    dag = "without_workers"
    run = finished(airflow, runs, dag)

    touched = "pid IS NOT NULL OR hostname <> '' OR queued_dttm IS NOT NULL"
    query = f"SELECT task_id FROM task_instance WHERE dag_id = ? AND run_id = ? AND ({touched})"
    assert airflow.sql(query, dag, run) == [("decide",)]
    assert airflow.xcom(dag, run, "train")["metrics"]["auc"] > 0.8
    assert airflow.xcom(dag, run, "decide") == "promote"


def test_a_training_goes_on_where_the_lost_node_left_off(airflow: RealAirflow, runs: dict[str, str]) -> None:
    dag = "spot_training"
    run = finished(airflow, runs, dag)

    result = airflow.xcom(dag, run, "train")
    assert result["attempts"] == 2
    log = airflow.log(dag, run, "train")
    assert re.search(r"Start 2: [1-7] of 8 epochs are done", log)
    state = stored(airflow, airflow.xcom(dag, run, "train", key="ckpt")["https_url"], "state.json")
    assert state == {"epoch": 8, "starts": 2}
    jobs = [job for name, job in airflow.service.jobs().items() if name.startswith("spot_training")]
    assert sorted(job["status"] for job in jobs) == ["Completed", "Failed"]


@pytest.mark.skipif(not AIRFLOW_V_3_4_PLUS, reason="Airflow has Task Loops since 3.4")
def test_a_loop_trains_until_the_metric_of_its_own_job_is_good(
    airflow: RealAirflow, runs: dict[str, str], earlier: set[str]
) -> None:
    dag = "train_until_good"
    run = finished(airflow, runs, dag)

    jobs = [job for job in airflow.service.made(dag, besides=earlier) if "-improve-train-" in job["name"]]
    assert [re.search(r"-loop(\d)-", job["name"])[1] for job in jobs] == ["0", "1", "2"]  # type: ignore[index]
    assert {job["status"] for job in jobs} == {"Completed"}
    decided = re.findall(r"AUC (0\.\d+), needs more than 0\.85", airflow.log(dag, run, "improve.good_enough"))
    found = [float(auc) for auc in dict.fromkeys(decided)]
    assert len(found) == 3
    assert found == sorted(found)
    assert found[1] < 0.85 < found[2]


def test_sensor_hands_the_outputs_on(airflow: RealAirflow, runs: dict[str, str]) -> None:
    dag = "credit_defaults_sensor"
    run = finished(airflow, runs, dag)

    submitted, waited = airflow.xcom(dag, run, "submit_data_prep"), airflow.xcom(dag, run, "wait")
    assert submitted["job_name"] == waited["job_name"]
    assert (submitted["ended_at"], submitted["outputs"]) == (None, {})
    assert waited["status"] == "Completed"
    assert airflow.xcom(dag, run, "wait", key="train_data") == waited["outputs"]["train_data"]
    assert airflow.xcom(dag, run, "train")["status"] == "Completed"
    # The sensor need not wait when the job has ended by the time it begins.
    assert deferrals(airflow, dag, run)["train"] >= 1


def test_templates_and_bindings_meet_in_one_command(airflow: RealAirflow, runs: dict[str, str]) -> None:
    dag = "daily_report"
    run = finished(airflow, runs, dag)

    day = airflow.sql("SELECT substr(logical_date, 1, 10) FROM dag_run WHERE dag_id = ? AND run_id = ?", dag, run)[0][0]
    output = airflow.xcom(dag, run, "report", key="report")
    assert output["path"].endswith(f"/datastores/workspaceblobstore/paths/reports/{day}/")
    received = stored(airflow, output["https_url"], "received.json")
    assert received["text"] == f"{day} north"
    assert received["list"][0] == day


def test_mapped_jobs_train_differently(airflow: RealAirflow, runs: dict[str, str]) -> None:
    dag = "learning_rates"
    run = finished(airflow, runs, dag)

    results = [airflow.xcom(dag, run, "train", map_index=index) for index in (0, 1)]
    assert results[0]["job_name"] != results[1]["job_name"]
    assert results[0]["metrics"]["auc"] > results[1]["metrics"]["auc"]
    assert airflow.xcom(dag, run, "best") == results[0]["job_name"]


def test_a_sweep_hands_on_the_model_of_its_best_trial(airflow: RealAirflow, runs: dict[str, str]) -> None:
    dag = "tuned_training"
    run = finished(airflow, runs, dag)

    result = airflow.xcom(dag, run, "tune")
    trials = [job for name, job in airflow.service.jobs().items() if job["parent"] == result["job_name"]]
    assert len(trials) == 4
    assert result["best_job_name"] == f"{result['job_name']}_3"
    assert 0 < result["metrics"]["loss"] < 0.05
    line = stored(airflow, airflow.xcom(dag, run, "tune", key="model")["https_url"], "line.json")
    assert line == [pytest.approx(3, abs=0.3), pytest.approx(-1, abs=0.3)]
    assert f"At 2.0: {line[0] * 2 + line[1]:.1f}" in airflow.log(dag, run, "predict")


def test_yaml_file_is_rendered_and_changed_by_keywords(airflow: RealAirflow, runs: dict[str, str]) -> None:
    dag = "job_from_yaml"
    run = finished(airflow, runs, dag)

    result = airflow.xcom(dag, run, "data_prep")
    assert result["metrics"]["num_train"] == 1400
    assert set(result["outputs"]) >= {"train_data", "test_data"}


def test_cancelled_job_is_skipped_by_the_sensor(airflow: RealAirflow, runs: dict[str, str]) -> None:
    dag = "cancel_a_job"
    run = finished(airflow, runs, dag)

    assert airflow.states(dag, run) == {"start": "success", "cancel": "success", "wait": "skipped"}
    job = airflow.xcom(dag, run, "start")["job_name"]
    assert airflow.service.jobs()[job]["status"] == "Canceled"


def test_the_nightly_sweep_finds_no_orphan_among_the_examples(airflow: RealAirflow, runs: dict[str, str]) -> None:
    dag = "cancel_orphans"
    run = finished(airflow, runs, dag)

    assert airflow.xcom(dag, run, "sweep") == []


def test_hook_runs_one_job_inside_a_python_task(airflow: RealAirflow, runs: dict[str, str], earlier: set[str]) -> None:
    dag = "hook_in_a_task"
    run = finished(airflow, runs, dag)

    result = airflow.xcom(dag, run, "prepare")
    assert (result["job_name"], result["status"]) == (f"by-hand-{run}", "Completed")
    assert [job["name"] for job in airflow.service.made("by_hand", besides=earlier)] == [result["job_name"]]
    assert airflow.xcom(dag, run, "read") == {"text": "hello"}
    assert r"\"text\": \"hello\"" in airflow.log(dag, run, "read")  # a line of the job's log in a line of JSON
