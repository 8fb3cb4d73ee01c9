"""What the demo prints at its end: a line for each task, the model with its metric, and what is not green."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from demo.run import Task

WIDTH = 100
"""Columns of the longest line."""

GREEN, RED, BOLD, DIM = "32", "31", "1", "2"


def coloured() -> bool:
    """Whether colours are wanted: on a terminal, unless ``NO_COLOR`` is set (https://no-color.org)."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR")


@dataclass(frozen=True)
class Outcome:
    """What one run of the DAG has trained, and with what.

    :param metrics: of the training job, by name.
    :param model: where the model lies in its datastore.
    """

    run: str
    learning_rate: float
    metrics: Mapping[str, Any]
    model: str | None = None


def problems(tasks: Sequence[Task], jobs: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Say what is not green: a task that did not succeed, a job that Azure ML does not know as completed."""
    found = [
        f"Task {task.name} ended as {task.state}. {short(task.link or '')}".rstrip()
        for task in tasks
        if task.state != "success"
    ]
    for task in tasks:
        if task.result and (status := jobs.get(task.result["job_name"], {}).get("status")) != "Completed":
            found.append(f"Job {task.result['job_name']} of task {task.name} is {status or 'unknown'} in the journal.")
    if not any(task.result for task in tasks):
        found.append("No task gave back a job.")
    return found


def lines(tasks: Sequence[Task], *, colour: bool = False) -> Iterator[str]:
    """Write a line for each task, with its time and what it gave, and below it the page of its job."""
    for task in tasks:
        good = task.state == "success"
        mark = paint("✓" if good else "✗", GREEN if good else RED, colour)
        deferred = f"({task.deferred:.1f} s deferred)" if task.deferred else ""
        text = f"{task.name:<20}{task.took:>6.1f} s {deferred:<18}"
        yield f"  {mark} {text} {fitting(facts_of(task), WIDTH - len(text) - 5)}".rstrip()
        if link := page(task):
            yield "      " + paint(link, DIM, colour)


def facts_of(task: Task) -> Iterator[str]:
    """What is worth telling of a task: its state unless it is green, further tries, a short result, metrics."""
    if task.state != "success":
        yield task.state or "no state"
    if task.tries > 1:
        yield f"{task.tries} tries"
    if task.text:
        yield task.text
    for name, value in (task.result or {}).get("metrics", {}).items():
        yield f"{name} {figure(value)}"


def fitting(facts: Iterator[str], width: int) -> str:
    """As many facts as a line has room for, and a mark where some are left out."""
    shown = ""
    for fact in facts:
        longer = f"{shown}, {fact}" if shown else fact
        if len(longer) > width - 3:
            return f"{shown}, …" if shown else fact[:width]
        shown = longer
    return shown


def comparison(outcome: Outcome, before: Outcome | None, *, colour: bool = False) -> Iterator[str]:
    """Write what was trained, beside what the run before has trained."""
    if outcome.model:
        yield f"  Model  {outcome.model}"[:WIDTH]
    now = f"AUC    {figure(outcome.metrics.get('auc'))} at learning rate {outcome.learning_rate:g}"
    text = "  " + paint(now, BOLD, colour)
    if before:
        text += f"   (the run before: {figure(before.metrics.get('auc'))} at {before.learning_rate:g})"
    yield text


def trained(run: str, learning_rate: float, tasks: Sequence[Task]) -> Outcome | None:
    """Find the task whose job told an AUC; None where there is none."""
    for task in tasks:
        if task.result and "auc" in task.result["metrics"]:
            paths = [output["path"] for name, output in task.result["outputs"].items() if name != "default"]
            model = paths[0].partition("/paths/")[2] if paths else None
            return Outcome(run, learning_rate, task.result["metrics"], model)
    return None


def page(task: Task) -> str | None:
    """The page of a task's job; None where it has none."""
    link = task.link or (task.result or {}).get("studio_url")
    return short(link) if link else None


def short(link: str) -> str:
    """A Studio address without its query, which names the workspace: the emulator has only one."""
    return link.partition("?")[0]


def figure(value: Any) -> str:
    """A metric in few digits."""
    return f"{value:.4g}" if isinstance(value, float | int) else "unknown"


def paint(text: str, code: str, colour: bool) -> str:
    """Give a text a colour, where colours are wanted."""
    return f"\033[{code}m{text}\033[0m" if colour else text
