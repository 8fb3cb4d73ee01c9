"""The judge of an upgrade: each way in which a task can be lost is seen, and what is right is let be."""

from __future__ import annotations

from azureml_emulator.jobs.models import Job
from tests.upgrades import outcome
from tests.upgrades.outcome import Instance, table, written

DAG, RUN = "upgrade_mapped_00", "run"


def job(name: str, *, dag: str = DAG, task: str = "work", index: int = 0, status: str = "Completed") -> Job:
    tags = {"airflow_dag_id": dag, "airflow_run_id": RUN, "airflow_task_id": task, "airflow_map_index": str(index)}
    return Job(name, {"tags": tags}, status)


def instance(*, dag: str = DAG, state: str | None = "success", tries: int = 1, result: str | None = "one") -> Instance:
    return Instance((dag, RUN, "work", 0), state, tries, result)


def words(one: Instance, *jobs: Job, puts: int = 1) -> list[str]:
    (row,) = table([one], jobs, {job.name: puts for job in jobs}).values()
    return [word for _, word, _ in row.wrong]


def test_a_success_by_its_one_job_is_right() -> None:
    assert words(instance(), job("one"), job("other", index=1)) == []


def test_a_task_that_still_waits_is_lost() -> None:
    assert words(instance(state="deferred", result=None), job("one")) == [outcome.NOT_A_SUCCESS]


def test_a_task_without_a_job_is_seen() -> None:
    assert words(instance(), job("one", index=1)) == [outcome.NO_JOB]


def test_two_jobs_of_a_task_are_seen() -> None:
    assert words(instance(), job("one"), job("two")) == [outcome.SECOND_JOB]


def test_a_job_that_is_put_twice_is_seen() -> None:
    assert words(instance(), job("one"), puts=2) == [outcome.SECOND_PUT]


def test_a_job_that_was_ended_is_seen() -> None:
    assert words(instance(), job("one", status="Canceled")) == [outcome.NOT_COMPLETED]


def test_the_result_of_another_job_is_seen() -> None:
    assert words(instance(result="two"), job("one"), job("two", index=1)) == [outcome.OTHER_RESULT]


def test_a_sensor_has_the_job_of_the_task_before_it() -> None:
    dag = "upgrade_sensor_00"
    assert words(instance(dag=dag), job("one", dag=dag, task="submit")) == []
    assert words(instance(dag=dag), job("one", dag=dag)) == [outcome.NO_JOB]


def test_a_further_try_is_counted_and_is_no_loss() -> None:
    rows = table([instance(tries=3)], [job("one")], {})
    assert (rows["mapped"].wrong, rows["mapped"].counts[outcome.FURTHER_TRY]) == ([], 2)
    assert written(rows).splitlines()[-1] == "| all | 1 | 0 | 0 | 0 | 0 | 0 | 0 | 2 |"
