"""The base of the operators that submit a job described in the grammar of the CLI's YAML."""

from __future__ import annotations

import contextlib
from abc import abstractmethod
from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from airflow_azureml.configuration import max_resubmissions, queue_timeout
from airflow_azureml.operators.base import AzureMLJobBaseOperator
from airflow_azureml.operators.checkpoint import check_checkpoint
from airflow_azureml.operators.computes import several_computes
from airflow_azureml.task.resource_fields import made
from airflow_azureml.task.xcom import refuse_reserved_outputs
from airflow_azureml.version_compat import map_index_of

if TYPE_CHECKING:
    from airflow_azureml.exceptions import AzureMLJobFailedError, AzureMLQueueTimeoutError
    from airflow_azureml.jobspec.document.document import Document
    from airflow_azureml.lifecycle.attempts.task_submission import TaskSubmission
    from airflow_azureml.rest.ids import Workspace
    from airflow_azureml.rest.jobs import Job
    from airflow_azureml.task.job_task import JobTask


class AzureMLSubmitJobBaseOperator(AzureMLJobBaseOperator):
    """Run a job that is described in the grammar of the CLI's YAML; a subclass says where the description is.

    :param max_resubmissions: how often one try submits its job again, without a retry, when Azure has ended it: its
        node was preempted or lost, or there was none to be had (``AzureMLJobFailedError.failure`` is ``preempted``,
        ``node`` or ``capacity``); default: ``[azureml] max_resubmissions`` (3). None of it with
        ``wait_for_completion=False``.
    :param queue_timeout: seconds, or a timedelta, from the job's submission until it is ``Running``. Then it is
        canceled, and the next of several computes is tried; without one the try fails with
        ``AzureMLQueueTimeoutError``. Default: any time.
    :param checkpoint: the name of one of the job's outputs, a folder without a place of its own: it is the same for all
        attempts and tries until the task is cleared, so that a script goes on where the last node left off.
    """

    compute: Any = None
    repair = False

    def __init__(
        self,
        *,
        max_resubmissions: int | None = None,
        queue_timeout: float | timedelta | None = None,
        checkpoint: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.max_resubmissions = max_resubmissions
        self.queue_timeout = queue_timeout
        self.checkpoint = checkpoint

    @abstractmethod
    def document(self, context: Any) -> Document:
        """The job in the grammar of the CLI's YAML.

        :raises rest.errors.SpecError: the keywords contradict each other, or a file cannot be read.
        """

    def submission(self, context: Any, workspace: Workspace) -> TaskSubmission:
        """Find every mistake in the job before anything is asked or sent."""
        from airflow_azureml.jobspec.translate import translate_for_each
        from airflow_azureml.lifecycle.attempts.computes import Choices
        from airflow_azureml.lifecycle.attempts.task_submission import TaskSubmission

        max_resubmissions(self.max_resubmissions)
        listed = [made(compute) for compute in self.compute] if self.lists_computes() else None
        limit, computes = queue_timeout(self.queue_timeout), several_computes(listed)
        document = self._with_defaults(self.document(context), context)
        refuse_reserved_outputs(self, document.value.get("outputs"))
        check_checkpoint(self.checkpoint, document.value.get("outputs"))
        translations = translate_for_each(document, workspace, computes)
        for warning in translations[0].warnings:
            self.log.warning("%s", warning)
        if self.repair and translations[0].body["properties"]["jobType"] != "Pipeline":
            self.log.warning("repair: the job is not a pipeline: a retry runs all of it again.")
        self._compare_limits(document)
        identity = self.job_identity(context, translations[0].name)
        named = document.value.get("compute")
        names = computes or ((named,) if isinstance(named, str) else ())
        choices = Choices(translations, names, limit)
        return TaskSubmission(
            identity,
            choices,
            begun=self.begun_in_trigger,
            unnamed=self.has_named_no_job,
            checkpoint=self.checkpoint,
            repair=self.repair,
        )

    def one_compute(self) -> Any:
        """The keyword ``compute``, unless it lists several."""
        return None if self.lists_computes() else made(self.compute)

    def lists_computes(self) -> bool:
        """Whether the keyword ``compute`` lists several."""
        return isinstance(self.compute, (list, tuple))

    def follow_up(
        self, context: Any, task: JobTask, job: Job, error: AzureMLJobFailedError | AzureMLQueueTimeoutError
    ) -> Job | None:
        """The next attempt of this try, where Azure has ended the job or not begun it, and not the job itself."""
        from airflow_azureml.lifecycle.attempts.task_submission import TaskSubmission
        from airflow_azureml.rest.failures import BY_PLATFORM
        from airflow_azureml.task.resubmission import next_attempt

        if getattr(error, "failure", None) not in (None, *BY_PLATFORM):
            return None
        submission = task.submission
        if not isinstance(submission, TaskSubmission):  # another process has submitted the job
            submission = self.submission(context, task.workspace)
        return next_attempt(task, submission, job, error, max_resubmissions(self.max_resubmissions))

    def _with_defaults(self, document: Document, context: Any) -> Document:
        """Name the experiment after the DAG and the job after the task, unless the document does."""
        value = document.value
        title = f"{value.get('name') or f'{self.dag_id}.{self.task_id}'}{self._map_label(context)}"
        return document.replaced(
            experiment_name=self.dag_id if value.get("experiment_name") in (None, "") else None,
            display_name=title if value.get("display_name") in (None, "") else None,
        )

    def _map_label(self, context: Any) -> str:
        """What distinguishes the jobs of a mapped task: what the UI shows for it, else its index; else empty.

        A ``map_index_template`` over values that the task sets while it runs has none yet.
        """
        index = map_index_of(context["ti"])
        if index < 0:
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
