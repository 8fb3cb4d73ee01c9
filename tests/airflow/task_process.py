"""A task of a command job in a thread, for tests that are about one process: it is told to end, found, cleared."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

from airflow_azureml.operators import AzureMLCommandJobOperator
from tests.airflow.instance import Instance

PATIENCE = 20.0
"""Seconds for an ``execute`` to end that was told to: less than the tests' own interval between two looks at a job."""


def operator(command: str, **given: Any) -> AzureMLCommandJobOperator:
    """A command job of a task outside of any DAG file."""
    from airflow.providers.common.compat.sdk import DAG

    dag = DAG("d", schedule=None)
    environment = {"image": "docker.io/python"}
    return AzureMLCommandJobOperator(
        task_id="t", dag=dag, command=command, environment=environment, **{"poll_interval": 0.2, **given}
    )


class Running:
    """An ``execute`` that goes on in a thread, as it does beside a signal's handler."""

    def __init__(self, task: AzureMLCommandJobOperator, ti: Instance) -> None:
        self.task, self.ti = task, ti
        self.error: BaseException | None = None
        self.thread = threading.Thread(target=self._run)
        self.thread.start()

    def _run(self) -> None:
        try:
            self.task.execute(self.ti.context())
        except BaseException as error:  # noqa: BLE001 - whatever it is, the test looks at it
            self.error = error

    def job(self) -> str:
        """The job's name, once the task has seen the job."""
        eventually(lambda: self.task._cancellation is not None and self.task._cancellation.status)
        return str(self.ti.xcoms["azureml_job_name"])

    def end(self) -> BaseException | None:
        """Wait for the end, which comes before the next look at the job."""
        self.thread.join(PATIENCE)
        assert not self.thread.is_alive()
        return self.error


def eventually(probe: Callable[[], Any]) -> Any:
    """Wait until a probe finds something."""
    deadline = time.monotonic() + 30
    while not (found := probe()):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return found
