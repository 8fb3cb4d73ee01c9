"""Files of the CLI: which YAML files of a folder describe something that can be registered, and what of it.

Source of the schemas' names and of the keys: the CLI (v2) YAML schema pages, such as
https://learn.microsoft.com/azure/machine-learning/reference-yaml-data.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

ENVIRONMENT, DATASTORE, COMPUTE, DATA, MODEL, COMPONENT = (
    "environment",
    "datastore",
    "compute",
    "data",
    "model",
    "component",
)
BATCH_ENDPOINT, BATCH_DEPLOYMENT = "batch endpoint", "batch deployment"
ONLINE_ENDPOINT, ONLINE_DEPLOYMENT = "online endpoint", "online deployment"
PIPELINE_COMPONENT, SCHEDULE = "pipeline component", "schedule"
ASSETS = (ENVIRONMENT, DATASTORE, COMPUTE, DATA, MODEL, COMPONENT, PIPELINE_COMPONENT)
ORDER = (*ASSETS, BATCH_ENDPOINT, BATCH_DEPLOYMENT, ONLINE_ENDPOINT, ONLINE_DEPLOYMENT, SCHEDULE)
"""What may name something of another kind comes after it."""

SCHEMAS = {
    "environment": ENVIRONMENT,
    "azureblob": DATASTORE,
    "azuredatalakegen2": DATASTORE,
    "amlcompute": COMPUTE,
    "computeinstance": COMPUTE,
    "data": DATA,
    "model": MODEL,
    "commandcomponent": COMPONENT,
    "pipelinecomponent": PIPELINE_COMPONENT,
    "schedule": SCHEDULE,
    "batchendpoint": BATCH_ENDPOINT,
    "batchdeployment": BATCH_DEPLOYMENT,
    "modelbatchdeployment": BATCH_DEPLOYMENT,
    "managedonlineendpoint": ONLINE_ENDPOINT,
    "managedonlinedeployment": ONLINE_DEPLOYMENT,
}
"""Kinds by the name of a file's ``$schema``, in lower case."""

TYPES = {
    "uri_file": DATA,
    "uri_folder": DATA,
    "mltable": DATA,
    "custom_model": MODEL,
    "mlflow_model": MODEL,
    "triton_model": MODEL,
    "amlcompute": COMPUTE,
    "computeinstance": COMPUTE,
    "azure_blob": DATASTORE,
    "azure_data_lake_gen2": DATASTORE,
}
"""Kinds by the ``type`` of a file without a schema that is told by it."""

COMMON = frozenset({"$schema", "name", "version", "description", "tags", "properties", "type"})
KEYS = {
    ENVIRONMENT: COMMON | {"image", "conda_file", "build", "os_type", "inference_config"},
    DATASTORE: COMMON | {"account_name", "container_name", "filesystem", "endpoint", "protocol", "credentials"},
    COMPUTE: COMMON
    | {
        "size",
        "min_instances",
        "max_instances",
        "idle_time_before_scale_down",
        "tier",
        "location",
        "identity",
        "network_settings",
        "ssh_settings",
        "ssh_public_access_enabled",
        "enable_node_public_ip",
        "schedules",
        "setup_scripts",
        "idle_time_before_shutdown_minutes",
    },
    DATA: COMMON | {"path"},
    MODEL: COMMON | {"path", "flavors", "stage"},
    COMPONENT: COMMON
    | {
        "display_name",
        "command",
        "code",
        "environment",
        "inputs",
        "outputs",
        "distribution",
        "resources",
        "is_deterministic",
        "additional_includes",
    },
    PIPELINE_COMPONENT: COMMON | {"display_name", "inputs", "is_deterministic", "jobs", "outputs"},
    SCHEDULE: COMMON | {"create_job", "display_name", "trigger"},
    BATCH_ENDPOINT: COMMON | {"defaults", "auth_mode"},
    BATCH_DEPLOYMENT: COMMON
    | {
        "endpoint_name",
        "model",
        "code_configuration",
        "environment",
        "environment_variables",
        "compute",
        "resources",
        "settings",
        "mini_batch_size",
        "max_concurrency_per_instance",
        "output_action",
        "output_file_name",
        "retry_settings",
        "error_threshold",
        "logging_level",
    },
    ONLINE_ENDPOINT: COMMON
    | {
        "auth_mode",
        "identity",
        "location",
        "mirror_traffic",
        "public_network_access",
        "traffic",
    },
    ONLINE_DEPLOYMENT: COMMON
    | {
        "app_insights_enabled",
        "code_configuration",
        "data_collector",
        "egress_public_network_access",
        "endpoint_name",
        "environment",
        "environment_variables",
        "instance_count",
        "instance_type",
        "liveness_probe",
        "location",
        "model",
        "model_mount_path",
        "readiness_probe",
        "request_settings",
        "scale_settings",
        "startup_probe",
    },
}
"""The keys that a file of each kind may have."""


