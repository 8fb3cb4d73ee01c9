"""Jobs that are submitted: a document becomes a request, and the request is put under a name that is chosen before."""

from __future__ import annotations

import contextlib
from abc import abstractmethod
from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from airflow_azureml.operators.base import AzureMLJobBaseOperator
from airflow_azureml.task.job_task import refuse_reserved_outputs

if TYPE_CHECKING:
    from airflow_azureml.jobspec.document.document import Document
    from airflow_azureml.jobspec.document.requirements import Translation
    from airflow_azureml.lifecycle.naming import JobIdentity
    from airflow_azureml.lifecycle.resume import Found
    from airflow_azureml.rest.flow import Steps
    from airflow_azureml.rest.ids import Workspace


class AzureMLSubmitJobBaseOperator(AzureMLJobBaseOperator):
    """Run a job that is described in the grammar of the CLI's YAML; a subclass says where the description is."""

    @abstractmethod
    def document(self, context: Any) -> Document:
        """The job in the grammar of the CLI's YAML.

        :raises rest.errors.SpecError: the keywords contradict each other, or a file cannot be read.
        """

    def submission(self, context: Any, workspace: Workspace) -> JobSubmission:
        """Find every mistake in the job before anything is asked or sent."""
        from airflow_azureml.jobspec.translate import translate

        document = self._with_defaults(self.document(context), context)
        refuse_reserved_outputs(document)
        translation = translate(document, workspace).accepted()
        for warning in translation.warnings:
            self.log.warning("%s", warning)
        self._compare_limits(document)
        return JobSubmission(self.job_identity(context, translation.name), translation)

    def _with_defaults(self, document: Document, context: Any) -> Document:
        """Name the experiment after the DAG and the job after the task, unless the document does."""
        value = document.value
        title = f"{value.get('name') or f'{self.dag_id}.{self.task_id}'}{self._map_label(context)}"
        return document.replaced(
            experiment_name=None if value.get("experiment_name") else self.dag_id,
            display_name=None if value.get("display_name") else title,
        )

    def _map_label(self, context: Any) -> str:
        """What tells the jobs of a mapped task apart: what the UI shows for it, else its index; empty where not mapped.

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


class JobSubmission:
    """A job that is submitted by a PUT under a name of ours."""

    def __init__(self, identity: JobIdentity, translation: Translation) -> None:
        self.identity = identity
        self.translation = translation

    def check(self, ws: Workspace) -> Steps[None]:
        """Ask nothing: the service refuses what is wrong with the request."""
        yield from ()

    def cancel_earlier(self, ws: Workspace) -> Steps[tuple[str, ...]]:
        """Cancel what earlier generations left running."""
        from airflow_azureml.lifecycle.resume import cancel_earlier

        return cancel_earlier(ws, self.identity)

    def find_or_start(self, ws: Workspace) -> Steps[Found]:
        """Find this task's job or submit it."""
        from airflow_azureml.lifecycle.fulfilment import provide
        from airflow_azureml.lifecycle.missing_references import explained
        from airflow_azureml.lifecycle.resume import Prepared, find_or_submit

        def request() -> Any:
            body = yield from provide(ws, self.translation)
            return Prepared(body, self.translation.user_token, self.translation.api_version)

        return explained(ws, self.translation.body, find_or_submit(ws, self.identity, request))

    def find_active(self, ws: Workspace) -> Steps[tuple[str, ...]]:
        """Find nothing: the name is known before there is a job."""
        yield from ()
        return ()
