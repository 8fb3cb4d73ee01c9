"""How a task on a worker is told to end, and whether its job ends with it.

Airflow gives a task that it kills five seconds from ``on_kill`` to SIGKILL. On 3.x ``on_kill`` runs inside of
``execute``, which goes on afterwards; on 2.11 an exception follows. So ``on_kill`` sets a flag that ends every pause,
and leaves the decision and the request to a thread of its own: the main thread may just then wait for an answer.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from airflow_azureml.exceptions import AzureMLException, AzureMLJobTimeoutError
from airflow_azureml.version_compat import task_state

if TYPE_CHECKING:
    from airflow_azureml.client import MLClient
    from airflow_azureml.hooks.azureml import AzureMLHook
    from airflow_azureml.rest.flow import Flow
    from airflow_azureml.rest.ids import Workspace

T = TypeVar("T")

ANSWER_WITHIN = 2.0
"""Seconds that Airflow has to say what state it holds of the task; without an answer the job is cancelled."""

ENDED_WITHIN = 4.5
"""Seconds that all of it may take before SIGKILL comes."""


class ToldToEndError(Exception):
    """Raised where a task notices between two steps that it was told to end."""


class Ending:
    """The end of one process of one task, told at most once.

    :param ti: the task instance.
    :param log: the operator's log.
    :param hook: the operator's hook; its connection is read once, its clients are not shared between threads.
    :param cancel_job: whether the job ends with the task at all.
    """

    def __init__(self, ti: Any, log: Any, hook: AzureMLHook, cancel_job: bool) -> None:
        self.ti = ti
        self.hook = hook
        self.job_name: str | None = None
        """The job of this task, from the moment its name is chosen or told."""
        self.search: Callable[[Workspace], Flow[tuple[str, ...]]] | None = None
        """Finds this task's jobs while there may be one whose name nobody has told."""
        self.told = threading.Event()
        """Set once the task must end; ends the client's pauses."""
        self._log, self._cancel_job = log, cancel_job
        self._job_must_end = self._canceled = False
        self._thread: threading.Thread | None = None

    def begin(self) -> None:
        """Begin to end the job if Airflow ended the task, and to leave it alone if only this process ends."""
        if self.told.is_set():
            return
        self._thread = threading.Thread(target=self._decide, name="azureml-ending", daemon=True)
        self._thread.start()
        self.told.set()

    def settle(self) -> None:
        """Wait until the decision is made and carried out, as long as there is time."""
        if self._thread is not None:
            self._thread.join(ENDED_WITHIN)

    def cancel(self) -> None:
        """Have the job cancelled now, if it is to end with its task. Never raises: the task ends with its own error."""
        if not self._cancel_job or self._canceled or (self.job_name is None and self.search is None):
            return
        try:
            with self.hook.client() as client:
                for name in self._names(client):
                    self._cancel(client, name)
        except Exception as error:  # noqa: BLE001 - the task ends with an error of its own, whatever this one is
            self._log.warning("Azure ML job %s could not be canceled: %s", self.job_name or "of this task", error)

    def _names(self, client: MLClient) -> tuple[str, ...]:
        if self.job_name is not None or self.search is None:
            return (str(self.job_name),)
        return client.run(self.search(client.workspace))

    def _cancel(self, client: MLClient, name: str) -> None:
        from airflow_azureml.lifecycle.resume import cancel

        self.job_name = name
        job = client.run(cancel(client.workspace, name))
        self._canceled = job is not None and not job.phase.is_terminal
        if self._canceled:
            self._log.info("Azure ML job %s was asked to cancel.", name)

    def check(self) -> None:
        """Go no further once the task was told to end.

        :raises ToldToEndError: it was.
        """
        if self.told.is_set():
            raise ToldToEndError

    def interrupted(self) -> AzureMLException:
        """The error of a task that was told to end; plain, so that a retry follows where there is one."""
        self.settle()
        if self._job_must_end:
            # A submission that was under way when the decision was made has a job only now.
            self.cancel()
        if self.job_name is None:
            return AzureMLException(f"The task was told to end before it had an Azure ML job{self._unseen()}.")
        fate = "it was asked to cancel" if self._canceled else "it goes on, and the next try finds it"
        return AzureMLException(f"The task was told to end while it had Azure ML job {self.job_name}: {fate}.")

    def out_of_time(self, limit: Any) -> AzureMLJobTimeoutError:
        """Cancel the job and make the error of a task whose ``execution_timeout`` is up."""
        self.told.set()
        self.cancel()
        if self.job_name is None:
            text = f"The task's execution_timeout of {limit} was up before it had a job{self._unseen()}."
            return AzureMLJobTimeoutError(text)
        fate = "it was asked to cancel" if self._canceled else "it was left as it is"
        return AzureMLJobTimeoutError(
            f"The task's execution_timeout of {limit} was up while it had Azure ML job {self.job_name}: {fate}."
        )

    def _unseen(self) -> str:
        return "; the batch endpoint may have started one, which is not seen yet" if self.search else ""

    def _decide(self) -> None:
        ti, map_index = self.ti, -1 if self.ti.map_index is None else self.ti.map_index
        state = answer_within(ANSWER_WITHIN, lambda: task_state(ti.dag_id, ti.task_id, ti.run_id, map_index))
        if state == "running":
            self._log.info("Airflow still counts this task as running: only this process ends, not its job.")
        else:
            self._job_must_end = True
            self.cancel()


def answer_within(seconds: float, ask: Callable[[], T]) -> T | None:
    """Ask on a thread; None when no answer comes in time or the question fails."""
    answers: list[T] = []

    def run() -> None:
        try:
            answers.append(ask())
        except Exception:  # noqa: BLE001 - Airflow cannot be asked any more: the caller decides without it
            return

    thread = threading.Thread(target=run, name="azureml-task-state", daemon=True)
    thread.start()
    thread.join(seconds)
    return answers[0] if answers else None
