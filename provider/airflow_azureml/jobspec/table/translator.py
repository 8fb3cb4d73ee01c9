"""One translation in progress: what is wrong so far, what is worth a warning, and the form that is written."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Any, Final, TypeAlias, TypeVar

from airflow_azureml.jobspec.document.document import Document, Located
from airflow_azureml.jobspec.table.form import Form, node_name
from airflow_azureml.rest.errors import Problem
from airflow_azureml.rest.ids import Workspace


class Invalid(Enum):
    """What a converter returns when it has noted a problem."""

    INVALID = "INVALID"

    def __repr__(self) -> str:
        return self.value


class Omit(Enum):
    """What a converter returns for a value that is right and sends nothing."""

    OMIT = "OMIT"

    def __repr__(self) -> str:
        return self.value


INVALID: Final = Invalid.INVALID
OMIT: Final = Omit.OMIT

T = TypeVar("T")
Self = TypeVar("Self", bound="Translator")
Converted: TypeAlias = T | Invalid | Omit
"""What a converter of values of the type ``T`` returns."""


Body = dict[str, Any]
"""A part of a request: names of the service and what is sent for them, placeholders included."""

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"
"""A value that JSON has."""


@dataclass
class Translator:
    """One translation in progress.

    :param problems: mistakes, each with its place; any of them stops the request.
    :param warnings: sentences for the task log that stop nothing.
    :param form: the form that is written.
    :param bound: take a text with a ``${{…}}`` binding for any value but a mapping or list.
    :param cache: what was made of other files, by path and kind.
    :param rejected: what Microsoft's client sends and the service refuses, see ``Translation``.
    :param secondary_errors: problems that follow from others: reported only where nothing else is wrong at the place.
    """

    workspace: Workspace
    problems: list[Problem] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    form: Form = Form.JOB
    bound: bool = False
    cache: dict[tuple[str, str], Any] = field(default_factory=dict)
    rejected: list[Problem] = field(default_factory=list)
    secondary_errors: list[Problem] = field(default_factory=list)
    seen: set[Problem] = field(default_factory=set, repr=False)

    @classmethod
    def of(cls, document: Document, workspace: Workspace) -> Translator:
        """Begin with what is wrong with the document as such."""
        return cls(workspace, list(document.faults))

    def in_form(self: Self, form: Form, bound: bool | None = None) -> Self:
        """Give the same translation in another form: it notes its problems and warnings in the same lists.

        :param bound: whether bindings are taken; by default they are in a node alone.
        """
        return replace(self, form=form, bound=form is Form.NODE if bound is None else bound)

    def unbound(self: Self) -> Self:
        """Give the same translation in the same form where no binding is taken."""
        return replace(self, bound=False)

    def key(self, api_name: str) -> str:
        """Spell one of the service's names, given in camel case, as the form wants it."""
        return api_name if self.form is Form.JOB else node_name(api_name)

    def errors(self, strict: bool = False) -> list[Problem]:
        """All problems, each once, by file and line.

        :param strict: what the service alone refuses is a problem by itself, not only beside others.
        """
        if not strict and not self.problems and not self.secondary_errors:
            return []
        places = {(problem.file, problem.path) for problem in self.problems}
        secondary = [problem for problem in self.secondary_errors if (problem.file, problem.path) not in places]
        every = dict.fromkeys((*self.problems, *secondary, *self.rejected))
        return sorted(every, key=lambda problem: (problem.file or "", problem.line or 0))

    def error(self, located: Located, message: str, *further: str | int) -> Invalid:
        """Note a problem; returns INVALID."""
        problem = located.problem(message, *further)
        if problem not in self.seen:
            self.seen.add(problem)
            self.problems.append(problem)
        return INVALID

    def reject(self, located: Located, message: str, *further: str | int) -> None:
        """Note what can be written into a request, as Microsoft's client does, and what the service then refuses."""
        self.rejected.append(located.problem(message, *further))

    def secondary_error(self, located: Located, message: str, *further: str | int) -> Invalid:
        """Note a problem that may only follow from another one; returns INVALID."""
        self.secondary_errors.append(located.problem(message, *further))
        return INVALID

    def warn(self, located: Located, message: str) -> None:
        """Note something for the task log that stops nothing."""
        sentence = str(located.problem(message))
        if sentence not in self.warnings:
            self.warnings.append(sentence)
