"""Parallel nodes: the command job that a node of type ``parallel`` becomes: the batch driver over its mini-batches of
files or of the rows of a table. No HTTP, no files.

Source: azure-ai-ml 1.35.2 and recorded bodies of pipelines for the keys, Microsoft's *CLI (v2) parallel job YAML
schema* for what they mean and for the defaults. That files in folders inside of the input count is an assumption.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Mapping
from typing import Any

from azureml_emulator.execution.minibatches import driver_command
from azureml_emulator.pipelines.components import NodeError, Port, Spec, ports
from azureml_emulator.pipelines.graph import Scope
from azureml_emulator.pipelines.node_jobs import (
    IDENTITIES,
    in_camel_case,
    job_inputs,
    job_outputs,
    reference,
    with_type_name,
)

ONE_INPUT = re.compile(r"\s*\$\{\{\s*inputs\.([^\s{}]+)\s*\}\}\s*")
ONE_OUTPUT = re.compile(r"\s*\$\{\{\s*outputs\.([^\s{}]+)\s*\}\}\s*")

SETTINGS = {
    "mini_batch_size": 1,
    "mini_batch_error_threshold": -1,
    "error_threshold": -1,
    "max_concurrency_per_instance": None,
    "logging_level": "INFO",
}
"""Settings of a node or its component that are whole numbers or words, with their defaults. One without
``max_concurrency_per_instance`` has a process for each core."""

SIZE = re.compile(r"(\d+)([kKmMgG][bB])")
UNITS = ("", "kb", "mb", "gb")

CORES = 64
"""More processes than any machine here has cores: the driver starts as many as there are."""


def parallel_job(spec: Spec, node: Mapping[str, Any], scope: Scope, field: str) -> dict[str, Any]:
    """The command job that a node becomes.

    :raises NodeError: the node does not fit its component.
    :raises BindingError: a binding outside of inputs and outputs names nothing.
    """
    settled = scope.settled({key: value for key, value in node.items() if key not in ("inputs", "outputs")})
    resources = {**(spec.get("resources") or {}), **(settled.get("resources") or {})}
    task = {**(spec.get("task") or {}), **(settled.get("task") or {})}
    inputs, outputs = job_inputs(spec, node, scope, field), job_outputs(spec, node, scope, field)
    declared = ports(spec, "inputs")
    split = split_input(settled.get("input_data") or spec.get("input_data"), declared, field)
    table = declared[split].type == "mltable"
    if table or inputs[split].get("mode") == "Direct":
        inputs[split] = {**inputs[split], "mode": "ReadOnlyMount"}
    rows = ONE_OUTPUT.fullmatch(str(task.get("append_row_to") or ""))
    if rows and rows[1] not in outputs:
        raise NodeError(f"{field}.task.append_row_to", f"The component has no output {rows[1]!r}.", "OutputNotFound")
    options = {
        "scoring_module_name": task.get("entry_script"),
        "input": split,
        "output": rows[1] if rows else "",
        "model": "",
        **driver_options(spec, settled, resources, field, table=table),
    }
    flags = f"--nested --table --table_keys={keys(spec, settled, field)}" if table else "--nested"
    variables = {**(spec.get("environment_variables") or {}), **(settled.get("environment_variables") or {})}
    properties = {
        "jobType": "Command",
        "command": driver_command(options, f"{flags} {task.get('program_arguments') or ''}"),
        "codeId": reference(task.get("code")),
        "environmentId": reference(task.get("environment")),
        "computeId": settled.get("computeId"),
        "inputs": inputs,
        "outputs": outputs,
        "environmentVariables": {key: value for key, value in variables.items() if value is not None},
        "resources": in_camel_case(resources),
        "identity": with_type_name(settled.get("identity"), "identityType", IDENTITIES),
        "tags": settled.get("tags"),
        "properties": settled.get("properties"),
        "displayName": settled.get("display_name"),
    }
    return {key: value for key, value in properties.items() if value not in (None, {})}


def split_input(text: Any, declared: Mapping[str, Port], field: str) -> str:
    """The name of the input that is cut into mini-batches.

    :raises NodeError: ``input_data`` names none.
    """
    found = ONE_INPUT.fullmatch(str(text))
    if found is None or found[1] not in declared:
        raise NodeError(f"{field}.input_data", f"{text!r} names no input of the component.", "InputNotFound")
    return found[1]


def keys(spec: Spec, node: Mapping[str, Any], field: str) -> str:
    """The columns by which a table is cut, as an argument of the driver.

    :raises NodeError: they are no list.
    """
    found = first(node.get("partition_keys"), spec.get("partition_keys"), [])
    try:
        names = json.loads(found) if isinstance(found, str) else found
    except ValueError:
        names = None
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise NodeError(f"{field}.partition_keys", f"{found!r} is no list of columns.", "InvalidValue")
    return shlex.quote(json.dumps(names))


def driver_options(
    spec: Spec, node: Mapping[str, Any], resources: Mapping[str, Any], field: str, *, table: bool
) -> dict[str, object]:
    """The settings of a node, else of its component, as options of the driver.

    :param table: whether a table is cut: by bytes, which may have a unit.

    :raises NodeError: one is no whole number.
    """
    found = {name: first(node.get(name), spec.get(name), default) for name, default in SETTINGS.items()}
    retries = {**(spec.get("retry_settings") or {}), **(node.get("retry_settings") or {})}
    if table:
        found["mini_batch_size"] = in_bytes(first(node.get("mini_batch_size"), spec.get("mini_batch_size"), "1MB"))
    level, processes = found.pop("logging_level"), found.pop("max_concurrency_per_instance") or CORES
    numbers = {
        **{name: whole(value, f"{field}.{name}") for name, value in found.items()},
        "run_invocation_timeout": whole(retries.get("timeout", 60), f"{field}.retry_settings.timeout"),
        "run_max_retries": whole(retries.get("max_retries", 2), f"{field}.retry_settings.max_retries"),
        "process_count": whole(processes, f"{field}.max_concurrency_per_instance")
        * whole(resources.get("instance_count") or 1, f"{field}.resources.instance_count"),
    }
    return {**numbers, "mini_batch_size": max(1, numbers["mini_batch_size"]), "logging_level": level}


def in_bytes(value: Any) -> Any:
    """A size in bytes, as Microsoft's client reads one; what is none stays as it is.

    Source: azure-ai-ml 1.35.2 ``ParallelComponent`` for the units, ``parallel_run_function`` for the default, 1 MB.
    """
    found = SIZE.fullmatch(str(value).strip())
    return int(found[1]) * 1024 ** UNITS.index(found[2].lower()) if found else value


def first(*values: Any) -> Any:
    """The first of some values that was given, or None."""
    return next((value for value in values if value is not None), None)


def whole(value: Any, field: str) -> int:
    """A whole number, also when written as text.

    :raises NodeError: it is none.
    """
    if not re.fullmatch(r"[+-]?\d+", str(value).strip()):
        raise NodeError(field, f"{value!r} is not a whole number.", "InvalidValue")
    return int(value)
