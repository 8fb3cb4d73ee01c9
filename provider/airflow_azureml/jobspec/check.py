"""Checks one YAML file as the kind of file it is, for both commands and the check of DAG files."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from airflow_azureml.jobspec.batch.invocation import translate_invocation
from airflow_azureml.jobspec.document.document import Document
from airflow_azureml.jobspec.document.requirements import Translation
from airflow_azureml.jobspec.document.yamloutline import is_template
from airflow_azureml.jobspec.recognition.file_kinds import FILE_KINDS
from airflow_azureml.jobspec.recognition.recognised import Recognised, recognise
from airflow_azureml.jobspec.resources.schedules import check_schedule
from airflow_azureml.jobspec.resources.table import RESOURCES
from airflow_azureml.jobspec.translate import translate
from airflow_azureml.rest.errors import Problem, SpecError
from airflow_azureml.rest.ids import Workspace


@dataclass(frozen=True)
class Verdict:
    """What became of a file.

    :param recognised: what it is; None: nothing of Azure ML.
    :param checked: whether its keys and values were looked at.
    :param problems: all mistakes in it, each with its place.
    """

    recognised: Recognised | None
    checked: bool = False
    warnings: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()

    def __str__(self) -> str:
        """``a command job, valid``."""
        if self.recognised is None:
            return "not an Azure ML file, skipped"
        state = "invalid" if self.problems else "valid" if self.checked else "recognised, not checked"
        return f"{self.recognised.title}, {state}"


def check(document: Document, workspace: Workspace, *, named: bool = False) -> Verdict:
    """Check a document as what it is.

    :param named: the file itself was given, see ``recognise``.
    """
    found = recognise(document.value, named=named)
    if found is None or (checker := _checker(found.name)) is None or _is_unread(found, document):
        return Verdict(found)
    warnings: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()
    try:
        warnings = checker(document, workspace)
    except SpecError as error:
        open_ = [problem for problem in error.problems if _is_open(problem, document)]
        problems = tuple(problem for problem in error.problems if problem not in open_)
        warnings = tuple(str(replace(problem, message=OPEN)) for problem in open_)
    return Verdict(found, True, warnings if problems else (*warnings, *_beside(found, document)), problems)


UNREAD_COMPONENTS = ("automl", "import")
"""Types of components that Microsoft's client takes and that are not read here. Source: azure-ai-ml 1.35.2,
``component_factory``."""


def _is_unread(found: Recognised, document: Document) -> bool:
    word = document.value.get("type")
    return found.name == "component" and isinstance(word, str) and word.lower() in UNREAD_COMPONENTS


OPEN = "this is a template: it can be checked only after rendering."


def _is_open(problem: Problem, document: Document) -> bool:
    """Whether a value that is not accepted will be another one: operators render the files that they are given."""
    if problem.file != document.root.place.file:
        return False
    value: Any = document.value
    for key in problem.path.split("."):
        if isinstance(value, list) and key.isdigit() and int(key) < len(value):
            value = value[int(key)]
        elif isinstance(value, Mapping):
            value = value.get(key)
    return isinstance(value, str) and is_template(value)


BESIDE = ("name", "endpoint_name")
"""Keys that may be given beside a file, as keywords are beside ``spec=`` and options to ``az ml``."""


def _beside(found: Recognised, document: Document) -> Iterator[str]:
    """Warn of what a file of its own needs and lacks; a component that a pipeline job takes needs no name."""
    if found.name in RESOURCES and found.name != "component":
        for key in _lacking(found.name, document):
            yield str(document.root.problem(f"{key} is missing: it must be given together with the file.", key))


def _lacking(name: str, document: Document) -> list[str]:
    keys = BESIDE if name.endswith("deployment") else BESIDE[:1]
    return [key for key in keys if key not in document.value]


def to_translation(document: Document, workspace: Workspace) -> Translation:
    """Translate a document to what is put to the service for it, whichever kind it is of.

    :raises SpecError: with all problems of the document, each with its place; or it is of a kind that is not sent.
    """
    found = recognise(document.value, named=True)
    if found is None or found.name == "job":
        return _accepted(document, workspace)
    if found.name in RESOURCES:
        return RESOURCES[found.name].translate(document, workspace)
    accepted = ", ".join(["a job", *(FILE_KINDS[name].title for name in RESOURCES)])
    raise SpecError([document.root.problem(f"this is {found}, which cannot be rendered. Accepted: {accepted}.")])


def _accepted(document: Document, workspace: Workspace) -> Translation:
    translation = translate(document, workspace)
    translation.check_accepted()
    return translation


def judged_as(name: str, document: Document, workspace: Workspace) -> tuple[tuple[Problem, ...], tuple[str, ...]]:
    """All problems of a document that is to be of a kind, a key of ``FILE_KINDS``; its warnings where it has none."""
    try:
        return (), _read_as(name, document, workspace)
    except SpecError as error:
        return error.problems, ()


def _checker(name: str) -> Callable[[Document, Workspace], tuple[str, ...]] | None:
    if name == "schedule":
        return check_schedule
    if name not in ("job", "batch inputs") and name not in RESOURCES:
        return None
    return lambda document, workspace: _read_as(name, _completed(name, document), workspace)


def _read_as(name: str, document: Document, workspace: Workspace) -> tuple[str, ...]:
    if name == "job":
        return _accepted(document, workspace).warnings
    if name == "batch inputs":
        return translate_invocation(document, workspace).warnings
    return RESOURCES[name].read(document, workspace).warnings


def _completed(name: str, document: Document) -> Document:
    lacking = _lacking(name, document) if name in RESOURCES else []
    return document.replaced(**dict.fromkeys(lacking, "unnamed"))
