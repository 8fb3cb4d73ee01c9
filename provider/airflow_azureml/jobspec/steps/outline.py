"""A pipeline's nodes as they are written: which run a component of which file, and which are pipelines themselves.

This is read with each parse of a DAG file, so it looks at the graph alone: keys and values are checked when a step is
translated, before its job is submitted. It imports no table of fields for the same reason.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Any

from airflow_azureml.jobspec.document.document import Document, Located, Path, SourceLocation
from airflow_azureml.jobspec.document.graph import BINDING, CONTROL, whole_binding
from airflow_azureml.jobspec.document.load import load, read_text
from airflow_azureml.jobspec.document.messages import missing, nearest, show
from airflow_azureml.rest.errors import Problem, SpecError

NAME = re.compile(r"[a-z_][a-z0-9_]*")
"""What a node may be called."""

OWN_WORDS = ("command", "environment", "code", "description", "component", "trial")
"""Keys of a node in which nothing is bound to what is around it."""

ARTIFACTS = ("artifacts", "default")
"""Names of an output of a command that is written out; a job of its own has it as ``default`` without declaring it."""

REGISTERED = "azureml:"
"""How the name of a component begins that is registered, in the workspace or in a registry."""


@dataclass(frozen=True)
class Node:
    """One node.

    :param component: what its component's file says, or what is written in its place; None for a registered one, and
        where there is none.
    :param is_registered: its component is registered.
    :param pipeline: the nodes in it, where it runs a pipeline component that lies in a file, or in an object of
        ``azure-ai-ml``.
    """

    located: Located
    component: Located | None
    is_registered: bool
    pipeline: Outline | None = None

    def leaves_as_artifacts(self, output: str) -> bool:
        """Whether an output is what the command leaves in its folder ``outputs``, and no output of its own.

        Source: azureml-examples, ``cli/jobs/basics/hello-pipeline-default-artifacts.yml``.
        """
        command, written = self.located.value.get("command"), self.part("outputs").get(output)
        own = isinstance(command, str) and f"outputs.{output}}}" in command
        return output in ARTIFACTS and isinstance(command, str) and not own and not mapping(written).get("path")

    def part(self, name: str) -> Mapping[str, Any]:
        """Its ``inputs`` or ``outputs`` as they are written."""
        return mapping(self.located.value.get(name))

    def declared(self, part: str) -> Mapping[str, Any] | None:
        """The ``inputs`` or ``outputs`` that its component declares; None where that is not known."""
        found = self.component
        if found is None or not isinstance(found.value.get("type"), str):
            return None
        return mapping(found.value.get(part))


@dataclass
class Outline:
    """A pipeline: the top of its document, or of its component's.

    :param makers: which node's output is which output of the pipeline.
    """

    located: Located
    nodes: dict[str, Node] = field(default_factory=dict)
    makers: dict[str, tuple[str, str]] = field(default_factory=dict)

    @cached_property
    def places(self) -> dict[str, dict[Path, SourceLocation]]:
        """Where the parts of each node are written, as of a pipeline at the top of its document."""
        above = len(self.located.path)
        found: dict[str, dict[Path, SourceLocation]] = {name: {} for name in self.nodes}
        for path, place in self.located.document.places.items():
            node = path[above + 1] if len(path) > above + 1 else None
            if node in found and path[: above + 1] == (*self.located.path, "jobs"):
                found[str(node)][path[above:]] = place
        return found


def mapping(value: object) -> Mapping[str, Any]:
    """A value that should be a mapping, or an empty one."""
    return value if isinstance(value, Mapping) else {}


@lru_cache(maxsize=128)
def parsed(text: str, file: str | None, folder: str) -> Document:
    """Read YAML, the same text once; what comes is shared and must not be changed.

    :raises SpecError: it is no YAML.
    """
    document = load(text if text.endswith("\n") else text + "\n", folder=folder, file=file, field="" if file else "job")
    if document.problems:
        raise SpecError(document.problems)
    return document


def outline(document: Document) -> Outline:
    """Read a pipeline's nodes, and those of the pipelines in it.

    :raises SpecError: with all mistakes in its graph, each with its place.
    """
    problems: list[Problem] = []
    top: Located | None = document.root
    if document.value.get("component") is not None and document.value.get("type") == "pipeline":
        top = _component(document.root, problems)
    found = _pipeline(top, problems, ()) if top is not None else Outline(document.root)
    if problems:
        raise SpecError(problems)
    return found


def _component(job: Located, problems: list[Problem]) -> Located | None:
    """The pipeline component that a pipeline job runs; None where it is none that can be read."""
    located = job.child("component")
    given = located.value
    if isinstance(given, Mapping):
        return located
    if not isinstance(given, str) or given.startswith(REGISTERED):
        accepted = "Accepted: the file of a component, or AzureMLJobOperator, which runs the pipeline as one job."
        problems.append(located.problem(f"the steps of {show(given)} are not written in a file. {accepted}"))
        return None
    path = located.document.files.locate(given.removeprefix("file:"), located.place.folder)
    return _file(path, located, problems)


def _pipeline(located: Located, problems: list[Problem], around: tuple[str, ...]) -> Outline:
    """Read one pipeline.

    :param around: the files of the components that it is in.
    """
    found = Outline(located)
    jobs = located.value.get("jobs")
    word = located.value.get("type")
    if word != "pipeline" and not (word is None and around and jobs):
        given = f"{show(word)} has no steps" if word else '"type" is required'
        problems.append(located.problem(f"{given}. Accepted: pipeline.", *(("type",) if word else ())))
    elif not isinstance(jobs, Mapping) or not jobs:
        said = "the pipeline has no steps" if not jobs else f"{show(jobs)} is not a mapping of nodes"
        problems.append(located.problem(f"{said}. Accepted: a mapping of nodes.", "jobs"))
    else:
        for entry in located.child("jobs").items():
            node = _node(entry, problems, around)
            if node is not None:
                found.nodes[entry.name] = node
        _find_makers(found)
        for node in found.nodes.values():
            if node.located.value.get("type") not in CONTROL:
                _check_bindings(node.located, found, problems)
    return found


def _node(located: Located, problems: list[Problem], around: tuple[str, ...]) -> Node | None:
    value = located.value
    if not isinstance(located.path[-1], str) or not NAME.fullmatch(located.path[-1]):
        accepted = "Accepted: lower letters, digits and _."
        problems.append(located.problem(f"{show(located.path[-1])} is not a node's name. {accepted}"))
    if not isinstance(value, Mapping):
        problems.append(located.problem(f"{show(value)} is not a node. Accepted: a mapping."))
        return None
    if value.get("type") in CONTROL:
        said = "what this node runs is decided in the service, while the pipeline runs"
        accepted = "Accepted: AzureMLJobOperator, which runs the pipeline as one job."
        problems.append(located.problem(f"{show(value['type'])}: {said}. {accepted}", "type"))
        return Node(located, None, True)
    key = "trial" if value.get("component") is None else "component"
    given = value.get(key)
    if isinstance(given, Mapping):
        written = located.child(key)
        of_object = located.document.from_python and given.get("type") == "pipeline"
        return Node(located, written, False, _pipeline(written, problems, around) if of_object else None)
    if not isinstance(given, str):
        return Node(located, None, False)
    if given.startswith(REGISTERED):
        return Node(located, None, True)
    path = located.document.files.locate(given.removeprefix("file:"), located.child(key).place.folder)
    component = _file(path, located.child(key), problems)
    if component is None:
        return None
    if "pipeline" not in (value.get("type"), component.value.get("type")):
        return Node(located, component, False)
    if path in around:
        problems.append(located.problem(f"{show(given)}: this component contains itself.", key))
        return None
    return Node(located, component, False, _pipeline(component, problems, (*around, path)))


def _file(path: str, named: Located, problems: list[Problem]) -> Located | None:
    """The component that lies in a file; None where none could be read."""
    if named.document.files.kind(path) != "file":
        why = named.document.files.left_out(path)
        problems.append(named.problem(f"{show(named.value)}: {missing('file', path, why)}"))
        return None
    try:
        return parsed(read_text(path), path, os.path.dirname(path)).root
    except SpecError as error:
        problems.extend(error.problems)
        return None


def texts(value: Any) -> list[str]:
    """All texts in a value."""
    if isinstance(value, str):
        return [value]
    if isinstance(value, (Mapping, list, tuple)):
        return [text for item in (value.values() if isinstance(value, Mapping) else value) for text in texts(item)]
    return []


def _find_makers(pipeline: Outline) -> None:
    for name, node in pipeline.nodes.items():
        for output, value in node.part("outputs").items():
            bound = whole_binding(value)
            if bound is not None and bound[0] == "outputs":
                pipeline.makers.setdefault(bound[1], (name, str(output)))


def _check_bindings(node: Located, pipeline: Outline, problems: list[Problem]) -> None:
    """Refuse bindings that lead nowhere."""
    for key, value in node.value.items():
        if key in OWN_WORDS:
            continue
        for item in node.child(key).items() if isinstance(value, Mapping) else (node.child(key),):
            for text in texts(item.value):
                for found in BINDING.finditer(text):
                    wrong = _leads_nowhere(found[1], found[2], pipeline)
                    if wrong:
                        problems.append(item.problem(f"{found[0]}: {wrong}"))


def _leads_nowhere(part: str, path: str, pipeline: Outline) -> str | None:
    """What is wrong with a binding; None for nothing."""
    if part != "jobs":
        names = mapping(pipeline.located.value.get(part))
        if path in names or any(str(name).startswith(f"{path}.") for name in names):
            return None
        return f"the pipeline has no such {part[:-1]}.{_of(path, names)}"
    name, _, rest = path.partition(".")
    kind, _, port = rest.partition(".")
    node = pipeline.nodes.get(name)
    if node is None:
        return f"there is no node {show(name)}.{_of(name, pipeline.nodes)}"
    if kind != "outputs" or not port:
        return "this names no output. Accepted: ${{parent.jobs.NODE.outputs.NAME}}."
    known = outputs_of(node)
    if known is not None and port not in known:
        return f"the node {show(name)} has no such output.{_of(port, known)}"
    if node.pipeline is not None and port not in node.pipeline.makers:
        return f"no node in the pipeline {show(name)} makes this output."
    return None


def _of(name: str, names: Any) -> str:
    return nearest(name, list(names)) if names else " It has none."


def outputs_of(node: Node) -> list[str] | None:
    """The names of a node's outputs; None where only a registered component says them."""
    if node.is_registered:
        return None
    declared = node.declared("outputs")
    if declared is None and node.component is not None:
        return None
    return [str(name) for name in (declared if declared is not None else node.part("outputs"))]
