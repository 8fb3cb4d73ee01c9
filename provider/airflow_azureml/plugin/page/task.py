"""What Airflow's own database says of a task instance and its job; nothing else is asked for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from airflow_azureml.lifecycle.task_fate import FINISHED
from airflow_azureml.links import STUDIO_URL_KEY
from airflow_azureml.plugin.instances import recorded, workspace
from airflow_azureml.rest.times import iso
from airflow_azureml.task.xcom import JOB_NAME_KEY, USAGE_KEY
from airflow_azureml.version_compat import map_index_of

MOST_TRIES = 20
"""Tries that are shown, the newest ones."""

RESULT_KEYS = (
    *("job_name", "status", "experiment_name", "studio_url", "started_at", "ended_at", "outputs", "metrics"),
    *("best_job_name", "attempts"),
)
"""What is shown of a task's result; a task may return more."""


@dataclass(frozen=True)
class Place:
    """Which task instance is asked for.

    :param map_index: -1 for a task that is not mapped.
    :param region_id: of an iteration of a Task Loop (3.4), the region that Airflow keeps it in; ``map_index`` is then
        its place there.
    """

    dag_id: str
    run_id: str
    task_id: str
    map_index: int = -1
    region_id: str | None = None


@dataclass(frozen=True)
class ShownTask:
    """A task instance.

    :param shown: what a browser gets, plain values.
    :param job_name: of the newest job that it has had; None for none.
    :param workspace: the arguments of the hook; None where Airflow does not hold them.
    """

    shown: Mapping[str, Any]
    job_name: str | None
    workspace: Mapping[str, str | None] | None


def read(place: Place) -> ShownTask | None:
    """Read a task instance; None where there is none."""
    from airflow.utils.session import create_session

    with create_session() as session:
        ti = _instance(place, session)
        if ti is None:
            return None
        left = recorded(ti, session, (JOB_NAME_KEY, STUDIO_URL_KEY, USAGE_KEY, "return_value"))
        name = left.get(JOB_NAME_KEY)
        name = name if isinstance(name, str) else None
        result = _result(left.get("return_value"))
        shown = {
            "state": _word(ti.state),
            "is_over": ti.state in FINISHED,
            "try_number": ti.try_number,
            "is_ours": name is not None or _has_link(ti, session),
            "job_name": name,
            "studio_url": left.get(STUDIO_URL_KEY) or (result or {}).get("studio_url"),
            "result": result,
            "usage": left.get(USAGE_KEY) or (result or {}).get("usage"),
            "tries": [_try(row) for row in _tries(ti, session)],
        }
        return ShownTask(shown, name, workspace(ti, session) if name else None)


def _instance(place: Place, session: Any) -> Any:
    """The task instance; in a Task Loop the one of the region that is asked for, else the newest."""
    from airflow.models.taskinstance import TaskInstance

    found = session.scalars(_select(TaskInstance, place)).all()
    if place.region_id is not None and hasattr(TaskInstance, "region_id"):
        found = [ti for ti in found if str(ti.region_id) == place.region_id]
    return max(found, key=lambda ti: (ti.updated_at is not None, ti.updated_at), default=None)


def _select(model: Any, place: Place) -> Any:
    from sqlalchemy import select

    return select(model).where(
        model.dag_id == place.dag_id,
        model.run_id == place.run_id,
        model.task_id == place.task_id,
        model.map_index == place.map_index,
    )


def _tries(ti: Any, session: Any) -> list[Any]:
    """The newest tries of a task instance, the latest first.

    Up to 3.3 those before the present one are kept apart; 3.4 keeps all of them as task instances.
    """
    model = type(ti)
    place = Place(ti.dag_id, ti.run_id, ti.task_id, map_index_of(ti))
    if hasattr(model, "working_set"):  # 3.4
        query = _select(model, place).where(model.region_id == ti.region_id)
        return list(
            session.scalars(
                query.order_by(model.try_number.desc()).limit(MOST_TRIES).execution_options(include_all_attempts=True)
            )
        )
    from airflow.models.taskinstancehistory import TaskInstanceHistory

    query = _select(TaskInstanceHistory, place).order_by(TaskInstanceHistory.try_number.desc()).limit(MOST_TRIES)
    earlier = [row for row in session.scalars(query) if row.try_number != ti.try_number]
    return [ti, *earlier][:MOST_TRIES]


def _try(row: Any) -> dict[str, Any]:
    return {
        "try_number": row.try_number,
        "state": _word(row.state),
        "started_at": _moment(row.start_date),
        "ended_at": _moment(row.end_date),
    }


def _result(value: Any) -> dict[str, Any] | None:
    """The result of a task that has a job; None for what another task returns."""
    if not isinstance(value, Mapping) or not isinstance(value.get("job_name"), str):
        return None
    return {key: value[key] for key in RESULT_KEYS if key in value}


def _has_link(ti: Any, session: Any) -> bool:
    """Whether the task may have a job: whether it has the link to one."""
    from airflow.models.serialized_dag import SerializedDagModel

    from airflow_azureml.links import AzureMLStudioLink

    stored = SerializedDagModel.get(ti.dag_id, session=session)
    dag = None if stored is None else stored.dag
    if dag is None or not dag.has_task(ti.task_id):
        return False
    return AzureMLStudioLink.name in dag.get_task(ti.task_id).extra_links


def _word(state: Any) -> str | None:
    return None if state is None else str(getattr(state, "value", state))


def _moment(moment: datetime | None) -> str | None:
    return iso(moment) if moment is not None else None
