"""The reference of every kind of job: the keys of its YAML, and the name of each in a job, a node and a component."""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from airflow_azureml.jobspec.document.document import Document
from airflow_azureml.jobspec.document.load import load
from airflow_azureml.jobspec.kinds.automl.tasks import TASKS as AUTOML_TASKS
from airflow_azureml.jobspec.kinds.data_transfer.component import TASKS as TRANSFER_TASKS
from airflow_azureml.jobspec.kinds.finetuning.job import PROVIDERS
from airflow_azureml.jobspec.kinds.spark.job import CONF
from airflow_azureml.jobspec.kinds.table import KINDS, job_translator
from airflow_azureml.jobspec.nodes.kind import Kind
from airflow_azureml.jobspec.table.field import Field
from airflow_azureml.jobspec.table.form import Form
from airflow_azureml.rest.ids import Workspace
from reference.docstrings import read
from reference.markdown import page as whole_page
from reference.markdown import table
from reference.tables_in_use import Use, accepts, below, shown, uses

FORMS = ("job", "node", "component")
DEPTH = 3
WORKSPACE = Workspace("subscription", "group", "workspace")

VARIANTS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "automl": ("task", tuple(AUTOML_TASKS)),
    "data_transfer": ("task", tuple(TRANSFER_TASKS)),
    "finetuning": ("model_provider", tuple(PROVIDERS)),
}
"""Kinds whose keys hang on the word of another key: that key, and its words."""


@dataclass
class Key:
    """One key: what it takes, and the name it is sent by in each form."""

    path: str
    accepts: str = ""
    required: set[str] = field(default_factory=set)
    names: dict[str, str] = field(default_factory=dict)

    def cells(self, forms: tuple[str, ...]) -> tuple[str, ...]:
        """The row of a table."""
        required = (
            "yes" if self.required == set(self.names) else ", ".join(one for one in FORMS if one in self.required)
        )
        return (f"`{self.path}`", required, self.accepts, *(self.names.get(form, "") for form in forms))


def page() -> str:
    """The page of the kinds of job."""
    return whole_page(
        "# Kinds of job",
        "The keys of the CLI's YAML, kind by kind. A *job* stands alone, a *node* stands in the `jobs` of a pipeline, "
        "a *component* is what a node runs. Each column tells the name by which the value is sent. *Read*: the key is "
        "taken and becomes part of something else, such as the address, or of the component that is made of a node. "
        "*No effect*: Microsoft's client takes it and does not send it. An empty cell: there is no such key. `x.NAME` "
        "stands for any key, `x[]` for each item of a list.",
        *(block for kind in KINDS.values() for block in _kind(kind)),
    )


def _kind(kind: Kind) -> Iterator[str]:
    module = importlib.import_module(f"airflow_azureml.jobspec.kinds.{kind.word}")
    forms = tuple(form for form in FORMS if getattr(kind, form) is not None)
    yield f"## {kind.word}"
    yield read(module.__doc__).text
    head = ("key", "required", "takes", *(f"in a {form}" for form in forms))
    name, words = VARIANTS.get(kind.word, ("", ("",)))
    found = {word: [key.cells(forms) for key in keys(kind, {name: word} if name else {})] for word in words}
    common = [row for row in found[words[0]] if all(row in one for one in found.values())]
    yield table(head, common)
    for word, rows in found.items():
        if own := [row for row in rows if row not in common]:
            yield f"### {name}: {word}"
            yield table(head, own)


def keys(kind: Kind, given: Mapping[str, Any]) -> list[Key]:
    """The keys of a kind in all of its forms, each before those below it."""
    found: dict[str, Key] = {}
    for form in FORMS:
        for use in _readings(kind, form, given):
            for row in use.table:
                if shown(row):
                    _add(found, row.name, row, use, form)
            hidden = {row.name for row in use.table if not shown(row)} | {"$schema"}
            for name in use.extra:
                if isinstance(name, str) and name not in hidden:
                    _key(found, name).names.setdefault(form, "read")
    for path, key in found.items():
        key.accepts = f"`{kind.word}`" if path == "type" else OWN_WORDS.get(path) or key.accepts
    order = list(found)
    return sorted(found.values(), key=lambda key: order.index(re.split(r"[.\[]", key.path)[0]))


OWN_WORDS = {
    **dict.fromkeys(("inputs", "outputs"), "see [inputs and outputs](../jobs.md#inputs-and-outputs)"),
    "jobs": "the nodes, by name",
    "component": "a component: `azureml:NAME:VERSION`, an ARM id, a YAML file, or written out",
    "trial": "a command: as a mapping, in a node as `component` of other nodes",
    **{key: f"as in `conf`: `{word}`" for key, word in CONF.items()},
}
"""Keys that no row reads, or none that says it better."""


def _readings(kind: Kind, form: str, given: Mapping[str, Any]) -> Iterator[Use]:
    """The tables that the top of a job, a node or a component of a kind is read by."""
    if form == "node" and kind.node is not None:
        with_component = {kind.component_key: "azureml:part:1"}
        for node in ({}, with_component) if kind.inline else (with_component,):
            document = load({"type": "pipeline", "jobs": {"n": {"type": kind.word, **given, **node}}})
            yield from _at(document, ("jobs", "n"), KINDS["pipeline"].job)
    elif (read_it := getattr(kind, form)) is not None:
        yield from _at(load({"type": kind.word, **given}), (), read_it, Form(form))


def _at(document: Document, path: tuple[str, ...], read_it: Any, form: Form = Form.JOB) -> list[Use]:
    return [
        use
        for use in uses(
            lambda: read_it(document.root, job_translator(document.problems, WORKSPACE, previews=True).in_form(form))
        )
        if use.path == path and use.located.document is document
    ]


def _key(found: dict[str, Key], path: str) -> Key:
    return found.setdefault(path, Key(path))


def _add(found: dict[str, Key], path: str, row: Field, use: Use, form: str, depth: int = 1) -> None:
    """Note a key, and those below it."""
    key = _key(found, path)
    key.accepts = key.accepts or accepts(row, use)
    sent = row.sent_as(use.ctx.form)
    if sent is not None and key.names.get(form, "read") == "read":
        key.names[form] = f"`{sent}`"
    key.names.setdefault(form, "no effect" if row.unsent else "read")
    if row.required:
        key.required.add(form)
    if depth < DEPTH:
        for end, inner, deeper in below(row, use):
            _add(found, path + end, inner, deeper, form, depth + 1)
