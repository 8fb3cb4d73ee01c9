"""Sweep jobs: one command tried with many parameters. The tables serve the sweep nodes of a pipeline, too.

Source: azure-ai-ml 1.35.2, ``_schema/_sweep/`` and ``entities/_job/sweep/``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from airflow_azureml.spec.commandtext import check_command
from airflow_azureml.spec.document import Spot
from airflow_azureml.spec.fields import (
    INVALID,
    OMIT,
    Convert,
    Field,
    Reading,
    anything,
    by_type,
    fixed,
    nearest,
    nested,
    show,
    snake,
    walk,
)
from airflow_azureml.spec.inputs import inputs, named
from airflow_azureml.spec.kinds import command_line
from airflow_azureml.spec.outputs import outputs
from airflow_azureml.spec.references import code, compute, environment, linked
from airflow_azureml.spec.shared import DISTRIBUTION, HEAD, JOB_SERVICES, QUEUE, VARIABLES, identity, resources
from airflow_azureml.spec.values import choice, iso_duration, listed, mapped, number, text, whole


def amount(spot: Spot, reading: Reading) -> Any:
    """Take a number, a whole one as it is."""
    if isinstance(spot.value, int) and not isinstance(spot.value, bool):
        return spot.value
    return number(spot, reading)


def or_nothing(convert: Convert) -> Convert:
    """Make a converter that also takes an empty value, and then sends nothing."""
    return lambda spot, reading: OMIT if spot.value is None else convert(spot, reading)


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


def distribution(spot: Spot, reading: Reading) -> Any:
    """Turn a distribution into the service's list: its name and its parameters."""
    if not isinstance(spot.value, Mapping):
        return reading.refuse(spot, f"{show(spot.value)} is not a distribution. Accepted: a mapping with a type.")
    kind = spot.value.get("type")
    if not isinstance(kind, str) or kind.lower() not in SPACES:
        return reading.refuse(spot, f"{show(kind)} is not a distribution.{nearest(kind, SPACES)}", "type")
    convert: dict[str, Convert] = {"values": listed(choice_value(distribution)), "upper": whole}
    rows = [Field(name, name, convert.get(name, amount), required=name != "values") for name in SPACES[kind.lower()]]
    body = {"values": [], **walk(rows, spot, reading, extra=("type",))}
    return [kind.lower(), [body.get(name) for name in SPACES[kind.lower()]]]


def choice_value(deeper: Convert) -> Convert:
    """Make a converter for one value to choose: a text, a number, or a mapping of further distributions."""

    def item(spot: Spot, reading: Reading) -> Any:
        return deeper(spot, reading) if isinstance(spot.value, Mapping) else _scalar(spot, reading)

    return lambda spot, reading: (
        mapped(item)(spot, reading) if isinstance(spot.value, Mapping) else _scalar(spot, reading)
    )


def _scalar(spot: Spot, reading: Reading) -> Any:
    if isinstance(spot.value, (str, float)) or (isinstance(spot.value, int) and not isinstance(spot.value, bool)):
        return anything(spot, reading)
    return reading.refuse(spot, f"{show(spot.value)} cannot be chosen. Accepted: a text, a number, a mapping.")


def search_space(spot: Spot, reading: Reading) -> Any:
    """Take the parameters and their distributions."""
    if isinstance(spot.value, Mapping):
        for item in spot.items():
            named(item, reading)
    return mapped(distribution)(spot, reading)


# -- the rest


def _base(spot: Spot, reading: Reading) -> Any:
    """Take the base of logarithms: a number, also as text, or a word such as ``e``."""
    given = spot.value
    if isinstance(given, str) and number(spot, Reading(reading.workspace)) is INVALID:
        return given
    return number(spot, reading)


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


def sampling_algorithm(spot: Spot, reading: Reading) -> Any:
    """Take a sampling algorithm, by its name or with its settings."""
    if isinstance(spot.value, str):
        spot = spot.within({"type": spot.value})
    return by_type(ALGORITHMS, "sampling algorithm", fold=snake)(spot, reading)


def _policy(kind: str, own: tuple[Field, ...], **defaults: int) -> Convert:
    """Make a converter for an early termination policy; what is left out is sent with Microsoft's defaults."""
    rows = (
        Field("evaluation_interval", "evaluationInterval", or_nothing(whole)),
        Field("delay_evaluation", "delayEvaluation", or_nothing(whole)),
        *own,
    )

    def convert(spot: Spot, reading: Reading) -> Any:
        body = fixed(rows, policyType=kind)(spot, reading)
        if body is INVALID:
            return INVALID
        given = {reading.key(row.rest) for row in rows if row.rest and row.name in spot.value}
        return {**{reading.key(k): v for k, v in defaults.items() if reading.key(k) not in given}, **body}

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


def minute(spot: Spot, reading: Reading, write: Callable[[int], Any] = int) -> Any:
    """Take seconds; less than a minute is sent as one, since the service reads less as days (says azure-ai-ml)."""
    seconds = whole(spot, reading)
    if seconds is INVALID or seconds == 0:
        return seconds if seconds is INVALID else OMIT
    return write(at_least_a_minute(seconds, spot, reading))


def at_least_a_minute(seconds: int, spot: Spot, reading: Reading) -> int:
    """Make seconds a minute at least, with a warning."""
    if seconds < 60:
        reading.warn(spot, f"{show(spot.value)} seconds are sent as 60: a sweep has no shorter limit.")
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
        Field("timeout", "timeout", lambda spot, reading: minute(spot, reading, iso_duration)),
        Field("trial_timeout", "trialTimeout", lambda spot, reading: minute(spot, reading, iso_duration)),
    ),
    jobLimitsType="Sweep",
)


def trial_code(spot: Spot, reading: Reading) -> Any:
    """Take the code of a trial; Microsoft's client registers a git address here, which it refuses in other jobs."""
    return linked(spot.value) if str(spot.value).startswith("git+") else code(spot, reading)


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
    Field("sampling_algorithm", "samplingAlgorithm", sampling_algorithm),
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


def sweep(spot: Spot, reading: Reading) -> dict[str, Any]:
    """Translate a sweep job."""
    body = {"jobType": "Sweep", **walk(SWEEP, spot, reading)}
    trial = spot.value.get("trial")
    if isinstance(trial, Mapping) and isinstance(trial.get("command"), str):
        line = spot.child("trial").child("command")
        check_command(line.within(body["trial"]["command"]), reading, spot.value.get("inputs"))
    if "resources" not in body and "resources" in body.get("trial", {}):
        body["resources"] = body["trial"]["resources"]
    return body
