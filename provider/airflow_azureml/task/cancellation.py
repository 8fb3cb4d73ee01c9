"""The cancellation of a task on a worker, by a signal or its timeout, and whether its job is canceled with it.

Airflow lets little time pass between ``on_kill`` and SIGKILL. On 3.x ``on_kill`` runs inside of ``execute``, which goes
on afterwards; on 2.11 an exception follows. So ``on_kill`` leaves the decision and the request to a thread of its own,
whose first act is to set the flag that ends every pause: the main thread may just then hold a lock or wait for an
answer. Which answer of Airflow's means what is said in ``lifecycle.task_fate``.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from airflow_azureml.exceptions import AzureMLException, AzureMLJobTimeoutError
from airflow_azureml.version_compat import AIRFLOW_RELEASE, AIRFLOW_V_3_0_PLUS, conf, map_index_of

if TYPE_CHECKING:
    from airflow_azureml.hooks.azureml import AzureMLHook
    from airflow_azureml.lifecycle.task_fate import Fate
    from airflow_azureml.rest.flow import Flow
    from airflow_azureml.rest.ids import Workspace

ANSWER_WITHIN = 3.0 if AIRFLOW_V_3_0_PLUS else 20.0
"""Seconds that Airflow has to say what state it holds of the task; without an answer the job is left alone.

