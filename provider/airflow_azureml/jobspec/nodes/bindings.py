"""Bindings between the nodes of a pipeline: what each refers to, of which type that is, and that none go in circles.

Source: azure-ai-ml 1.35.2, ``entities/_job/pipeline/_component_translatable.py`` for the types. It sends bindings to
what does not exist, and circles; both are refused here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from airflow_azureml.jobspec.document.document import Located
from airflow_azureml.jobspec.document.graph import BINDING
from airflow_azureml.jobspec.document.messages import nearest, show
from airflow_azureml.jobspec.nodes.kind import Scope, Source
from airflow_azureml.jobspec.table.translator import Invalid, Translator

PARENT = re.compile(r"\$\{\{\s*parent\.([^}]*?)\s*\}\}")
ALMOST = re.compile(r"\{\s*parent\.(?:inputs|outputs|jobs)\.\w")
"""What somebody may have meant as a binding."""
INPUT = re.compile(r"^\$\{\{parent\.(inputs|jobs)\.(.*?)\}\}$")
OUTPUT = re.compile(r"^\$\{\{parent\.outputs\.(.*?)\}\}$")
LEGACY = re.compile(r"^\$\{\{(inputs|jobs|outputs)\.(.*?)\}\}$")
"""Bindings without ``parent``, an old spelling that Microsoft's client refuses."""

LITERALS = {bool: "boolean", int: "integer", float: "number", str: "string"}


def check(located: Located, ctx: Translator, scope: Scope, node: str) -> None:
    """Refuse bindings in a value that lead nowhere, and note those to other nodes."""
    texts = [text for text in _texts(located.value) if "{" in text]
    for text in texts:
        _check_form(located, ctx, text)
    for part, path in [found.group(1, 2) for text in texts for found in BINDING.finditer(text)]:
        name, _, rest = path.partition(".")
        if part == "jobs":
            _check_node(located, ctx, scope, node, name, rest)
            continue
        if part == "outputs":
            start = len(scope.jobs.path) if scope.jobs is not None else 0
            given = located.path[start + 1 : start + 2] == ("outputs",)
            (scope.makers if given else scope.takers).setdefault(path, []).append((node, located))
        names = scope.inputs if part == "inputs" else scope.outputs
        if path not in names and not any(known.startswith(f"{path}.") for known in names):
            ctx.error(
                located, f"${{{{parent.{part}.{path}}}}}: the pipeline has no such {part[:-1]}.{_of(path, names)}"
            )


def check_all(located: Located, ctx: Translator, scope: Scope, node: str) -> None:
    """Check the bindings in the settings of a node, which may stand in the place of nearly every value."""
    value = located.value
    top = len(located.path) - len(scope.jobs.path if scope.jobs else ()) == 1
    for key, item in value.items() if isinstance(value, (dict, Mapping)) else enumerate(value):
        if top and str(key) in ELSEWHERE:
            continue
        if isinstance(item, str):
            if "{" in item:
                check(located.child(key), ctx, scope, node)
        elif isinstance(item, (dict, list, tuple, Mapping)):
            check_all(located.child(key), ctx, scope, node)


BLOCKS = {"body", "true_block", "false_block"}
"""Keys of control nodes that name nodes."""

ELSEWHERE = {"inputs", "outputs", "component", "trial", "command", "environment", "code", "description", *BLOCKS}
"""Keys of a node whose bindings somebody else checks, or nobody reads."""


def old_spelling(located: Located, ctx: Translator, binding: str, *further: str) -> Invalid:
    """Refuse a binding without ``parent``."""
    new = binding.replace("{{", "{{parent.")
    return ctx.error(located, f"{binding} is an old spelling. Accepted: {new}.", *further)


def _check_form(located: Located, ctx: Translator, text: str) -> None:
    """Refuse what begins as a binding and names no port; Microsoft's client sends it, and the service refuses it."""
    for found in PARENT.finditer(text):
        part, *rest = found[1].split(".")
        if part not in PARTS:
            ctx.error(located, f"{found[0]}: a pipeline has no {show(part)}.{nearest(part, PARTS)}")
        elif part == "jobs" and (len(rest) < 3 or rest[1] not in ("inputs", "outputs")):
            ctx.error(located, f"{found[0]}: this names no output. Accepted: ${{{{parent.jobs.NODE.outputs.NAME}}}}.")
    if "parent." in text and ALMOST.search(PARENT.sub("", text)):
        ctx.warn(located, f"{show(text)} is sent as a string. Write a binding as ${{{{parent.…}}}}.")


