"""Every example DAG runs end to end: real Airflow, real jobs, a fresh workspace."""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from airflow_azureml.version_compat import AIRFLOW_V_3_4_PLUS
from azureml_emulator.console.inspection import requests_received
from tests.examples.example_runs import (
    DAY,
    EXAMPLES,
    RUN,
    deferrals,
    ended,
    finished,
    stored,
    text,
    waited_on_a_worker,
)
from tests.examples.test_longer_examples import LONG
from tests.real_airflow import RealAirflow, Service
from tests.run_story import told_of_failure

pytestmark = pytest.mark.timeout(600)

SCHEDULED = ("cancel_orphans", "daily_report", "job_from_yaml")
TRIGGERED = (
    "building_blocks",
    "cancel_a_job",
    "champion",
    "client_groups",
    "cluster_for_one_run",
    "compute_instance_hours",
    "credit_defaults_on_workers",
    "credit_defaults_sensor",
    "credit_defaults_training",
    "hook_in_a_task",
    "learning_rates",
    "reporting_job",
    "scores_as_tables",
    "spot_training",
    "tuned_training",
    "without_workers",
)
BATCH = ("credit_defaults_retraining", "nightly_scoring")
BATCH_SCHEDULED = ("credit_defaults_pipeline",)
"""Examples that are run by the tests of batch scoring and pipelines."""
WATCHING = ("retrain_on_new_data",)
"""Examples that new versions start: run by the tests of watchers."""
TRACED = ("lineage_of_clients",)
"""Examples whose lineage is looked at: run by the tests of OpenLineage."""
MAILING = ("late_training", "told_by_mail")
"""Examples that send mails: run by the tests of notifiers."""
SINCE_3_4 = ("train_until_good",)
"""Examples that have a DAG only where the tests run on Airflow 3.4: ``make test-airflow34``."""

FAILING, AGAIN = "example-fails", "example-again"

TUTORIAL_JOBS = ("data_prep", "train", "text", "comma_list", "json_document")


@pytest.fixture(scope="module")
def runs(airflow: RealAirflow, earlier: set[str]) -> dict[str, str]:
    """One run of every example, all begun at once: DAG id to run id."""
    for prepare in PREPARED.values():
        prepare(airflow.service)
    triggered = (*TRIGGERED, *SINCE_3_4) if AIRFLOW_V_3_4_PLUS else TRIGGERED
    airflow.service.fault("image_build_fails", "--scope", FAILING)
    for dag in triggered:
        airflow.trigger(dag, RUN)
    airflow.trigger("cluster_for_one_run", FAILING)
    started = dict.fromkeys(triggered, RUN)
    for dag in SCHEDULED:
        airflow.trigger(dag, RUN, day=DAY)
    return started | dict.fromkeys(SCHEDULED, RUN)


def preempt_once(service: Service) -> None:
    """Have the node of the next job of `spot_training` be lost, some epochs after its start."""
    service.fault("preempt", "--route", "^spot_training", "--times", "1", "--delay", "5")


def fail_a_build_once(service: Service) -> None:
    """Have the next image of one step of `champion` not be built."""
    service.fault("image_build_fails", "--route", "^champion-training-fast-score", "--times", "1")


PREPARED = {"champion": fail_a_build_once, "spot_training": preempt_once}
"""What the service is asked for before the run of an example."""


def undisturbed(airflow: RealAirflow, runs: dict[str, str], dag: str, earlier: set[str]) -> tuple[str, set[str]]:
    """Wait for the end of a run in which the scheduler failed no task by mistake: of the example's, or of another one.

    A cleared task has further tries and a job of its own, which what was prepared does not befall. Gives back the run's
    id, and the names of the jobs that were there before it.
    """
    run = finished(airflow, runs, dag)
    if airflow.mistaken(dag, run):
        earlier = set(airflow.service.jobs())
        PREPARED[dag](airflow.service)
        airflow.trigger(dag, AGAIN)
        run = finished(airflow, {dag: AGAIN}, dag)
    return run, earlier


def test_every_example_is_run() -> None:
    ids = {re.search(r'DAG\(\s*"(\w+)"', file.read_text(encoding="utf-8"))[1] for file in EXAMPLES.glob("*.py")}  # type: ignore[index]

    assert ids == {*SCHEDULED, *TRIGGERED, *BATCH, *BATCH_SCHEDULED, *LONG, *MAILING, *SINCE_3_4, *TRACED, *WATCHING}


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
    assert waited_on_a_worker(airflow, dag, run, "data_prep", "train") == []

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