class SeedError(Exception):
    """A file that cannot be registered; the text names file and field, what was given and what is accepted."""


@dataclass(frozen=True)
class SeedFile:
    """A file that describes something to register."""

    path: Path
    kind: str
    content: Mapping[str, Any]

    def error(self, field: str, message: str) -> SeedError:
        """An error about one of its fields."""
        return SeedError(f"{self.path}: {field}: {message}")

    def text(self, field: str) -> str:
        """A text that must be there.

        :raises SeedError: it is not, or is no text or number.
        """
        value = self.content.get(field)
        if not isinstance(value, str | int | float) or isinstance(value, bool) or not str(value).strip():
            raise self.error(field, f"{value!r} is not accepted. Accepted: a text.")
        return str(value)

    def local(self, value: str) -> Path:
        """A path beside the file."""
        return self.path.parent / value


def read_folder(folder: Path) -> tuple[list[SeedFile], dict[Path, str]]:
    """The files below a folder that describe something, in an order in which they can be registered; and why the other
    YAML files are left alone.

    :raises SeedError: the folder or one of its files cannot be read, or has an unknown key.
    """
    if not folder.is_dir():
        raise SeedError(f"{folder} is not a folder.")
    found, left_alone = [], {}
    for path in sorted(path for path in folder.rglob("*") if path.suffix.lower() in (".yml", ".yaml")):
        content = read_file(path)
        kind = kind_of(content)
        if kind in KEYS:
            check_keys(path, kind, content)
            found.append(SeedFile(path, kind, content))
        else:
            left_alone[path] = kind
    return sorted(found, key=lambda file: ORDER.index(file.kind)), left_alone


def read_file(path: Path) -> Any:
    """A YAML file's content."""
    try:
        return yaml.safe_load(path.read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"{path}:{mark.line + 1}" if mark else str(path)
        raise SeedError(f"{where}: this is no YAML: {getattr(error, 'problem', None) or 'not readable'}.") from None
    except (OSError, UnicodeDecodeError) as error:
        raise SeedError(f"{path}: not readable: {error}.") from None


def kind_of(content: Any) -> str:
    """The kind that a file's content describes, or why it is left alone."""
    if not isinstance(content, dict):
        return "no mapping"
    schema = re.search(r"([A-Za-z]+)\.schema\.json", str(content.get("$schema") or ""))
    if schema:
        return SCHEMAS.get(schema[1].lower(), f"files of the schema {schema[1]} are not registered")
    kind = TYPES.get(str(content.get("type")))
    if kind in (DATA, MODEL):
        return kind if "path" in content and "name" in content else "no description of something to register"
    if kind:
        return kind
    if "command" not in content and "name" in content and {"image", "build"} & set(content):
        return ENVIRONMENT
    if "trigger" in content and "create_job" in content:
        return SCHEDULE
    if content.get("type") == "pipeline" and "jobs" in content and "version" in content:
        return PIPELINE_COMPONENT
    if content.get("type") == "command" and "command" in content and "version" in content:
        return COMPONENT
    return "no description of something to register"


def check_keys(path: Path, kind: str, content: Mapping[str, Any]) -> None:
    """Refuse keys that no file of the kind has.

    :raises SeedError: naming the first of them.
    """
    unknown = [str(key) for key in content if key not in KEYS[kind]]
    if unknown:
        accepted = ", ".join(sorted(KEYS[kind]))
        raise SeedError(f"{path}: {unknown[0]}: {kind} has no such key. Accepted: {accepted}.")
