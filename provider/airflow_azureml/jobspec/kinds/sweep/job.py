"""Sweep jobs: one command tried with many parameters. The tables serve the sweep nodes of a pipeline, too.

Source: azure-ai-ml 1.35.2, ``_schema/_sweep/`` and ``entities/_job/sweep/``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from airflow_azureml.jobspec.document.document import Located
from airflow_azureml.jobspec.document.messages import nearest, show
from airflow_azureml.jobspec.document.requirements import Placeholder
from airflow_azureml.jobspec.grammar.code import code, linked
from airflow_azureml.jobspec.grammar.command_text import check_command, warn_of_outputs
from airflow_azureml.jobspec.grammar.computes import compute
from airflow_azureml.jobspec.grammar.environments import environment
from airflow_azureml.jobspec.grammar.inputs import inputs, named
from airflow_azureml.jobspec.grammar.outputs import outputs
from airflow_azureml.jobspec.grammar.shared import (
    DISTRIBUTION,
    HEAD,
    JOB_SERVICES,
    QUEUE,
    VARIABLES,
    identity,
    resources,
)
from airflow_azureml.jobspec.kinds.command.job import command_line
from airflow_azureml.jobspec.table.binding_text import holds_binding
from airflow_azureml.jobspec.table.convert import by_type, convert_mapping, fixed, nested
from airflow_azureml.jobspec.table.field import Container, Convert, Field, MappingConvert
from airflow_azureml.jobspec.table.form import Form, snake
from airflow_azureml.jobspec.table.json_values import anything
from airflow_azureml.jobspec.table.translator import INVALID, OMIT, Converted, Invalid, Translator
from airflow_azureml.jobspec.table.values import choice, iso_duration, listed, mapped, number, text, whole


def amount(located: Located, ctx: Translator) -> float | Invalid:
    """Take a number, a whole one as it is."""
    if isinstance(located.value, int) and not isinstance(located.value, bool):
        return located.value
    return number(located, ctx)


def or_nothing(convert: Convert) -> Convert:
    """Make a converter that also takes an empty value, and then sends nothing."""
    return lambda located, ctx: OMIT if located.value is None else convert(located, ctx)


# -- search space

SPACES = {
    "choice": ("values",),
    "randint": ("upper",),
    "uniform": ("min_value", "max_value"),
    "loguniform": ("min_value", "max_value"),
    "quniform": ("min_value", "max_value", "q"),
    "qloguniform": ("min_value", "max_value", "q"),
    "normal": ("mu", "sigma"),
    "lognormal": ("mu", "sigma"),
    "qnormal": ("mu", "sigma", "q"),
    "qlognormal": ("mu", "sigma", "q"),
}
"""Distributions, and the order in which the service takes their parameters."""


def distribution(located: Located, ctx: Translator) -> object:
    """Take a distribution: in a job as the service's list of its name and its parameters."""
    if ctx.bound and holds_binding(located.value):
        return located.value
    if not isinstance(located.value, Mapping):
        return ctx.error(located, f"{show(located.value)} is not a distribution. Accepted: a mapping with a type.")
    type_name = located.value.get("type")
    if not isinstance(type_name, str) or type_name.lower() not in SPACES:
        return ctx.error(located, f"{show(type_name)} is not a distribution.{nearest(type_name, SPACES)}", "type")
    names = SPACES[type_name.lower()]
    body = convert_mapping([PARAMETERS[name] for name in names], located, ctx, extra=("type",))
    if ctx.form is Form.COMPONENT:
        return {"type": type_name.lower(), **body}
    body = {"values": [], **body}
    return [type_name.lower(), [body.get(name) for name in names]]


def _choosable(located: Located, ctx: Translator) -> object:
    """Take one value to choose: a text, a number, or a mapping of further distributions."""
    return _FURTHER(located, ctx) if isinstance(located.value, Mapping) else _scalar(located, ctx)


