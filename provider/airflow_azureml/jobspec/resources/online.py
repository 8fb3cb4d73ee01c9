"""Online endpoints and deployments: the YAML of ``az ml online-endpoint`` and ``online-deployment create``.

Source: azure-ai-ml 1.35.2, ``_schema/_endpoint/online/`` and ``_schema/_deployment/online/`` for what is accepted,
``entities/_endpoint/online_endpoint.py`` and ``entities/_deployment/online_deployment.py`` for what is sent.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from airflow_azureml.jobspec.assets.artifacts import asset_name
from airflow_azureml.jobspec.batch.deployments import Deployment, code_configuration, model_id
from airflow_azureml.jobspec.batch.endpoints import LABELS, Endpoint, resource_name, tracked
from airflow_azureml.jobspec.document.document import Document, Located
from airflow_azureml.jobspec.document.messages import show
from airflow_azureml.jobspec.document.requirements import Placeholder, Register
from airflow_azureml.jobspec.grammar.computes import named_compute
from airflow_azureml.jobspec.grammar.environments import deployed
from airflow_azureml.jobspec.grammar.identities import resource_identity
from airflow_azureml.jobspec.recognition.recognised import explained
from airflow_azureml.jobspec.table.convert import by_type, convert_mapping, nested
from airflow_azureml.jobspec.table.field import Field, answers
from airflow_azureml.jobspec.table.form import snake as snake_case
from airflow_azureml.jobspec.table.json_values import anything
from airflow_azureml.jobspec.table.translator import INVALID, OMIT, Body, Converted, Invalid, Translator
from airflow_azureml.jobspec.table.values import (
    choice,
    count,
    duration,
    iso_duration,
    listed,
    mapped,
    number,
    text,
    title,
    truth,
    version,
)
from airflow_azureml.rest.errors import SpecError
from airflow_azureml.rest.ids import Workspace

AUTH = {"key": "Key", "aml_token": "AMLToken", "aad_token": "AADToken"}
ACCESS = {"enabled": "Enabled", "disabled": "Disabled"}

PERCENTAGES = mapped(count)

ENDPOINT = (
    Field("name", "name", resource_name, required=True),
    Field("description", "description", text),
    Field("tags", "tags", LABELS),
    Field("properties", "properties", LABELS),
    Field("auth_mode", "authMode", choice(AUTH, "a way to authenticate", fold=snake_case)),
    Field("identity", "identity", resource_identity),
    Field("traffic", "traffic", PERCENTAGES),
    Field("mirror_traffic", "mirrorTraffic", PERCENTAGES),
    Field("location", "location", text),
    *answers("id", "provisioning_state", "scoring_uri", "openapi_uri", "kind"),
)
MANAGED_ENDPOINT = (*ENDPOINT, Field("public_network_access", "publicNetworkAccess", choice(ACCESS, "an access")))
KUBERNETES_ENDPOINT = (*ENDPOINT, Field("compute", "compute", named_compute))


def translate_online_endpoint(document: Document, workspace: Workspace) -> Endpoint:
    """Translate an online endpoint, a managed one or, with ``compute``, one on Kubernetes.

    :raises SpecError: with all problems of the document, each with its place.
    """
    ctx = Translator.of(document, workspace)
    root = document.root
    body = convert_mapping(KUBERNETES_ENDPOINT if root.value.get("compute") else MANAGED_ENDPOINT, root, ctx)
    shares = body.get("traffic")
    if isinstance(shares, dict) and sum(shares.values()) > 100:
        ctx.error(root, f"these are {sum(shares.values())} percent. Accepted: up to 100.", "traffic")
    if problems := explained(document, ctx.errors(), "online endpoint"):
        raise SpecError(problems)
    name, outer = body.pop("name"), {"identity": body.pop("identity", {"type": "SystemAssigned"})}
    if "location" in body:
        outer["location"] = body.pop("location")
    return Endpoint(name, {**tracked({"authMode": "Key", **body}), **outer}, tuple(ctx.warnings))


# -- deployments


def milliseconds(located: Located, ctx: Translator) -> Converted[str]:
    """Take whole milliseconds, 0 or more, sent as an ISO 8601 duration; zero sends nothing."""
    duration = count(located, ctx, " of milliseconds")
    if duration is INVALID or not duration:
        return duration if duration is INVALID else OMIT
    seconds, remainder = divmod(duration, 1000)
    if not remainder:
        return iso_duration(seconds)
    minutes, last = divmod(seconds, 60)
    before = iso_duration(minutes * 60).removesuffix("P0D") if minutes else "PT"
    before = before if "T" in before else f"{before}T"
    return f"{before}{last}.{remainder:03}".rstrip("0") + "S"


PROBE = (
    Field("initial_delay", "initialDelay", duration),
    Field("period", "period", duration),
    Field("timeout", "timeout", duration),
    Field("success_threshold", "successThreshold", count),
    Field("failure_threshold", "failureThreshold", count),
)
REQUESTS = (
    Field("request_timeout_ms", "requestTimeout", milliseconds),
    Field("max_concurrent_requests_per_instance", "maxConcurrentRequestsPerInstance", count),
    Field("max_queue_wait_ms", "maxQueueWait", milliseconds),
)
TYPE = Field("type", None, anything)
UTILIZATION = (
    TYPE,
    Field("min_instances", "minInstances", count),
    Field("max_instances", "maxInstances", count),
    Field("polling_interval", "pollingInterval", duration),
    Field("target_utilization_percentage", "targetUtilizationPercentage", count),
)
DEFAULT_SCALE = nested((TYPE,), scaleType="Default")
SCALES = {"default": DEFAULT_SCALE, "target_utilization": nested(UTILIZATION, scaleType="TargetUtilization")}


def enabled(located: Located, ctx: Translator) -> str | Invalid:
    """Take whether a collection is collected: a truth value, or the word for one."""
    word = str(located.value).lower()
    if word in ("true", "false"):
        return "Enabled" if word == "true" else "Disabled"
    return ctx.error(located, f"{show(located.value)} is not a boolean. Accepted: true, false.")


COLLECTED = (
    Field("name", "name", asset_name),
    Field("version", "version", version),
    Field("path", "dataUri", text),
    Field("data_id", None, text),
)


def collected(located: Located, ctx: Translator) -> str | Body | Invalid:
    """Take where something is collected: the id of a data asset, or name, version and path of one to be made."""
    return located.value if isinstance(located.value, str) else nested(COLLECTED)(located, ctx)


COLLECTION = (
    Field("enabled", "dataCollectionMode", enabled, required=True),
    Field("data", "dataId", collected),
    Field("client_id", "clientId", text),
)
LOGGING = (Field("capture_headers", "captureHeaders", listed(text)),)
RATES = {word: word.capitalize() for word in ("minute", "hour", "day")}
COLLECTOR = (
    Field("collections", "collections", mapped(nested(COLLECTION)), required=True),
    Field("rolling_rate", "rollingRate", choice(RATES, "a rate")),
    Field("sampling_rate", "samplingRate", number),
    Field("request_logging", "requestLogging", nested(LOGGING)),
)


def collector(located: Located, ctx: Translator) -> Body | Invalid:
    """Take what is collected of requests and answers; the sampling rate is each collection's."""
    body = nested(COLLECTOR)(located, ctx)
    if not isinstance(body, dict):
        return body
    rate = body.pop("samplingRate", None)
    if rate is not None and not 0 <= rate <= 1:
        return ctx.error(located, f"{show(rate)} is not a rate. Accepted: 0 to 1.", "sampling_rate")
    if rate is not None and isinstance(body.get("collections"), dict):
        body["collections"] = {name: {**one, "samplingRate": rate} for name, one in body["collections"].items()}
    return body


