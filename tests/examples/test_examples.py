"""Every example DAG runs end to end: real Airflow, real jobs, a fresh workspace."""

from __future__ import annotations

import contextlib
import json
import re
from collections import Counter
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from airflow_azureml.hooks import AzureMLHook
from airflow_azureml.operators import (
    AzureMLCreateOnlineDeploymentOperator,
    AzureMLCreateOnlineEndpointOperator,
    AzureMLRegisterModelOperator,
)
from airflow_azureml.rest import assets
from airflow_azureml.rest.resources import online, tracked
from airflow_azureml.version_compat import AIRFLOW_V_3_4_PLUS
from azureml_emulator.console.inspection import requests_received
from tests import REPOSITORY
from tests.airflow.scoring import context
from tests.real_airflow import RealAirflow, Service
from tests.run_story import told_of_failure

pytestmark = pytest.mark.timeout(600)

EXAMPLES = REPOSITORY / "dags_examples"
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
LONG = ("model_promotion", "tuned_model_online")
"""Examples that are run by ``--long``, alone."""
WATCHING = ("retrain_on_new_data",)
"""Examples that new versions start: run by the tests of watchers."""
TRACED = ("lineage_of_clients",)
"""Examples whose lineage is looked at: run by the tests of OpenLineage."""
MAILING = ("late_training", "told_by_mail")
"""Examples that send mails: run by the tests of notifiers."""
SINCE_3_4 = ("train_until_good",)
"""Examples that have a DAG only where the tests run on Airflow 3.4: ``make test-airflow34``."""

RUN, FAILING, AGAIN = "example", "example-fails", "example-again"
DAY = date(2026, 3, 1)
"""The logical date of those that have a schedule."""
PROMOTED = "airflow-promotion"
"""The endpoint of the example that brings a model into production."""

TUTORIAL_JOBS = ("data_prep", "train", "text", "comma_list", "json_document")


@pytest.fixture(scope="module")
def runs(
    airflow: RealAirflow, earlier: set[str], request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, str]:
    """One run of every example, all begun at once: DAG id to run id."""
    if request.config.getoption("--long"):
        deploy_blue(airflow.service, tmp_path_factory.mktemp("promoted"))
        for dag in LONG:
            airflow.trigger(dag, RUN)
        return dict.fromkeys(LONG, RUN)
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


def deploy_blue(service: Service, folder: Path) -> None:
    """Register a first version of the model to be promoted, and have a deployment answer with it."""
    (folder / "line.json").write_text("[1, 0]", encoding="utf-8")
    code = EXAMPLES / "tuned_model_online"
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("AIRFLOW_CONN_AZUREML_DEFAULT", service.wait()["airflow_connection"])
        model = AzureMLRegisterModelOperator(task_id="m", name="promoted-line", path=folder).execute({})
        assert model["version"] == "1"
        AzureMLCreateOnlineEndpointOperator(task_id="e", name=PROMOTED).execute(context())
        AzureMLCreateOnlineDeploymentOperator(
            task_id="d",
            name="blue",
            endpoint_name=PROMOTED,
            model=model,
            code=code,
            scoring_script="score.py",
            environment={"image": "docker.io/python", "conda_file": str(code / "environment.yml")},
            instance_type="Standard_DS3_v2",
            instance_count=1,
            traffic=100,
        ).execute(context())


def finished(airflow: RealAirflow, runs: dict[str, str], dag: str) -> str:
    """Wait for the end of an example's run, which must succeed; gives back its id."""
    run = runs[dag]
    with told_of_failure(airflow, dag, run):
        assert ended(airflow, dag, run) == "success", airflow.states(dag, run)
    return run


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


def ended(airflow: RealAirflow, dag: str, run: str) -> str:
    """Wait for the end of a run; a task that the scheduler has failed by mistake, as a busy one may, is cleared."""
    state = airflow.wait_run(dag, run, timeout=420)
    for task in airflow.mistaken(dag, run):
        if "failed" in {was for name, was in airflow.states(dag, run).items() if name.partition("[")[0] == task}:
            airflow.clear(dag, run, task, downstream=True)
            state = airflow.wait_run(dag, run, timeout=420)
    return state


def stored(airflow: RealAirflow, https_url: str, name: str) -> Any:
    """Read a JSON file of an output."""
    return json.loads(text(airflow, https_url, name))


