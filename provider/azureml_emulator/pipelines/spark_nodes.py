"""Spark nodes: the Spark job that a node of type ``spark`` becomes, as the jobs API has it. No HTTP, no files.

Source: azure-ai-ml 1.35.2 ``entities/_builders/spark.py`` and what it sends of nodes and components.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from azureml_emulator.pipelines.components import Spec
from azureml_emulator.pipelines.graph import Scope
from azureml_emulator.pipelines.node_jobs import (
    IDENTITIES,
    in_camel_case,
    job_inputs,
    job_outputs,
    reference,
    with_type_name,
)

LISTS = {"py_files": "pyFiles", "jars": "jars", "files": "files", "archives": "archives"}


def spark_job(spec: Spec, node: Mapping[str, Any], scope: Scope, field: str) -> dict[str, Any]:
    """The Spark job that a node becomes: its own settings, else those of its component.

    :raises NodeError: the node does not fit its component.
    :raises BindingError: a binding outside of inputs and outputs names nothing.
    """
    settled = scope.settled({key: value for key, value in node.items() if key not in ("inputs", "outputs")})
    entry = settled.get("entry") or spec.get("entry") or {}
    settings = {**(spec.get("conf") or {}), **(settled.get("conf") or {})}
    properties = {
        "jobType": "Spark",
        "codeId": reference(settled.get("code") or spec.get("code")),
        "entry": {"sparkJobEntryType": "SparkJobPythonEntry", "file": entry.get("file")},
        "environmentId": settled.get("environment") or spec.get("environment"),
        "args": settled.get("args") or spec.get("args"),
        "conf": {key: str(value) for key, value in settings.items() if value is not None},
        "computeId": settled.get("computeId"),
        "resources": in_camel_case(settled.get("resources")),
        "identity": with_type_name(settled.get("identity"), "identityType", IDENTITIES),
        "inputs": job_inputs(spec, node, scope, field),
        "outputs": job_outputs(spec, node, scope, field),
        **{key: settled.get(name) or spec.get(name) for name, key in LISTS.items()},
        "tags": settled.get("tags"),
        "properties": settled.get("properties"),
        "displayName": settled.get("display_name"),
    }
    return {key: value for key, value in properties.items() if value not in (None, {}, [])}