COLLECTOR_PATH = "azureml://datastores/workspaceblobstore/paths/modelDataCollector"
"""Where data is collected. Source: azure-ai-ml 1.35.2, ``_register_collection_data_assets``."""


def _register_collected(body: dict[str, Any], endpoint: str, name: str, workspace: Workspace) -> None:
    """Need a data asset for each collection, as Microsoft's client registers them: by the deployment's name in small
    letters, for the service does not tell the case of that one. Source: azure-ai-ml 1.35.2, ``Deployment.__init__``."""
    name = name.lower()
    for word, collection in body.get("dataCollector", {}).get("collections", {}).items():
        data_id = collection.get("dataId") or {}
        if isinstance(data_id, str):
            continue
        asset, number = data_id.get("name") or f"{endpoint}-{name}-{word}", data_id.get("version") or "1"
        uri = data_id.get("dataUri") or f"{COLLECTOR_PATH}/{endpoint}/{name}/{word}"
        properties = {"dataType": "uri_folder", "dataUri": uri, "isAnonymous": False}
        collection["dataId"] = Placeholder(Register("data", asset, number, {"properties": properties}))


DEPLOYMENT = (
    Field("name", "name", resource_name, required=True),
    Field("endpoint_name", "endpoint_name", resource_name, required=True),
    Field("type", None, anything),
    Field("description", "description", text),
    Field("tags", "tags", LABELS),
    Field("properties", "properties", LABELS),
    Field("model", "model", model_id),
    Field("code_configuration", "codeConfiguration", code_configuration),
    Field("environment", "environmentId", deployed),
    Field("environment_variables", "environmentVariables", mapped(anything)),
    Field("app_insights_enabled", "appInsightsEnabled", truth),
    Field("request_settings", "requestSettings", nested(REQUESTS)),
    Field("liveness_probe", "livenessProbe", nested(PROBE)),
    Field("readiness_probe", "readinessProbe", nested(PROBE)),
    Field("instance_count", "instance_count", count),
    Field("model_mount_path", "modelMountPath", text),
    Field("data_collector", "dataCollector", collector),
    *answers("id", "provisioning_state", "creation_context"),
)
MANAGED = (
    *DEPLOYMENT,
    Field("instance_type", "instanceType", text, required=True),
    Field("scale_settings", "scaleSettings", by_type({"default": DEFAULT_SCALE}, "scaling", fold=snake_case)),
    Field("egress_public_network_access", "egressPublicNetworkAccess", choice(ACCESS, "an access")),
    Field("private_network_connection", "privateNetworkConnection", truth),
)


