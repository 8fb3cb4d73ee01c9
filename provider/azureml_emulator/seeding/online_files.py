"""Online endpoints and their managed deployments, from the CLI's files.

Source of the keys: https://learn.microsoft.com/azure/machine-learning/reference-yaml-endpoint-online and
https://learn.microsoft.com/azure/machine-learning/reference-yaml-deployment-managed-online; their names in requests:
the models of azure-ai-ml 1.35.2 and what it makes of such files.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from azureml_emulator.endpoints.bodies import check_room, read, record_of
from azureml_emulator.endpoints.keys import with_keys
from azureml_emulator.endpoints.records import key_of
from azureml_emulator.online import schemas
from azureml_emulator.online.backend import Online
from azureml_emulator.seeding.files import SeedFile

MODES = {"key": schemas.KEY, "aml_token": schemas.AML_TOKEN, "aad_token": schemas.AAD_TOKEN}
TIMES = {
    "request_timeout_ms": "requestTimeout",
    "max_queue_wait_ms": "maxQueueWait",
}
PROBES = {"liveness_probe": "livenessProbe", "readiness_probe": "readinessProbe", "startup_probe": "startupProbe"}
PROBE = {
    "initial_delay": ("initialDelay", "PT{}S"),
    "period": ("period", "PT{}S"),
    "timeout": ("timeout", "PT{}S"),
    "success_threshold": ("successThreshold", None),
    "failure_threshold": ("failureThreshold", None),
}
SAME = {
    "description": "description",
    "properties": "properties",
    "environment_variables": "environmentVariables",
    "instance_type": "instanceType",
    "model_mount_path": "modelMountPath",
    "app_insights_enabled": "appInsightsEnabled",
}
"""Keys of a deployment whose values stay as they are, by their names in requests."""

Register = Callable[[SeedFile, Any], str]
"""Registers what a field of a file holds; its id."""


class OnlineFiles:
    """Registers online endpoints and deployments.

    :param code: registers a local folder as code.
    :param environment: registers an environment that stands in a file.
    :param model: registers a model that stands in a file.
    """

    def __init__(self, online: Online, code: Register, environment: Register, model: Register) -> None:
        self._online = online
        self._code = code
        self._environment = environment
        self._model = model

    def endpoint(self, file: SeedFile, name: str, *, shares: bool = False) -> None:
        """Write an endpoint.

        :param shares: with the shares of its deployments, which must be there; without, it keeps those that it has.
        :raises SeedError: a field is not accepted.
        :raises ServiceError: the service would refuse it.
        """
        online, content = self._online, file.content
        before = online.endpoints.get(name)
        mode = str(content.get("auth_mode") or "key").lower()
        if mode not in MODES:
            raise file.error("auth_mode", f"{content['auth_mode']!r} is not accepted. Accepted: {', '.join(MODES)}.")
        properties: dict[str, Any] = {"authMode": MODES[mode]}
        properties |= {key: content[key] for key in ("description", "properties") if content.get(key)}
        if content.get("public_network_access"):
            properties["publicNetworkAccess"] = str(content["public_network_access"]).capitalize()
        kept = before["properties"] if before else {}
        for key, own in (("traffic", "traffic"), ("mirror_traffic", "mirrorTraffic")):
            properties[own] = (content.get(key) or {}) if shares else (kept.get(own) or {})
        body = read(self._body(file, properties), schemas.ENDPOINT, name)
        stored = online.endpoint_properties(name, body["properties"])
        value = with_keys(record_of(name, body, stored, before), before)
        online.endpoints.begin(name, value, "Updating" if before else "Creating")

    def deployment(self, file: SeedFile, name: str, on_loop: Callable[[Callable[[], None]], None]) -> None:
        """Write a deployment, whose server starts.

        :param on_loop: runs something on the event loop.
        :raises SeedError: its endpoint is not there, or a field is not accepted.
        :raises ServiceError: the service would refuse it.
        """
        online = self._online
        endpoint = online.endpoints.get(file.text("endpoint_name"))
        if endpoint is None:
            message = f"{file.content['endpoint_name']!r} is no online endpoint of the workspace."
            raise file.error("endpoint_name", message)
        holder = endpoint["name"]
        body = read(self._body(file, self._properties(file)), schemas.DEPLOYMENT, name)
        body["sku"] = {"name": "Default", "capacity": file.content.get("instance_count", 1)}
        before = online.deployments.get(f"{holder}/{name}")
        check_room(before, len(online.deployments.of(holder)))
        properties, sku = online.complete_deployment(body)
        value = {**record_of(name, body, properties, before), "endpoint": holder, "sku": sku}
        online.deployments.begin(key_of(value), value, "Updating" if before else "Creating")
        on_loop(lambda: online.serve(value, before))

    def _body(self, file: SeedFile, properties: Mapping[str, Any]) -> dict[str, Any]:
        return {"location": self._online.settings.region, "tags": file.content.get("tags"), "properties": properties}

    def _properties(self, file: SeedFile) -> dict[str, Any]:
        content = file.content
        found: dict[str, Any] = {"endpointComputeType": "Managed"}
        found |= {own: content[key] for key, own in SAME.items() if content.get(key) is not None}
        script = content.get("code_configuration") or {}
        if script.get("code"):
            found["codeConfiguration"] = {
                "codeId": self._code(file, str(script["code"])),
                "scoringScript": str(script.get("scoring_script")),
            }
        environment, model = content.get("environment"), content.get("model")
        if environment:
            is_inline = isinstance(environment, Mapping)
            found["environmentId"] = self._environment(file, environment) if is_inline else str(environment)
        if model:
            found["model"] = self._model(file, model) if isinstance(model, Mapping) else str(model)
        if content.get("egress_public_network_access"):
            found["egressPublicNetworkAccess"] = str(content["egress_public_network_access"]).capitalize()
        requests = content.get("request_settings") or {}
        settings = {own: f"PT{requests[key] / 1000:g}S" for key, own in TIMES.items() if requests.get(key) is not None}
        if requests.get("max_concurrent_requests_per_instance") is not None:
            settings["maxConcurrentRequestsPerInstance"] = requests["max_concurrent_requests_per_instance"]
        if settings:
            found["requestSettings"] = settings
        for key, own in PROBES.items():
            if content.get(key):
                found[own] = probe(content[key])
        return found


def probe(row: Mapping[str, Any]) -> dict[str, Any]:
    """A probe as requests have it, whose times are seconds in files."""
    known = ((PROBE[key], value) for key, value in row.items() if key in PROBE and value is not None)
    return {name: form.format(value) if form else value for (name, form), value in known}
