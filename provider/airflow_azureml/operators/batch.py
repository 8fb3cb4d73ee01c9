"""The operator for batch endpoints: one invocation, one job, waited for like any other."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any, ClassVar

from airflow_azureml.operators import keywords
from airflow_azureml.operators.base import AzureMLJobBaseOperator
from airflow_azureml.task.resource_fields import deployment_name_of, endpoint_name_of
from airflow_azureml.task.xcom import refuse_reserved_outputs

if TYPE_CHECKING:
    from airflow_azureml.jobspec.document.document import Document
    from airflow_azureml.lifecycle.batch.submission import BatchSubmission
    from airflow_azureml.rest.ids import Workspace


class AzureMLInvokeBatchEndpointOperator(AzureMLJobBaseOperator):
    """Start one job of a batch endpoint and wait for it.

    The invocation is never sent twice where it may have started a job; a try that cannot tell fails without a retry
    (``AzureMLAmbiguousInvocationError``). A model deployment takes one data input and leaves one output, ``score``; a
    pipeline component's inputs and outputs go by their names.

    :param endpoint_name: the endpoint, or the result of the task that made it; it and its deployments are read before
        anything is sent.
    :param deployment_name: the same of a deployment; left out: the endpoint's default deployment.
    :param inputs: by name: a reference to data or ``{"type": ..., "path": ...}``, a literal, or the output of another
        task, ``task.output["name"]``.
    :param outputs: by name: ``{"type": "uri_file" | "uri_folder", "path": ...}`` on a blob datastore, at a place that
        does not exist yet.
    :param input: the short form of ``inputs``: one path, or the output of another task.
    :param input_type: what ``input`` is: ``uri_folder`` or ``uri_file``.
    :param file: the CLI's ``inputs.yml``: the name of a ``.yml`` file, YAML text or a mapping; keywords win. Files are
        templates as well; relative paths in one belong to its folder.
    :param set: dotted paths into the same document and values, as a mapping, as ``"a.b=c"`` or as a list of such;
        applied last, as the CLI's ``--set``.
    :param experiment_name: of a pipeline component's job; a model's is in the experiment of the endpoint's name.
    :param job_name: for display; the service names the job itself.
    :param mini_batch_size: overrides the deployment's for this job, as do ``instance_count``, ``error_threshold``,
        ``max_concurrency_per_instance``, ``max_retries``, ``logging_level`` and ``output_file_name``.
        An ``error_threshold`` of -1 ignores all failures.
    :param retry_timeout: seconds, or a timedelta, for each mini-batch.
    :param tags: mapping of strings, as is ``properties``.
    """

    def __init__(
        self,
        *,
        endpoint_name: str | Mapping[str, Any],
        deployment_name: str | Mapping[str, Any] | None = None,
        inputs: Mapping[str, Any] | None = None,
        outputs: Mapping[str, Any] | None = None,
        input: str | os.PathLike[str] | Mapping[str, Any] | None = None,
        input_type: str = "uri_folder",
        file: Any = None,
        set: str | Mapping[str, Any] | Sequence[str] | None = None,
        experiment_name: str | None = None,
        job_name: str | None = None,
        mini_batch_size: int | None = None,
        instance_count: int | None = None,
        error_threshold: int | None = None,
        max_concurrency_per_instance: int | None = None,
        max_retries: int | None = None,
        retry_timeout: float | timedelta | None = None,
        logging_level: str | None = None,
        output_file_name: str | None = None,
        tags: Mapping[str, Any] | None = None,
        properties: Mapping[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.endpoint_name = endpoint_name
        self.deployment_name = deployment_name
        self.inputs = inputs
        self.outputs = outputs
        self.input = input
        self.input_type = input_type
        self.file = file
        self.set = set
        self.experiment_name = experiment_name
        self.job_name = job_name
        self.mini_batch_size = mini_batch_size
        self.instance_count = instance_count
        self.error_threshold = error_threshold
        self.max_concurrency_per_instance = max_concurrency_per_instance
        self.max_retries = max_retries
        self.retry_timeout = retry_timeout
        self.logging_level = logging_level
        self.output_file_name = output_file_name
        self.tags = tags
        self.properties = properties

    keyword_names: ClassVar[tuple[str, ...]] = keywords.names(__init__)
    template_fields: Sequence[str] = (*AzureMLJobBaseOperator.template_fields, *keyword_names)
    template_fields_renderers: ClassVar[dict[str, str]] = keywords.renderers(__init__, file="yaml")
    template_file_fields = ("file",)
    only_workers_start = "an invocation must not be sent twice, and a trigger may run twice at once"

    def submission(self, context: Any, workspace: Workspace) -> BatchSubmission:
        """Read the keywords; what they mean depends on the deployment, so most mistakes are found by a look at it."""
        from airflow_azureml.jobspec.batch.invocation import read
        from airflow_azureml.lifecycle.batch.submission import BatchSubmission

        document = self.document(context)
        refuse_reserved_outputs(self, document.value.get("outputs"))
        invocation = read(document, workspace)
        endpoint = endpoint_name_of(self.endpoint_name)
        deployment = None if self.deployment_name is None else deployment_name_of(self.deployment_name, endpoint)
        return BatchSubmission(self.job_identity(context), endpoint, deployment, invocation, time.time)

    def document(self, context: Any) -> Document:
        """The invocation in the grammar of the CLI's ``inputs.yml``."""
        from airflow_azureml.jobspec.batch.arguments import arguments

        elsewhere = ("endpoint_name", "deployment_name", "file")
        return arguments(
            None if self.file is None else self.load_field("file", context),
            folder=self.template_folders()[0],
            **{name: getattr(self, name) for name in self.keyword_names if name not in elsewhere},
        )