PARTS = ("inputs", "outputs", "jobs")


def _texts(value: Any) -> Iterable[str]:
    if isinstance(value, str):
        return (value,)
    if isinstance(value, (Mapping, list, tuple)):
        return [text for item in (value.values() if isinstance(value, Mapping) else value) for text in _texts(item)]
    return ()


def _check_node(located: Located, ctx: Translator, scope: Scope, node: str, name: str, rest: str) -> None:
    binding = f"${{{{parent.jobs.{name}{'.' if rest else ''}{rest}}}}}"
    if name not in scope.names:
        ctx.error(located, f"{binding}: there is no node {show(name)}.{_of(name, scope.names)}")
        return
    scope.edges.setdefault(node, []).append((name, located))
    kind, _, port = rest.partition(".")
    if kind == "outputs":
        known = outputs_of(scope, name)
        if known is not None and port not in known:
            ctx.error(located, f"{binding}: the node {show(name)} has no such output.{_of(port, known)}")


def _of(name: str, names: Any) -> str:
    return nearest(name, list(names)) if names else " It has none."


def outputs_of(scope: Scope, name: str) -> Mapping[str, Any] | None:
    """The outputs of a node as far as they are known: of its component, else as it is written."""
    assert scope.jobs is not None
    value = scope.jobs.value[name]
    if not isinstance(value, Mapping):
        return None
    if name in scope.loops:
        return outputs_of(scope, scope.loops[name]) if scope.loops[name] in scope.names else None
    found = scope.components.get(name)
    if found is not None:
        return found.outputs
    if any(key in value for key in ("component", "trial")):
        return None
    written = value.get("outputs")
    return written if isinstance(written, Mapping) else {}


def source(text: str, scope: Scope, seen: tuple[str, ...] = ()) -> Source | None:
    """Find what a binding leads to; None when there is no such thing, or it leads back to itself (``seen``)."""
    if text in seen or text.endswith("\n"):
        return None
    if found := INPUT.match(text):
        if found[1] == "inputs":
            return scope.inputs.get(found[2].split(".")[0]) or scope.inputs.get(found[2])
        return _output(found[2], scope, (*seen, text))
    if found := OUTPUT.match(text):
        return scope.outputs.get(found[1])
    return None


def _output(path: str, scope: Scope, seen: tuple[str, ...]) -> Source | None:
    """Find the type of another node's output; its mode does not carry over."""
    name, _, rest = path.partition(".")
    part, _, port = rest.partition(".")
    if name not in scope.names or scope.jobs is None:
        return None
    if name in scope.loops:
        round_ = _output(f"{scope.loops[name]}.{rest}", scope, seen)
        return round_ and Source("string" if round_.type in LITERALS.values() else "mltable")
    value = scope.jobs.value[name]
    written = value.get(part) if isinstance(value, Mapping) else None
    given = written.get(port) if isinstance(written, Mapping) else None
    found = scope.components.get(name)
    if found is not None and found.outputs is not None and part == "outputs":
        return Source(found.outputs[port].type) if port in found.outputs else None
    kind = scope.kind_of(value) if isinstance(value, Mapping) else None
    if kind is not None and kind.output_type is not None:
        return Source(kind.output_type)
    if found is not None and (not isinstance(written, Mapping) or port not in written):
        return None
    if isinstance(given, str):
        bound = source(given, scope, seen)
        return Source(bound.type) if bound else None
    return Source(str(given.get("type") or "uri_folder") if isinstance(given, Mapping) else "uri_folder")


def refuse_circles(scope: Scope, ctx: Translator) -> None:
    """Refuse nodes that wait for each other."""
    for output, takers in scope.takers.items():
        for node, located in takers:
            made = [(maker, located) for maker, _ in scope.makers.get(output, ())]
            scope.edges.setdefault(node, []).extend(made)
    done: set[str] = set()
    for start in scope.names:
        way = [] if start in done else [start]
        rests = [iter(scope.edges.get(name, [])) for name in way]
        while way:
            other, where = next(rests[-1], (None, None))
            if other is None or where is None:
                done.add(way.pop())
                rests.pop()
            elif other in way:
                circle = way[way.index(other) :]
                ctx.error(where, f"nodes wait for each other: {' -> '.join((*circle, other))}.")
            elif other not in done:
                way.append(other)
                rests.append(iter(scope.edges.get(other, [])))
