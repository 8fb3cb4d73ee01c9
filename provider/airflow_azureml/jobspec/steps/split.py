"""A pipeline split into its steps: each becomes a pipeline of one node, which Azure ML runs as it would run the whole.

What a step takes from others becomes an input of its own pipeline, what it gives an output. Nodes of a pipeline within
the pipeline are steps, too, where its component lies in a file.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from airflow_azureml.jobspec.document.document import Document
from airflow_azureml.jobspec.document.messages import nearest
from airflow_azureml.jobspec.steps.around import Around, Made, given, settings
from airflow_azureml.jobspec.steps.outline import mapping, outline
from airflow_azureml.jobspec.steps.step import Step, step
from airflow_azureml.rest.errors import Problem, SpecError


@dataclass(frozen=True)
class Split:
    """A pipeline's steps, each after those that it takes something from.

    :param outputs: which step makes which output of the pipeline.
    """

    steps: tuple[Step, ...]
    outputs: Mapping[str, Made]


def split(
    document: Document, inputs: Mapping[str, Any] | None = None, outputs: Mapping[str, Any] | None = None
) -> Split:
    """Split a pipeline job into its steps.

    :param inputs: laid over the pipeline's own by name, as are ``outputs``; paths in them are relative to the
        document's folder.
    :raises SpecError: with all mistakes in its graph, each with its place; or a name that the pipeline does not have.
    """
    top = outline(document)
    declared = {part: mapping(top.located.value.get(part)) for part in ("inputs", "outputs")}
    for part, over in (("inputs", inputs), ("outputs", outputs)):
        _check_names(part, over or {}, declared[part])
    document = document.merged(inputs=inputs or None, outputs=outputs or None)
    around = Around(top, (), given(document, declared["inputs"]), settings(document, declared["outputs"]), document)
    steps = tuple(_in_order(list(_steps(around))))
    made = {
        output: around.made(*top.makers[output]) for output in map(str, declared["outputs"]) if output in top.makers
    }
    return Split(steps, made)


def _check_names(part: str, names: Mapping[str, Any], known: Mapping[str, Any]) -> None:
    """Refuse what is laid over inputs or outputs that a pipeline does not have.

    :raises SpecError: names each of them.
    """
    wrong = [name for name in names if name not in known]
    hints = [nearest(name, list(known)) if known else " It has none." for name in wrong]
    if wrong:
        message = f"the pipeline has no such {part[:-1]}."
        raise SpecError([Problem(f"{part}.{name}", message + hint) for name, hint in zip(wrong, hints, strict=True)])


def _steps(around: Around) -> Iterator[Step]:
    """The steps of a pipeline, and of those in it."""
    for name, node in around.pipeline.nodes.items():
        if node.pipeline is None:
            yield step(around, name, node)
        else:
            yield from _steps(around.within(name, node, node.pipeline))


def _in_order(steps: list[Step]) -> Iterator[Step]:
    """Each step after those that it takes something from.

    :raises SpecError: some wait for each other.
    """
    known = {step.path: step for step in steps}
    done: set[tuple[str, ...]] = set()
    while len(done) < len(steps):
        ready = [
            step for step in steps if step.path not in done and all(made.step in done for made in step.made.values())
        ]
        if not ready:
            raise SpecError([_circle(known, done)])
        for one in ready:
            done.add(one.path)
            yield one


def _circle(steps: Mapping[tuple[str, ...], Step], done: set[tuple[str, ...]]) -> Problem:
    """The error of steps that wait for each other."""
    way = [next(path for path in steps if path not in done)]
    while way.count(way[-1]) < 2:
        waits_for = steps[way[-1]].made.values()
        way.append(next(made.step for made in waits_for if made.step not in done))
    circle = way[way.index(way[-1]) :]
    first = steps[circle[0]]
    words = " -> ".join(".".join(path) for path in circle)
    message = f"nodes wait for each other: {words}."
    return Problem(f"jobs.{'.'.join(circle[0])}", message, first.file, first.places[()].line)
