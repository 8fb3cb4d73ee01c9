"""The trigger that waits for one job: it only reads, so it may run twice at once, start anywhere and stop anywhere.

Where its task ends in the triggerer, it also takes the job's result; whoever does so twice writes the same XComs.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Coroutine, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any
from weakref import WeakSet

from airflow.triggers.base import TriggerEvent

from airflow_azureml.blocking import on_thread
from airflow_azureml.task_states import task_state
from airflow_azureml.timeouts import timeout
from airflow_azureml.triggers.base import AzureMLBaseTrigger
from airflow_azureml.version_compat import AIRFLOW_V_3_0_PLUS, AIRFLOW_V_3_3_PLUS, map_index_of

if TYPE_CHECKING:
    from airflow_azureml.lifecycle.late.looks import LateLooks
    from airflow_azureml.lifecycle.records import JobEvent
    from airflow_azureml.lifecycle.task_fate import Where
    from airflow_azureml.rest.flow import Steps
    from airflow_azureml.rest.ids import Workspace
    from airflow_azureml.rest.jobs import Job

STATE_WITHIN, CANCEL_WITHIN = 18.0, 10.0
"""Seconds for Airflow's answer and for the service's after a kill; the triggerer gives ``on_kill`` 30 s by default."""

ASK_AGAIN_AFTER = (0.5, 1.0, 2.0)
"""Seconds after which Airflow is asked again when it fails to answer."""

_ASKED: WeakSet[asyncio.AbstractEventLoop] = WeakSet()
"""Event loops in which Airflow has been asked for a task's state before."""


