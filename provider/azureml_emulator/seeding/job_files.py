"""Jobs and components in the CLI's files: as schedules make them, and as pipeline components are made of them.

Read are command jobs, and pipelines whose nodes are commands, pipelines, or of control. What a file may say beside that
(sweeps, distributions of files over nodes, additional includes) is refused by name, not left out. Source: the YAML
reference pages of command jobs, pipeline jobs and components; requests of azure-ai-ml 1.35.2 for the nodes.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from azureml_emulator.pipelines.components import MODES
from azureml_emulator.pipelines.graph import CONTROL, bound
from azureml_emulator.seeding.files import SeedFile, read_file
from azureml_emulator.seeding.parts import Parts

Row = dict[str, Any]
Put = Callable[[str, str, Row], str]
"""Registers a component: its name, its version, its spec; its id."""

LITERALS = {bool: "boolean", int: "integer", float: "number", str: "string"}
KEPT = ("name", "version", "type", "display_name", "description", "tags", "is_deterministic", "inputs", "outputs")
COMMAND_PARTS = ("command", "code", "environment", "environment_variables", "resources", "distribution", "limits")
JOB_HEAD = {
    "display_name": "displayName",
    "experiment_name": "experimentName",
    "description": "description",
    "tags": "tags",
    "properties": "properties",
}
NODE_SETTINGS = (
    *("environment_variables", "resources", "distribution", "limits", "identity", "queue_settings"),
    *("display_name", "description", "tags", "properties"),
)


class JobFiles:
    """Reads jobs and components, and registers what they name.

    :param put: registers a component.
    """

    def __init__(self, parts: Parts, put: Put) -> None:
        self._parts = parts
        self._put = put

    # components --------------------------------------------------------------------------------------

    def spec(self, file: SeedFile) -> Row:
        """The spec of a component.

        :raises SeedError: it has what is not read here.
        """
        content = file.content
        kept: Row = {"type": "command", **{key: content[key] for key in KEPT if key in content}}
        if kept["type"] == "pipeline":
            return {**kept, "jobs": self.nodes(file, content)}
        if kept["type"] != "command" or "additional_includes" in content:
            what = "additional_includes" if "additional_includes" in content else "type"
            raise file.error(what, "it is not read here. Accepted: components of type command and pipeline.")
        parts = {key: content[key] for key in COMMAND_PARTS if content.get(key) is not None}
        return {"_source": "YAML.COMPONENT", **kept, **parts, **self._code_and_environment(file, parts)}

    def _code_and_environment(self, file: SeedFile, content: Mapping[str, Any]) -> Row:
        found: Row = {}
        if isinstance(content.get("code"), str):
            found["code"] = self._parts.code(file, content["code"])
        environment = content.get("environment")
        if isinstance(environment, Mapping):
            environment = self._parts.anonymous_environment(file, environment)
        return {**found, **({"environment": environment} if environment else {})}

    def _component(self, file: SeedFile, field: str, value: Any) -> str:
        """The id of a component: a registered one, that of another file, or one that is written out."""
        if isinstance(value, str) and value.startswith(("azureml:", "/subscriptions/", "azureml://")):
            return value
        if isinstance(value, Mapping):
            return self._anonymous(self.spec(SeedFile(file.path, "component", value)))
        path = file.local(str(value).removeprefix("file:"))
        if not path.is_file():
            raise file.error(field, f"{value!r} is no file. Accepted: a file beside it, azureml:NAME:VERSION.")
        return self._anonymous(self.spec(SeedFile(path, "component", read_mapping(path, file, field))))

    def _anonymous(self, spec: Row) -> str:
        version = hashlib.sha256(json.dumps(spec, sort_keys=True, default=str).encode()).hexdigest()[:32]
        return self._put("azureml_anonymous", version, spec)

    # nodes -------------------------------------------------------------------------------------------

    def nodes(self, file: SeedFile, pipeline: Mapping[str, Any]) -> dict[str, Row]:
        """The nodes of a pipeline as requests have them.

        :raises SeedError: one has what is not read here.
        """
        jobs = pipeline.get("jobs")
        if not isinstance(jobs, Mapping) or not jobs:
            raise file.error("jobs", f"{jobs!r} is not accepted. Accepted: a mapping of nodes.")
        given = pipeline.get("inputs") or {}
        return {str(name): self._node(file, f"jobs.{name}", str(name), row, given) for name, row in jobs.items()}

    def _node(self, file: SeedFile, field: str, name: str, row: Any, given: Mapping[str, Any]) -> Row:
        if not isinstance(row, Mapping):
            raise file.error(field, f"{row!r} is not accepted. Accepted: a mapping.")
        kind = str(row.get("type") or "command")
        if kind in CONTROL:
            items = row.get("items")
            return {**row, **({"items": json.dumps(items)} if isinstance(items, (list, dict)) else {})}
        if kind not in ("command", "pipeline"):
            accepted = ", ".join(("command", "pipeline", *sorted(CONTROL)))
            raise file.error(f"{field}.type", f"{kind!r} is not read here. Accepted: {accepted}.")
        inputs, outputs = row.get("inputs") or {}, row.get("outputs") or {}
        settings = {key: row[key] for key in NODE_SETTINGS if row.get(key) is not None}
        if row.get("component") is not None:
            component = self._component(file, f"{field}.component", row["component"])
        else:
            inline = {key: row[key] for key in COMMAND_PARTS if row.get(key) is not None}
            declared = {
                "inputs": {key: declaration(value, given) for key, value in inputs.items()},
                "outputs": {key: {"type": "uri_folder", **own_output(value)} for key, value in outputs.items()},
            }
            component = self._anonymous(self.spec(SeedFile(file.path, "component", {**inline, **declared})))
            settings = {key: value for key, value in settings.items() if key not in COMMAND_PARTS}
        return {
            "name": name,
            "type": kind,
            "componentId": component,
            "inputs": {key: self.node_input(file, f"{field}.inputs.{key}", value) for key, value in inputs.items()},
            "outputs": {key: node_output(value) for key, value in outputs.items() if value is not None},
            **({"computeId": row["compute"]} if row.get("compute") else {}),
            **settings,
        }

    def node_input(self, file: SeedFile, field: str, value: Any) -> Row:
        """An input of a node: data at an address, a value or a binding."""
        if not isinstance(value, Mapping):
            return {"job_input_type": "literal", "value": str(value)}
        mode = {"mode": MODES[str(value["mode"])]} if value.get("mode") in MODES else {}
        if bound(value.get("path")):
            return {"job_input_type": "literal", "value": value["path"], **mode}
        uri = self._parts.uri(SeedFile(file.path, file.kind, {field: value.get("path")}), field)
        return {"job_input_type": value.get("type") or "uri_folder", "uri": uri, **mode}

    # jobs --------------------------------------------------------------------------------------------

    def job(self, file: SeedFile, content: Mapping[str, Any]) -> Row:
        """The properties of a job.

        :raises SeedError: it has what is not read here.
        """
        head: Row = {own: content[key] for key, own in JOB_HEAD.items() if content.get(key) is not None}
        inputs = {
            key: self.node_input(file, f"inputs.{key}", row) for key, row in (content.get("inputs") or {}).items()
        }
        outputs = {key: node_output(row or {}) for key, row in (content.get("outputs") or {}).items()}
        head["inputs"] = {key: renamed(row, "job_input_type", "jobInputType") for key, row in inputs.items()}
        head["outputs"] = {key: job_output(row) for key, row in outputs.items()}
        if content.get("compute"):
            head["computeId"] = str(content["compute"]).removeprefix("azureml:")
        kind = str(content.get("type") or ("pipeline" if "jobs" in content else "command"))
        if kind == "pipeline":
            settings = dict(content.get("settings") or {})
            return {**head, "jobType": "Pipeline", "settings": settings, "jobs": self.nodes(file, content)}
        if kind != "command" or not content.get("command"):
            raise file.error("type", f"jobs of type {kind!r} are not read here. Accepted: command, pipeline.")
        parts = self._code_and_environment(file, content)
        return {
            **head,
            "jobType": "Command",
            "command": content["command"],
            "environmentId": parts.get("environment"),
            **({"codeId": parts["code"]} if "code" in parts else {}),
            "environmentVariables": {k: str(v) for k, v in (content.get("environment_variables") or {}).items()},
            "resources": {"instanceCount": int((content.get("resources") or {}).get("instance_count") or 1)},
        }


def read_mapping(path: Path, file: SeedFile, field: str) -> Mapping[str, Any]:
    """The content of another file.

    :raises SeedError: it is no mapping.
    """
    content = read_file(path)
    if not isinstance(content, Mapping):
        raise file.error(field, f"{path.name} is no mapping.")
    return content


def declaration(value: Any, given: Mapping[str, Any]) -> Row:
    """What a component that is written out in a node declares of an input: the type of what the node is given."""
    binding = bound(value.get("path") if isinstance(value, Mapping) else value)
    if binding and binding.startswith("inputs."):
        return declaration(given.get(binding.removeprefix("inputs.")), {})
    if isinstance(value, Mapping):
        return {"type": value.get("type") or "uri_folder"}
    return {"type": "uri_folder" if binding else LITERALS.get(type(value), "string")}


def own_output(value: Any) -> Row:
    """The type of an output of a node, where it says one."""
    return {"type": value["type"]} if isinstance(value, Mapping) and value.get("type") else {}


def node_output(value: Any) -> Row:
    """An output of a node: bound to one of the pipeline's, or with settings of its own."""
    if isinstance(value, str):
        return {"type": "literal", "value": value}
    names = {"type": "job_output_type", "path": "uri", "name": "asset_name", "version": "asset_version"}
    row = {own: str(value[key]) for key, own in names.items() if value.get(key)}
    return {**row, **({"mode": MODES[str(value["mode"])]} if value.get("mode") in MODES else {})}


def job_output(row: Row) -> Row:
    """An output of a job, whose words are in camel case."""
    words = {"asset_name": "assetName", "asset_version": "assetVersion", "job_output_type": "jobOutputType"}
    return {"jobOutputType": "uri_folder", **{words.get(key, key): value for key, value in row.items()}}


def renamed(row: Row, old: str, new: str) -> Row:
    """A row with one key in another spelling."""
    return {new if key == old else key: value for key, value in row.items()}
