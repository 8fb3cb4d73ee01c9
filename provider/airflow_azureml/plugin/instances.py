"""What Airflow's database holds of marked task instances: their state, their job's name, and their workspace.

Read in the API server (3.0 to 3.4), which may ask the database; only columns and methods that all of these lines have.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import SimpleNamespace
from typing import Any

from airflow_azureml.hooks.azureml import WORKSPACE_ARGUMENTS
from airflow_azureml.lifecycle.batch.outstanding import Outstanding
from airflow_azureml.lifecycle.task_fate import FINISHED, PARKED, RUN_ENDED
from airflow_azureml.plugin.marked_job import MarkedTask
from airflow_azureml.task.xcom import INVOCATION_KEY, JOB_NAME_KEY, OUTLIVES_KEY
from airflow_azureml.version_compat import map_index_of

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class TaskRecord:
    """What there is to know of one task instance.

    :param has_ended: no try follows.
    :param job_name: of the newest job that this try has, or takes over.
    :param outlives: the job is to go on whatever becomes of the task.
    :param workspace: the arguments of the hook; None where Airflow does not hold them.
    :param outstanding: what this try may have started at a batch endpoint under names that nobody has; None for
        nothing.
    """

    task: MarkedTask
    has_ended: bool
    job_name: str | None = None
    outlives: bool = False
    workspace: Mapping[str, str | None] | None = None
    outstanding: Outstanding | None = None

    @property
    def has_jobs(self) -> bool:
        """Whether there is, or may be, a job of ours."""
        return self.job_name is not None or self.outstanding is not None


def read(instance_id: Any, *, at_the_mark: bool = False) -> TaskRecord | None:
    """Read a task instance; None where it is gone, or another try has taken its place.

    :param instance_id: which each try of a task has of its own: a UUID, on the older lines as text.
    :param at_the_mark: the mark need not be committed yet; the next try begins by emptying what this one has recorded.
    """
    from airflow.models.taskinstance import TaskInstance
    from airflow.utils.session import create_session

    with create_session() as session:
        ti = session.get(TaskInstance, instance_id)
        # 3.4 keeps the tries that others have taken the place of.
        if ti is None or not getattr(ti, "working_set", True):
            return None
        task = MarkedTask(ti.dag_id, ti.run_id, ti.task_id, map_index_of(ti), _region(ti))
        left = recorded(ti, session, (JOB_NAME_KEY, INVOCATION_KEY, OUTLIVES_KEY))
        said, ended = left.get(JOB_NAME_KEY), _has_ended(ti)
        name = said if isinstance(said, str) else None
        invoked = Outstanding.from_dict(left.get(INVOCATION_KEY))
        outstanding = None if invoked is None else invoked.beside(name)
        if (name is None and outstanding is None) or not (ended or at_the_mark):
            return TaskRecord(task, ended)
        outlives = left.get(OUTLIVES_KEY) is True
        return TaskRecord(task, ended, name, outlives, workspace(ti, session), outstanding)


def run_started(dag_id: str, run_id: str) -> datetime | None:
    """The start of a DAG run; None where it has none yet, or is gone."""
    from airflow.models.dagrun import DagRun
    from airflow.utils.session import create_session
    from sqlalchemy import select

    with create_session() as session:
        found: datetime | None = session.scalar(
            select(DagRun.start_date).where(DagRun.dag_id == dag_id, DagRun.run_id == run_id)
        )
    return found


def changed_since(dag_id: str, run_id: str, since: datetime) -> list[Any]:
    """The ids of those task instances of a DAG run that no try follows, and that have changed since a time."""
    from airflow.models.taskinstance import TaskInstance
    from airflow.utils.session import create_session
    from sqlalchemy import select

    query = select(TaskInstance).where(
        TaskInstance.dag_id == dag_id,
        TaskInstance.run_id == run_id,
        TaskInstance.updated_at >= since,
    )
    with create_session() as session:
        return [ti.id for ti in session.scalars(query) if _has_ended(ti)]


def _has_ended(ti: Any) -> bool:
    return ti.state in FINISHED or (ti.state in PARKED and ti.dag_run.state in RUN_ENDED)


def _region(ti: Any) -> str | None:
    region = getattr(ti, "region_id", None)
    return None if region is None else f"{region}/{ti.region_index}"


def recorded(ti: Any, session: Any, keys: Sequence[str]) -> dict[str, Any]:
    """What the newest try that has a job, or may have one, has recorded of it, by key; empty where there is none.

    :param keys: of the XComs to read, ``JOB_NAME_KEY`` among them.

    Up to 3.3 a try finds what the one before it has recorded until it begins itself. 3.4 keeps that with each try: one
    that still waits for its turn, as after a worker's death, has nothing of its own.
    """
    from airflow.models.xcom import XComModel
    from sqlalchemy import select

    query = select(XComModel).where(
        XComModel.dag_id == ti.dag_id,
        XComModel.run_id == ti.run_id,
        XComModel.task_id == ti.task_id,
        XComModel.map_index == map_index_of(ti),
        XComModel.key.in_(keys),
    )
    if hasattr(XComModel, "task_instance_id"):  # 3.4
        query = query.where(XComModel.region_id == ti.region_id).execution_options(include_all_attempts=True)
    rows = session.scalars(query.order_by(XComModel.timestamp.desc())).all()
    newest = next((_try_of(row) for row in rows if row.key in (JOB_NAME_KEY, INVOCATION_KEY)), None)
    stored = {row.key: XComModel.deserialize_value(row) for row in rows if _try_of(row) == newest}
    return {key: kept_value(value, key, ti.task_id) for key, value in stored.items()}


def kept_value(stored: Any, key: str, task_id: str) -> Any:
    """The value of an XCom as a task is given it; None, with a warning, where the backend cannot read it.

    :param stored: what Airflow's database has: the value, or the text by which the configured backend finds it.
    """
    from airflow_azureml.version_compat import XCom

    if not isinstance(stored, str):
        return stored
    try:
        return XCom.deserialize_value(SimpleNamespace(value=stored))
    except Exception as error:  # noqa: BLE001 - a storage that the API server cannot reach, or anybody's own backend
        # Without its words, in which a storage may have put a signed address.
        log.warning("XCom %s of task %s cannot be read (%s).", key, task_id, type(error).__name__)
        return None


def _try_of(row: Any) -> Any:
    """The task instance that an XCom belongs to: on 3.4 each try has its own."""
    return getattr(row, "task_instance_id", None)


def workspace(ti: Any, session: Any) -> dict[str, str | None] | None:
    """Connection and workspace of the task: as they were rendered on a worker, else as the DAG file has them."""
    from airflow.models.renderedtifields import RenderedTaskInstanceFields
    from airflow.models.serialized_dag import SerializedDagModel

    fields: Any = RenderedTaskInstanceFields.get_templated_fields(ti, session=session)
    if not isinstance(fields, Mapping) or WORKSPACE_ARGUMENTS[0] not in fields:
        stored = SerializedDagModel.get(ti.dag_id, session=session)
        dag = None if stored is None else stored.dag
        if dag is None or not dag.has_task(ti.task_id):
            return None
        task = dag.get_task(ti.task_id)
        fields = {name: getattr(task, name, None) for name in WORKSPACE_ARGUMENTS}
    return workspace_of(fields)


def workspace_of(fields: Mapping[str, Any]) -> dict[str, str | None] | None:
    """The arguments of the hook among a task's fields; None where one is missing, or is still a template."""
    found = {name: fields.get(name) for name in WORKSPACE_ARGUMENTS}
    texts = [value for value in found.values() if value is not None]
    if not isinstance(found[WORKSPACE_ARGUMENTS[0]], str):
        return None
    if not all(isinstance(value, str) and "{{" not in value and "{%" not in value for value in texts):
        return None
    return found
