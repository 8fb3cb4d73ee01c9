"""Bodies of sweeps: the keys of a sweep job, of its trial, its search space and its policies.

Source: the models of azure-ai-ml 1.35.2 (``SweepJob`` and what it names), recorded bodies, and ``logbase``, which its
client adds to random sampling (``entities/_job/sweep/sampling_algorithm.py``). The bounds of the limits stand in
Microsoft's *Hyperparameter tuning a model*, the pattern of a hyperparameter's name in the client's
``validate_key_contains_allowed_characters``.
"""

from __future__ import annotations

import math
import re
from typing import Any

from azureml_emulator.core.resource_body import TEXTS
from azureml_emulator.core.schema import (
    Problem,
    Report,
    Shape,
    duration,
    filled,
    kind_of,
    record,
    text,
    union,
    whole,
    words,
)
from azureml_emulator.jobs.schemas import (
    DISTRIBUTION,
    INPUTS,
    JOB,
    OUTPUTS,
    QUEUE,
    RESOURCES,
    STEP_INPUTS,
    command_line,
)
from azureml_emulator.sweeps.distributions import ARGUMENTS, distribution_of

NAME = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")

KINDS = words(*ARGUMENTS)


def number(value: Any, path: str, report: Report) -> float | None:
    """A finite number."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        report(Problem(path, f"Expected a number, got {kind_of(value)} {value!r}."))
        return None
    return value


def between(low: int, high: int) -> Shape:
    """A whole number within bounds."""

    def check(value: Any, path: str, report: Report) -> int | None:
        checked: int | None = whole(value, path, report)
        if checked is not None and not low <= checked <= high:
            report(Problem(path, f"Expected an integer from {low} to {high}, got {checked}."))
            return None
        return checked

    return check


def options(value: Any, path: str, report: Report) -> list[Any] | None:
    """The values of a choice."""
    if not isinstance(value, list):
        report(Problem(path, f"Expected an array, got {kind_of(value)}."))
        return None
    return value


def distribution(value: Any, path: str, report: Report) -> list[Any] | None:
    """``[name, [arguments]]``; the values of a choice are the one argument."""
    if not isinstance(value, list) or len(value) != 2 or not isinstance(value[1], list):
        report(Problem(path, f"Expected [name, [arguments]], got {value!r}."))
        return None
    kind = KINDS(value[0], f"{path}[0]", report)
    if kind is None:
        return None
    names = ARGUMENTS[kind]
    if len(value[1]) != len(names):
        report(Problem(f"{path}[1]", f"{kind} takes {', '.join(names)}; got {len(value[1])} arguments."))
        return None
    shapes = {"values": options, "upper": whole}
    arguments = [
        shapes.get(name, number)(each, f"{path}[1][{index}]", report)
        for index, (name, each) in enumerate(zip(names, value[1], strict=True))
    ]
    if None in arguments:
        return None
    problem = distribution_of([kind, arguments]).problem()
    if problem:
        report(Problem(path, f"{kind}: {problem}"))
        return None
    return [kind, arguments]


def search_space(value: Any, path: str, report: Report) -> dict[str, Any] | None:
    """A distribution for each hyperparameter, at least one."""
    if not isinstance(value, dict) or not value:
        report(Problem(path, f"Expected an object with hyperparameters, got {kind_of(value)}."))
        return None
    for name in value:
        if not NAME.fullmatch(name):
            message = f"{name!r}: letters, digits and '_', the first one no digit."
            report(Problem(f"{path}.{name}", message))
    return {name: distribution(each, f"{path}.{name}", report) for name, each in value.items()}


def log_base(value: Any, path: str, report: Report) -> float | str | None:
    """The base of logarithmic distributions: ``e``, or a number greater than 1."""
    if value == "e":
        return "e"
    checked = number(value, path, report)
    if checked is not None and checked <= 1:
        report(Problem(path, f"Expected e or a number greater than 1, got {checked}."))
        return None
    return checked


SAMPLING = union(
    "samplingAlgorithmType",
    {
        "Random": record(
            {"samplingAlgorithmType": text, "rule": words("Random", "Sobol"), "seed": whole, "logbase": log_base}
        ),
        "Grid": record({"samplingAlgorithmType": text}),
        "Bayesian": record({"samplingAlgorithmType": text}),
    },
)
POLICY = {"policyType": text, "delayEvaluation": whole, "evaluationInterval": whole}
EARLY_TERMINATION = union(
    "policyType",
    {
        "Bandit": record({**POLICY, "slackAmount": number, "slackFactor": number}),
        "MedianStopping": record(POLICY),
        "TruncationSelection": record({**POLICY, "truncationPercentage": between(1, 99)}, ("truncationPercentage",)),
    },
)
OBJECTIVE = record({"goal": words("Minimize", "Maximize"), "primaryMetric": filled}, ("goal", "primaryMetric"))
LIMITS = record(
    {
        "jobLimitsType": words("Sweep"),
        "maxTotalTrials": between(1, 1000),
        "maxConcurrentTrials": between(1, 100),
        "timeout": duration,
        "trialTimeout": duration,
    }
)
TRIAL = record(
    {
        "codeId": text,
        "command": command_line,
        "distribution": DISTRIBUTION,
        "environmentId": text,
        "environmentVariables": TEXTS,
        "resources": RESOURCES,
    },
    ("command", "environmentId"),
)
SWEEP = {
    **JOB,
    "earlyTermination": EARLY_TERMINATION,
    "inputs": INPUTS,
    "limits": LIMITS,
    "objective": OBJECTIVE,
    "outputs": OUTPUTS,
    "queueSettings": QUEUE,
    "resources": RESOURCES,
    "samplingAlgorithm": SAMPLING,
    "searchSpace": search_space,
    "trial": TRIAL,
}
SWEEP_NEEDS = ("jobType", "objective", "samplingAlgorithm", "searchSpace", "trial")
SWEEP_JOB = record(SWEEP, SWEEP_NEEDS)
STEP_SWEEP = record({**SWEEP, "inputs": STEP_INPUTS}, SWEEP_NEEDS)
"""A sweep that is a step of a pipeline."""
