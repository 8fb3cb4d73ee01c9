"""The operator that ends a job."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from airflow_azureml.configuration import wait_options
from airflow_azureml.exceptions import translated
from airflow_azureml.operators.workspace import AzureMLBaseOperator
from airflow_azureml.task.xcom import job_name_of


class AzureMLCancelJobOperator(AzureMLBaseOperator):
    """Cancel a job; one that has ended or does not exist is fine.

    :param job_name: the job's name, or the result mapping of the task that submitted it.
    :param wait_for_completion: wait on the worker until the job has ended, whichever way.
    :param poll_interval: seconds between two looks, at most; default: ``[azureml] poll_interval`` (30).
    :return: ``{"job_name", "status"}`` as last seen; ``status`` is None where there is no such job.
    """

    template_fields: Sequence[str] = (*AzureMLBaseOperator.template_fields, "job_name")

    def __init__(
        self,
        *,
        job_name: str | Mapping[str, Any],
        wait_for_completion: bool = True,
        poll_interval: float | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.job_name = job_name
        self.wait_for_completion = wait_for_completion
        self.poll_interval = poll_interval

    def execute(self, context: Any) -> dict[str, Any]:
        """Ask for the job's end and wait for it."""
        with translated():
            return self._cancel()

    def _cancel(self) -> dict[str, Any]:
        from airflow_azureml.lifecycle.cancellation import cancel
        from airflow_azureml.lifecycle.news import reporter
        from airflow_azureml.lifecycle.wait import wait

        name, options = job_name_of(self.job_name), wait_options(self.poll_interval, ageing="wait")
        with self.hook().client() as client:
            job = client.run(cancel(client.workspace, name)).job
            if job is None:
                self.log.info("Azure ML job %s does not exist: nothing to cancel.", name)
                return {"job_name": name, "status": None}
            if job.phase.is_terminal:
                self.log.info("Azure ML job %s had already ended: it is %s.", name, job.status)
            elif self.wait_for_completion:
                job = client.run(wait(client.workspace, name, options), news=reporter(self.log))
            return {"job_name": name, "status": job.status}