@dataclass(kw_only=True, eq=False, repr=False)
class AzureMLJobTrigger(AzureMLBaseTrigger):
    """Wait until a job has ended, then fire one event, ``lifecycle.records.JobEvent`` as a mapping.

    :param job_name: the job.
    :param poll_interval: seconds between two looks, at most: young jobs are looked at sooner, from the fifth second on.
    :param deadline: epoch seconds at which it stops waiting; None waits for ever.
    :param cancel_on_kill: cancel the job when a user ends the task (*Clear*, *mark failed* ...).
    :param looped: the task is in a Task Loop (Airflow 3.4), where Airflow cannot be asked for its state.
    :param queue_timeout: seconds that the job has from when it was made until it runs; None for any number.
    :param steady: look every ``poll_interval``, at young jobs, too.
    :param experiment_name: the job's experiment, where it is known: some workspaces tell of many jobs only if they are
        of one experiment.
    :param log_copy: copy the job's log into the task's, see ``triggers.log_copy.LogCopier``; None does not.
    :param late: when to look, meanwhile, for jobs that a *Clear* has left behind, ``lifecycle.late.LateLooks`` as a
        mapping; None for never.
    :param end: end the task here as well, see ``triggers.ending.EndInTrigger``; None leaves that to a worker.
    """

    job_name: str
    poll_interval: float = 30.0
    deadline: float | None = None
    cancel_on_kill: bool = False
    looped: bool = False
    queue_timeout: float | None = None
    steady: bool = False
    experiment_name: str | None = None
    log_copy: Mapping[str, Any] | None = None
    late: Mapping[str, Any] | None = None
    end: Mapping[str, Any] | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        self._first_question: asyncio.Task[None] | None = None
        self._log_is_whole = False

    async def on_kill(self) -> None:
        """End the job when its task was ended. Called on Airflow 3.3 and later, up to 3.3 also when a trigger moves."""
        await outlive_cancels(self.end_job_with_task())

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Wait and fire one event, which ends the task where that was asked for and loses nothing."""
        event = await self.wait()
        if self.end is not None and self.task_instance is not None:
            from airflow_azureml.triggers.ending import end_in_trigger

            # What has been copied already is not written once more.
            end = {**self.end, "stream_logs": self.end.get("stream_logs", True) and not self._log_is_whole}
            ended = await end_in_trigger(end, event, self.task_instance, self.log, self.hook())
            if ended is not None:
                yield ended
                return
        yield TriggerEvent(replace(event, try_number=self.try_number).to_dict())  # type: ignore[no-untyped-call]

    async def wait(self) -> JobEvent:
        """Wait for the job; when this is cancelled, find out whether the job is to end with its task."""
        # Thousands wait in this coroutine, so there is none around it or in it that could be left out.
        self._ask_for_the_first_time()
        from airflow_azureml.rest.errors import AzureMLError

        try:
            await self.turn()
            from airflow_azureml import observability
            from airflow_azureml.lifecycle.records import JobEvent
            from airflow_azureml.triggers.waiting import event_of_failure, waited_for

            client = await self.hook().async_client()
            try:
                with waited_for(client.workspace.name, self.job_name):
                    job = await self._seen_to_the_end(client)
            finally:
                await client.close()
        except asyncio.CancelledError:
            if not AIRFLOW_V_3_3_PLUS:
                # Below 3.3 on_kill is never called, and a kill looks like a restart: Airflow's own word decides.
                await outlive_cancels(self.end_job_with_task())
            raise
        except AzureMLError as error:
            return event_of_failure(self.job_name, error)
        observability.event_delay(job.ended_at, self.task_instance, client.workspace.name)
        return JobEvent(job.name, "finished", job.status)

    def _seen_to_the_end(self, client: Any) -> Coroutine[Any, Any, Job]:
        """Wait for the job's end, and copy its log meanwhile where that is asked for."""
        if self.log_copy is not None:
            return self._copy_log(client, self.log_copy)
        waiting: Coroutine[Any, Any, Job] = client.run(self._flow(client.workspace), news=self.tell)
        return waiting

    async def _copy_log(self, client: Any, given: Mapping[str, Any]) -> Job:
        from airflow_azureml.triggers.log_copy import LogCopier

        copier = LogCopier(client, self.job_name, given, self.poll_interval, self.task_instance, self.shared_log())
        job = await copier.copy_during(client.run(self._flow(client.workspace), news=copier.tell))
        self._log_is_whole = copier.whole
        return job

    def _flow(self, workspace: Workspace) -> Steps[Job]:
        from airflow_azureml.lifecycle.wait import WaitOptions, wait

        options = WaitOptions(
            clock=time.time,
            poll_interval=self.poll_interval,
            patience=self.patience,
            deadline=self.deadline,
            queue_timeout=self.queue_timeout,
            first_look_after=self.first_look_after(self.poll_interval if self.steady else 0.0),
            settle=self.first_look_after(),
            ageing="none" if self.steady else "job",
            experiment=self.experiment_name,
            late=self._late_looks(),
        )
        return wait(workspace, self.job_name, options)

    def _late_looks(self) -> LateLooks | None:
        if self.late is None:
            return None
        from airflow_azureml.lifecycle.late_jobs import looks_of

        return looks_of(self.late)

    async def end_job_with_task(self) -> None:
        """Cancel the job if Airflow says that its task was ended; ``lifecycle.task_fate`` says what counts as that.

        Where Airflow or the service does not answer in time, they are asked again for as long as the triggerer lives.
        """
        if not self.cancel_on_kill or self.task_instance is None:
            return
        from airflow_azureml.lifecycle.task_fate import Where
        from airflow_azureml.triggers.persistence import go_on_with

        if not await self._end_with_task(Where.TRIGGER):
            # Later on, a task that is on its way or runs may have taken the job over.
            go_on_with(partial(self._end_with_task, Where.TRIGGER if self.looped else Where.SWEEP))

    async def _end_with_task(self, where: Where) -> bool:
        """Decide about the job and cancel it if need be; False where that is still to be done."""
        from airflow_azureml.lifecycle.cancellation import cancel
        from airflow_azureml.lifecycle.task_fate import NO_ANSWER, NOT_AWAITED, Fate, decide
        from airflow_azureml.rest import errors

        # Of a looped task Airflow reports the state of the latest iteration only; but where there are loops, it calls
        # on_kill for no trigger that merely moves.
        said = NOT_AWAITED if self.looped else await self._ask_state()
        if decide(where, said) is Fate.LEAVE:
            self.log.info(
                "Only this trigger is ending (task state: %s): Azure ML job %s is left alone.", said, self.job_name
            )
            return said != NO_ANSWER
        try:
            async with await self.hook().async_client() as client, timeout(CANCEL_WITHIN):
                canceled = await client.run(cancel(client.workspace, self.job_name))
        except (errors.AzureMLError, asyncio.TimeoutError) as error:
            self.log.warning("Azure ML job %s could not be canceled: %s", self.job_name, error or "no answer in time")
            return not isinstance(error, (errors.TransientError, asyncio.TimeoutError))
        self.log.info("The task was ended (task state: %s): Azure ML job %s %s.", said, self.job_name, canceled)
        return True

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
                    self.log.warning("Could not read the task's state from Airflow: %s", said)
                if pause is not None:
                    await asyncio.sleep(pause)
            return NO_ANSWER

        try:
            async with timeout(STATE_WITHIN):
                return await ask()
        except asyncio.TimeoutError:
            self.log.warning("Airflow did not report the task's state within %.0f s.", STATE_WITHIN)
            return NO_ANSWER

    async def _state(self) -> str | None:
        ti: Any = self.task_instance
        return await on_thread(task_state, ti.dag_id, ti.task_id, ti.run_id, map_index_of(ti))


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
