"""Data transfer nodes: the command job that a node of type ``data_transfer`` becomes, which copies data. No HTTP, no
files.

Source: azure-ai-ml 1.35.2 ``entities/_builders/data_transfer.py`` and the nodes that it sends. That a node without
``data_copy_mode`` fails where a file exists already is an assumption.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from azureml_emulator.core.errors import not_emulated
from azureml_emulator.pipelines import injob
from azureml_emulator.pipelines.components import NodeError, Spec
from azureml_emulator.pipelines.graph import Scope
from azureml_emulator.pipelines.node_jobs import job_inputs, job_outputs

SCRIPT = Path(injob.__file__).with_name("copy_data.py")
ENVIRONMENT = "azureml://registries/azureml/environments/data-transfer/versions/1"
"""The service's own image has another name (unproven)."""

KEPT = {"computeId": "computeId", "tags": "tags", "properties": "properties", "display_name": "displayName"}
"""What the job takes from the node as it is: its name in the node, and in the job."""

MODES = ("merge_with_overwrite", "fail_if_conflict")


def transfer_job(spec: Spec, node: Mapping[str, Any], scope: Scope, field: str) -> dict[str, Any]:
    """The command job that a node becomes.

    :raises NodeError: the node does not fit its component.
    :raises ServiceError: 501 for other tasks than ``copy_data``.
    """
    task = node.get("task") or spec.get("task") or "copy_data"
    if task != "copy_data":
        raise not_emulated(f"{field}: data_transfer nodes with the task {task} are not emulated")
    mode = node.get("data_copy_mode") or spec.get("data_copy_mode") or "fail_if_conflict"
    if mode not in MODES:
        raise NodeError(f"{field}.data_copy_mode", f"{mode!r} is not one of: {', '.join(MODES)}.")
    inputs, outputs = job_inputs(spec, node, scope, field), job_outputs(spec, node, scope, field)
    if len(outputs) != 1:
        raise NodeError(f"{field}.outputs", f"A copy has one output, not {len(outputs)}.", "InvalidOutputCount")
    (target,) = outputs
    places = [f'"${{{{outputs.{target}}}}}"', *(f'"${{{{inputs.{name}}}}}"' for name in inputs)]
    return {
        "jobType": "Command",
        "command": f"exec python {shlex.quote(str(SCRIPT))} --mode {mode} {' '.join(places)}",
        "environmentId": ENVIRONMENT,
        "inputs": inputs,
        "outputs": outputs,
        **{key: node[name] for name, key in KEPT.items() if node.get(name)},
    }
