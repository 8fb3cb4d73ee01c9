"""Operators for online endpoints: made, given traffic, deleted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from airflow_azureml.operators import keywords
from airflow_azureml.operators.operations import AzureMLProvisioningBaseOperator
from airflow_azureml.operators.workspace import AzureMLBaseOperator
from airflow_azureml.task.resource_fields import endpoint_name_of

if TYPE_CHECKING:
    from airflow_azureml.hooks.plans import Plan
    from airflow_azureml.jobspec.document.document import Document
    from airflow_azureml.rest.ids import Workspace


class AzureMLCreateOnlineEndpointOperator(AzureMLProvisioningBaseOperator):
    """Make an online endpoint, or change it where it differs; what is not given stays as it is.

    :param name: 3 to 32 letters, digits and ``-``; unique in the workspace's region.
    :param auth_mode: how callers are known: ``key`` (of a new endpoint, by default), ``aml_token`` or ``aad_token``.
    :param description: free text, shown in Studio.
    :param tags: mapping of strings, as is ``properties``.
    :param identity: mapping with ``type`` and the like; a new endpoint has a system-assigned one by default.
    :param public_network_access: ``enabled`` or ``disabled``.
    :param spec: the CLI's YAML of an online endpoint: a ``.yml`` file's name, YAML text or a mapping; keywords win.
    :return: ``{"id", "name"}``.
    """

    def __init__(
        self,
        *,
        name: str | None = None,
        auth_mode: str | None = None,
        description: str | None = None,
        tags: Mapping[str, Any] | None = None,
        properties: Mapping[str, Any] | None = None,
        identity: Mapping[str, Any] | None = None,
        public_network_access: str | None = None,
        spec: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.name = name
        self.auth_mode = auth_mode
        self.description = description
        self.tags = tags
        self.properties = properties
        self.identity = identity
        self.public_network_access = public_network_access
        self.spec = spec

    keyword_names: ClassVar[tuple[str, ...]] = keywords.names(__init__)
    template_fields: Sequence[str] = (*AzureMLBaseOperator.template_fields, *keyword_names)
    template_fields_renderers: ClassVar[dict[str, str]] = keywords.renderers(__init__, spec="yaml")
    template_file_fields = ("spec",)

    def plan(self, context: Any, workspace: Workspace) -> Plan:
        """One operation makes it."""
        from airflow_azureml.hooks import plans

        return plans.online_endpoint(self.document(context), workspace)

    def document(self, context: Any) -> Document:
        """Lay the keywords over the spec."""
        return self.load_spec(context, {name: getattr(self, name) for name in self.keyword_names if name != "spec"})


class AzureMLSetOnlineTrafficOperator(AzureMLProvisioningBaseOperator):
    """Give the deployments of an online endpoint their shares of its requests.

    :param endpoint_name: the endpoint, or the result of the task that made it.
    :param traffic: whole percentages by the names of deployments, together 100 (or 0); whatever is not named gets none.
    :return: ``{"id", "name"}`` of the endpoint.
    """

    template_fields: Sequence[str] = (*AzureMLBaseOperator.template_fields, "endpoint_name", "traffic")
    template_fields_renderers: ClassVar[dict[str, str]] = {"traffic": "json"}

    def __init__(self, *, endpoint_name: str | Mapping[str, Any], traffic: Mapping[str, int], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.endpoint_name = endpoint_name
        self.traffic = traffic

    def plan(self, context: Any, workspace: Workspace) -> Plan:
        """One operation moves the traffic."""
        from airflow_azureml.hooks import plans

        return plans.online_traffic(workspace, endpoint_name_of(self.endpoint_name), self.traffic)


class AzureMLDeleteOnlineEndpointOperator(AzureMLProvisioningBaseOperator):
    """Delete an online endpoint with all its deployments; one that does not exist is fine.

    :param endpoint_name: the endpoint, or the result of the task that made it.
    """

    template_fields: Sequence[str] = (*AzureMLBaseOperator.template_fields, "endpoint_name")

    def __init__(self, *, endpoint_name: str | Mapping[str, Any], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.endpoint_name = endpoint_name

    def plan(self, context: Any, workspace: Workspace) -> Plan:
        """One operation deletes it."""
        from airflow_azureml.hooks import plans

        return plans.no_online_endpoint(workspace, endpoint_name_of(self.endpoint_name))