CANDIDATE = ("train", "score", "evaluate")
STEPS = ("split", *(f"{name}.{step}" for name in ("fast", "slow") for step in CANDIDATE), "compare")
"""The steps of the pipeline that is run as tasks."""


def steps_of(airflow: RealAirflow, besides: set[str]) -> dict[str, int]:
    """How many jobs each step of the pipeline has had."""
    names = [str(job["name"]) for job in airflow.service.made("champion", besides=besides)]
    return dict(Counter(name.split("-", 2)[2].rsplit("-", 2)[0].replace("-", ".") for name in names))


@dataclass(frozen=True)
class Steps:
    """What is to be known of the run of the pipeline's steps when it has ended.

    :param earlier: names of the jobs that were there before it.
    :param tries: of each step.
    :param jobs: how many each step has had.
    """

    run: str
    earlier: set[str]
    tries: dict[str, int]
    jobs: dict[str, int]
    report: Any
    announced: str


@pytest.fixture(scope="module")
def champion(airflow: RealAirflow, runs: dict[str, str], earlier: set[str]) -> Steps:
    """The steps' run at its end; one of them is cleared then, and runs while other tests do."""
    run, earlier = undisturbed(airflow, runs, "champion", earlier)
    tries = {step: airflow.column("try_number", "champion", run, f"training.{step}") for step in STEPS}
    report = airflow.xcom("champion", run, "training.compare", key="report")["https_url"]
    found = Steps(
        run,
        earlier,
        tries,
        steps_of(airflow, earlier),
        stored(airflow, report, "report.json"),
        airflow.xcom("champion", run, "announce")["champion"],
    )
    airflow.clear("champion", run, "training.slow.score", downstream=True)
    return found


def test_a_step_that_fails_is_tried_again_alone(airflow: RealAirflow, champion: Steps) -> None:
    assert champion.tries == champion.jobs == {**dict.fromkeys(STEPS, 1), "fast.score": 2}
    assert "Image build failed" in airflow.log("champion", champion.run, "training.fast.score")
    assert [one["rate"] for one in champion.report["candidates"]] == [0.1, 0.01]
    assert champion.announced.endswith("/champion/")


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


def test_a_training_goes_on_where_the_lost_node_left_off(
    airflow: RealAirflow, runs: dict[str, str], earlier: set[str]
) -> None:
    dag = "spot_training"
    run, earlier = undisturbed(airflow, runs, dag, earlier)

    result = airflow.xcom(dag, run, "train")
    with told_of_failure(airflow, dag, run):
        assert result["attempts"] == 2
        assert re.search(r"Start 2: [1-7] of 8 epochs are done", airflow.log(dag, run, "train"))
    state = stored(airflow, airflow.xcom(dag, run, "train", key="ckpt")["https_url"], "state.json")
    assert state == {"epoch": 8, "starts": 2}
    later = {name: job for name, job in airflow.service.jobs().items() if name not in earlier}
    jobs = [job for name, job in later.items() if name.startswith("spot_training")]
    assert sorted(job["status"] for job in jobs) == ["Completed", "Failed"]


