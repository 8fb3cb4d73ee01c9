"""Batch endpoints and deployments of models, from the CLI's files.

Source of the keys: https://learn.microsoft.com/azure/machine-learning/reference-yaml-deployment-batch; their names in
requests: recorded requests of azure-ai-ml 1.35.2.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from azureml_emulator.batch import schemas
from azureml_emulator.batch.backend import Batch
from azureml_emulator.endpoints.bodies import check_room, read, record_of
from azureml_emulator.seeding.files import SeedFile

SETTINGS = {
    "mini_batch_size": "miniBatchSize",
    "max_concurrency_per_instance": "maxConcurrencyPerInstance",
    "output_file_name": "outputFileName",
    "error_threshold": "errorThreshold",
    "logging_level": "loggingLevel",
    "environment_variables": "environmentVariables",
}
"""Settings of a deployment by their names in requests; in files they also stand beside ``settings``."""

ACTIONS = {"append_row": "AppendRow", "summary_only": "SummaryOnly"}

Register = Callable[[SeedFile, Any], str]
"""Registers what a field of a file holds; its id."""


class BatchFiles:
    """Registers batch endpoints and deployments.

    :param code: registers a local folder as code.
    :param environment: registers an environment that stands in a file.
    """

    def __init__(self, batch: Batch, code: Register, environment: Register) -> None:
        self._batch = batch
        self._code = code
        self._environment = environment

    def endpoint(self, file: SeedFile, name: str) -> None:
        """Write an endpoint. Its default deployment may come later: a file does not have to be the last one."""
        batch, before = self._batch, self._batch.endpoints.get(name)
        properties: dict[str, Any] = {"authMode": "aadToken"}
        properties |= {key: file.content[key] for key in ("description", "properties") if file.content.get(key)}
        body = read(self._body(file, properties), schemas.ENDPOINT, name)
        kept = {key: value for key, value in body["properties"].items() if key != "authMode"}
        default = (file.content.get("defaults") or {}).get("deployment_name")
        if default:
            kept["defaults"] = {"deploymentName": str(default)}
        batch.endpoints.begin(name, record_of(name, body, kept, before), "Updating" if before else "Creating")

    def deployment(self, file: SeedFile, name: str) -> None:
        """Write a deployment of a model.

        :raises SeedError: its endpoint is not there, or a field is not accepted.
        :raises ServiceError: the service would refuse it.
        """
        batch = self._batch
        endpoint = batch.endpoints.get(file.text("endpoint_name"))
        if endpoint is None:
            raise file.error(
                "endpoint_name", f"{file.content['endpoint_name']!r} is no batch endpoint of the workspace."
            )
        holder = endpoint["name"]
        body = read(self._body(file, self._properties(file)), schemas.DEPLOYMENT, name)
        before = batch.deployments.get(f"{holder}/{name}")
        check_room(before, len(batch.deployments.of(holder)))
        value = record_of(name, body, batch.complete_deployment(body["properties"]), before)
        value["endpoint"] = holder
        batch.deployments.begin(f"{holder}/{name}", value, "Updating" if before else "Creating")

    def _body(self, file: SeedFile, properties: Mapping[str, Any]) -> dict[str, Any]:
        return {"location": self._batch.settings.region, "tags": file.content.get("tags"), "properties": properties}

    def _properties(self, file: SeedFile) -> dict[str, Any]:
        content = file.content
        model = content.get("model")
        if not isinstance(model, str) or not model.startswith(("azureml:", "/subscriptions/")):
            raise file.error("model", f"{model!r} is not accepted. Accepted: a registered model, azureml:NAME:VERSION.")
        found: dict[str, Any] = {"model": {"referenceType": "Id", "assetId": model}}
        found |= {key: content[key] for key in ("description", "properties") if content.get(key)}
        script = content.get("code_configuration") or {}
        if script.get("code"):
            found["codeConfiguration"] = {
                "codeId": self._code(file, str(script["code"])),
                "scoringScript": str(script.get("scoring_script")),
            }
        environment = content.get("environment")
        if environment:
            is_inline = isinstance(environment, Mapping)
            found["environmentId"] = self._environment(file, environment) if is_inline else str(environment)
        if content.get("compute"):
            compute = str(content["compute"]).removeprefix("azureml:")
            is_name = not compute.startswith("/")
            found["compute"] = f"{self._batch.settings.workspace_arm_id}/computes/{compute}" if is_name else compute
        if content.get("resources"):
            found["resources"] = {"instanceCount": content["resources"].get("instance_count", 1)}
        return found | self._settings(file)

    def _settings(self, file: SeedFile) -> dict[str, Any]:
        given = {**file.content, **(file.content.get("settings") or {})}
        found = {name: given[key] for key, name in SETTINGS.items() if given.get(key) is not None}
        action = given.get("output_action")
        if action is not None:
            if action not in ACTIONS:
                raise file.error("output_action", f"{action!r} is not accepted. Accepted: {', '.join(ACTIONS)}.")
            found["outputAction"] = ACTIONS[action]
        retries = given.get("retry_settings") or {}
        numbers = {"maxRetries": retries.get("max_retries")}
        numbers |= {"timeout": f"PT{retries['timeout']}S"} if "timeout" in retries else {}
        if retries:
            found["retrySettings"] = {name: value for name, value in numbers.items() if value is not None}
        return found
