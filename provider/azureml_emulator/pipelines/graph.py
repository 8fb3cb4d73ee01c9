"""Graphs: the nodes of a pipeline, what each of them takes from others, and how bindings are resolved. No HTTP, no
files.

A node's own words are in snake case but for ``componentId`` and ``computeId``; its inputs and outputs are bound with
``${{parent.inputs.x}}``, ``${{parent.jobs.n.outputs.o}}`` and ``${{parent.outputs.o}}``, which must be the whole value.
Source: azure-ai-ml 1.35.2, ``ComponentJobConstants`` and recorded bodies of pipelines.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

Row = dict[str, Any]
"""An input of a job: ``jobInputType`` with ``value`` or ``uri`` and ``mode``."""

BINDING = re.compile(r"\$\{\{\s*parent\.([^{}]+?)\s*\}\}")
FROM_NODE = re.compile(r"jobs\.([^.]+)\.outputs\.(.+)")
A_NODE = re.compile(r"jobs\.([^.]+)")

CONTROL = frozenset({"do_while", "if_else", "parallel_for"})
"""Types of nodes that run no component of their own: they say whether, and how often, other nodes run."""


class BindingError(Exception):
    """A binding names something that the pipeline does not have; the text names it."""


@dataclass(frozen=True)
class Scope:
    """The values to which the bindings of a pipeline's nodes are resolved.

    :param inputs: the pipeline's inputs that have a value.
    :param optional: the names of those that need not have one.
    :param outputs: the pipeline's outputs with the settings of the request.
    :param upstream: the data of a node's output; raises ``BindingError`` when the node or the output does not exist.
    """

    inputs: Mapping[str, Row]
    outputs: Mapping[str, Row]
    upstream: Callable[[str, str], Row]
    optional: frozenset[str] = frozenset()

    def input(self, text: str) -> Row | None:
        """The value of a bound input; None: an optional input of the pipeline that has no value.

        :param text: the whole value, which is a binding.
        """
        path = bound(text)
        assert path is not None
        source = FROM_NODE.fullmatch(path)
        if source:
            return self.upstream(source[1], source[2])
        side, _, name = path.partition(".")
        if side == "inputs" and name in self.inputs:
            return dict(self.inputs[name])
        if side == "inputs" and name in self.optional:
            return None
        raise BindingError(f"{text} names nothing of the pipeline; its inputs: {listing(self.inputs)}.")

    def output(self, text: str) -> tuple[str, Row]:
        """The pipeline's output that a node's output is bound to: its name and its settings."""
        side, _, name = (bound(text) or "").partition(".")
        if side != "outputs" or name not in self.outputs:
            raise BindingError(f"{text} names no output of the pipeline; its outputs: {listing(self.outputs)}.")
        return name, dict(self.outputs[name])

    def settled(self, value: Any) -> Any:
        """A value with the bindings in it replaced by literal inputs: compute, resources, environment variables."""
        if isinstance(value, Mapping):
            return {key: self.settled(each) for key, each in value.items()}
        if isinstance(value, list):
            return [self.settled(each) for each in value]
        return BINDING.sub(self._literal, value) if isinstance(value, str) else value

    def _literal(self, found: re.Match[str]) -> str:
        row = self.input(found[0])
        if row is None or "value" not in row:
            raise BindingError(f"{found[0]} is data; a literal is needed here.")
        return str(row["value"])


@dataclass(frozen=True)
class Graph:
    """The nodes of a pipeline by name, and the nodes that each of them waits for.

    :param needs: of each node but the bodies of loops, which run when their loop does.
    :param bodies: the loop of each node that is the body of one.
    :param gates: the conditions of each node that runs only if they are met: the name of the ``if_else`` node, and
        which answer it takes.
    """

    nodes: Mapping[str, Mapping[str, Any]]
    needs: Mapping[str, frozenset[str]] = field(default_factory=dict)
    bodies: Mapping[str, str] = field(default_factory=dict)
    gates: Mapping[str, Mapping[str, bool]] = field(default_factory=dict)

    @classmethod
    def of(cls, nodes: Mapping[str, Mapping[str, Any]]) -> Graph:
        """A graph with its edges read from the bindings.

        :raises BindingError: a binding names a node that is not there, or the nodes wait for each other in a circle.
        """
        bodies = loop_bodies(nodes)
        gates = gated(nodes, bodies)
        loops = {loop: body for body, loop in bodies.items()}
        needs = {}
        for name, node in nodes.items():
            if name in bodies:
                continue
            found = {*sources(node), *(sources(nodes[loops[name]]) if name in loops else ())}
            unknown = sorted(found - set(nodes))
            if unknown:
                raise BindingError(f"jobs.{name} takes data from {unknown[0]!r}; the nodes: {listing(nodes)}.")
            alone = sorted(each for each in found if each in bodies and nodes[bodies[each]]["type"] == "parallel_for")
            if alone:
                raise BindingError(
                    f"jobs.{name} takes data from {alone[0]!r}, the body of the loop {bodies[alone[0]]!r}; "
                    "what all of its rounds wrote are outputs of the loop."
                )
            needs[name] = frozenset({bodies.get(each, each) for each in found} - {name}) | frozenset(
                gates.get(name, ())
            )
        left = set(needs)
        while ready := {name for name in left if not needs[name] & left}:
            left -= ready
        if left:
            raise BindingError(f"The nodes {listing(left)} wait for each other in a circle.")
        return cls(nodes, needs, bodies, gates)

    @property
    def steps(self) -> dict[str, frozenset[str]]:
        """The nodes that become jobs, and those that each of them waits for, through conditions as well."""
        loops = {loop: body for body, loop in self.bodies.items()}

        def before(name: str) -> frozenset[str]:
            found = (before(each) if self.nodes[each]["type"] == "if_else" else {each} for each in self.needs[name])
            return frozenset(itertools.chain.from_iterable(found))

        return {
            loops.get(name, name): frozenset(loops.get(each, each) for each in before(name))
            for name in self.needs
            if self.nodes[name]["type"] != "if_else"
        }


def loop_bodies(nodes: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    """The bodies of all loops, each with the name of its loop.

    :raises BindingError: a loop names no command or pipeline, or one that is the body of another.
    """
    found: dict[str, str] = {}
    for name, node in nodes.items():
        if node["type"] not in ("do_while", "parallel_for"):
            continue
        body = named_node(node["body"], nodes, f"jobs.{name}.body")
        if nodes[body]["type"] not in ("command", "pipeline"):
            raise BindingError(f"jobs.{name}.body: {body!r} is of type {nodes[body]['type']}, not command or pipeline.")
        if body in found:
            raise BindingError(f"jobs.{name}.body: {body!r} is the body of {found[body]!r} already.")
        found[body] = name
    return found


def gated(nodes: Mapping[str, Mapping[str, Any]], bodies: Mapping[str, str]) -> dict[str, dict[str, bool]]:
    """The conditions of the nodes that stand in a block of an ``if_else``; those of a body count for its loop.

    :raises BindingError: a block names no node, or both name the same, or there is none.
    """
    found: dict[str, dict[str, bool]] = {}
    for name, node in nodes.items():
        if node["type"] != "if_else":
            continue
        answers: dict[str, bool] = {}
        for key, answer in (("true_block", True), ("false_block", False)):
            value = node.get(key) or []
            for text in value if isinstance(value, list) else [value]:
                target = named_node(text, nodes, f"jobs.{name}.{key}")
                if answers.setdefault(target, answer) is not answer:
                    raise BindingError(f"jobs.{name}: true_block and false_block both name {target!r}.")
        if not answers:
            raise BindingError(f"jobs.{name}: true_block and false_block are both empty.")
        for target, answer in answers.items():
            found.setdefault(bodies.get(target, target), {})[name] = answer
    return found


def named_node(value: Any, nodes: Mapping[str, Any], where: str) -> str:
    """The name of a node that is bound as a whole: ``${{parent.jobs.<name>}}``.

    :raises BindingError: the value is no such binding, or there is no node of this name.
    """
    match = A_NODE.fullmatch(bound(value) or "")
    if match is None or match[1] not in nodes:
        raise BindingError(f"{where}: {value!r} names no node; the nodes: {listing(nodes)}.")
    return match[1]


def bound(value: Any) -> str | None:
    """What a value is bound to, without ``parent.``; None when the value is no binding as a whole."""
    match = BINDING.fullmatch(value.strip()) if isinstance(value, str) else None
    return match[1] if match else None


def sources(value: Any) -> Iterator[str]:
    """The nodes whose outputs are named anywhere inside of a value."""
    if isinstance(value, Mapping):
        for each in value.values():
            yield from sources(each)
    elif isinstance(value, list):
        for each in value:
            yield from sources(each)
    elif isinstance(value, str):
        for path in BINDING.findall(value):
            match = FROM_NODE.fullmatch(path)
            if match:
                yield match[1]


def bound_outputs(node: Mapping[str, Any]) -> dict[str, str]:
    """The node's outputs that are the pipeline's own: the pipeline's name of each by the node's."""
    rows = {}
    for name, row in (node.get("outputs") or {}).items():
        side, _, target = (bound(row.get("value")) or "").partition(".")
        if side == "outputs":
            rows[name] = target
    return rows


def listing(names: Any) -> str:
    """Names for a message."""
    return ", ".join(sorted(names)) or "none"
