"""Jobs of nodes: the job that a node of a pipeline makes from its component, as the jobs API has it. No HTTP, no
files.

Source: azure-ai-ml 1.35.2 and recorded bodies of pipelines.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from azureml_emulator.core.schema import VALUE_REQUIRED
from azureml_emulator.pipelines.components import NodeError, Port, Spec, check_inputs, ports
from azureml_emulator.pipelines.graph import BindingError, Row, Scope, bound, listing

DISTRIBUTIONS = {"pytorch": "PyTorch", "mpi": "Mpi", "tensorflow": "TensorFlow", "ray": "Ray"}
IDENTITIES = {"aml_token": "AMLToken", "user_identity": "UserIdentity", "managed": "Managed", "amltoken": "AMLToken"}


def job_inputs(spec: Spec, node: Mapping[str, Any], scope: Scope, field: str) -> dict[str, Row]:
    """The inputs of the job that a node becomes, with its bindings resolved."""
    declared, where = ports(spec, "inputs"), f"{field}.inputs"
    node_inputs = node.get("inputs") or {}
    rows = {name: one_input(declared.get(name), row, scope, f"{where}.{name}") for name, row in node_inputs.items()}
    return check_inputs(declared, rows, where)


def one_input(port: Port | None, node_row: Row, scope: Scope, where: str) -> Row | None:
    """A node's input as a job's; None: it is bound to an optional input without a value.

    That a blank text is refused as in jobs is an assumption: two of Microsoft's examples give one to a component of a
    registry (hftransformers-fridgeobjects, ``extra_optim_args``), none to one of a workspace.

    An optional input may also be bound to an input that the pipeline lacks: azure-ai-ml 1.35.2 leaves out inputs that
    are None, and keeps their bindings. The mode is the node's, else the component's, else the bound pipeline input's;
    which one wins is unproven.
    """
    modes = [node_row.get("mode"), port.mode if port else None]
    if bound(node_row.get("value")):
        try:
            row = scope.input(node_row["value"])
        except BindingError as error:
            if port and port.optional and (bound(node_row["value"]) or "").startswith("inputs."):
                return None
            raise NodeError(where, str(error), "BindingNotFound") from None
        if row is None:
            return None
    else:
        if node_row["job_input_type"] == "literal" and not node_row["value"].strip():
            raise NodeError(where, VALUE_REQUIRED, "NotEmptyValidator")
        row = {"jobInputType": node_row["job_input_type"]}
        row.update({key: node_row[key] for key in ("value", "uri") if node_row.get(key) is not None})
    modes.append(row.pop("mode", None))
    mode = next(filter(None, modes), None)
    return {**row, "mode": mode} if mode and "uri" in row else row


def job_outputs(spec: Spec, node: Mapping[str, Any], scope: Scope, field: str) -> dict[str, Row]:
    """The outputs of the job that a node becomes: all that its component declares, those bound to the pipeline's
    outputs with the settings of these. One that is a value has a file for it, whose path the command is told.

    :raises NodeError: an output that the component does not declare, or a binding to none of the pipeline's.
    """
    declared, node_outputs = ports(spec, "outputs"), node.get("outputs") or {}
    unknown = sorted(set(node_outputs) - set(declared))
    if unknown:
        message = f"The component has no output {unknown[0]!r}; its outputs: {listing(declared)}."
        raise NodeError(f"{field}.outputs.{unknown[0]}", message, "OutputNotFound")
    rows = {}
    for name, wanted in declared.items():
        try:
            settings = asked_output(node_outputs.get(name) or {}, scope)
        except BindingError as error:
            raise NodeError(f"{field}.outputs.{name}", str(error), "BindingNotFound") from None
        if wanted.is_literal:
            rows[name] = {"jobOutputType": "uri_file"}
            continue
        kept = {key: settings[key] for key in ("uri", "mode", "assetName", "assetVersion") if settings.get(key)}
        rows[name] = {"jobOutputType": wanted.type, **({"mode": wanted.mode} if wanted.mode else {}), **kept}
    return rows


def asked_output(row: Row, scope: Scope) -> Row:
    """The settings of a node's output: its own, or those of the pipeline's output that it is bound to, with a mode of
    its own if it has one (azure-ai-ml 1.35.2 sends one beside a binding)."""
    if "value" in row:
        settings = scope.output(str(row["value"]))[1]
        return {**settings, "mode": row["mode"]} if row.get("mode") else settings
    return {camel(key): value for key, value in scope.settled(row).items()}


def pipeline_job(spec: Spec, node: Mapping[str, Any], scope: Scope, field: str) -> dict[str, Any]:
    """The pipeline job that a node of type pipeline becomes.

    :raises NodeError: the node does not fit its component.
    """
    values = {name for name, port in ports(spec, "outputs").items() if port.is_literal}
    outputs = job_outputs(spec, node, scope, field)
    properties = {
        "jobType": "Pipeline",
        "componentId": node["componentId"],
        "inputs": job_inputs(spec, node, scope, field),
        "outputs": {name: row for name, row in outputs.items() if name not in values},
        "displayName": node.get("display_name"),
        "tags": node.get("tags"),
        "properties": node.get("properties"),
    }
    return {key: value for key, value in properties.items() if value is not None}


def command_job(spec: Spec, node: Mapping[str, Any], scope: Scope, field: str) -> dict[str, Any]:
    """The command job that a node becomes, as the jobs API has it.

    :raises NodeError: the node does not fit its component.
    :raises BindingError: a binding outside of inputs and outputs names nothing.
    """
    settled = scope.settled({key: value for key, value in node.items() if key not in ("inputs", "outputs")})
    resources = {**(spec.get("resources") or {}), **(settled.get("resources") or {})}
    distribution = settled.get("distribution") or spec.get("distribution")
    identity = settled.get("identity") or spec.get("identity")
    variables = {**(spec.get("environment_variables") or {}), **(settled.get("environment_variables") or {})}
    properties = {
        "jobType": "Command",
        "command": spec.get("command"),
        "codeId": reference(spec.get("code")),
        "environmentId": spec.get("environment"),
        "computeId": settled.get("computeId"),
        "inputs": job_inputs(spec, node, scope, field),
        "outputs": job_outputs(spec, node, scope, field),
        "environmentVariables": {key: value for key, value in variables.items() if value is not None},
        "resources": in_camel_case(resources),
        "distribution": with_type_name(distribution, "distributionType", DISTRIBUTIONS),
        "identity": with_type_name(identity, "identityType", IDENTITIES),
        "limits": in_camel_case(settled.get("limits")),
        "queueSettings": in_camel_case(settled.get("queue_settings")),
        "services": {name: in_camel_case(row) for name, row in (settled.get("services") or {}).items()},
        "tags": settled.get("tags"),
        "properties": settled.get("properties"),
        "displayName": settled.get("display_name"),
    }
    return {key: value for key, value in properties.items() if value not in (None, {})}


def reference(text: Any) -> Any:
    """A spec's reference as it stands in jobs: an ARM id without ``azureml:``."""
    return text.removeprefix("azureml:") if isinstance(text, str) and text.startswith("azureml:/sub") else text


def camel(word: str) -> str:
    """A name in snake case in the camel case of the jobs API."""
    head, *rest = word.split("_")
    return head + "".join(part.capitalize() for part in rest)


def in_camel_case(value: Any) -> dict[str, Any] | None:
    """An object with its own keys in the camel case of the jobs API; nested keys are unchanged."""
    if not isinstance(value, Mapping):
        return None
    return {camel(key): each for key, each in value.items() if each is not None} or None


def with_type_name(value: Any, key: str, words: Mapping[str, str]) -> dict[str, Any] | None:
    """An object whose type stands under ``type`` in component files and under ``key`` in nodes."""
    if not isinstance(value, Mapping):
        return None
    given = {camel(name): each for name, each in value.items() if each is not None}
    word = given.pop("type", None) or given.get(key)
    return {**given, key: words.get(str(word).lower(), word)}
