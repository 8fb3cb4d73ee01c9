"""What is around the nodes of a pipeline: what it is given, and what its outputs are to be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from airflow_azureml.jobspec.document.document import Document, SourceLocation
from airflow_azureml.jobspec.document.graph import whole_binding
from airflow_azureml.jobspec.steps.outline import Node, Outline, mapping

PARAMETERS = ("number", "integer", "boolean", "string")
"""Types that are no data."""


@dataclass(frozen=True)
class Made:
    """An output of a step.

    :param step: the way to the step, through the pipelines that it is in.
    """

    step: tuple[str, ...]
    output: str


@dataclass(frozen=True)
class Given:
    """What an input of a pipeline is.

    :param value: as it is written.
    :param name: of the whole pipeline's input that it is.
    :param made: the output that it is.
    :param settings: the type and mode that it was given on the way.
    :param absent: an optional one that was not given.
    """

    value: Any = None
    name: str | None = None
    made: Made | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)
    place: SourceLocation | None = None
    absent: bool = False


@dataclass(frozen=True)
class Around:
    """A pipeline, and what it is given by what is around it.

    :param outputs: how each of its outputs is to be written.
    :param document: of the whole pipeline.
    :param compute: the compute of a pipeline in the pipeline.
    """

    pipeline: Outline
    path: tuple[str, ...]
    given: Mapping[str, Given]
    outputs: Mapping[str, Any]
    document: Document
    compute: Any = None
    above: Around | None = None

    def made(self, name: str, output: str) -> Made:
        """The step's output that an output of one of its nodes is."""
        path, node = (*self.path, name), self.pipeline.nodes[name]
        while node.pipeline is not None:
            inner, output = node.pipeline.makers[output]
            path, node = (*path, inner), node.pipeline.nodes[inner]
        return Made(path, "default" if node.leaves_as_artifacts(output) else output)

    def bound(self, part: str, path: str) -> Given | None:
        """What a binding leads to; None for a group of inputs."""
        if part == "inputs":
            return self.given.get(path)
        if part == "outputs":
            maker = self.pipeline.makers.get(path)
            return Given(made=self.made(*maker)) if maker else Given(absent=True)
        name, _, rest = path.partition(".")
        return Given(made=self.made(name, rest.partition(".")[2]))

    def within(self, name: str, node: Node, inner: Outline) -> Around:
        """A pipeline in the pipeline."""
        written, declared = node.part("inputs"), mapping(inner.located.value.get("inputs"))
        given = {
            str(key): self._given_to(node, str(key), mapping(port), key in written) for key, port in declared.items()
        }
        outputs = {}
        for key, port in mapping(inner.located.value.get("outputs")).items():
            value = node.part("outputs").get(key)
            bound = whole_binding(value)
            if bound is not None and bound[0] == "outputs":
                value = {**mapping(self.outputs.get(bound[1])), **_without_path(value)}
            outputs[str(key)] = {**of_port(mapping(port)), **mapping(value)}
        compute = node.located.value.get("compute") or self.compute
        return Around(inner, (*self.path, name), given, outputs, self.document, compute, self)

    def _given_to(self, node: Node, key: str, port: Mapping[str, Any], written: bool) -> Given:
        """What the pipeline in a node is given as one of its inputs."""
        if not written:
            return _default(port)
        located = node.located.child("inputs").child(key)
        bound = whole_binding(located.value)
        found = self.bound(*bound) if bound else None
        if found is None:
            value, kind = located.value, port.get("type")
            if isinstance(value, str) and isinstance(kind, str) and kind not in PARAMETERS:
                value = {"type": kind, "path": value} if kind != "path" else {"path": value}
            return Given(value, place=located.place)
        declared = {word: port[word] for word in ("mode",) if word in port}
        return replace(found, settings={**declared, **found.settings, **_without_path(located.value)})


def given(document: Document, declared: Mapping[str, Any]) -> dict[str, Given]:
    """The inputs of the whole pipeline; one that is a component of a file has defaults for them."""
    found = {}
    for name, port in declared.items():
        if name in mapping(document.value.get("inputs")):
            place = document.place(("inputs", name))
            found[str(name)] = Given(document.value["inputs"][name], name=str(name), place=place)
        else:
            found[str(name)] = _default(mapping(port))
    return found


def _default(port: Mapping[str, Any]) -> Given:
    """A declared input of a component that nobody gives."""
    return Given(port["default"]) if "default" in port else Given(absent=True)


def settings(document: Document, declared: Mapping[str, Any]) -> dict[str, Any]:
    """The outputs of the whole pipeline, as they are declared and written."""
    written = mapping(document.value.get("outputs"))
    return {
        str(name): {**of_port(mapping(port)), **mapping(written.get(name))} if "component" in document.value else port
        for name, port in {**declared, **({} if "component" in document.value else written)}.items()
    }


def of_port(port: Mapping[str, Any]) -> dict[str, Any]:
    """What a declared output says of its data."""
    return {word: port[word] for word in ("type", "mode") if word in port and port[word] != "path"}


def _without_path(value: Any) -> dict[str, Any]:
    return {key: item for key, item in mapping(value).items() if key != "path"}
