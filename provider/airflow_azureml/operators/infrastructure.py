"""Operators for batch endpoints and their deployments: made once, changed when they differ, followed to their end."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from airflow_azureml.operators import keywords
from airflow_azureml.operators.operations import AzureMLProvisioningBaseOperator
from airflow_azureml.operators.workspace import AzureMLBaseOperator
from airflow_azureml.task.resource_fields import deployment_name_of, endpoint_name_of

if TYPE_CHECKING:
    from airflow_azureml.hooks.plans import Plan
    from airflow_azureml.jobspec.document.document import Document
    from airflow_azureml.rest.ids import Workspace


class AzureMLCreateBatchEndpointOperator(AzureMLProvisioningBaseOperator):
    """Make a batch endpoint, or change it where it differs; what is not given stays as it is.

    :param name: 3 to 32 letters, digits and ``-``; unique in the workspace's region.
    :param description: free text, shown in Studio.
    :param tags: mapping of strings, as is ``properties``.
    :param default_deployment: the deployment that runs where an invocation names none, or the result of the task that
        made it; it must exist.
    :param spec: the CLI's YAML of a batch endpoint: the name of a ``.yml`` file, YAML text or a mapping; keywords win.
    :return: ``{"id", "name"}``.
    """

    def __init__(
        self,
        *,
        name: str | None = None,
        description: str | None = None,
        tags: Mapping[str, Any] | None = None,
        properties: Mapping[str, Any] | None = None,
        default_deployment: str | Mapping[str, Any] | None = None,
        spec: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.name = name
        self.description = description
        self.tags = tags
        self.properties = properties
        self.default_deployment = default_deployment
        self.spec = spec

    template_fields: Sequence[str] = (*AzureMLBaseOperator.template_fields, *keywords.names(__init__))
    template_fields_renderers: ClassVar[dict[str, str]] = keywords.renderers(__init__, spec="yaml")
    template_file_fields = ("spec",)

    def plan(self, context: Any, workspace: Workspace) -> Plan:
        """One operation makes it."""
        from airflow_azureml.hooks import plans

        return plans.batch_endpoint(self.document(context), workspace)

    def document(self, context: Any) -> Document:
        given = {name: getattr(self, name) for name in ("name", "description", "tags", "properties")}
        document = self.load_spec(context, given)
        if self.default_deployment is None:
            return document
        named = deployment_name_of(self.default_deployment, document.value.get("name"), "default_deployment")
        return document.replaced(defaults={"deployment_name": named})


OUTPUT_KEYS = frozenset({"https_url", "abfss_url", "asset_id"})
"""What the output of an upstream task carries beside its path and type."""

REFERENCES = ("model", "component", "job_definition", "environment", "compute")
"""Keywords that may also be the result of the task that made the thing."""


class AzureMLCreateBatchDeploymentOperator(AzureMLProvisioningBaseOperator):
    """Make a deployment of a batch endpoint, or change it where it differs; one of three kinds.

    * ``model=`` scores files with a registered model; ``compute`` is required, and for a model that is none of MLflow's
      ``environment``, ``code`` and ``scoring_script``.
    * ``component=`` runs a pipeline component: ``azureml:name:version``, an ARM id or a YAML file.
    * ``job_definition=`` runs the pipeline of an existing job: its name, an ARM id, or the result of the task that ran
      it.

    Keywords are those of the CLI's YAML.

    :param name: of the deployment.
    :param endpoint_name: the endpoint, or the result of the task that made it; it must exist.
    :param type: ``model`` or ``pipeline``; left out: what the keywords say.
    :param model: ``azureml:name:version``, ``azureml:name@latest``, an ARM id, the result of the task that registered
        it, or a model that is written out: a mapping with ``path``, ``type`` and the like, or an upstream output. It is
        registered under its ``name`` (and ``version``) where it has one, else by its content.
    :param component: a pipeline component.
    :param job_definition: a job whose pipeline is run.
    :param code: local folder, relative to the DAG file's folder, or the id of registered code; with ``scoring_script``,
        a file in it. ``code_configuration`` is the same as one mapping.
    :param environment: a reference, the result of the task that made it, or a mapping with ``image``, ``conda_file``,
        ``build``; registered like a model.
    :param environment_variables: mapping of strings, as are ``tags`` and ``properties``.
    :param compute: a name, ``azureml:name``, an ARM id, or the result of the task that made it.
    :param job_resources: mapping with ``instance_count``, ``instance_type`` ...; Airflow itself owns ``resources``.
    :param instance_count: nodes of a job.
    :param mini_batch_size: files of one call of the scoring script.
    :param max_concurrency_per_instance: calls at once on one node.
    :param output_action: ``append_row`` or ``summary_only``.
    :param output_file_name: the file that rows are appended to; default: ``predictions.csv``.
    :param error_threshold: files that may fail; -1 ignores all failures.
    :param retry_settings: ``{"max_retries", "timeout"}``, seconds for each mini-batch.
    :param logging_level: ``info``, ``warning`` or ``debug``.
    :param settings: of a model, the keywords above in one mapping; of a pipeline, ``default_compute`` and the like.
    :param description: free text, shown in Studio.
    :param set_default: make it the endpoint's default deployment as well.
    :param spec: the CLI's YAML of a batch deployment: a ``.yml`` file's name, YAML text or a mapping; keywords win.
    :return: ``{"id", "name"}``.
    """

    def __init__(
        self,
        *,
        name: str | None = None,
        endpoint_name: str | Mapping[str, Any] | None = None,
        type: str | None = None,
        model: str | Mapping[str, Any] | None = None,
        component: str | Mapping[str, Any] | None = None,
        job_definition: str | Mapping[str, Any] | None = None,
        code: str | os.PathLike[str] | None = None,
        scoring_script: str | None = None,
        code_configuration: Mapping[str, Any] | None = None,
        environment: str | Mapping[str, Any] | None = None,
        environment_variables: Mapping[str, Any] | None = None,
        compute: str | Mapping[str, Any] | None = None,
        job_resources: Mapping[str, Any] | None = None,
        instance_count: int | None = None,
        mini_batch_size: int | None = None,
        max_concurrency_per_instance: int | None = None,
        output_action: str | None = None,
        output_file_name: str | None = None,
        error_threshold: int | None = None,
        retry_settings: Mapping[str, Any] | None = None,
        logging_level: str | None = None,
        settings: Mapping[str, Any] | None = None,
        description: str | None = None,
        tags: Mapping[str, Any] | None = None,
        properties: Mapping[str, Any] | None = None,
        set_default: bool = False,
        spec: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.name = name
        self.endpoint_name = endpoint_name
        self.type = type
        self.model = model
        self.component = component
        self.job_definition = job_definition
        self.code = code
        self.scoring_script = scoring_script
        self.code_configuration = code_configuration
        self.environment = environment
        self.environment_variables = environment_variables
        self.compute = compute
        self.job_resources = job_resources
        self.instance_count = instance_count
        self.mini_batch_size = mini_batch_size
        self.max_concurrency_per_instance = max_concurrency_per_instance
        self.output_action = output_action
        self.output_file_name = output_file_name
        self.error_threshold = error_threshold
        self.retry_settings = retry_settings
        self.logging_level = logging_level
        self.settings = settings
        self.description = description
        self.tags = tags
        self.properties = properties
        self.set_default = set_default
        self.spec = spec

    keyword_names: ClassVar[tuple[str, ...]] = keywords.names(__init__)
    template_fields: Sequence[str] = (*AzureMLBaseOperator.template_fields, *keyword_names)
    template_fields_renderers: ClassVar[dict[str, str]] = keywords.renderers(__init__, spec="yaml")
    template_file_fields = ("spec",)

    def plan(self, context: Any, workspace: Workspace) -> Plan:
        """One operation makes it, another makes it the default one."""
        from airflow_azureml.hooks import plans

        return plans.batch_deployment(self.document(context), workspace, set_default=self.set_default)

    def document(self, context: Any) -> Document:
        elsewhere = ("code", "scoring_script", "job_resources", "set_default", "spec")
        given = {name: getattr(self, name) for name in self.keyword_names if name not in elsewhere}
        given |= {name: reference(given[name]) for name in REFERENCES}
        given["endpoint_name"] = None if self.endpoint_name is None else endpoint_name_of(self.endpoint_name)
        keywords.refuse_other_than_mappings(self, ("job_resources",))
        given["resources"] = self.job_resources
        return with_code(self.load_spec(context, given), self.code, self.scoring_script)


class AzureMLDeleteBatchEndpointOperator(AzureMLProvisioningBaseOperator):
    """Delete a batch endpoint with all its deployments; one that does not exist is fine.

    Jobs that it has started are not touched.

    :param endpoint_name: the endpoint, or the result of the task that made it.
    """

    template_fields: Sequence[str] = (*AzureMLBaseOperator.template_fields, "endpoint_name")

    def __init__(self, *, endpoint_name: str | Mapping[str, Any], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.endpoint_name = endpoint_name

    def plan(self, context: Any, workspace: Workspace) -> Plan:
        """One operation deletes it."""
        from airflow_azureml.hooks.plans import Plan
        from airflow_azureml.lifecycle.batch.deployments import begin_delete, gone

        name = endpoint_name_of(self.endpoint_name)
        return Plan([begin_delete(workspace, name)], gone(workspace, name))


def with_code(document: Document, code: Any, scoring_script: str | None) -> Document:
    """Lay a deployment's keywords for its code over its ``code_configuration``."""
    given = {"code": os.fspath(code) if isinstance(code, os.PathLike) else code, "scoring_script": scoring_script}
    given = {key: value for key, value in given.items() if value is not None}
    return document.merged(code_configuration=given) if given else document


def reference(value: Any) -> Any:
    """A thing by its id or a job by its name, where the result mapping of the task that made it is given.

    A mapping with a path is a thing that is written out; what else an upstream output brings along is left out.
    """
    if not isinstance(value, Mapping):
        return value
    known = next((value[key] for key in ("id", "job_name", "asset_id") if isinstance(value.get(key), str)), None)
    if known is not None:
        return known
    given = {key: item for key, item in value.items() if key not in OUTPUT_KEYS}
    if OUTPUT_KEYS & set(value) and not str(given.get("type")).endswith("_model"):
        given.pop("type", None)
    return given
