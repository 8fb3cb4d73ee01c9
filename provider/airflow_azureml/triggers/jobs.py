"""The trigger that waits for one job: it only looks, so it may run twice at once, start anywhere and stop anywhere."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Coroutine
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from weakref import WeakSet

from airflow.triggers.base import BaseTrigger, TriggerEvent

from airflow_azureml.version_compat import AIRFLOW_V_3_0_PLUS, AIRFLOW_V_3_3_PLUS, conf, task_state

if TYPE_CHECKING:
    from airflow_azureml.hooks.azureml import AzureMLHook
    from airflow_azureml.lifecycle.records import JobEvent

SETTLE = 5.0
"""Seconds before the first look, at least: an event that comes before the scheduler has digested that the worker is
done can make it fail the task."""

STATE_WITHIN, CANCEL_WITHIN = 18.0, 10.0
"""Seconds for Airflow's answer and for the service's after a kill; the triggerer gives ``on_kill`` 30 s by default."""

ASK_AGAIN_AFTER = (0.5, 1.0, 2.0)
"""Seconds after which Airflow is asked again when it fails to answer."""

_ASKED: WeakSet[asyncio.AbstractEventLoop] = WeakSet()
"""Event loops in which Airflow has been asked for a task's state before."""

DEFAULT_SECONDS = {"poll_interval": 30.0, "patience": 900.0}


def seconds(name: str, given: Any) -> float:
    """Read a keyword of waiting, or its default from section ``[azureml]`` of Airflow's configuration.

    :param name: ``poll_interval`` (more than 0) or ``patience``.
    :raises rest.errors.SpecError: it is no such number.
    """
    from airflow_azureml.rest.errors import Problem, SpecError

    if given is None:
        return float(conf.getfloat("azureml", name, fallback=DEFAULT_SECONDS[name]))
    number = isinstance(given, (int, float)) and not isinstance(given, bool)
    if not number or given < 0 or (name == "poll_interval" and given == 0):
        least = "more than 0" if name == "poll_interval" else "0 or more"
        raise SpecError([Problem(name, f"{given!r} is not accepted. Accepted: a number of seconds, {least}.")])
    return float(given)


