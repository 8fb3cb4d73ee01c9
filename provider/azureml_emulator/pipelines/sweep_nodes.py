"""Sweep nodes: the sweep that a node of type ``sweep`` becomes, as the jobs API has it. No HTTP, no files.

A node keeps the words of YAML but for its policy, whose type stands under ``policy_type``; its trial is a command
component, whose inputs that are searched its command names like any other. Source: azure-ai-ml 1.35.2
``entities/_builders/sweep.py`` (``_to_job`` for the command) and recorded bodies of pipelines.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from azureml_emulator.pipelines.components import Spec
from azureml_emulator.pipelines.graph import Scope
from azureml_emulator.pipelines.node_jobs import (
    DISTRIBUTIONS,
    camel,
    in_camel_case,
    job_inputs,
    job_outputs,
    reference,
    with_type_name,
)
from azureml_emulator.sweeps.distributions import ARGUMENTS

SEARCHED = re.compile(r"\$\{\{\s*inputs\.([^\s{}]+)\s*\}\}")


def sweep_job(spec: Spec, node: Mapping[str, Any], scope: Scope, field: str) -> dict[str, Any]:
    """The sweep that a node becomes.

    :param spec: the component of its trial.
    :raises NodeError: the node does not fit the component.
    :raises BindingError: a binding outside of inputs and outputs names nothing.
    """
    settled = scope.settled({key: value for key, value in node.items() if key not in ("inputs", "outputs")})
    space = settled.get("search_space") or {}
    declared = {name: row for name, row in (spec.get("inputs") or {}).items() if name not in space}
    resources = {**(spec.get("resources") or {}), **(settled.get("resources") or {})}
    trial = {
        "command": SEARCHED.sub(lambda found: searched(found, space), str(spec.get("command"))),
        "codeId": reference(spec.get("code")),
        "environmentId": spec.get("environment"),
        "environmentVariables": spec.get("environment_variables"),
        "distribution": with_type_name(spec.get("distribution"), "distributionType", DISTRIBUTIONS),
        "resources": in_camel_case(resources),
    }
    properties = {
        "jobType": "Sweep",
        "trial": {key: value for key, value in trial.items() if value},
        "computeId": settled.get("computeId"),
        "inputs": job_inputs({**spec, "inputs": declared}, node, scope, field),
        "outputs": job_outputs(spec, node, scope, field),
        "searchSpace": {name: distribution(row) for name, row in space.items()},
        "samplingAlgorithm": sampling(settled.get("sampling_algorithm")),
        "objective": in_camel_case(settled.get("objective")),
        "limits": limits(settled.get("limits")),
        "earlyTermination": policy(settled.get("early_termination")),
        "queueSettings": in_camel_case(settled.get("queue_settings")),
        "tags": settled.get("tags"),
        "properties": settled.get("properties"),
        "displayName": settled.get("display_name"),
    }
    return {key: value for key, value in properties.items() if value not in (None, {})}


def searched(found: re.Match[str], space: Mapping[str, Any]) -> str:
    """The binding of an input, as that of a hyperparameter where it is one."""
    return f"${{{{search_space.{found[1]}}}}}" if found[1] in space else found[0]


def distribution(row: Any) -> Any:
    """A distribution as a list; what does not fit is left to the check of the sweep."""
    kind = row.get("type") if isinstance(row, Mapping) else None
    if str(kind) not in ARGUMENTS:
        return row
    return [kind, [row[name] for name in ARGUMENTS[str(kind)] if name in row]]


def sampling(value: Any) -> dict[str, Any] | None:
    """The sampling algorithm, which may be its name alone."""
    return with_type_name({"type": value} if isinstance(value, str) else value, "samplingAlgorithmType", {})


def policy(value: Any) -> dict[str, Any] | None:
    """The policy of early termination, whose name may be in snake case."""
    if not isinstance(value, Mapping):
        return None
    row = in_camel_case(value) or {}
    return {**row, "policyType": str(row.pop("type", None) or row.get("policyType")).replace("_", "")}


def limits(value: Any) -> dict[str, Any] | None:
    """The limits, whose times are seconds in nodes."""
    if not isinstance(value, Mapping):
        return None
    given = {camel(key): each for key, each in value.items() if each is not None}
    for key in ("timeout", "trialTimeout"):
        if re.fullmatch(r"\d+(\.\d+)?", str(given.get(key))):
            given[key] = f"PT{given[key]}S"
    return {**given, "jobLimitsType": "Sweep"}
