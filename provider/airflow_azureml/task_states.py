"""What Airflow says of a task instance that is asked about, by whoever may ask: a worker, a trigger, the sweep.

Each function blocks (a request to the API server on 3.x, a query on 2.11): in a coroutine call it on a thread.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from airflow_azureml.lifecycle.task_fate import PARKED, RUN_ENDED
from airflow_azureml.version_compat import AIRFLOW_V_3_0_PLUS, map_index_of


def task_state(dag_id: str, task_id: str, run_id: str, map_index: int) -> str | None:
    """The state that Airflow holds of one task instance, such as ``running`` or ``deferred``.

    :return: the state, or None where the task instance has none or is gone.
    """
    if AIRFLOW_V_3_0_PLUS:
        from airflow.sdk.execution_time.task_runner import RuntimeTaskInstance

        # Airflow says -1 for "not mapped" but filters by it too, so it is passed as it is.
        runs = RuntimeTaskInstance.get_task_states(
            dag_id=dag_id, task_ids=[task_id], run_ids=[run_id], map_index=map_index
        )
        state = runs.get(run_id, {}).get(task_id if map_index < 0 else f"{task_id}_{map_index}")
        return _text(state)
    from airflow.models.taskinstance import TaskInstance

    return _stored_state(TaskInstance, dag_id=dag_id, task_id=task_id, run_id=run_id, map_index=map_index)


def lasting_state(dag_id: str, task_id: str, run_id: str, map_index: int) -> str | None:
    """The same for somebody who may ask long after: what only the scheduler would go on with is ``removed`` once its
    DAG run has ended.
    """
    state = task_state(dag_id, task_id, run_id, map_index)
    return "removed" if state in PARKED and _run_has_ended(dag_id, run_id) else state


def iteration_state(ti: Any) -> str | None:
    """The state of one iteration of a task in a Task Loop (Airflow 3.4), asked for on a worker.

    ``task_state`` would be that of the latest iteration, which need not be the one that asks: a *Clear* of the task
    runs all of its iterations at once. Where Airflow does not report the very iteration, what has ended is listed with
    its place in the loop; ``restarting`` is believed of the latest iteration; all else is ``running``: whoever was
    cleared finds the job by its next try.
    """
    found = _same_iteration(ti)
    if found is not None:
        return _text(found.state)
    ended = _listed_end(ti.dag_id, ti.task_id, ti.run_id, str(ti.region_id), ti.region_index)
    if ended is not None:
        return ended
    latest = task_state(ti.dag_id, ti.task_id, ti.run_id, map_index_of(ti))
    return latest if latest == "restarting" else "running"


def iteration_end(dag_id: str, task_id: str, run_id: str, region_id: str, region_index: int) -> str:
    """The state in which one iteration of a task in any Task Loop has ended; ``running`` while it may go on.

    One that Airflow does not list may also be replaced by a *Clear*, which nothing tells: it is ``removed`` once its
    DAG run has ended.
    """
    ended = _listed_end(dag_id, task_id, run_id, region_id, region_index)
    if ended is not None:
        return ended
    return "removed" if _run_has_ended(dag_id, run_id) else "running"


def _run_has_ended(dag_id: str, run_id: str) -> bool:
    if AIRFLOW_V_3_0_PLUS:
        from airflow.sdk.execution_time.task_runner import RuntimeTaskInstance

        return _text(RuntimeTaskInstance.get_dagrun_state(dag_id=dag_id, run_id=run_id)) in RUN_ENDED
    from airflow.models.dagrun import DagRun

    return _stored_state(DagRun, dag_id=dag_id, run_id=run_id) in RUN_ENDED


def _listed_end(dag_id: str, task_id: str, run_id: str, region_id: str, region_index: int) -> str | None:
    """The state of an iteration in Airflow's list of what has ended in a DAG run; None where that does not hold it."""
    from airflow.sdk.execution_time.task_runner import RuntimeTaskInstance

    place = (task_id, region_id, region_index)
    for row in RuntimeTaskInstance.get_task_breadcrumbs(dag_id=dag_id, run_id=run_id):
        if (row["task_id"], str(row.get("region_id")), row.get("region_index")) == place:
            return _text(row["state"])
    return None


def _same_iteration(ti: Any) -> Any:
    """What Airflow reports of the iteration of a task instance; None where it reports another one.

    To a task in a loop Airflow 3.4 names as the *previous* task instance the one at its own iteration, in the last DAG
    run before a date (``execution_api/routes/task_instances.py: get_previous_task_instance`` of 3.4.0b2): asked for the
    moment after its own run's date that is its own run. It reports another one to an attempt that is replaced already,
    to tasks in a mapped group inside of the loop, and cannot be asked in DAG runs without a date.
    """
    date = ti.get_template_context()["dag_run"].logical_date
    if date is None:
        return None
    found = ti.get_previous_ti(logical_date=date + timedelta(microseconds=1), map_index=map_index_of(ti))
    place = (ti.run_id, str(ti.region_id), ti.region_index)
    return found if found and (found.run_id, str(found.region_id), found.region_index) == place else None


def _stored_state(model: Any, **key: Any) -> str | None:
    """The state in a row of the database, as tasks and triggers of 2.11 may read it; None where there is none."""
    from airflow.utils.session import create_session

    with create_session() as session:
        return _text(session.query(model.state).filter_by(**key).scalar())


def _text(state: Any) -> str | None:
    return None if state is None else str(getattr(state, "value", state))
