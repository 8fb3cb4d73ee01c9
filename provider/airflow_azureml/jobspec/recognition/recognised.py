"""Recognises what kind of file a document is, and explains when it is used as another kind."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from airflow_azureml.jobspec.document.document import Document
from airflow_azureml.jobspec.document.messages import show
from airflow_azureml.jobspec.recognition.file_kinds import FILE_KINDS, FileKind, by_schema
from airflow_azureml.jobspec.recognition.job_shapes import by_shape, given_as_a_job
from airflow_azureml.rest.errors import Problem


@dataclass(frozen=True)
class Recognised:
    """What a file is, and what it was recognised by.

    :param name: of the kind, a key of ``FILE_KINDS``.
    :param sign: what it was recognised by, as a message says it.
    :param title: what a message calls it, with its type where jobs and components have one: ``a sweep job``.
    """

    name: str
    sign: str
    title: str

    @property
    def kind(self) -> FileKind:
        """The kind itself."""
        return FILE_KINDS[self.name]

    def __str__(self) -> str:
        """``a schedule ($schema "…")``."""
        return f"{self.title} ({self.sign})"


def recognise(value: Mapping[Any, Any], *, named: bool = False) -> Recognised | None:
    """Find what a document is; None for what has nothing to do with Azure ML.

    :param named: the file itself was given: take a document for a job whose keys are misspelt, where of a whole
        folder it would be left alone.
    """
    schema = value.get("$schema")
    name = by_schema(schema, value) if isinstance(schema, str) else None
    if name and not (name == "component" and given_as_a_job(value)):
        return Recognised(name, f"$schema {show(schema)}", _title(name, value))
    kind_name = by_shape(value, named)
    if kind_name is None:
        return None
    keys = ", ".join(kind_name.keys)
    return Recognised(
        kind_name.name, f"recognised by {keys}" if keys else "recognised by its keys", _title(kind_name.name, value)
    )


def _title(name: str, value: Mapping[Any, Any]) -> str:
    word = value.get("type")
    if name not in ("job", "component") or not isinstance(word, str) or not re.fullmatch(r"[a-z_]{3,20}", word):
        return FILE_KINDS[name].title
    return f"{'an' if word[0] in 'aeiou' else 'a'} {word} {name}"


ALIKE = ({"job", "component"}, {"batch endpoint", "online endpoint"})
"""Kinds that have so much in common that a mistake in its keys may make one look like the other."""


def explained(document: Document, problems: list[Problem], name: str) -> list[Problem]:
    """Add to the problems of a document that it is of another kind than the one it was read as, where it is.

    What can be read is never asked for its ``$schema``: Microsoft's client does not look at it either. Of kinds that
    are much alike the other problems are reported as well.

    :param problems: what the reading found.
    :param name: the kind that was wanted, a key of ``FILE_KINDS``.
    """
    if not problems or document.from_python:
        return problems
    recognised = recognise(document.value)
    if recognised is None or recognised.name == name:
        return problems
    by_schema = recognised.sign.startswith("$schema")
    message = f"this is {recognised}, not {FILE_KINDS[name].title}. {recognised.kind.place}"
    problem = document.root.problem(message, *(("$schema",) if by_schema else ()))
    alike = {recognised.name, name} in ALIKE and not by_schema
    return [problem, *problems] if alike else [problem]