def _distribution_or_scalar(located: Located, ctx: Translator) -> object:
    return distribution(located, ctx) if isinstance(located.value, Mapping) else _scalar(located, ctx)


def _scalar(located: Located, ctx: Translator) -> object:
    if isinstance(located.value, (str, float)) or (
        isinstance(located.value, int) and not isinstance(located.value, bool)
    ):
        return anything(located, ctx)
    return ctx.error(located, f"{show(located.value)} cannot be chosen. Accepted: a string, a number, a mapping.")


_FURTHER = mapped(_distribution_or_scalar)
PARAMETERS = {
    "values": Field("values", "values", listed(_choosable)),
    "upper": Field("upper", "upper", whole, required=True),
    **{name: Field(name, name, amount, required=True) for name in ("min_value", "max_value", "q", "mu", "sigma")},
}
"""The parameters of distributions."""

_SPACE = mapped(distribution)


@Container
def search_space(located: Located, ctx: Translator) -> dict[str, Any] | Invalid:
    """Take the parameters and their distributions."""
    if isinstance(located.value, Mapping):
        for parameter in located.items():
            named(parameter, ctx)
    return _SPACE(located, ctx)


# -- the rest


def _base(located: Located, ctx: Translator) -> float | str | Invalid:
    """Take the base of logarithms: a number, also as text, or a word such as ``e``."""
    base = located.value
    if isinstance(base, str) and number(located, Translator(ctx.workspace)) is INVALID:
        return base
    return number(located, ctx)


RANDOM = (
    Field("seed", "seed", whole),
    Field("logbase", "logbase", _base),
    Field("rule", "rule", choice({"random": "random", "sobol": "sobol"}, "a rule", fold=snake)),
)
ALGORITHMS = {
    "random": fixed(RANDOM, samplingAlgorithmType="Random"),
    "grid": fixed((), samplingAlgorithmType="Grid"),
    "bayesian": fixed((), samplingAlgorithmType="Bayesian"),
}


_algorithm = by_type(ALGORITHMS, "sampling algorithm", fold=snake)
_algorithm_name = choice({word: word for word in ALGORITHMS}, "a sampling algorithm")


def sampling_algorithm(located: Located, ctx: Translator) -> dict[str, Any] | str | Invalid:
    """Take a sampling algorithm, by its name or with its settings."""
    if isinstance(located.value, str) and ctx.form is Form.COMPONENT:
        return _algorithm_name(located, ctx)
    if isinstance(located.value, str):
        located = located.within({"type": located.value})
    return _algorithm(located, ctx)


def _policy(policy_type: str, own_rows: tuple[Field, ...], **defaults: int) -> MappingConvert:
    """Make a converter for an early termination policy; what is left out is sent with Microsoft's defaults."""
    rows = (
        Field("evaluation_interval", "evaluationInterval", or_nothing(whole)),
        Field("delay_evaluation", "delayEvaluation", or_nothing(whole)),
        *own_rows,
    )

    def convert(located: Located, ctx: Translator) -> dict[str, Any] | Invalid:
        body = fixed(rows, policyType=policy_type)(located, ctx)
        if body is INVALID:
            return INVALID
        written = {ctx.key(row.api_name) for row in rows if row.api_name and row.name in located.value}
        return {**{ctx.key(k): v for k, v in defaults.items() if ctx.key(k) not in written}, **body}

    return convert


_SLACK = (
    Field("slack_factor", "slackFactor", or_nothing(number)),
    Field("slack_amount", "slackAmount", or_nothing(number)),
)
_TRUNCATION = (Field("truncation_percentage", "truncationPercentage", whole, required=True),)
EARLY_TERMINATION = by_type(
    {
        "bandit": _policy("Bandit", _SLACK, delayEvaluation=0, evaluationInterval=0, slackFactor=0, slackAmount=0),
        "median_stopping": _policy("MedianStopping", (), delayEvaluation=0, evaluationInterval=1),
        "truncation_selection": _policy("TruncationSelection", _TRUNCATION, delayEvaluation=0, evaluationInterval=0),
    },
    "early termination",
    fold=snake,
)