def text(airflow: RealAirflow, https_url: str, name: str) -> str:
    """Read a file of an output from the place where the emulator keeps its blobs."""
    place = https_url.split("/", 4)[4].rstrip("/")
    return (airflow.service.state / "storage" / place / name).read_text(encoding="utf-8")


def deferrals(airflow: RealAirflow, dag: str, run: str) -> dict[str, int]:
    """Count how often each task was deferred, by Airflow's own log of events."""
    query = "SELECT task_id, count(*) FROM log WHERE dag_id = ? AND run_id = ? AND event = 'deferred' GROUP BY task_id"
    return dict(airflow.sql(query, dag, run))


def waited_on_a_worker(airflow: RealAirflow, dag: str, run: str, *tasks: str) -> list[str]:
    """Those of these tasks whose jobs were waited for on a worker: they were not deferred, and tell of a status.

    A job that has ended by the first look is not waited for at all, which a slow machine makes of a short one.
    """
    deferred = deferrals(airflow, dag, run)
    told = re.compile(r"Azure ML job \S+ is [A-Z][A-Za-z]+\.")
    return [task for task in tasks if task not in deferred and told.search(airflow.log(dag, run, task))]


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


def test_a_step_that_fails_is_tried_again_alone(airflow: RealAirflow, runs: dict[str, str], earlier: set[str]) -> None:
    run, earlier = undisturbed(airflow, runs, "champion", earlier)

    tried = {step: airflow.column("try_number", "champion", run, f"training.{step}") for step in STEPS}
    assert tried == {**dict.fromkeys(STEPS, 1), "fast.score": 2}
    assert steps_of(airflow, earlier) == {**dict.fromkeys(STEPS, 1), "fast.score": 2}
    assert "Image build failed" in airflow.log("champion", run, "training.fast.score")
    report = stored(
        airflow, airflow.xcom("champion", run, "training.compare", key="report")["https_url"], "report.json"
    )
    assert [one["rate"] for one in report["candidates"]] == [0.1, 0.01]
    assert airflow.xcom("champion", run, "announce")["champion"].endswith("/champion/")


def test_a_cleared_step_runs_again_with_what_follows(
    airflow: RealAirflow, runs: dict[str, str], earlier: set[str]
) -> None:
    run = finished(airflow, runs, "champion")
    before = steps_of(airflow, earlier)

    airflow.clear("champion", run, "training.slow.score", downstream=True)
    assert airflow.wait_run("champion", run, timeout=240) == "success"
    again = ("slow.score", "slow.evaluate", "compare")
    assert steps_of(airflow, earlier) == {**before, **{step: before[step] + 1 for step in again}}


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


@pytest.mark.long
def test_the_best_trials_model_answers_online(airflow: RealAirflow, runs: dict[str, str]) -> None:
    dag = "tuned_model_online"
    run = finished(airflow, runs, dag)

    best = airflow.xcom(dag, run, "tune", key="model")
    model = airflow.xcom(dag, run, "register")
    assert model["path"].rstrip("/") == best["path"].rstrip("/")
    slope, start = stored(airflow, best["https_url"], "line.json")
    assert airflow.xcom(dag, run, "ask") == [pytest.approx(start), pytest.approx(2 * slope + start)]
    assert waited_on_a_worker(airflow, dag, run, "tune") == []
    assert min(deferrals(airflow, dag, run)[task] for task in ("endpoint", "deploy", "delete")) >= 1
    calls = [one for one in airflow.service.requests() if one["path"].endswith("/onlineEndpoints/airflow-tuned-line")]
    assert [one["method"] for one in calls if one["method"] in ("PUT", "DELETE")][-1] == "DELETE"
    assert calls[-1]["status"] == 404, "it is gone"


def decide(airflow: RealAirflow, run: str, choice: str) -> str:
    """Wait until the promotion asks a person, answer, and see it end well; gives back what was asked."""
    dag = "model_promotion"
    airflow.wait_state(dag, run, "approve", "awaiting_input", "failed", "skipped", "upstream_failed", timeout=420)
    assert airflow.states(dag, run)["approved"] is None, "nothing goes on without a person"
    asked = f"/dags/{dag}/dagRuns/{run}/taskInstances/approve/-1/hitlDetails"
    subject = str(airflow.api("GET", asked)["subject"])
    airflow.api("PATCH", asked, {"chosen_options": [choice]})
    finished(airflow, {dag: run}, dag)
    return subject


