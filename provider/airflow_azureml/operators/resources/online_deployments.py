"""The operator for deployments of online endpoints."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from airflow_azureml.operators import keywords
from airflow_azureml.operators.infrastructure import reference, with_code
from airflow_azureml.operators.operations import AzureMLProvisioningBaseOperator
from airflow_azureml.operators.workspace import AzureMLBaseOperator
from airflow_azureml.task.resource_fields import endpoint_name_of

if TYPE_CHECKING:
    from airflow_azureml.hooks.plans import Plan
    from airflow_azureml.jobspec.document.document import Document
    from airflow_azureml.rest.ids import Workspace


class AzureMLCreateOnlineDeploymentOperator(AzureMLProvisioningBaseOperator):
    """Make a deployment of an online endpoint, or change it where it differs; what is not given stays as it is.

    Keywords are those of the CLI's YAML. Azure ML builds the environment's image and starts the servers, which takes
    minutes; the task waits until they answer, or fails with the service's reason.

    :param name: of the deployment, such as ``blue``.
    :param endpoint_name: the endpoint, or the result of the task that made it; it must exist.
    :param model: as in ``AzureMLCreateBatchDeploymentOperator``: a reference, the result of the task that registered
        it, a mapping with ``path``, or an upstream output.
    :param code: local folder, relative to the DAG file's folder, or the id of registered code; with ``scoring_script``,
        a file in it. ``code_configuration`` is the same as one mapping.
    :param environment: a reference, or a mapping with ``image``, ``conda_file``, ``build``.
    :param environment_variables: mapping of strings, as are ``tags`` and ``properties``.
    :param instance_type: the size of the machines; required for managed deployments.
    :param instance_count: how many there are.
    :param request_settings: mapping with ``request_timeout_ms``, ``max_concurrent_requests_per_instance`` ...
    :param liveness_probe: mapping with ``initial_delay``, ``period``, ``timeout`` ..., as is ``readiness_probe``.
    :param scale_settings: mapping with ``type`` and the like.
    :param app_insights_enabled: whether requests are logged there.
    :param description: free text, shown in Studio.
    :param traffic: once the deployment stands, its percentage of the endpoint's requests (the others keep the
        proportion that they have), or all percentages by the names of deployments; left out: as it is.
    :param spec: the CLI's YAML of an online deployment: a ``.yml`` file's name, YAML text or a mapping; keywords win.
    :return: ``{"id", "name"}``.
    """

    def __init__(
        self,
        *,
        name: str | None = None,
        endpoint_name: str | Mapping[str, Any] | None = None,
        model: str | Mapping[str, Any] | None = None,
        code: str | os.PathLike[str] | None = None,
        scoring_script: str | None = None,
        code_configuration: Mapping[str, Any] | None = None,
        environment: str | Mapping[str, Any] | None = None,
        environment_variables: Mapping[str, Any] | None = None,
        instance_type: str | None = None,
        instance_count: int | None = None,
        request_settings: Mapping[str, Any] | None = None,
        liveness_probe: Mapping[str, Any] | None = None,
        readiness_probe: Mapping[str, Any] | None = None,
        scale_settings: Mapping[str, Any] | None = None,
        app_insights_enabled: bool | None = None,
        description: str | None = None,
        tags: Mapping[str, Any] | None = None,
        properties: Mapping[str, Any] | None = None,
        traffic: int | Mapping[str, int] | None = None,
        spec: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.name = name
        self.endpoint_name = endpoint_name
        self.model = model
        self.code = code
        self.scoring_script = scoring_script
        self.code_configuration = code_configuration
        self.environment = environment
        self.environment_variables = environment_variables
        self.instance_type = instance_type
        self.instance_count = instance_count
        self.request_settings = request_settings
        self.liveness_probe = liveness_probe
        self.readiness_probe = readiness_probe
        self.scale_settings = scale_settings
        self.app_insights_enabled = app_insights_enabled
        self.description = description
        self.tags = tags
        self.properties = properties
        self.traffic = traffic
        self.spec = spec

    keyword_names: ClassVar[tuple[str, ...]] = keywords.names(__init__)
    template_fields: Sequence[str] = (*AzureMLBaseOperator.template_fields, *keyword_names)
    template_fields_renderers: ClassVar[dict[str, str]] = keywords.renderers(__init__, spec="yaml")
    template_file_fields = ("spec",)

    def plan(self, context: Any, workspace: Workspace) -> Plan:
        """One operation makes it, another gives it traffic."""
        from airflow_azureml.hooks import plans

        return plans.online_deployment(self.document(context), workspace, self.traffic)

    def document(self, context: Any) -> Document:
        """Lay the keywords over the spec."""
        elsewhere = ("code", "scoring_script", "traffic", "spec")
        given = {name: getattr(self, name) for name in self.keyword_names if name not in elsewhere}
        given |= {name: reference(given[name]) for name in ("model", "environment")}
        given["endpoint_name"] = None if self.endpoint_name is None else endpoint_name_of(self.endpoint_name)
        return with_code(self.load_spec(context, given), self.code, self.scoring_script)
