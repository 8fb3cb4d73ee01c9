"""Sweep nodes of a pipeline: a command component tried with many parameters. Most of their settings keep YAML's words.

Source: azure-ai-ml 1.35.2, ``_schema/pipeline/component_job.py`` and ``entities/_builders/sweep.py``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from airflow_azureml.jobspec.document.document import Located
from airflow_azureml.jobspec.document.messages import nearest, show
from airflow_azureml.jobspec.grammar.inputs import named
from airflow_azureml.jobspec.grammar.references import REGISTRY
from airflow_azureml.jobspec.grammar.shared import RESOURCES
from airflow_azureml.jobspec.kinds.sweep.job import (
    ALGORITHMS,
    EARLY_TERMINATION,
    OBJECTIVE,
    RANDOM,
    SPACES,
    amount,
    at_least_a_minute,
    choice_value,
)
from airflow_azureml.jobspec.nodes.component import any_mapping, unknown_keys
from airflow_azureml.jobspec.nodes.kind import Scope
from airflow_azureml.jobspec.nodes.node_io import node_shape
from airflow_azureml.jobspec.nodes.node_keys import NODE, rows
from airflow_azureml.jobspec.table.convert import convert_mapping, nested
from airflow_azureml.jobspec.table.field import Convert, Field, as_written
from airflow_azureml.jobspec.table.form import snake
from airflow_azureml.jobspec.table.json_values import anything
from airflow_azureml.jobspec.table.translator import INVALID, Translator
from airflow_azureml.jobspec.table.values import choice, listed, mapped, whole

TIERS = {word: word for word in ("null", "spot", "basic", "standard", "premium")}
PRIORITIES = {word: word for word in ("low", "medium", "high")}


def yaml_algorithm(located: Located, ctx: Translator) -> Any:
    """Take a sampling algorithm in YAML's words, by its name or with its settings."""
    if isinstance(located.value, str):
        return choice({word: word for word in ALGORITHMS}, "a sampling algorithm")(located, ctx)
    if not isinstance(located.value, Mapping):
        return ctx.error(
            located, f"{show(located.value)} is not a sampling algorithm. Accepted: {', '.join(ALGORITHMS)}."
        )
    kind = located.value.get("type")
    if not isinstance(kind, str) or snake(kind) not in ALGORITHMS:
        return ctx.error(located, f"{show(kind)} is not a sampling algorithm.{nearest(kind, ALGORITHMS)}", "type")
    settings = as_written(RANDOM) if snake(kind) == "random" else ()
    return {"type": snake(kind), **convert_mapping(settings, located, ctx, extra=("type",))}


def yaml_distribution(located: Located, ctx: Translator) -> Any:
    """Take a distribution in YAML's words, or a binding in its place."""
    if isinstance(located.value, str) and "${{" in located.value:
        return located.value
    if not isinstance(located.value, Mapping):
        return ctx.error(located, f"{show(located.value)} is not a distribution. Accepted: a mapping with a type.")
    kind = located.value.get("type")
    if not isinstance(kind, str) or kind.lower() not in SPACES:
        return ctx.error(located, f"{show(kind)} is not a distribution.{nearest(kind, SPACES)}", "type")
    convert: dict[str, Convert] = {"values": listed(choice_value(yaml_distribution)), "upper": whole}
    table = [Field(key, key, convert.get(key, amount), required=key != "values") for key in SPACES[kind.lower()]]
    return {"type": kind.lower(), **convert_mapping(table, located, ctx, extra=("type",))}


def yaml_search_space(located: Located, ctx: Translator) -> Any:
    """Take the parameters and their distributions in YAML's words."""
    if isinstance(located.value, Mapping):
        for item in located.items():
            named(item, ctx)
    return mapped(yaml_distribution)(located, ctx)


def seconds(located: Located, ctx: Translator) -> Any:
    """Take seconds: at least a minute, or zero."""
    found = whole(located, ctx)
    return found if found is INVALID or found == 0 else at_least_a_minute(found, located, ctx)


LIMITS = nested(
    (
        Field("max_total_trials", "max_total_trials", whole, required=True),
        Field("max_concurrent_trials", "max_concurrent_trials", whole),
        Field("timeout", "timeout", seconds),
        Field("trial_timeout", "trial_timeout", seconds),
    )
)

SETTINGS = (
    Field("sampling_algorithm", "sampling_algorithm", yaml_algorithm, bindable=False),
    Field("search_space", "search_space", yaml_search_space, bindable=False),
    Field("objective", "objective", nested(as_written(OBJECTIVE)), required=True, bindable=False),
    Field("early_termination", "early_termination", EARLY_TERMINATION),
    Field("limits", "limits", LIMITS, required=True, bindable=False),
    Field(
        "queue_settings",
        "queue_settings",
        nested(
            (
                Field("job_tier", "job_tier", choice(TIERS, "a job tier")),
                Field("priority", "priority", choice(PRIORITIES, "a priority")),
            )
        ),
        bindable=False,
    ),
    Field("resources", "resources", nested(as_written(RESOURCES)), bindable=False),
    Field("identity", None, anything, unsent=True),
    Field("description", None, anything, unsent=True),
    Field("tags", "tags", any_mapping, bindable=False),
)
"""What a sweep node has besides; Microsoft's client takes tags of any kind and does not send its identity."""

SWEEP_NODE = (
    *rows(NODE, "type", "name", "display_name", "properties", "comment", "experiment_name", "services", "compute"),
    *SETTINGS,
)


def sweep_node(located: Located, ctx: Translator, scope: Scope, name: str) -> dict[str, Any]:
    """Translate a sweep node."""
    extra = ("inputs", "outputs", "trial")
    rest = unknown_keys(located, ctx, (*(row.name for row in SWEEP_NODE), *extra))
    if "component" in rest:
        ctx.error(located, '"component" is not known here. Did you mean "trial"?', "component")
    body = convert_mapping(SWEEP_NODE, located, ctx, extra=(*extra, *rest))
    if isinstance(located.value.get("trial"), str) and REGISTRY.match(located.value["trial"]):
        ctx.error(located, "a trial of a registry is not supported. Accepted: a file, azureml:NAME:VERSION.", "trial")
    found = scope.components.get(name)
    if found is None:
        return body
    if isinstance(body.get("limits"), dict):  # a binding is not sent here
        limits = body["limits"]
        bound = [key for key in ("timeout", "trial_timeout") if isinstance(limits.get(key), str)]
        body["limits"] = {key: value for key, value in limits.items() if key not in bound}
    if isinstance(body.get("early_termination"), dict):
        policy = body["early_termination"]
        body["early_termination"] = {key: value for key, value in policy.items() if not _unset_slack(key, value)}
    space = located.value.get("search_space")
    searched = tuple(space) if isinstance(space, Mapping) else ()
    shape = {**node_shape(located, ctx, scope, name, found, searched), "type": "sweep"}
    shape["trial"] = {"componentId": shape.pop("componentId")}
    return {**shape, **body, **rest}


def _unset_slack(key: str, value: Any) -> bool:
    """Tell a slack of zero, which Microsoft's client leaves out in nodes."""
    return key in {"slack_factor", "slack_amount"} and value == 0