CONTAINER = (
    Field("cpu", "cpu", text),
    Field("memory", "memory", text),
    Field("gpu", "gpu", text),
    Field("nvidia.com/gpu", "gpu", text),
)
CONTAINERS = (
    Field("requests", "containerResourceRequests", nested(CONTAINER)),
    Field("limits", "containerResourceLimits", nested(CONTAINER)),
)
KUBERNETES = (
    *DEPLOYMENT,
    Field("instance_type", "instanceType", title),
    Field("scale_settings", "scaleSettings", by_type(SCALES, "scaling", fold=snake_case)),
    Field("resources", "containerResourceRequirements", nested(CONTAINERS)),
)


def translate_online_deployment(document: Document, workspace: Workspace) -> Deployment:
    """Translate an online deployment, a managed one or, by its ``type``, one on Kubernetes.

    :raises SpecError: with all problems of the document, each with its place.
    """
    ctx = Translator.of(document, workspace)
    root = document.root
    kinds = {"managed": (MANAGED, "Managed"), "kubernetes": (KUBERNETES, "Kubernetes")}
    word = root.value.get("type", "managed")
    if not isinstance(word, str) or snake_case(word) not in kinds:
        ctx.error(root, f"{show(word)} is not a type of deployment. Accepted: {', '.join(kinds)}.", "type")
        raise SpecError(explained(document, ctx.errors(), "online deployment"))
    table, kind = kinds[snake_case(word)]
    body = convert_mapping(table, root, ctx)
    if problems := explained(document, ctx.errors(), "online deployment"):
        raise SpecError(problems)
    endpoint, name = body.pop("endpoint_name"), body.pop("name")
    _register_collected(body, endpoint, name, workspace)
    instances = body.pop("instance_count", None)
    if body.get("privateNetworkConnection"):  # the service expects it in both places
        body["properties"] = {**body.get("properties", {}), "private-network-connection": True}
    sku: Mapping[str, Any] = {"name": "Default", **({} if instances is None else {"capacity": instances})}
    whole_body = {**tracked({"endpointComputeType": kind, **body}), "sku": sku}
    return Deployment(endpoint, name, whole_body, tuple(ctx.warnings))
