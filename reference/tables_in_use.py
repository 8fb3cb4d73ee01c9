"""Which tables the translation reads a document by, and what a converter takes: asked of the code that runs.

Nothing here repeats a key: a small document is translated, and every table that its mappings are read by is noted. What
a converter takes is what its docstring says, or what it says itself to a value that fits nowhere.
"""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from types import FrameType
from typing import Any

from airflow_azureml.jobspec.document.document import Located, Path, dotted
from airflow_azureml.jobspec.table.convert import convert_mapping
from airflow_azureml.jobspec.table.field import Container, Field, Table
from airflow_azureml.jobspec.table.translator import Translator
from airflow_azureml.rest.errors import Problem
from reference.docstrings import read

NOWHERE = "no-such-word"
"""A text that is none of the words that a converter may ask for."""

NAME = "NAME"
"""The key of a mapping whose keys are free."""


@dataclass(frozen=True)
class Use:
    """A mapping that was read by a table.

    :param extra: keys that are read on their own.
    :param types: what its ``type`` may be, where it decides on the table.
    """

    table: Table
    located: Located
    ctx: Translator
    extra: Collection[Any]
    types: tuple[str, ...] = ()

    @property
    def path(self) -> Path:
        """Where the mapping stands."""
        return self.located.path

    def probe(self, row: Field, value: Any) -> tuple[list[Problem], list[Use]]:
        """Convert a value of a row as this mapping would; gives back the problems and the tables it was read by."""
        ctx = replace(self.ctx, problems=[], warnings=[], rejected=[], secondary_errors=[], seen=set())
        located = self.located.within({**self.located.value, row.name: value}).child(row.name)
        found = uses(lambda: row.convert(located, ctx))
        return [*ctx.problems, *ctx.secondary_errors], found


def uses(work: Callable[[], object]) -> list[Use]:
    """Do something, and note each mapping that is read by a table meanwhile."""
    found: list[Use] = []

    def note(frame: FrameType, event: str, _: Any) -> None:
        if event == "call" and frame.f_code is convert_mapping.__code__:
            given = frame.f_locals
            extra = sorted(given["extra"], key=str)
            # The form of a translation may change while it goes on.
            found.append(Use(tuple(given["table"]), given["located"], replace(given["ctx"]), tuple(extra)))

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        work()
    finally:
        sys.setprofile(before)
    return found


def shown(row: Field) -> bool:
    """Whether a key is one that people write: not what only answers of the service and objects carry."""
    return not row.ignored and not row.python_only and row.name != "$schema"


def below(row: Field, use: Use) -> Iterator[tuple[str, Field, Use]]:
    """The keys of a value that is a mapping, or holds such: how the way to one ends, its row, and its table.

    Where the ``type`` decides on the keys, those of all types, each once.
    """
    path = (*use.path, row.name)
    seen: set[str] = set()
    around: tuple[tuple[str, Path, Callable[[Any], Any]], ...] = (
        ("", path, lambda inner: inner),
        ("[]", (*path, 0), lambda inner: [inner]),
        (f".{NAME}", (*path, NAME), lambda inner: {NAME: inner}),
    )
    for end, there, around_it in around:
        problems, found = use.probe(row, around_it({}))
        words = _types(problems, there)
        for word in words:
            found += use.probe(row, around_it({"type": word}))[1]
        for one in found:
            for inner in one.table if one.path == there else ():
                if shown(inner) and inner.name not in seen:
                    seen.add(inner.name)
                    yield f"{end}.{inner.name}", inner, replace(one, types=tuple(words))
        if seen:
            return


def _types(problems: list[Problem], path: Path) -> list[str]:
    """The types that a mapping without one is asked for."""
    messages = [problem.message for problem in problems if problem.path == dotted((*path, "type"))]
    found = re.search(r"required\. Accepted: (.*)\.$", messages[0]) if messages else None
    return found[1].split(", ") if found else []


def accepts(row: Field, use: Use) -> str:
    """What a row takes, in a few words."""
    if row.name == "type" and use.types:
        return _one_of(use.types)
    convert = row.convert.convert if isinstance(row.convert, Container) else row.convert
    said = read(inspect.getdoc(convert)).summary if inspect.isfunction(convert) else ""
    if found := re.match(r"Take (.+?)(?:[.;:]|$)", said):
        return found[1]
    problems, _ = use.probe(row, NOWHERE)
    if found := re.match(r"Turn (.+?) into ", said):
        ways = re.search(r"Accepted: (.+)\.$", problems[0].message) if problems else None
        return f"{found[1]}: {ways[1]}" if ways else found[1]
    if not problems:
        return "a string"
    what = _expected(problems[0].message)
    if what == "a list":
        problems, _ = use.probe(row, [NOWHERE])
        return f"a list, each {_expected(problems[0].message) if problems else 'a string'}"
    if what == "a mapping":
        problems, _ = use.probe(row, {NAME: NOWHERE})
        inner = [problem for problem in problems if problem.path.endswith(f".{NAME}") or problem.path == NAME]
        known = any("known" in problem.message for problem in inner)
        return "a mapping" if known else f"a mapping, each {_expected(inner[0].message) if inner else 'a string'}"
    return what


def _expected(message: str) -> str:
    """What a message says that it would have taken."""
    if "there is no file or folder" in message:
        return "a local file or folder"
    words = re.search(r"Accepted(?: types)?: (.+)\.$", message)
    noun = re.search(r"is (?:not|no) (an? [^.;:]+?|[a-z ]+?)(?: here)?[.;:]", message)
    if words and re.fullmatch(r"[\w-]+(, [\w-]+)*", words[1]):
        one_of = _one_of(words[1].split(", "))
        return f"a mapping with a `type`, {one_of}" if "Accepted types" in message else one_of
    return noun[1] if noun else message


def _one_of(words: Sequence[str]) -> str:
    *others, last = (f"`{word}`" for word in words)
    return f"{', '.join(others)} or {last}" if others else last
