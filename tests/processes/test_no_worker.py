"""No-worker mode: what Airflow's own records say of workers, and what becomes of the jobs.

A task that no worker has touched has no process and no host in Airflow's database, and was never queued.
"""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest

from airflow_azureml.hooks.azureml import AzureMLHook
from tests.processes.slow_run import TASK, SlowRun, tried
from tests.real_airflow import RealAirflow
from tests.run_story import told_of_failure

pytestmark = pytest.mark.timeout(900)

MANY, ENDS, NOT = "no_worker_many_on_3", "no_worker_ends_on_3", "no_worker_not_on_3"
RUN = "run"
TOUCHED = "SELECT task_id FROM {} WHERE dag_id = ? AND (pid IS NOT NULL OR hostname <> '' OR queued_dttm IS NOT NULL)"
COUNT = 50


def on_workers(airflow: RealAirflow, dag: str) -> set[str]:
    """The tasks of a DAG that a worker, or the executor, has had, in any try."""
    tables = ("task_instance", "task_instance_history")
    return {row[0] for table in tables for row in airflow.sql(TOUCHED.format(table), dag)}


def jobs(airflow: RealAirflow, dag: str, task: str) -> list[dict[str, Any]]:
    """The jobs of one task, the oldest first."""
    return [job for job in airflow.service.made(dag) if job["name"].startswith(f"{dag}-{task}-")]


