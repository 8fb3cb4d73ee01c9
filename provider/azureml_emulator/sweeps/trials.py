"""Trials: the command job that a sweep makes for one combination of values. No HTTP, no files."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from azureml_emulator.jobs.definitions import Properties
from azureml_emulator.sweeps.distributions import ARGUMENTS, Distribution, distribution_of
from azureml_emulator.sweeps.sampling import Space, Values

SEARCHED = re.compile(r"\$\{\{\s*search_space\.([^\s{}]+)\s*\}\}")

PREFIXES = ("AZUREML_SWEEP_", "AZUREML_PARAMETER_")
"""What the names of environment variables begin with that have a trial's inputs, outputs and hyperparameters. Source:
azure-ai-ml 1.35.2, the notes of ``SweepJob`` (``AZUREML_SWEEP_``) and ``CommandJob`` (``AZUREML_PARAMETER_``)."""


def space_of(definition: Mapping[str, Any]) -> Space:
    """The search space of a sweep."""
    base = definition["samplingAlgorithm"].get("logbase", "e")
    options = {} if base == "e" else {"base": base}
    return {name: distribution_of(row, **options) for name, row in definition["searchSpace"].items()}


def is_conditional(distribution: Distribution) -> bool:
    """Whether a choice has distributions of its own inside of its values."""
    rows = [each for each in distribution.options or () if isinstance(each, Mapping)]
    values = [value for row in rows for value in row.values()]
    return any(isinstance(value, list) and len(value) == 2 and value[0] in ARGUMENTS for value in values)


def as_text(value: Any) -> str:
    """A value as it stands in a command and in the environment. Of lists and mappings, JSON: unproven."""
    return json.dumps(value) if isinstance(value, (list, dict)) else str(value)


def unknown_parameters(command: str, space: Mapping[str, Any]) -> list[str]:
    """The hyperparameters that a command names and the search space does not have."""
    return [f"search_space.{name}" for name in SEARCHED.findall(command) if name not in space]


def trial_job(definition: Mapping[str, Any], values: Values) -> Properties:
    """The command job of a trial.

    :param definition: the sweep's properties.
    """
    trial = definition["trial"]
    texts = {parameter: as_text(value) for parameter, value in values.items()}
    limits = definition.get("limits") or {}
    properties = {
        "jobType": "Command",
        "command": SEARCHED.sub(lambda found: texts[found[1]], trial["command"]),
        "codeId": trial.get("codeId"),
        "environmentId": trial["environmentId"],
        "environmentVariables": {**(trial.get("environmentVariables") or {}), **variables(texts)},
        "distribution": trial.get("distribution"),
        "resources": trial.get("resources") or definition.get("resources"),
        "computeId": definition.get("computeId"),
        "queueSettings": definition.get("queueSettings"),
        "identity": definition.get("identity"),
        "experimentName": definition.get("experimentName"),
        "inputs": dict(definition.get("inputs") or {}),
        "outputs": dict(definition.get("outputs") or {}),
    }
    if limits.get("trialTimeout"):
        properties["limits"] = {"jobLimitsType": "Command", "timeout": limits["trialTimeout"]}
    return {key: value for key, value in properties.items() if value is not None}


def variables(texts: Mapping[str, str]) -> dict[str, str]:
    """Environment variables for values by their names."""
    return {f"{prefix}{name}": text for prefix in PREFIXES for name, text in texts.items()}