class AzureMLJobTrigger(BaseTrigger):
    """Wait until a job has ended, then fire one event, ``lifecycle.records.JobEvent`` as a mapping.

    :param job_name: the job.
    :param azureml_conn_id: the connection; read in the triggerer, so no secret travels here.
    :param subscription_id: overrides the connection's, as do ``resource_group`` and ``workspace_name``.
    :param poll_interval: seconds between two looks, at most: young jobs are looked at sooner, from the fifth second on.
    :param patience: seconds of failed looks in a row before the trigger gives up.
    :param deadline: epoch seconds at which it stops waiting; None waits for ever.
    :param cancel_on_kill: cancel the job when a user ends the task (*Clear*, *mark failed* ...).
    :param steady: look every ``poll_interval``, at young jobs, too.
    :param try_number: of the try that is deferred; the event brings it back. None where it is not known.
    :param looped: the task is in a Task Loop (Airflow 3.4), where Airflow cannot be asked for its state.
    """

    def __init__(
        self,
        *,
        job_name: str,
        azureml_conn_id: str = "azureml_default",
        subscription_id: str | None = None,
        resource_group: str | None = None,
        workspace_name: str | None = None,
        poll_interval: float = DEFAULT_SECONDS["poll_interval"],
        patience: float = DEFAULT_SECONDS["patience"],
        deadline: float | None = None,
        cancel_on_kill: bool = False,
        try_number: int | None = None,
        looped: bool = False,
        steady: bool = False,
    ) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.job_name = job_name
        self.azureml_conn_id = azureml_conn_id
        self.subscription_id = subscription_id
        self.resource_group = resource_group
        self.workspace_name = workspace_name
        self.poll_interval = poll_interval
        self.patience = patience
        self.deadline = deadline
        self.cancel_on_kill = cancel_on_kill
        self.try_number = try_number
        self.looped = looped
        self.steady = steady
        self._first_question: asyncio.Task[None] | None = None

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Say how to make this trigger again in another process."""
        names = (
            "job_name",
            "azureml_conn_id",
            "subscription_id",
            "resource_group",
            "workspace_name",
            "poll_interval",
            "patience",
            "deadline",
            "cancel_on_kill",
            "try_number",
            "looped",
            "steady",
        )
        cls = type(self)
        return f"{cls.__module__}.{cls.__qualname__}", {name: getattr(self, name) for name in names}

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Wait for the job and fire one event."""
        self._ask_for_the_first_time()
        try:
            event = await self._wait()
        except asyncio.CancelledError:
            if not AIRFLOW_V_3_3_PLUS:
                # Below 3.3 nobody calls on_kill, and a kill looks like a restart: Airflow's own word decides.
                await outlive_cancels(self._end_job_with_task())
            raise
        event = replace(event, try_number=self.try_number)
        yield TriggerEvent(event.to_dict())  # type: ignore[no-untyped-call]

    async def on_kill(self) -> None:
        """End the job when its task was ended. Called on Airflow 3.3 and later, up to 3.3 also when a trigger moves."""
        await outlive_cancels(self._end_job_with_task())

    async def _wait(self) -> JobEvent:
        from airflow_azureml.lifecycle.records import JobEvent
        from airflow_azureml.lifecycle.wait import wait
        from airflow_azureml.rest import errors

        try:
            async with await self._hook().async_client() as client:
                flow = wait(
                    client.workspace,
                    self.job_name,
                    clock=time.time,
                    poll_interval=self.poll_interval,
                    patience=self.patience,
                    deadline=self.deadline,
                    first_look_after=max(self.poll_interval, SETTLE) if self.steady else SETTLE,
                    ageing="none" if self.steady else "job",
                )
                job = await client.run(flow, news=self._tell)
        except errors.DeadlineError as error:
            return JobEvent(self.job_name, "deadline", message=str(error))
        except errors.PatienceError as error:
            return JobEvent(self.job_name, "patience", message=str(error))
        except errors.NotFoundError as error:
            return JobEvent(self.job_name, "missing", message=str(error))
        except errors.AzureMLError as error:
            return JobEvent(self.job_name, "error", message=str(error))
        return JobEvent(job.name, "finished", job.status)

    def _tell(self, record: Any) -> None:
        from airflow_azureml.lifecycle.news import lines

        for level, text in lines(record):
            self.log.log(level, "%s", text)

    def _hook(self) -> AzureMLHook:
        from airflow_azureml.hooks.azureml import AzureMLHook

        return AzureMLHook(
            self.azureml_conn_id,
            subscription_id=self.subscription_id,
            resource_group=self.resource_group,
            workspace_name=self.workspace_name,
        )

    async def _end_job_with_task(self) -> None:
        """Cancel the job if Airflow says that its task was ended; ``lifecycle.task_fate`` says what counts as that."""
        if not self.cancel_on_kill or self.task_instance is None:
            return
        from airflow_azureml.lifecycle.cancellation import cancel
        from airflow_azureml.lifecycle.task_fate import NOT_AWAITED, Fate, Where, decide
        from airflow_azureml.rest import errors

        # Of a looped task Airflow tells the state of the latest iteration alone; but where there are loops, it calls
        # on_kill for no trigger that merely moves.
        said = NOT_AWAITED if self.looped else await self._ask_state()
        if decide(Where.TRIGGER, said) is Fate.LEAVE:
            self.log.info("Only this trigger ends (%s): Azure ML job %s is left alone.", said, self.job_name)
            return
        try:
            async with await self._hook().async_client() as client:
                canceled = await asyncio.wait_for(client.run(cancel(client.workspace, self.job_name)), CANCEL_WITHIN)
        except (errors.AzureMLError, asyncio.TimeoutError) as error:
            self.log.warning("Azure ML job %s could not be canceled: %s", self.job_name, error or "no answer in time")
        else:
            self.log.info("The task was ended (%s): Azure ML job %s %s.", said, self.job_name, canceled)

    def _ask_for_the_first_time(self) -> None:
        """Have Airflow answer once per triggerer before an answer is urgent, without waiting for it.

        The first request of a triggerer has its supervisor import the API server: 4 s on an idle machine, 18 s seen
        on a busy one. A kill that had to wait for that would leave the job of a task that was ended.
        """
        loop = asyncio.get_running_loop()
        asks = AIRFLOW_V_3_0_PLUS and self.cancel_on_kill and not self.looped and self.task_instance is not None
        if asks and loop not in _ASKED:
            _ASKED.add(loop)
            self._first_question = loop.create_task(self._first_answer())

    async def _first_answer(self) -> None:
        with contextlib.suppress(Exception):  # nothing depends on this answer
            await self._state()

    async def _ask_state(self) -> str:
        """The state that Airflow holds of the task, asked again where it fails; a word of ``lifecycle.task_fate``."""
        from airflow_azureml.lifecycle.task_fate import NO_ANSWER, NO_STATE

        async def ask() -> str:
            for pause in (*ASK_AGAIN_AFTER, None):
                try:
                    return await self._state() or NO_STATE
                except Exception as error:  # noqa: BLE001 - no answer, for whatever reason, decides nothing
                    said = str(error).partition("\n")[0]
                    self.log.warning("Airflow does not say what state the task is in: %s", said)
                if pause is not None:
                    await asyncio.sleep(pause)
            return NO_ANSWER

        try:
            return await asyncio.wait_for(ask(), STATE_WITHIN)
        except asyncio.TimeoutError:
            self.log.warning("Airflow did not say within %.0f s what state the task is in.", STATE_WITHIN)
            return NO_ANSWER

    async def _state(self) -> str | None:
        from asgiref.sync import sync_to_async

        ti: Any = self.task_instance
        map_index = -1 if ti.map_index is None else ti.map_index
        return await sync_to_async(task_state)(ti.dag_id, ti.task_id, ti.run_id, map_index)


async def outlive_cancels(work: Coroutine[Any, Any, None]) -> None:
    """Finish a piece of work although its caller is cancelled again and again.

    The triggerer cancels a trigger about once a second while its ``on_kill`` still runs; unshielded, the work would be
    lost at its next ``await``.
    """
    task = asyncio.ensure_future(work)
    while not task.done():
        try:
            await asyncio.shield(task)
        except asyncio.CancelledError:
            continue
    task.result()