@pytest.fixture(scope="module")
def hook(airflow: RealAirflow) -> Any:
    """A hook to the emulator that the tasks' jobs run on."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AIRFLOW_CONN_AZUREML_DEFAULT", airflow.environment["AIRFLOW_CONN_AZUREML_DEFAULT"])
        yield AzureMLHook()


@pytest.fixture(scope="module")
def slow_runs(airflow: RealAirflow, tmp_path_factory: pytest.TempPathFactory) -> dict[int, SlowRun]:
    """Runs whose job ends when the test says so, by the number of their DAG."""
    gates = tmp_path_factory.mktemp("gates")
    names = {number: f"no_worker_slow_on_3_{number}" for number in range(1, 7)}
    return {number: SlowRun(airflow, name, gates / name) for number, name in names.items()}


@pytest.fixture(scope="module")
def begun(
    airflow: RealAirflow, hook: AzureMLHook, slow_runs: dict[int, SlowRun], request: pytest.FixtureRequest
) -> RealAirflow:
    """The runs of the tests that are wanted, begun at once."""
    spec = {"type": "command", "command": "true", "environment": {"image": "docker.io/python"}}
    hook.create_job(spec, "no-worker-sensed")
    for dag in (ENDS, NOT):
        airflow.trigger(dag, RUN, conf={"job": "no-worker-sensed"})
    long = request.config.getoption("--long")
    for number in (2, 3) if long else (1,):
        slow_runs[number].begin()
    if long:
        airflow.trigger(MANY, RUN)
    return airflow


@pytest.fixture(scope="module")
def cleared(
    begun: RealAirflow, slow_runs: dict[int, SlowRun], request: pytest.FixtureRequest
) -> Iterator[Future[None] | None]:
    """What becomes of a waiting task that is cleared, which is tried beside the other runs."""
    with ThreadPoolExecutor(1) as pool:
        long = request.config.getoption("--long")
        yield None if long else pool.submit(tried, clear_and_finish, slow_runs[1])


@pytest.fixture(scope="module")
def ended(begun: RealAirflow, hook: AzureMLHook, cleared: Future[None] | None) -> RealAirflow:
    """The same when the runs of single tasks have ended, one of whose jobs somebody has canceled."""
    begun.until("job to cancel", lambda: [one for one in jobs(begun, ENDS, "canceled") if one["status"] == "Running"])
    hook.cancel_job(jobs(begun, ENDS, "canceled")[0]["name"])
    for dag in (ENDS, NOT):
        with told_of_failure(begun, dag, RUN):
            begun.wait_run(dag, RUN, timeout=400)
    return begun


@pytest.mark.long
def test_fifty_jobs_start_no_worker(begun: RealAirflow) -> None:
    assert begun.wait_run(MANY, RUN, timeout=600) == "success", begun.states(MANY, RUN)
    assert on_workers(begun, MANY) == set()
    made = begun.service.made(MANY)
    assert len(made) == len({job["name"] for job in made}) == COUNT
    assert {begun.service.puts(job["name"]) for job in made} == {1}
    for index in range(COUNT):
        result = begun.xcom(MANY, RUN, f"job_{index}")
        assert (result["status"], set(result["outputs"])) == ("Completed", {"default", "number"})
        assert begun.xcom(MANY, RUN, f"job_{index}", "number") == result["outputs"]["number"]
    assert len({begun.xcom(MANY, RUN, f"job_{index}")["job_name"] for index in range(COUNT)}) == COUNT


def test_tasks_end_as_on_a_worker(ended: RealAirflow) -> None:
    assert ended.states(ENDS, RUN) == {
        "good": "success",
        "read": "success",
        "next": "success",
        "fails": "failed",
        "fails_once_more": "failed",
        "canceled": "skipped",
        "with_code": "success",
        "from_file": "success",
        "sensor": "success",
    }
    assert on_workers(ended, ENDS) == {"read", "fails_once_more"}
    assert ended.xcom(ENDS, RUN, "read") == "Completed True", "a task on a worker is given mappings"
    assert ended.xcom(ENDS, RUN, "sensor")["job_name"] == "no-worker-sensed"
    assert [job["status"] for job in jobs(ended, ENDS, "fails_once_more")] == ["Failed", "Failed"]
    for task in ("fails", "fails_once_more"):
        assert "non-zero exit Code 3" in ended.log(ENDS, RUN, task)
    assert "Only a worker knows whether this is a retry" in ended.log(ENDS, RUN, "fails_once_more")


def test_the_log_and_the_link_are_a_worker_s(ended: RealAirflow) -> None:
    text, result = ended.log(ENDS, RUN, "with_code"), ended.xcom(ENDS, RUN, "with_code")
    for line in (
        f"Submitting Azure ML job {result['job_name']}",
        "| from the code",
        "ended as Completed",
    ):
        assert line in text
    links = ended.api("GET", f"/dags/{ENDS}/dagRuns/{RUN}/taskInstances/with_code/links")["extra_links"]
    assert links["Azure ML Studio"].startswith("http")
    assert f"/{result['job_name']}?" in links["Azure ML Studio"]


def test_what_a_worker_would_do_is_left_to_a_worker(ended: RealAirflow) -> None:
    states = ended.states(NOT, RUN)
    failed = {task for task, state in states.items() if state != "success"}
    logs = {task: ended.log(NOT, RUN, task.partition("[")[0])[-3000:] for task in failed}
    assert failed == {"failure_callback", "code_is_missing"}, logs
    assert on_workers(ended, NOT) == {task.partition("[")[0] for task in states}
    said = {
        "outlets": "ends on a worker: its outlets would get no asset events",
        "callback": "ends on a worker: on_success_callback would not run",
        "xcom_pull": "starts on a worker: environment_variables: the template",
        "secret": "starts on a worker: environment_variables holds a secret (API_TOKEN)",
        "mapped": "starts on a worker: mapped tasks do",
        "code_is_missing": "starts on a worker:",
    }
    for task, words in said.items():
        assert words in ended.log(NOT, RUN, task), task
    assert "no_such_folder" in ended.log(NOT, RUN, "code_is_missing")
    assert ended.sql("SELECT count(*) FROM asset_event WHERE source_task_id = 'outlets'") == [(1,)]
    assert len(ended.service.made(NOT)) == len(states) - 1


def test_no_secret_is_stored_with_a_trigger(ended: RealAirflow) -> None:
    rows = ended.sql("SELECT data FROM serialized_dag WHERE dag_id = ?", NOT)
    tasks = [task["__var"] for task in json.loads(rows[0][0])["dag"]["tasks"]]
    stored = {task["task_id"]: json.dumps(task.get("start_trigger_args")) for task in tasks}
    assert "AzureMLStartTrigger" in stored["outlets"]
    assert stored["secret"] == "null"
    assert "not-to-be-stored" not in "".join(stored.values())


def clear_and_finish(slow_run: SlowRun) -> None:
    """Clear a task while its job runs, and once more when the next job has ended: each time there is another job."""
    airflow = slow_run.airflow
    slow_run.wait_status(0, "Running")
    airflow.clear(slow_run.dag, slow_run.run, TASK)
    slow_run.wait_status(0, "Canceled")
    slow_run.wait_status(1, "Running")
    slow_run.finish()
    assert slow_run.statuses() == ["Canceled", "Completed"]
    assert slow_run.puts() == [1, 1]
    assert slow_run.result()["job_name"] == slow_run.jobs()[1]["name"]
    assert on_workers(airflow, slow_run.dag) == set()

    airflow.clear(slow_run.dag, slow_run.run, TASK)
    airflow.until("third job", lambda: len(slow_run.jobs()) == 3)
    slow_run.finish()
    assert slow_run.result()["job_name"] == slow_run.jobs()[2]["name"]
    assert on_workers(airflow, slow_run.dag) == set()


def test_clearing_the_waiting_task_replaces_its_job(cleared: Future[None]) -> None:
    cleared.result()


@pytest.mark.long
def test_marking_the_task_failed_cancels_its_job(begun: RealAirflow, slow_runs: dict[int, SlowRun]) -> None:
    slow_run = slow_runs[2]
    slow_run.wait_status(0, "Running")
    begun.mark(slow_run.dag, slow_run.run, TASK, "failed")
    slow_run.wait_status(0, "Canceled")
    assert begun.wait_run(slow_run.dag, slow_run.run) == "failed"
    assert on_workers(begun, slow_run.dag) == set()


@pytest.mark.long
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL], ids=["stopped", "killed"])
def test_a_triggerer_that_ends_leaves_one_job(
    ended: RealAirflow, slow_runs: dict[int, SlowRun], number: signal.Signals
) -> None:
    waiting, submitting = slow_runs[3], slow_runs[4 if number is signal.SIGTERM else 5]
    # The service acts at once, its answer comes too late: the triggerer ends knowing nothing of the job.
    ended.service.fault(
        "delay", "--route", f"PUT .*/jobs/{submitting.dag}-", "--when", "after", "--delay", "60", "--times", "1"
    )
    submitting.begin()
    waiting.wait_status(0, "Running")
    ended.until("job", lambda: submitting.jobs())

    ended.kill("triggerer", number)
    ended.start("triggerer")
    submitting.finish()
    if number is signal.SIGKILL:
        waiting.finish()
        assert (waiting.statuses(), waiting.puts()) == (["Completed"], [1])

    assert (submitting.statuses(), submitting.puts()) == (["Completed"], [1])
    assert submitting.result()["job_name"] == submitting.jobs()[0]["name"]
    for slow_run in (waiting, submitting):
        assert on_workers(ended, slow_run.dag) == set()
