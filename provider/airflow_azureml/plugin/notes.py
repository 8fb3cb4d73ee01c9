"""The note that a job's script has written: put beside its task by the API server, for a worker cannot.

A worker of 3.0 to 3.4 has no way to write a task's note (Task SDK 1.0 to 1.4: ``comms`` has no such message), and no
rights at Airflow's REST API. It can push XComs, which the API server stores. So the API server is told by SQLAlchemy
of each XCom that it stores, and a thread writes those notes, once the XCom is committed: whatever goes wrong with a
note, the XCom and the worker know nothing of it.

A note that a person has written is left alone: Airflow keeps who that was beside it, and ours have nobody.
"""

from __future__ import annotations

import contextlib
import functools
import json
import logging
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from airflow_azureml.task.xcom import NOTE_KEY
from airflow_azureml.version_compat import map_index_of

LOOKS = (0.2, 1.0, 5.0)
"""Seconds to wait before each look for the XCom, which need not be committed yet."""

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Place:
    """A task instance, whatever its try."""

    dag_id: str
    run_id: str
    task_id: str
    map_index: int


@functools.cache
def listen() -> None:
    """Have this process write the notes whose XComs it stores; once, however often it is called."""
    from airflow.models.xcom import XComModel
    from sqlalchemy import event

    event.listen(XComModel, "after_insert", _stored)


def _stored(_mapper: Any, _connection: Any, xcom: Any) -> None:
    """An XCom is about to be committed; nothing is asked or decided here."""
    if xcom.key == NOTE_KEY:
        place = Place(xcom.dag_id, xcom.run_id, xcom.task_id, map_index_of(xcom))
        _writer().submit(_write, place, xcom.value)


@functools.cache
def _writer() -> ThreadPoolExecutor:
    """The thread that writes; made in the process that serves, for the one that forks it has none to share."""
    return ThreadPoolExecutor(1, thread_name_prefix="azureml-notes")


def _text(value: Any, task_id: str) -> str | None:
    """The text of a stored XCom: as such, on older lines as JSON, or where the configured backend keeps it."""
    from airflow_azureml.plugin.instances import kept_value

    if isinstance(value, str) and value.startswith('"'):
        with contextlib.suppress(ValueError):
            value = json.loads(value)
    value = kept_value(value, NOTE_KEY, task_id)
    return value if isinstance(value, str) and value else None


def _write(place: Place, value: Any) -> None:
    try:
        text = _text(value, place.task_id)
        for pause in LOOKS if text else ():
            time.sleep(pause)
            if put(place, str(text)):
                return
    except Exception as error:  # noqa: BLE001 - Airflow's database, or another Airflow than those that were tried
        log.warning("The note of task %s in run %s could not be written: %s", place.task_id, place.run_id, error)


def put(place: Place, text: str) -> bool:
    """Write a note; False where its XCom is not there (yet), or no longer, because another try has begun."""
    from airflow.models.taskinstance import TaskInstance
    from airflow.models.xcom import XComModel
    from airflow.utils.session import create_session
    from sqlalchemy import select

    of_task = {"dag_id": place.dag_id, "run_id": place.run_id, "task_id": place.task_id, "map_index": place.map_index}
    with create_session() as session:
        if session.scalar(select(XComModel.key).filter_by(**of_task, key=NOTE_KEY).limit(1)) is None:
            return False
        ti: Any = session.scalar(select(TaskInstance).filter_by(**of_task))
        if ti is None:
            return False
        there = ti.task_instance_note
        if there is None or there.user_id is None:
            ti.note = text
    return True