def time_limit(located: Located, ctx: Translator) -> Converted[int | str]:
    """Take whole seconds: at least a minute, since the service reads less as days (says azure-ai-ml); none for zero."""
    seconds = whole(located, ctx)
    if ctx.form is Form.COMPONENT:
        return seconds if seconds is INVALID or seconds == 0 else _at_least_a_minute(seconds, located, ctx)
    if seconds is INVALID or seconds == 0:
        return INVALID if seconds is INVALID else OMIT
    return iso_duration(_at_least_a_minute(seconds, located, ctx))


def _at_least_a_minute(seconds: int, located: Located, ctx: Translator) -> int:
    """Make seconds a minute at least, with a warning."""
    if seconds < 60:
        ctx.warn(located, f"{show(located.value)} seconds are sent as 60: a sweep has no shorter limit.")
    return max(60, seconds)


GOALS = {"minimize": "minimize", "maximize": "maximize"}
OBJECTIVE = (
    Field("goal", "goal", choice(GOALS, "a goal", fold=snake), required=True),
    Field("primary_metric", "primaryMetric", text, required=True),
)
LIMITS = nested(
    (
        Field("max_total_trials", "maxTotalTrials", whole, required=True),
        Field("max_concurrent_trials", "maxConcurrentTrials", whole),
        Field("timeout", "timeout", time_limit),
        Field("trial_timeout", "trialTimeout", time_limit),
    ),
    jobLimitsType="Sweep",
)


def trial_code(located: Located, ctx: Translator) -> str | Placeholder | Invalid:
    """Take the code of a trial; Microsoft's client registers a git address here, which it refuses in other jobs."""
    return linked(located.value) if str(located.value).startswith("git+") else code(located, ctx)


TRIAL = nested(
    (
        Field("command", "command", command_line, required=True),
        Field("environment", "environmentId", environment, required=True),
        Field("code", "codeId", trial_code),
        Field("environment_variables", "environmentVariables", VARIABLES),
        Field("distribution", "distribution", DISTRIBUTION),
        Field("resources", "resources", resources),
        Field("queue_settings", None, QUEUE, unsent=True),
    )
)
"""The trial of a sweep that stands alone; Microsoft's client does not send its queue settings."""

SWEEPING = (
    Field("sampling_algorithm", "samplingAlgorithm", sampling_algorithm, bindable=False),
    Field("search_space", "searchSpace", search_space, required=True),
    Field("objective", "objective", nested(OBJECTIVE), required=True),
    Field("early_termination", "earlyTermination", EARLY_TERMINATION),
    Field("limits", "limits", LIMITS, required=True),
    Field("queue_settings", "queueSettings", QUEUE),
    Field("resources", "resources", resources),
)

SWEEP = (
    *HEAD,
    *SWEEPING,
    Field("trial", "trial", TRIAL, required=True),
    Field("inputs", "inputs", inputs),
    Field("outputs", "outputs", outputs),
    Field("compute", "computeId", compute),
    Field("identity", "identity", identity),
    Field("services", None, JOB_SERVICES, unsent=True),
)


def sweep(located: Located, ctx: Translator) -> dict[str, Any]:
    """Translate a sweep job."""
    body = {"jobType": "Sweep", **convert_mapping(SWEEP, located, ctx)}
    trial = located.value.get("trial")
    if isinstance(trial, Mapping) and isinstance(trial.get("command"), str):
        line = located.child("trial").child("command").within(body["trial"]["command"])
        check_command(line, ctx, located.value.get("inputs"))
        warn_of_outputs(line, ctx, located.value.get("outputs"))
    if "resources" not in body and "resources" in body.get("trial", {}):
        body["resources"] = body["trial"]["resources"]
    return body
