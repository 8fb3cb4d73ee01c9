"""What Airflow asks of a provider, as data: connection form, links, configuration, where the classes are.

Every Airflow process that looks at its providers imports this module, so it imports nothing.
"""

from __future__ import annotations

from typing import Any

_TEXT = ["string", "null"]


def _field(label: str, description: str, **schema: Any) -> dict[str, Any]:
    return {"label": label, "description": description, "schema": {"type": _TEXT, **schema}}


CONNECTION_FIELDS: dict[str, dict[str, Any]] = {
    "tenant_id": _field("Tenant ID", "Directory (tenant) that issues the tokens."),
    "subscription_id": _field("Subscription ID", "Subscription of the workspace; operators may override it."),
    "resource_group": _field("Resource group", "Resource group of the workspace; operators may override it."),
    "workspace_name": _field("Workspace", "Name of the Azure ML workspace; operators may override it."),
    "auth": _field(
        "Authentication",
        "If empty: client secret if client ID and secret are given, else DefaultAzureCredential.",
        enum=[
            "default",
            "client_secret",
            "client_certificate",
            "workload_identity",
            "managed_identity",
            "azure_cli",
        ],
    ),
    "managed_identity_client_id": _field(
        "Managed identity client ID", "A user-assigned identity, for managed_identity, workload_identity and default."
    ),
    "workload_identity_tenant_id": _field(
        "Workload identity tenant ID", "Tenant of a workload identity, if it differs from the tenant above."
    ),
    "certificate_path": _field(
        "Certificate path", "PEM or PFX file with certificate and RSA key on the worker; its password in Client secret."
    ),
    "cloud": _field("Cloud", "Azure cloud; ignored if an endpoint is given.", enum=["public", "usgov", "china"]),
    "verify": _field(
        "CA bundle",
        "Path of a CA bundle on the worker, as behind a proxy that inspects TLS; empty trusts the usual roots.",
    ),
    "endpoint": _field("Endpoint", "https address of another control plane, such as the emulator's."),
    "authority": _field("Authority", "Where that control plane's tokens come from; read from the endpoint if empty."),
    "ml_audience": _field("Azure ML audience", "Audience of that control plane's Azure ML tokens."),
    "storage_suffix": _field("Storage suffix", "Domain of that control plane's storage accounts."),
    "api_version": _field("API version", "api-version of requests; empty takes the provider's own."),
    "trusted_hosts": _field(
        "Trusted hosts",
        "Further hosts that tokens may go to, separated by commas: host.example, or .example for its subdomains.",
    ),
}
"""The extras of a connection of type ``azureml``, in the order of the form."""

CONNECTION_BEHAVIOUR: dict[str, Any] = {
    "hidden-fields": ["schema", "port", "host"],
    "relabeling": {"login": "Client ID", "password": "Client secret"},
    "placeholders": {
        "login": "empty for a managed identity and the like",
        "password": "secret of the client, or password of its certificate",
        "subscription_id": "00000000-0000-0000-0000-000000000000",
    },
}
"""How the form treats the fields that every connection has; 2.11 spells the keys with underscores."""

_INTEGRATION = "Azure Machine Learning"

_ASSET_URIS = [
    {
        "schemes": ["azureml"],
        "handler": "airflow_azureml.asset_uris.sanitize_uri",
        "factory": "airflow_azureml.asset_uris.create_asset",
        "to_openlineage_converter": "airflow_azureml.asset_uris.convert_asset_to_openlineage",
    }
]
"""Under the name of 3.x and of 2.11, each of which reads its own."""


def _modules(*names: str) -> list[dict[str, Any]]:
    return [{"integration-name": _INTEGRATION, "python-modules": [f"airflow_azureml.{name}" for name in names]}]


def _number(description: str, default: str) -> dict[str, Any]:
    return {
        "description": description,
        "version_added": "0.1.0",
        "type": "float",
        "example": None,
        "default": default,
    }


def get_provider_info() -> dict[str, Any]:
    """Describe this provider in the words of Airflow's ``provider_info.schema.json``."""
    return {
        "package-name": "airflow-provider-azureml",
        "name": _INTEGRATION,
        "description": "Jobs, data, models and batch endpoints of Azure Machine Learning (v2).",
        "integrations": [
            {
                "integration-name": _INTEGRATION,
                "external-doc-url": "https://learn.microsoft.com/azure/machine-learning/",
                "tags": ["azure"],
            }
        ],
        "hooks": _modules("hooks.azureml"),
        "operators": _modules(
            *("operators.jobs", "operators.cancel_job", "operators.cancel_orphans", "operators.outputs"),
            *("operators.assets", "operators.batch", "operators.infrastructure", "operators.pipeline_step"),
            *(
                "operators.resources.computes",
                "operators.resources.definitions",
                "operators.resources.models",
                "operators.resources.online",
            ),
            *("operators.resources.online_deployments", "operators.resources.online_scoring"),
        ),
        "sensors": _modules("sensors.jobs", "sensors.resources"),
        "triggers": _modules(
            *("triggers.jobs", "triggers.operations", "triggers.resources", "triggers.start", "triggers.watchers")
        ),
        "connection-types": [
            {
                "connection-type": "azureml",
                "hook-class-name": "airflow_azureml.hooks.azureml.AzureMLHook",
                "hook-name": _INTEGRATION,
                "ui-field-behaviour": CONNECTION_BEHAVIOUR,
                "conn-fields": CONNECTION_FIELDS,
            }
        ],
        "task-decorators": [
            {"name": "azureml_command", "class-name": "airflow_azureml.decorators.command.azureml_command"}
        ],
        "asset-uris": _ASSET_URIS,
        "dataset-uris": _ASSET_URIS,
        "filesystems": ["airflow_azureml.filesystems.azureml"],
        "extra-links": ["airflow_azureml.links.AzureMLStudioLink"],
        "config": {
            "azureml": {
                "description": "Defaults of tasks that wait for Azure ML jobs.",
                "options": {
                    "poll_interval": _number(
                        "Longest pause, in seconds, between two requests for the status of a job that a task awaits.",
                        "30",
                    ),
                    "patience": _number(
                        "Seconds for which such requests may keep failing before a waiting task fails.", "900"
                    ),
                    "max_requests_per_second": _number(
                        "Such requests in a second, at most, of all deferred tasks of a triggerer together, for each "
                        "workspace and identity; likewise of a task that waits on a worker.",
                        "5",
                    ),
                    "max_resubmissions": _number(
                        "How often one try of a task submits its job again that Azure has ended: a node preempted, "
                        "lost or not to be had.",
                        "3",
                    ),
                    "prices": {
                        "description": "What an hour of a node costs, as a JSON object: VM size to price, or to prices "
                        "by tier (dedicated, low_priority). Where it is given, usage has a cost.",
                        "version_added": "0.1.0",
                        "type": "string",
                        "example": '{"Standard_DS3_v2": 0.29, "Standard_NC6s_v3": {"low_priority": 0.61}}',
                        "default": "",
                    },
                    "cancel_jobs_of_marked_tasks": {
                        "description": "Whether the API server cancels the job of a task that a user marks failed, "
                        "success or skipped, alone or with its DAG run, where no worker or triggerer does.",
                        "version_added": "0.1.0",
                        "type": "boolean",
                        "example": None,
                        "default": "True",
                    },
                },
            }
        },
    }
