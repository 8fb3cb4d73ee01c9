"""The sweep of jobs that no task waits for, on both Airflow lines: they share a workspace and name DAGs alike."""

from __future__ import annotations

import pytest

from airflow_azureml.hooks.azureml import AzureMLHook
from airflow_azureml.lifecycle.orphans import OUTLIVES_TAG
from tests.airflow.installs import AirflowInstall

pytestmark = pytest.mark.timeout(900)

DAG = "orphans"
PARKED = "orphans_parked"
LOST = (("lost", -1), ("mapped", 0), ("mapped", 1))


@pytest.fixture(scope="module")
def swept(install: AirflowInstall) -> tuple[AirflowInstall, str]:
    """The DAG, run in a home of its own after another one that failed, and what it logged."""
    home = install.beside(DAG)
    home.run(PARKED)
    home.write_over(PARKED, "retried", "up_for_retry")
    home.write_over(PARKED, "cleared", None)
    return home, home.run(DAG)


def job_of(run: AirflowInstall, task: str, index: int = -1, *, dag: str = DAG) -> str:
    """The name of a task's job."""
    name = run.xcom(dag, task, "azureml_job_name", index)
    assert isinstance(name, str)
    return name


def test_jobs_of_ended_tasks_are_canceled_and_named(swept: tuple[AirflowInstall, str], hook: AzureMLHook) -> None:
    run, _ = swept
    # No try follows what the scheduler has written over a mark, once the DAG run has ended.
    lost = [*(job_of(run, *place) for place in LOST), job_of(run, "retried", dag=PARKED)]

    assert sorted(run.xcom(DAG, "sweep")) == sorted(lost)
    assert {hook.wait_for_job(name, 60).status for name in lost} == {"Canceled"}


def test_a_second_sweep_and_one_of_other_dags_find_nothing(swept: tuple[AirflowInstall, str]) -> None:
    run, _ = swept
    assert (run.xcom(DAG, "elsewhere"), run.xcom(DAG, "again")) == ([], [])


@pytest.mark.parametrize("task", ["kept", "started"])
def test_jobs_that_are_to_outlive_their_tasks_go_on(
    swept: tuple[AirflowInstall, str], hook: AzureMLHook, task: str
) -> None:
    run, _ = swept
    job = hook.get_job(job_of(run, task))
    hook.cancel_job(job.name)

    assert job.tags[OUTLIVES_TAG] == "true"
    assert job.status not in {"Canceled", "CancelRequested"}


def test_the_job_of_a_task_that_was_cleared_goes_on(swept: tuple[AirflowInstall, str], hook: AzureMLHook) -> None:
    run, _ = swept
    job = hook.get_job(job_of(run, "cleared", dag=PARKED))
    hook.cancel_job(job.name)

    assert job.status not in {"Canceled", "CancelRequested"}


@pytest.mark.parametrize(
    ("kind", "reason"),
    [("another_airflows", "no record that it started this job"), ("another_runs", "(task state: no state)")],
)
def test_jobs_that_this_airflow_did_not_start_are_left_alone_and_reported(
    swept: tuple[AirflowInstall, str], hook: AzureMLHook, kind: str, reason: str
) -> None:
    run, text = swept
    name = run.xcom(DAG, "put_jobs_of_others")[kind]
    status = hook.get_job(name).status
    hook.cancel_job(name)

    assert status not in {"Canceled", "CancelRequested"}
    said = [line for line in text.splitlines() if name in line and "is left alone" in line]
    assert said
    assert all(reason in line for line in said)


def test_a_text_is_no_list_of_dags(swept: tuple[AirflowInstall, str]) -> None:
    run, text = swept
    assert run.states(DAG)["wrong"] == "failed"
    assert 'dag_ids: "orphans" is not accepted. Accepted: a list or None.' in text