def test_a_cluster_lives_for_one_run(airflow: RealAirflow, runs: dict[str, str]) -> None:
    dag = "cluster_for_one_run"
    run = finished(airflow, runs, dag)

    with told_of_failure(airflow, dag, run):
        log = airflow.log(dag, run, "train")
        # On a machine that is very busy the log of a job that has ended may be given up.
        given_up = "could not be read in time" in log
        counts = set(re.findall(r"std_log\.txt \| (\d+)", log))
        assert counts == {"33", "50"} or (given_up and counts < {"33", "50"})
    with told_of_failure(airflow, dag, FAILING):
        assert ended(airflow, dag, FAILING) == "failed"
        states = airflow.states(dag, FAILING)
        assert (states["sample"], states["grow"], states["delete"]) == ("failed", "upstream_failed", "success")
    for one in (run, FAILING):
        name = airflow.xcom(dag, one, "cluster")["name"]
        asked = [received["method"] for received in requests_received(airflow.service.state, f"/computes/{name}")]
        changes = [method for method in asked if method in ("PUT", "DELETE")]
        # A task that the scheduler has failed by mistake was cleared, and its setup and teardown with it.
        rounds = max(1, len(changes) // 2) if airflow.mistaken(dag, one) else 1
        assert changes == ["PUT", "DELETE"] * rounds


def test_blocks_are_made_used_and_fetched(airflow: RealAirflow, runs: dict[str, str]) -> None:
    dag = "building_blocks"
    run = finished(airflow, runs, dag)

    assert airflow.xcom(dag, run, "same") == 144
    assert airflow.xcom(dag, run, "component")["name"] == "airflow_squares"
    calls = [one for one in airflow.service.requests() if one["path"].endswith("/batchEndpoints/airflow-blocks")]
    assert [one["method"] for one in calls if one["method"] in ("PUT", "DELETE")] == ["PUT", "DELETE"]


def test_a_compute_instance_runs_for_its_job_only(airflow: RealAirflow, runs: dict[str, str]) -> None:
    dag = "compute_instance_hours"
    run = finished(airflow, runs, dag)

    assert airflow.xcom(dag, run, "job")["status"] == "Completed"
    asked = [one["path"] for one in airflow.service.requests() if "/computes/airflow-instance/" in one["path"]]
    assert [path.rsplit("/", 1)[-1] for path in asked][-1] == "stop"


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
    assert waited_on_a_worker(airflow, dag, run, "train") == []


def test_templates_and_bindings_meet_in_one_command(airflow: RealAirflow, runs: dict[str, str]) -> None:
    dag = "daily_report"
    run = finished(airflow, runs, dag)

    output = airflow.xcom(dag, run, "report", key="report")
    assert output["path"].endswith(f"/datastores/workspaceblobstore/paths/reports/{DAY}/")
    received = stored(airflow, output["https_url"], "received.json")
    assert received["text"] == f"{DAY} north"
    assert received["list"] == [str(DAY), "2026-02-28"]


def test_mapped_jobs_train_differently(airflow: RealAirflow, runs: dict[str, str]) -> None:
    dag = "learning_rates"
    run = finished(airflow, runs, dag)

    results = [airflow.xcom(dag, run, "train", map_index=index) for index in (0, 1)]
    assert results[0]["job_name"] != results[1]["job_name"]
    assert results[0]["metrics"]["auc"] > results[1]["metrics"]["auc"]
    assert airflow.xcom(dag, run, "best") == results[0]["job_name"]
    hours = [result["usage"]["node_hours"] for result in results]
    assert airflow.xcom(dag, run, "spent") == pytest.approx(sum(hours))
    assert min(hours) > 0


def test_a_job_reports_xcoms_a_note_and_what_its_asset_event_says(airflow: RealAirflow, runs: dict[str, str]) -> None:
    dag = "reporting_job"
    run = finished(airflow, runs, dag)

    rows = airflow.xcom(dag, run, "clean", key="rows")
    assert airflow.xcom(dag, run, "check") == f"{rows} clients"
    query = "SELECT extra FROM asset_event WHERE source_dag_id = ? AND source_run_id = ?"
    ((extra,),) = airflow.sql(query, dag, run)
    assert json.loads(extra)["rows"] == rows > 0
    noted = f"{rows} of {rows} clients kept"
    assert airflow.xcom(dag, run, "clean", key="azureml_note") == noted
    place = f"/dags/{dag}/dagRuns/{run}/taskInstances/clean"
    assert airflow.until("note", lambda: airflow.api("GET", place)["note"]) == noted


def test_functions_write_the_commands_of_jobs(airflow: RealAirflow, runs: dict[str, str]) -> None:
    dag = "client_groups"
    run = finished(airflow, runs, dag)

    assert waited_on_a_worker(airflow, dag, run, "draw") == []
    shown = airflow.api("GET", f"/dags/{dag}/dagRuns/{run}/taskInstances/draw")["rendered_fields"]
    assert shown["command"] == "awk 'NR > 2 && NR % 5 == 0' ${{inputs.clients}} > ${{outputs.part}}/clients.csv"
    counted = {column: airflow.xcom(dag, run, "count", key="groups", map_index=at) for at, column in enumerate((4, 5))}
    for column, groups in counted.items():
        lines = text(airflow, groups["https_url"], "groups.txt").split()
        assert sum(map(int, lines[::2])) == 400, f"clients by column {column}"


def test_what_a_job_wrote_is_read_as_tables(airflow: RealAirflow, runs: dict[str, str]) -> None:
    dag = "scores_as_tables"
    run = finished(airflow, runs, dag)

    assert airflow.xcom(dag, run, "with_polars") == pytest.approx(0.9495)
    assert airflow.xcom(dag, run, "with_duckdb") == 500


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


def test_a_cleared_step_runs_again_with_what_follows(airflow: RealAirflow, champion: Steps) -> None:
    assert airflow.wait_run("champion", champion.run, timeout=240) == "success"
    again = ("slow.score", "slow.evaluate", "compare")
    more = {step: champion.jobs[step] + 1 for step in again}
    assert steps_of(airflow, champion.earlier) == {**champion.jobs, **more}
