"""The operator of a task that is one step of a pipeline file."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from airflow_azureml.operators import keywords
from airflow_azureml.operators.jobs import MERGED, REPLACED, AzureMLJobOperator, identity_mapping

if TYPE_CHECKING:
    from airflow_azureml.jobspec.document.document import Document, Path, SourceLocation


class AzureMLPipelineStepOperator(AzureMLJobOperator):
    """Run one step of a pipeline file; ``AzureMLPipelineTaskGroup`` makes these.

    :param job: a pipeline whose only node is the step. It is sent as a command job where such a job does the same, else
        as it is. ``environment_variables`` are laid over those of the node.
    :param parent_job_name: the job or run to show this one below, where the step is a command job.
    """

    def __init__(self, *, parent_job_name: str | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.parent_job_name = parent_job_name
        self.job_places: Mapping[Path, SourceLocation] = {}
        """Where the parts of the step are written; empty in the triggerer, which reads no DAG file."""

    template_fields: Sequence[str] = (*AzureMLJobOperator.template_fields, "parent_job_name")

    def document(self, context: Any) -> Document:
        """Lay the keywords over the step's pipeline; the command job that does the same, if there is one."""
        from airflow_azureml.jobspec.steps.command import as_command

        keywords.refuse_other_than_mappings(self, MERGED)
        document = self._placed()
        document = document.merged(**{name: getattr(self, name) for name in MERGED if name != "environment_variables"})
        given = {name: getattr(self, name) for name in REPLACED} | {"compute": self.one_compute()}
        document = as_command(document.replaced(**given, identity=identity_mapping(self.identity)))
        if self.parent_job_name is None or document.value["type"] == "command":
            return document.replaced(parent_job_name=self.parent_job_name)
        self.log.warning("parent_job_name: not sent, for this step is a pipeline job, and only commands have a parent.")
        return document

    def _placed(self) -> Document:
        """The step's pipeline, which knows where it is written."""
        from airflow_azureml.hooks.checkout import own_checkout
        from airflow_azureml.jobspec.document.document import SourceLocation
        from airflow_azureml.jobspec.document.load import load

        document = load(self.job, folder=self.template_folders()[0], checkout=own_checkout(), field="job")
        file = self.template_file_paths.get("job")
        top = SourceLocation(os.path.dirname(file) if file else document.folder, file)
        value = document.value
        if self.environment_variables:
            ((name, node),) = value["jobs"].items()
            variables = {**(node.get("environment_variables") or {}), **self.environment_variables}
            value = {**value, "jobs": {name: {**node, "environment_variables": variables}}}
        return replace(document, value=value, places={(): top, **self.job_places})
