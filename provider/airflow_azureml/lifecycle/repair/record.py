"""What a job says in its own properties of its steps, for a job that repairs it, and of the job that it repairs itself.

A run has 50 properties of 1,000 characters each at most. Source:
https://learn.microsoft.com/azure/machine-learning/resource-limits-capacity
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from airflow_azureml.lifecycle.repair.steps import MARK

REPAIRS = "airflow_repairs"
"""The property that names the job whose finished steps were taken over."""

STEPS, TAKEN, KEPT = "airflow_steps", "airflow_steps_taken_over", "airflow_outputs_kept"
"""Properties, numbered, with the marks of all steps, of those taken over, and the outputs that these have made."""

LONGEST = 1_000
MOST = 8
"""Properties of one name, so that there is room for those of others."""

Properties = Mapping[str, str]


@dataclass(frozen=True)
class Kept:
    """An output of a pipeline that a step of an earlier job has made.

    :param name: the pipeline's name of it.
    :param job: the job whose step it was.
    :param run: the step's run, and ``output`` that run's name of it.
    """

    name: str
    job: str
    run: str
    output: str


def of_steps(marks: Collection[str]) -> dict[str, str] | None:
    """The properties that tell the marks of a job's steps; None for more than they can hold."""
    return _packed(STEPS, "".join(sorted(marks)))


def of_repair(repairs: str, taken: Collection[str], kept: Iterable[Kept]) -> dict[str, str] | None:
    """The properties that tell what a job has taken over; None for more than they can hold.

    :param repairs: the job before.
    :param taken: marks of the steps.
    """
    rows = json.dumps([[one.name, one.job, one.run, one.output] for one in kept], separators=(",", ":"))
    of_taken, of_kept = _packed(TAKEN, "".join(sorted(taken))), _packed(KEPT, rows)
    return None if of_taken is None or of_kept is None else {REPAIRS: repairs, **of_taken, **of_kept}


def steps(properties: Properties) -> frozenset[str] | None:
    """The marks of a job's steps; None where it does not tell them."""
    text = _unpacked(STEPS, properties)
    return _marks(text) if text else None


def taken(properties: Properties) -> frozenset[str]:
    """The marks of the steps that a job has taken over."""
    return _marks(_unpacked(TAKEN, properties))


def kept(properties: Properties) -> tuple[Kept, ...]:
    """The outputs that steps have made which a job has taken over; none where it says so in no words of ours."""
    try:
        return tuple(Kept(*row) for row in json.loads(_unpacked(KEPT, properties) or "[]"))
    except (ValueError, TypeError):
        return ()


def _packed(key: str, text: str) -> dict[str, str] | None:
    parts = [text[start : start + LONGEST] for start in range(0, len(text), LONGEST)]
    return {f"{key}_{number}": part for number, part in enumerate(parts)} if len(parts) <= MOST else None


def _unpacked(key: str, properties: Properties) -> str:
    return "".join(properties.get(f"{key}_{number}", "") for number in range(MOST))


def _marks(text: str) -> frozenset[str]:
    return frozenset(text[start : start + MARK] for start in range(0, len(text), MARK))
