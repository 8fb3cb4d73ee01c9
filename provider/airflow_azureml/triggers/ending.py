"""The end of a task in the triggerer: the result of its job, its XComs, and the event that ends it without a worker.

What a worker would do is done by the same code (``task.job_task``), in threads: it blocks, and a triggerer has one
event loop for all. XComs are pushed one by one, as a worker pushes them, and not with the event: Airflow 3.3 would
store a mapping in an event as text.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from airflow.triggers.base import TaskFailedEvent, TaskSkippedEvent, TaskSuccessEvent

from airflow_azureml.triggers.threads import in_thread
from airflow_azureml.version_compat import map_index_of

if TYPE_CHECKING:
    from airflow.triggers.base import TriggerEvent

    from airflow_azureml.hooks.azureml import AzureMLHook
    from airflow_azureml.lifecycle.records import JobEvent
    from airflow_azureml.rest.jobs import Job
    from airflow_azureml.task.job_task import JobTask


@dataclass(frozen=True, kw_only=True)
class EndInTrigger:
    """How a task ends in the triggerer; plain values, for they are stored with the trigger.

    :param operator: the name of the task's class.
    :param on_canceled: as the operator's.
    :param soft_fail: skip the task where its job failed or was canceled.
    :param stream_logs: write the last lines of the job's log into the task's.
    :param pushes_result: the task's result goes to XCom.
    :param fails_here: the task may also fail here.
    :param skips_here: the task may also be skipped here.
    :param is_retried: a try follows one that fails.
    :param resubmits: a worker submits a job again that the platform has ended.
    """

    operator: str
    on_canceled: str = "fail"
    soft_fail: bool = False
    stream_logs: bool = True
    pushes_result: bool = True
    fails_here: bool = False
    skips_here: bool = True
    is_retried: bool = False
    resubmits: bool = False


class TriggerInstance:
    """A task instance as ``task`` needs it, made of what a trigger knows of its own.

    :param ti: the task instance of the trigger.
    :param operator: the name of the task's class.
    :param stop: set once the trigger is to end; then nothing more is pushed.
    """

    def __init__(self, ti: Any, operator: str, stop: threading.Event) -> None:
        self.operator = operator
        self.dag_id, self.task_id, self.run_id = ti.dag_id, ti.task_id, ti.run_id
        self.map_index = map_index_of(ti)
        self.try_number = ti.try_number
        self.max_tries = 0
        self.context_carrier = getattr(ti, "context_carrier", None)
        self._stop = stop

    @property
    def place(self) -> dict[str, Any]:
        """Where its XComs are."""
        return {name: getattr(self, name) for name in ("dag_id", "task_id", "run_id", "map_index")}

    def xcom_push(self, key: str, value: Any) -> None:
        """Store an XCom, unless the task was taken away meanwhile: it may be another try's by now.

        :raises AzureMLException: it was.
        """
        from airflow_azureml.exceptions import AzureMLException
        from airflow_azureml.version_compat import XCom

        if self._stop.is_set():
            raise AzureMLException("The trigger is ending.")
        XCom.set(key=key, value=value, **self.place)

    def xcom_pull(self, *, task_ids: str, key: str, map_indexes: int) -> Any:
        """Read an XCom of its own, None where there is none."""
        from airflow_azureml.version_compat import XCom

        found = XCom.get_one(**{**self.place, "task_id": task_ids, "map_index": map_indexes}, key=key)
        return found

    def xcom_delete(self, key: str) -> None:
        """Delete an XCom of its own."""
        from airflow_azureml.version_compat import XCom

        XCom.delete(key=key, **self.place)


async def end_in_trigger(
    given: Mapping[str, Any], event: JobEvent, ti: Any, log: Any, hook: AzureMLHook
) -> TriggerEvent | None:
    """End a task whose job has ended; None where a worker must do so.

    :param given: an ``EndInTrigger`` as a mapping.
    """
    ending, stop = EndInTrigger(**given), threading.Event()
    if event.outcome != "finished":
        return None  # the worker looks for itself, or ends the job
    try:
        return await in_thread("end", _end, ending, event, TriggerInstance(ti, ending.operator, stop), log, hook)
    except asyncio.CancelledError:
        stop.set()
        raise
    except Exception as error:  # noqa: BLE001 - whatever it is, the worker does the same thing once more
        log.warning("The task could not be ended in the triggerer, so a worker ends it: %s", error)
        return None


def _end(
    ending: EndInTrigger, event: JobEvent, ti: TriggerInstance, log: Any, hook: AzureMLHook
) -> TriggerEvent | None:
    from airflow_azureml.configuration import wait_options
    from airflow_azureml.task.job_task import JobTask

    on_canceled: Any = ending.on_canceled
    held: list[Callable[[], None]] = []
    with JobTask(ti, log, hook, on_canceled, soft_fail=ending.soft_fail) as task:
        task.held_counts = held
        found = _event(ending, task, task.first_look(event.job_name, wait_options()))
    if found is not None:
        for send in held:
            send()
    return found


def _event(ending: EndInTrigger, task: JobTask, job: Job) -> TriggerEvent | None:
    """Take the result of a job that has ended; the event of the task, None where a worker does all of it again."""
    from airflow_azureml.exceptions import AzureMLException
    from airflow_azureml.rest.failures import BY_PLATFORM
    from airflow_azureml.version_compat import AirflowFailException, AirflowSkipException

    try:
        result = task.conclude(job, tail=ending.stream_logs)
    except AirflowSkipException as error:
        if not ending.skips_here:
            return None
        task.log.info("%s", error)
        return TaskSkippedEvent()
    except AzureMLException as error:
        if ending.resubmits and getattr(error, "failure", None) in BY_PLATFORM:
            return None
        if not ending.fails_here or (isinstance(error, AirflowFailException) and ending.is_retried):
            return None
        task.log.error("%s", error)
        return TaskFailedEvent()
    if ending.pushes_result:
        task.ti.xcom_push("return_value", result)
    return TaskSuccessEvent()
