"""The base of the operators that submit a job described in the grammar of the CLI's YAML."""

from __future__ import annotations

import contextlib
from abc import abstractmethod
from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from airflow_azureml.configuration import max_resubmissions
from airflow_azureml.operators.base import AzureMLJobBaseOperator
from airflow_azureml.task.xcom import refuse_reserved_outputs

if TYPE_CHECKING:
    from airflow_azureml.exceptions import AzureMLJobFailedError
    from airflow_azureml.jobspec.document.document import Document
    from airflow_azureml.lifecycle.resume import TaskSubmission
    from airflow_azureml.rest.ids import Workspace
    from airflow_azureml.rest.jobs import Job
    from airflow_azureml.task.job_task import JobTask


class AzureMLSubmitJobBaseOperator(AzureMLJobBaseOperator):
    """Run a job that is described in the grammar of the CLI's YAML; a subclass says where the description is.

    :param max_resubmissions: how often one try submits its job again, without a retry, when Azure has ended it: its
        node was preempted or lost, or there was none to be had (``AzureMLJobFailedError.failure`` is ``preempted``,
        ``node`` or ``capacity``); default: ``[azureml] max_resubmissions`` (3). None of it with
        ``wait_for_completion=False``.
    """

    def __init__(self, *, max_resubmissions: int | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.max_resubmissions = max_resubmissions

    @abstractmethod
    def document(self, context: Any) -> Document:
        """The job in the grammar of the CLI's YAML.

        :raises rest.errors.SpecError: the keywords contradict each other, or a file cannot be read.
        """

    def submission(self, context: Any, workspace: Workspace) -> TaskSubmission:
        """Find every mistake in the job before anything is asked or sent."""
        from airflow_azureml.jobspec.translate import translate
        from airflow_azureml.lifecycle.resume import TaskSubmission

        max_resubmissions(self.max_resubmissions)
        document = self._with_defaults(self.document(context), context)
        refuse_reserved_outputs(document.value.get("outputs"))
        translation = translate(document, workspace)
        translation.check_accepted()
        for warning in translation.warnings:
            self.log.warning("%s", warning)
        self._compare_limits(document)
        identity = self.job_identity(context, translation.name)
        return TaskSubmission(identity, translation, begun=self.begun_in_trigger)

    def follow_up(self, context: Any, task: JobTask, job: Job, error: AzureMLJobFailedError) -> Job | None:
        """The next attempt of this try, where Azure has ended the job and not the job itself."""
        from airflow_azureml.rest.failures import BY_PLATFORM

        if error.failure not in BY_PLATFORM:
            return None
        submission = self.submission(context, task.workspace)
        left = max_resubmissions(self.max_resubmissions) - submission.identity.resubmissions(job.tags)
        if left <= 0:
            return None
        cause = f"{error.failure}: {error.reason or 'the service gives no reason'}"
        return task.start_next(submission, job, cause, left - 1)

    def _with_defaults(self, document: Document, context: Any) -> Document:
        """Name the experiment after the DAG and the job after the task, unless the document does."""
        value = document.value
        title = f"{value.get('name') or f'{self.dag_id}.{self.task_id}'}{self._map_label(context)}"
        return document.replaced(
            experiment_name=None if value.get("experiment_name") else self.dag_id,
            display_name=None if value.get("display_name") else title,
        )

    def _map_label(self, context: Any) -> str:
        """What distinguishes the jobs of a mapped task: what the UI shows for it, else its index; else empty.

        A ``map_index_template`` over values that the task sets while it runs has none yet.
        """
        index = context["ti"].map_index
        if index is None or index < 0:
            return ""
        label = ""
        if self.map_index_template:
            with contextlib.suppress(Exception):  # Airflow renders it again when the task has ended, and tells then
                label = str(self.render_template(self.map_index_template, context)).strip()
        return f" [{label or index}]"

    def _compare_limits(self, document: Document) -> None:
        limits = document.value.get("limits")
        own = limits.get("timeout") if isinstance(limits, Mapping) else None
        if self.execution_timeout is None or not isinstance(own, (int, float)):
            return
        if self.execution_timeout < timedelta(seconds=own):
            self.log.warning(
                "The task's execution_timeout of %s is shorter than the job's own limit of %s s: the task ends first.",
                self.execution_timeout,
                own,
            )