3.x may kill after 5 s a process whose heartbeats are not answered; 2.11 always gives the configured time.
"""

MARGIN = 0.5
"""Seconds before SIGKILL at which all of it must be done."""

ATTEMPTED = 0.8
"""The part of the time in which a further attempt to cancel may begin: it has to end in time, too."""


class TaskInterruptedError(Exception):
    """Raised where a task notices between two steps that it was interrupted."""


class TaskCancellation:
    """The end of one process of one task, decided at most once.

    :param ti: the task instance.
    :param log: the operator's log.
    :param hook: the operator's hook; its connection is read once, its clients are not shared between threads.
    :param cancel_job: whether the job ends with the task at all.
    :param limit: the task's ``execution_timeout``, counted from here as Airflow counts it.
    :param looped: the task is in a Task Loop (Airflow 3.4).
    """

    def __init__(
        self,
        ti: Any,
        log: Any,
        hook: AzureMLHook,
        cancel_job: bool,
        limit: timedelta | None = None,
        *,
        looped: bool = False,
    ) -> None:
        self.ti = ti
        self.looped = looped
        self.hook = hook
        self.job_name: str | None = None
        """The job of this task, from the moment its name is chosen or received."""
        self.status: str | None = None
        """The job's status as last seen by this process."""
        self.find_active: Callable[[Workspace], Flow[tuple[str, ...]]] | None = None
        """Finds this task's jobs while there may be one whose name is not received yet."""
        self.stop_event = threading.Event()
        """Set once the task must end; ends the client's pauses."""
        self.log, self._cancel_job = log, cancel_job
        self._limit = limit
        self._out_at = None if limit is None else time.monotonic() + limit.total_seconds()
        self._begun = threading.Lock()
        self._fate: Fate | None = None
        self._said: str | None = None
        self._outcome: str | None = None
        self._canceled: str | None = None
        """The job that was seen to end; another one may have taken its place since."""
        self._thread: threading.Thread | None = None

    def begin(self) -> None:
        """Begin to decide whether the job ends with the task. Signals that come again find it begun.

        Called by a signal's handler, which a further signal may interrupt at any place: only one call gets past the
        first line. The flag is set by the thread, for the interrupted code may hold the flag's own lock.
        """
        if not self._begun.acquire(blocking=False):
            return
        self._thread = threading.Thread(target=self._decide, name="azureml-cancellation", daemon=True)
        self._thread.start()

    def join(self) -> None:
        """Wait until the decision is made and carried out, as long as there is time."""
        if self._thread is not None:
            self._thread.join(_until_killed() - MARGIN)

    def cancel(self, within: float) -> None:
        """Have the job cancelled now, if it is to end with its task. Never raises: the task ends with its own error.

        :param within: seconds that there are for it; while the service is away or throttles, it is tried again.
        """
        if not self._cancel_job or (self.job_name is None and self.find_active is None):
            return
        if self.job_name is not None and self.job_name == self._canceled:
            return
        from airflow_azureml.hooks.brief import brief_client
        from airflow_azureml.lifecycle.cancellation import cancel, persistently

        until = time.monotonic() + within * ATTEMPTED
        try:
            # Not the task's client, of which the interrupted code may hold a lock.
            with brief_client(self.hook) as client:
                known, ws = self.job_name, client.workspace
                names: Iterable[str] = () if known is None else (known,)
                if known is None and self.find_active is not None:
                    names = client.run(persistently(partial(self.find_active, ws), until, time.monotonic))
                for name in names:
                    if known is None:
                        self.job_name = name
                    canceled = client.run(persistently(partial(cancel, ws, name), until, time.monotonic))
                    self.log.info("Azure ML job %s %s.", name, canceled)
                    self._outcome = str(canceled)
                    # A job that is not there may be on its way: its PUT may have been under way when this was asked.
                    self._canceled = name if canceled.job is not None else None
        except Exception as error:  # noqa: BLE001 - the task ends with an error of its own, whatever this one is
            self.log.warning("Azure ML job %s could not be canceled: %s", self.job_name or "of this task", error)

    def check(self) -> None:
        """Go no further once the task was interrupted.

        :raises TaskInterruptedError: it was.
        """
        if self.stop_event.is_set():
            raise TaskInterruptedError

    def interrupted(self) -> AzureMLException:
        """The error of an interrupted task, plain if its time is not up; a retry follows where there is one."""
        from airflow_azureml.lifecycle.task_fate import TIME_IS_UP, Fate

        self.join()
        if self._said == TIME_IS_UP:
            return self.out_of_time()
        ends = self._fate is Fate.CANCEL
        if ends:
            # A submission that was under way when the decision was made has a job only now.
            self.cancel(0)
        if self.job_name is None:
            return AzureMLException(f"The task was interrupted before it had an Azure ML job{self._perhaps_started()}.")
        said = self._job_state(ends)
        return AzureMLException(f"The task was interrupted while it had Azure ML job {self.job_name}: {said}.")

    def out_of_time(self) -> AzureMLJobTimeoutError:
        """Cancel the job and make the error of a task whose ``execution_timeout`` is up.

        From 3.4 on Airflow sends SIGTERM ``killed_task_cleanup_time`` after the limit, and SIGKILL as much later.
        """
        limit = self._limit
        self.stop_event.set()
        self.cancel(_cleanup_time())
        if self.job_name is None:
            text = f"The task's execution_timeout of {limit} passed before it had an Azure ML job"
            return AzureMLJobTimeoutError(f"{text}{self._perhaps_started()}.")
        said = self._job_state(ends=True)
        return AzureMLJobTimeoutError(
            f"The task's execution_timeout of {limit} passed while it had Azure ML job {self.job_name}: {said}."
        )

    def _job_state(self, ends: bool) -> str:
        """What became of the job, as far as this process knows; a job that was left alone may have ended since.

        :param ends: the job was to end.
        """
        if self._outcome:
            return f"it {self._outcome}"
        if ends and self._cancel_job:
            return "it could not be canceled"
        if self.status is None:
            return "it was left alone, if it was submitted at all; the next try looks for it"
        return f"it was left alone (last status: {self.status}), and the next try finds it"

    def _perhaps_started(self) -> str:
        return "; the batch endpoint may have started one, which is not seen yet" if self.find_active else ""

    def _decide(self) -> None:
        from airflow_azureml.lifecycle.task_fate import TIME_IS_UP, Fate, Where, decide

        self.stop_event.set()
        out_of_time = self._out_at is not None and time.monotonic() >= self._out_at
        self._said = said = TIME_IS_UP if out_of_time else self._ask()
        self._fate = decide(Where.WORKER, said)
        if self._fate is Fate.LEAVE:
            self.log.info(
                "Only this process of the task is ending (task state: %s): its Azure ML job is left alone.", said
            )
        elif self._cancel_job:
            self.log.info("The task was ended (task state: %s): its Azure ML job is canceled.", said)
            self.cancel(_until_killed())

    def _ask(self) -> str:
        from airflow_azureml.lifecycle.task_fate import NO_ANSWER, NO_STATE
        from airflow_azureml.task_states import iteration_state, task_state

        ti, map_index = self.ti, map_index_of(self.ti)
        answers: list[str] = []

        def ask() -> None:
            try:
                state = iteration_state(ti) if self.looped else task_state(ti.dag_id, ti.task_id, ti.run_id, map_index)
                answers.append(state or NO_STATE)
            except Exception as error:  # noqa: BLE001 - Airflow cannot be asked any more, and that decides nothing
                self.log.warning("Could not read the task's state from Airflow: %s", str(error).partition("\n")[0])

        thread = threading.Thread(target=ask, name="azureml-task-state", daemon=True)
        thread.start()
        thread.join(ANSWER_WITHIN)
        return answers[0] if answers else NO_ANSWER


def _cleanup_time() -> float:
    """Seconds that Airflow is configured to leave a task for its end."""
    return float(conf.getfloat("core", "killed_task_cleanup_time", fallback=60.0))


def _until_killed() -> float:
    """Seconds from SIGTERM to SIGKILL."""
    from airflow_azureml.lifecycle.task_fate import seconds_to_end

    return seconds_to_end(AIRFLOW_RELEASE, _cleanup_time())
