"""Which steps of a pipeline another job may take over from one before, and the body of the job without them.

Pure. Only the body of a pipeline that is written out shows its steps; data that a step takes from another is a binding,
``${{parent.jobs.n.outputs.o}}``, which is the whole value of an input, and data without a binding is ``uri`` there.
Source: azure-ai-ml 1.35.2, ``entities/_builders/base_node.py`` and ``_job/pipeline/_io``; recorded bodies of pipelines.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

FROM_STEP = re.compile(r"\$\{\{\s*parent\.jobs\.([^.{}\s]+)\.outputs\.([^{}]+?)\s*\}\}")
FROM_PIPELINE = re.compile(r"\$\{\{\s*parent\.(inputs|outputs)\.([^{}]+?)\s*\}\}")
APART = ("on_init", "on_finalize")
"""The settings that name a step which runs before all others, and one that runs after them: they run in each job."""

MARK = 10
"""Hexadecimal digits of a mark."""

ELSEWHERE = frozenset({"computeId", "comment", "description"})
"""Keys of a step that its result does not depend on."""

Body = Mapping[str, Any]
Output = tuple[str, str]
"""An output of a step: the step's name and its own."""


@dataclass(frozen=True)
class Data:
    """Where an output of a step is.

    :param kind: its type, in snake case.
    """

    kind: str
    uri: str


def marks(properties: Body) -> dict[str, str]:
    """What each step is, as a short hash: equal only where it would do the same with the same data of other steps.

    :param properties: of a pipeline job, complete.
    """
    return {name: _mark(name, step, properties) for name, step in _steps(properties).items()}


def titles(properties: Body) -> dict[str, str]:
    """The steps by what run history may call their runs; a title that could be two steps' is left out.

    A step's run has its name as ``displayName`` (recorded answers); that one with a display name of its own has that is
    unproven, so either is taken.
    """
    named = {name: {name, step.get("display_name") or name} for name, step in _steps(properties).items()}
    every = [title for found in named.values() for title in found]
    return {title: name for name, found in named.items() for title in found if every.count(title) == 1}


def to_take_over(properties: Body, finished: Collection[str]) -> frozenset[str]:
    """The finished steps whose results can stand for them; whatever follows one that runs again does so, too."""
    steps, settings = _steps(properties), properties.get("settings") or {}
    taken = (set(finished) & set(steps)) - {settings.get(side) for side in APART}
    needs = {name: {source for source, _ in _bindings(step)} for name, step in steps.items()}
    while True:
        follow = {name for name in taken if needs[name] - taken}
        bound_elsewhere = {
            source
            for name, step in steps.items()
            if name not in taken
            for source, _ in _bindings({**step, "inputs": _other_inputs(step)})
        }
        if not taken & (follow | bound_elsewhere):
            return frozenset(taken)
        taken -= follow | bound_elsewhere


def needed(properties: Body, taken: Collection[str]) -> frozenset[Output]:
    """The outputs of steps that are taken over which the others or the pipeline's own outputs need."""
    steps = _steps(properties)
    asked = {found for name, step in steps.items() if name not in taken for found in _bindings(step)}
    return frozenset(found for found in asked if found[0] in taken) | frozenset(_kept(properties, taken).values())


def without(properties: Body, taken: Collection[str], places: Mapping[Output, Data]) -> dict[str, Any]:
    """The job without the steps that are taken over: their data are inputs of the others.

    :param places: where each output is that is ``needed``.
    """
    steps = {name: _fed(step, places) for name, step in _steps(properties).items() if name not in taken}
    kept = kept_outputs(properties, taken)
    outputs = {name: row for name, row in (properties.get("outputs") or {}).items() if name not in kept}
    return {**properties, "jobs": steps, "outputs": outputs}


def kept_outputs(properties: Body, taken: Collection[str]) -> dict[str, Output]:
    """The outputs of the pipeline that steps which are taken over have made: by the pipeline's name."""
    return _kept(properties, taken)


def given_place(properties: Body, output: Output) -> Data | None:
    """Where an output of a step is by the pipeline's own words; None where the service has chosen the place."""
    step, name = output
    row = (_steps(properties)[step].get("outputs") or {}).get(name) or {}
    bound = FROM_PIPELINE.fullmatch(str(row.get("value") or "").strip())
    if bound:
        row = (properties.get("outputs") or {}).get(bound[2]) or {}
    uri, kind = row.get("uri"), row.get("job_output_type") or row.get("jobOutputType")
    return Data(str(kind), str(uri)) if uri and kind and "${{" not in str(uri) else None


def _kept(properties: Body, taken: Collection[str]) -> dict[str, Output]:
    found = {}
    for step in sorted(taken):
        for name, row in (_steps(properties)[step].get("outputs") or {}).items():
            bound = FROM_PIPELINE.fullmatch(str((row or {}).get("value") or "").strip())
            if bound and bound[1] == "outputs":
                found[bound[2]] = (step, name)
    return found


def _steps(properties: Body) -> Mapping[str, Body]:
    return properties.get("jobs") or {}


def _mark(name: str, step: Body, properties: Body) -> str:
    told = {key: value for key, value in step.items() if key not in ELSEWHERE}
    asked = {(side, port) for text in _texts(told) for side, port in FROM_PIPELINE.findall(text)}
    bound = sorted([side, port, (properties.get(side) or {}).get(port)] for side, port in asked)
    text = json.dumps([name, told, bound], sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:MARK]


def _fed(step: Body, places: Mapping[Output, Data]) -> Body:
    """A step whose bindings to steps that are taken over are data."""
    inputs = {name: _fed_input(row, places) for name, row in (step.get("inputs") or {}).items()}
    return {**step, "inputs": inputs} if inputs else step


def _fed_input(row: Any, places: Mapping[Output, Data]) -> Any:
    source = _source(row)
    data = places.get(source) if source else None
    if data is None:
        return row
    rest = {key: value for key, value in row.items() if key not in ("job_input_type", "value")}
    return {**rest, "job_input_type": data.kind, "uri": data.uri}


def _source(row: Any) -> Output | None:
    """The output that an input is bound to as a whole."""
    bound = FROM_STEP.fullmatch(str(row.get("value") or "").strip()) if isinstance(row, Mapping) else None
    return (bound[1], bound[2]) if bound else None


def _other_inputs(step: Body) -> dict[str, Any]:
    """The inputs that are not bound to an output as a whole."""
    return {name: row for name, row in (step.get("inputs") or {}).items() if _source(row) is None}


def _bindings(value: Any) -> Iterator[Output]:
    """The outputs of steps that are named anywhere in a value."""
    for text in _texts(value):
        yield from ((step, output) for step, output in FROM_STEP.findall(text))


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from _texts(item)
    elif isinstance(value, str):
        yield value
