"""The component of a node: registered, in a file of its own, written out in its place, or made of the node itself.

Source: azure-ai-ml 1.35.2, ``_schema/component/`` and ``entities/_component/``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from airflow_azureml.jobspec.document.document import Located
from airflow_azureml.jobspec.document.messages import missing, show
from airflow_azureml.jobspec.grammar.component_io import Port
from airflow_azureml.jobspec.grammar.references import REGISTRY, asset, has_prefix
from airflow_azureml.jobspec.nodes.component import Component, any_mapping, registration
from airflow_azureml.jobspec.nodes.kind import ComponentFile, JobTranslator, Kind, Scope
from airflow_azureml.jobspec.table.field import Convert
from airflow_azureml.jobspec.table.form import Form
from airflow_azureml.jobspec.table.translator import INVALID, OMIT, Invalid, Translator
from airflow_azureml.jobspec.table.values import text
from airflow_azureml.rest.errors import SpecError


def component(located: Located, ctx: JobTranslator, kind: str) -> Component | Invalid:
    """Read the component of a node; gives back a Component or INVALID.

    :param kind: the kind that it must be of.
    """
    given = located.value
    if isinstance(given, Mapping):
        if not ctx.kinds[kind].component_inline and not located.document.from_python:
            accepted = "a file, azureml:NAME:VERSION, an id"
            return ctx.error(located, f"a {kind} component cannot be defined inline here. Accepted: {accepted}.")
        return read(located, ctx, kind)
    if not isinstance(given, str) or not given:
        return ctx.error(located, f"{show(given)} is not a component. Accepted: a file, azureml:NAME:VERSION, an id.")
    if _is_registered(given):
        if not located.document.from_python and not has_prefix("components", given, located, ctx):
            return INVALID
        found = asset("components", given, located, ctx)
        return found if found is INVALID else Component(found, kind)
    key = (_path(given, located), kind)
    if key not in ctx.components:
        ctx.components[key] = None
        ctx.components[key] = _read_file(key[0], located, ctx, kind)
    known = ctx.components[key]
    return ctx.error(located, f"{show(given)}: this component contains itself.") if known is None else known


def component_type(located: Located, ctx: JobTranslator) -> str | None:
    """The type that the component of a node says it is of; None where it says none, or only the service knows."""
    given = located.value
    if isinstance(given, Mapping):
        root = located
    elif not isinstance(given, str) or _is_registered(given):
        return None
    else:
        file = _file(_path(given, located), located, ctx)
        if file is None or file.document is None:
            return None
        root = file.document.root
        if (form := _form(root, ctx)) is not None:
            return form[0].word
    word = root.value.get("type")
    return word.lower() if isinstance(word, str) else None


def read(located: Located, ctx: JobTranslator, kind: str) -> Component | Invalid:
    """Read a component that is written out; gives back a Component, or INVALID when nothing could be made of it."""
    word = located.value.get("type")
    form = _form(located, ctx)
    if form is not None and form[0].word != kind:
        accepted = form[0].word
        return ctx.error(located, f"this is {form[1]}, and the node is of type {kind}. Accepted: {accepted}.")
    if form is None and word is None and ctx.kinds[kind].component_says_type:
        return ctx.error(located, f'"type" is required: {kind}.', "type")
    if form is None and word is not None and (not isinstance(word, str) or word.lower() != kind):
        return ctx.error(located, f"the component is of type {show(word)}, the node of type {kind}.", "type")
    convert = ctx.kinds[kind].component
    if convert is None:
        return ctx.error(located, f"there are no components of type {kind}.")
    return convert(located, ctx.in_form(Form.COMPONENT))


def _form(located: Located, ctx: JobTranslator) -> tuple[Kind, str] | None:
    """The kind of a component that is known by something else than its type, and what a message calls it."""
    for kind in ctx.kinds.values():
        for name, fits in kind.component_files.items():
            if fits(located):
                return kind, name
    return None


def _is_registered(given: str) -> bool:
    return given.startswith("azureml:") or REGISTRY.match(given) is not None


def _path(given: str, located: Located) -> str:
    return located.document.files.locate(given.removeprefix("file:"), located.place.folder)


def _file(path: str, located: Located, ctx: JobTranslator) -> ComponentFile | None:
    """Read a file, once; None where there is none."""
    files = located.document.files
    if path not in ctx.component_files:
        if files.kind(path) != "file":
            return None
        try:
            document = files.read(path)
            ctx.component_files[path] = ComponentFile(document, document.problems)
        except SpecError as error:
            ctx.component_files[path] = ComponentFile(None, error.problems)
    return ctx.component_files[path]


def _read_file(path: str, located: Located, ctx: JobTranslator, kind: str) -> Component | Invalid:
    file = _file(path, located, ctx)
    if file is None:
        why = located.document.files.left_out(path)
        return ctx.error(located, f"{show(located.value)}: {missing('file', path, why)}")
    ctx.problems.extend(file.problems)
    return INVALID if file.document is None else read(file.document.root, ctx, kind)


def inline_component(kind: str, spec: Mapping[str, Any], scope: Scope, name: str, properties: Any = None) -> Component:
    """Make the component of a node that is written out, and let the pipeline know it.

    :param name: the node's.
    :param properties: those of the component itself, beside its spec.
    """
    made = registration(spec, properties)
    taken, given = _ports(spec.get("inputs", {})), _ports(spec.get("outputs", {}))
    scope.components[name] = found = Component(made, kind, taken, given, spec, inline=True)
    return found


def head_of_spec(located: Located, ctx: Translator, *labels: str) -> dict[str, Any]:
    """Take what the component of a node that is written out has of the node's head: its description, though empty, and
    its tags and the like, unless they are.

    :param labels: keys of mappings.
    """
    spec = {}
    converters: dict[str, Convert] = {"description": text, **dict.fromkeys(labels, any_mapping)}
    for key, convert in converters.items():
        if located.value.get(key) is not None:
            value = convert(located.child(key), ctx)
            if value is not INVALID and value is not OMIT:
                spec[key] = value
    return spec


def _ports(spec: Mapping[str, Mapping[str, Any]]) -> dict[str, Port]:
    """Read ports back from a spec that was inferred; what its node gives need not be given again."""
    return {name: Port(body["type"], body.get("mode")) for name, body in spec.items()}