@pytest.fixture(scope="module")
def promoted(airflow: RealAirflow, runs: dict[str, str]) -> tuple[str, str]:
    """The run of the promotion that somebody has approved, and what that person was asked."""
    run = runs["model_promotion"]
    return run, decide(airflow, run, "Approve")


@contextlib.contextmanager
def hooked(airflow: RealAirflow) -> Iterator[AzureMLHook]:
    """A hook to the emulator that the tasks' jobs run on."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("AIRFLOW_CONN_AZUREML_DEFAULT", airflow.service.wait()["airflow_connection"])
        yield AzureMLHook()


def said_of(airflow: RealAirflow, version: str) -> tuple[str, set[str]]:
    """The stage of a version of the model in promotion, and the names of its tags."""
    with hooked(airflow) as hook, hook.client() as client:
        found = client.run(assets.get(client.workspace, "models", "promoted-line", version)).properties
    return str(found["stage"]), set(found["tags"])


def in_production(airflow: RealAirflow) -> tuple[dict[str, int], int]:
    """The traffic of the endpoint, and how often a model was shared."""
    with hooked(airflow) as hook, hook.client() as client:
        endpoint = client.run(tracked.get(online.endpoint(client.workspace, PROMOTED))).raw
    shared = sum(str(one["path"]).endswith("/import") for one in airflow.service.requests())
    return dict(endpoint["properties"]["traffic"]), shared


def versions(airflow: RealAirflow) -> set[str]:
    """The registered versions of the model in promotion."""
    with hooked(airflow) as hook:
        return set(hook.list_versions("models", "promoted-line"))


@pytest.mark.long
def test_a_model_is_approved_shared_and_given_a_tenth_of_the_traffic_then_all_of_it(
    airflow: RealAirflow, promoted: tuple[str, str]
) -> None:
    dag, (run, asked) = "model_promotion", promoted
    assert asked == "Version 2 of promoted-line to production?"
    assert set(airflow.states(dag, run).values()) == {"success"}

    assert airflow.xcom(dag, run, "share")["id"] == "azureml://registries/local/models/promoted-line/versions/2"
    slope, start = stored(airflow, airflow.xcom(dag, run, "train", key="model")["https_url"], "line.json")
    assert airflow.xcom(dag, run, "ask") == [pytest.approx(2 * slope + start)]
    assert said_of(airflow, "2") == ("Production", {"loss", "approved_by"})
    assert in_production(airflow) == ({"green": 100}, 1)
    assert "traffic: {'blue': 100} becomes {'green': 10, 'blue': 90}." in airflow.log(dag, run, "a_tenth")


@pytest.mark.long
def test_a_model_that_a_person_rejects_is_not_shared_and_gets_no_traffic(
    airflow: RealAirflow, promoted: tuple[str, str]
) -> None:
    dag, run = "model_promotion", "rejected"
    before = in_production(airflow)
    airflow.trigger(dag, run)
    asked = decide(airflow, run, "Reject")

    states = airflow.states(dag, run)
    done = ("train", "good_enough", "register", "approve")
    assert states == {**dict.fromkeys(states, "skipped"), **dict.fromkeys(done, "success")}
    version = airflow.xcom(dag, run, "register")["version"]
    assert asked == f"Version {version} of promoted-line to production?"
    assert said_of(airflow, version) == ("Staging", {"loss"})
    assert in_production(airflow) == before


@pytest.mark.long
def test_a_model_that_is_too_bad_is_not_even_registered(airflow: RealAirflow, promoted: tuple[str, str]) -> None:
    dag, run = "model_promotion", "too-bad"
    before = versions(airflow), in_production(airflow)
    airflow.trigger(dag, run, conf={"rate": 0.0001})
    finished(airflow, {dag: run}, dag)

    states = airflow.states(dag, run)
    assert states == {**dict.fromkeys(states, "skipped"), **dict.fromkeys(("train", "good_enough"), "success")}
    assert airflow.xcom(dag, run, "train")["metrics"]["loss"] > 0.05
    assert (versions(airflow), in_production(airflow)) == before


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
