"""What a YAML file without a ``$schema`` is: a job, a component, inputs of a batch endpoint, or what a shape fits.

Source: azure-ai-ml 1.35.2, ``_schema/``. Jobs and components have most of their keys in common, and other programs have
some of them, too.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from airflow_azureml.jobspec.kinds.table import JOB_TYPES
from airflow_azureml.jobspec.recognition.shapes import DATA, ENVIRONMENT, SHAPES, Match, Value, near, words


def by_shape(value: Value, named: bool = False) -> Match | None:
    """Find what a document is by its keys; None for what is nothing of Azure ML.

    :param named: the file itself was given, see ``recognise``.
    """
    if {"apiVersion", "kind"} <= set(value):
        return None
    if match := _batch_inputs(value, named):
        return match
    for loosely in (False, True):
        for shape in SHAPES:
            if match := shape.match(value, loosely):
                return match
        if match := _component(value) or _job(value, loosely, named):
            return match
    return Match("job") if named and _like_a_job(value) else None


PORTS = ("inputs", "input_data", "outputs", "output_data")
BATCH_KEYS = words(
    "$schema inputs input_data outputs output_data job_name experiment_name description tags properties compute "
    "instance_count mini_batch_size max_concurrency_per_instance error_threshold logging_level output_file_name "
    "retry_settings max_retries retry_timeout dataset output_dataset"
)
"""All keys that the inputs of a batch endpoint may have."""


OF_DATA = words("path jobInputType JobInputType uri")
OF_LITERALS = words("type value default")


def _batch_inputs(value: Value, named: bool) -> Match | None:
    """Recognise the inputs of a batch endpoint: its own keys, misspelt or not, and no others."""
    ports = [value[key] for key in PORTS if key in value]
    if not ports or not all(key in BATCH_KEYS or near(key, BATCH_KEYS) for key in value):
        return None
    match = Match("batch inputs", tuple(key for key in value if isinstance(key, str))[:3])
    return match if named or any(_is_port(port) for group in ports for port in _values(group)) else None


def _values(group: Any) -> list[Any]:
    return list(group.values()) if isinstance(group, Mapping) else []


def _is_port(port: Any) -> bool:
    """Whether a value is an input or output. Other programs declare parameters with types as inputs, too."""
    if not isinstance(port, Mapping):
        return str(port).startswith("azureml:")
    word = port.get("type")
    return bool(OF_DATA & set(port)) or (
        isinstance(word, str) and (near(word.lower(), DATA) != "" or set(port) <= OF_LITERALS)
    )


# -- jobs and components, which have most of their keys in common

COMPONENTS = words("command pipeline parallel spark data_transfer automl import sweep")
OF_COMPONENTS = words("version is_deterministic")
OF_JOBS = words("compute experiment_name services schedule trial")
PARTS = words(
    "command environment code compute inputs outputs jobs trial entry training_data objective search_space settings "
    "experiment_name display_name resources distribution limits task primary_metric model"
)
"""Keys of jobs. Two beside a type of job tell a job, or one that only jobs of Azure ML have; so do two without a type,
``command`` or a misspelling among them."""

OWN_PARTS = words("jobs trial search_space training_data primary_metric entry experiment_name code compute")
"""Keys that show a job beside its type: other programs have a ``type: command`` as well."""

OF_ALL = words("type name description tags $schema")
PRIMITIVES = words("number integer string boolean")
OF_PORTS = words("default optional min max enum")


def _component(value: Value) -> Match | None:
    word = value.get("type")
    type_word = word.lower() if isinstance(word, str) else None
    component_keys = [key for key in value if key in OF_COMPONENTS]
    if type_word is None:
        runs = isinstance(value.get("command"), str) and ("environment" in value or "is_deterministic" in value)
        return Match("component", (*component_keys[:2], "command")) if component_keys and runs else None
    if type_word in ("commandcomponent", "sparkcomponent", "pipelinecomponent", "parallelcomponent"):
        return Match("component", (f'type "{word}"',))
    if type_word not in COMPONENTS:
        return None
    if component_keys and _runs(value):
        return Match("component", (f'type "{word}"', *component_keys[:2]))
    if type_word in ("parallel", "data_transfer") and "task" in value:
        return Match("component", (f'type "{word}"', "task"))
    if not OF_JOBS & set(value) and _declares_ports(value):
        return Match("component", (f'type "{word}"', "inputs with types and no values"))
    return None


def given_as_a_job(value: Value) -> bool:
    """Whether a file whose ``$schema`` is that of a component is a job all the same: it has what only jobs have."""
    if OF_COMPONENTS & set(value) or _declares_ports(value):
        return False
    ports = _values(value.get("inputs"))
    return bool(words("compute experiment_name") & set(value)) or any(
        isinstance(port, Mapping) and "path" in port for port in ports
    )


def _runs(value: Value) -> bool:
    return bool(words("command jobs task entry code inputs outputs trial") & set(value))


def _declares_ports(value: Value) -> bool:
    ports = value.get("inputs")
    return isinstance(ports, Mapping) and any(map(_is_declaration, ports.values()))


def _is_declaration(port: Any) -> bool:
    """Whether a value is declared, as in a component (a number without a value), and not given, as in a job."""
    if not isinstance(port, Mapping) or "type" not in port or {"path", "value"} & set(port):
        return False
    return str(port["type"]).lower() in PRIMITIVES or bool(OF_PORTS & set(port))


def _job(value: Value, loosely: bool, named: bool) -> Match | None:
    """Recognise a job, also one whose type or keys are misspelt: it must not pass unchecked."""
    if words("endpoint_name dependencies channels") & set(value):
        return None
    word = value.get("type")
    if "type" in value:
        right = isinstance(word, str) and word.lower() in JOB_TYPES
        meant = right or (loosely and isinstance(word, str) and near(word.lower(), JOB_TYPES) != "")
        parts = [key for key in value if key in PARTS]
        match = len(parts) > 1 or OWN_PARTS & set(parts) or (named and (parts or set(value) <= OF_ALL))
        return Match("job", (f'type "{word}"', *parts[:2])) if meant and match else None
    nodes = value.get("jobs")
    if isinstance(nodes, Mapping) and any(map(_is_node, nodes.values())):
        return Match("job", ("jobs",))
    if "trial" in value and any(isinstance(value.get(key), Mapping) for key in ("search_space", "objective")):
        return Match("job", ("trial",))
    return _untyped_command(value, loosely)


def _is_node(node: Any) -> bool:
    if not isinstance(node, Mapping):
        return False
    return bool({"component", "trial"} & set(node)) or (
        "command" in node and bool(words("environment code compute inputs outputs") & set(node))
    )


def _untyped_command(value: Value, loosely: bool) -> Match | None:
    names = {key: near(key, PARTS) if loosely else key for key in value if isinstance(key, str)}
    parts = {key: name for key, name in names.items() if name in PARTS}
    runs = "command" in parts.values() and isinstance(value.get(_key_of(parts, "command")), str)
    surroundings = words("environment code compute") & set(parts.values())
    exact = PARTS & set(value)
    if not runs or not surroundings or not exact or not _is_environment(value.get("environment", "")):
        return None
    if set(parts.values()) == {"command", "environment"} and not _is_reference(value):
        return None
    return Match("job", tuple(parts)[:3])


def _key_of(known: Mapping[str, str], name: str) -> str:
    return next(key for key, word in known.items() if word == name)


def _is_environment(given: Any) -> bool:
    """Whether a value is an environment of Azure ML. Other programs call environment variables that."""
    return isinstance(given, str) or (isinstance(given, Mapping) and bool(ENVIRONMENT & set(given)))


def _is_reference(value: Value) -> bool:
    """Whether the environment is one of Azure ML, and not a stage such as ``production``."""
    given = next((item for key, item in value.items() if near(key, PARTS) == "environment"), None)
    return not isinstance(given, str) or bool(re.search(r"[:@/]|AzureML", given))


def _like_a_job(value: Value) -> bool:
    known = {near(key, PARTS) for key in value if isinstance(key, str)}
    return "command" in known or ("trial" in known and len(known) > 2)
