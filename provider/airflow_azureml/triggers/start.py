"""The trigger that starts a task without a worker: it makes the operator again, has it submit its job, then waits.

It may run twice at once, start anywhere and stop anywhere, as every trigger: the job is put under a name that follows
from the task instance, and looked for first. What it cannot do, or cannot know, it leaves to a worker. Airflow 3.3
tells a trigger the number of the try, but not whether that is a retry or follows a *Clear*: so the first try starts
here, and a later one only where the task has no retries, for then it follows a *Clear*.
"""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import AsyncIterator
from functools import cached_property
from typing import Any

from airflow.triggers.base import BaseTrigger, TriggerEvent

from airflow_azureml.task.cancellation import TaskCancellation
from airflow_azureml.task.deferral import Handover
from airflow_azureml.task.description import TRIGGER, made_again
from airflow_azureml.task.identity import OUTSIDE_OF_REGIONS
from airflow_azureml.task.xcom import forget_result, pull_job_name
from airflow_azureml.triggers.ending import TriggerInstance
from airflow_azureml.triggers.jobs import AzureMLJobTrigger, outlive_cancels
from airflow_azureml.triggers.threads import in_thread


class NeedsWorkerError(Exception):
    """The task must start on a worker; the text says why."""


class AzureMLStartTrigger(BaseTrigger):
    """Start a task that has one Azure ML job, wait for the job, and fire one event.

    :param task_json: the task as JSON text, see ``task.description``; its templates are rendered here.
    """

    def __init__(self, task_json: str) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._text = task_json
        self._stop = threading.Event()
        self._cancellation: TaskCancellation | None = None
        self._starting: asyncio.Future[AzureMLJobTrigger] | None = None

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Say how to make this trigger again in another process."""
        return TRIGGER, {"task_json": self._text}

    def __repr__(self) -> str:
        """Name the trigger without its task, whose keywords fill pages."""
        return f"<{TRIGGER}>"

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Start the task and wait for its job, or leave the start to a worker."""
        try:
            # A cancel ends this coroutine, not the thread that submits: on_kill waits for that.
            self._starting = asyncio.ensure_future(in_thread("start", self._start))
            self._starting.add_done_callback(lambda started: started.cancelled() or started.exception())
            waiting = await asyncio.shield(self._starting)
        except asyncio.CancelledError:
            self._stop.set()
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, a worker tries the same and reports it in full
            self.log.warning("start_in_trigger: this task starts on a worker: %s", error)
            begun = self._cancellation is not None and self._cancellation.job_name is not None
            handover = Handover(str(error), begun, self.task_instance.try_number)  # type: ignore[union-attr]
            yield TriggerEvent(handover.to_event())  # type: ignore[no-untyped-call]
            return
        async for event in waiting.run():
            yield event

    async def on_kill(self) -> None:
        """End the job when its task was ended; called as ``AzureMLJobTrigger.on_kill`` is."""
        await outlive_cancels(self._end_job_with_task())

    async def _end_job_with_task(self) -> None:
        self._stop.set()
        if self._starting is not None:
            await asyncio.wait([self._starting])
        cancellation = self._cancellation
        if cancellation is None or cancellation.job_name is None:
            return
        # The submission may have been under way: its job is there now.
        await self._waiting(job_name=cancellation.job_name).end_job_with_task()

    def _start(self) -> AzureMLJobTrigger:
        """Submit the job, on a thread; gives back the trigger that waits for it."""
        operator, ti = self._operator, self._instance()
        context = {**self.task_instance.get_template_context(), "ti": ti, "task_instance": ti}  # type: ignore[union-attr]
        operator.render_template_fields(context)
        operator.has_named_no_job = pull_job_name(ti) is None
        self._cancellation = TaskCancellation(ti, self.log, operator.hook(), cancel_job=True)
        self._cancellation.stop_event = self._stop
        return self._waiting(**operator.start_in_triggerer(context, self._cancellation))

    @cached_property
    def _description(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self._text)
        return found

    @cached_property
    def _operator(self) -> Any:
        operator = made_again(self._description, self.task_instance.dag_id)  # type: ignore[union-attr]
        operator.begin_at(self._began)
        operator.begun_in_trigger = True
        return operator

    @property
    def _began(self) -> float | None:
        """Epoch seconds at which the try began; None where nothing limits it."""
        ends = getattr(self, "timeout_after", None)
        limits = [self._description[name] for name in ("execution_timeout", "trigger_timeout")]
        given = [limit for limit in limits if limit is not None]
        return ends.timestamp() - min(given) if ends is not None and given else None

    def _instance(self) -> TriggerInstance:
        """The task instance, with what Airflow does not tell a trigger.

        :raises NeedsWorkerError: it cannot be known.
        """
        ti: Any = self.task_instance
        retries, try_number = self._description["retries"], ti.try_number
        if try_number > 1 and retries:
            raise NeedsWorkerError("Only a worker knows whether this is a retry or follows a Clear.")
        if getattr(ti, "region_id", None) not in (None, OUTSIDE_OF_REGIONS, str(OUTSIDE_OF_REGIONS)):
            raise NeedsWorkerError("Only a worker knows the iteration of a Task Loop.")
        instance = TriggerInstance(ti, type(self._operator).__name__, self._stop)
        instance.max_tries = try_number - 1 + retries
        if try_number > 1:
            forget_result(instance)  # only a worker empties XCom when a try begins
        return instance

    def _waiting(self, **arguments: Any) -> AzureMLJobTrigger:
        """The trigger that waits for the job."""
        ti: Any = self.task_instance
        ends_with_task = getattr(self._operator, "cancel_on_kill", False)  # a sensor's job is not its own
        given = {"end": self._description["end"], "try_number": ti.try_number, "cancel_on_kill": ends_with_task}
        waiting: Any = _StartedJobTrigger.of(self._operator, **{**given, **arguments})
        waiting.task_instance, waiting.trigger_id = ti, self.trigger_id
        found: AzureMLJobTrigger = waiting
        return found


class _StartedJobTrigger(AzureMLJobTrigger):
    """Wait for the job of a task that has started in the triggerer; it lives only inside of the trigger that started.

    After a *Clear* the next try is deferred at once, so that ``deferred`` need not mean this try: the name of the
    task's job says which one it is.
    """

    async def _ask_state(self) -> str:
        from airflow_azureml.lifecycle.task_fate import NOT_AWAITED

        said = await super()._ask_state()
        newest = await in_thread("end", pull_job_name, self.task_instance) if said == "deferred" else self.job_name
        return said if newest in (None, self.job_name) else NOT_AWAITED
