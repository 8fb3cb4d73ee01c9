"""A parsed job that knows where each of its values stands: file, line, dotted path, and the folder of relative paths.

Values stay plain (mappings, lists, scalars); their places lie beside them in a table by path. What needs a look at the
local disk is asked of ``Files``, which ``load`` brings along: nothing in this file touches a disk.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Protocol

from airflow_azureml.jobspec.document.messages import show
from airflow_azureml.jobspec.document.plain_values import job_values
from airflow_azureml.rest.errors import Problem, SpecError, half_at
from airflow_azureml.rest.json_values import place_of_half

if TYPE_CHECKING:
    from airflow_azureml.jobspec.document.requirements import Bundle

Path = tuple[str | int, ...]
"""Keys and list positions from the top of a document to a value."""


def dotted(path: Path) -> str:
    """Write a path as messages have it, with keys as YAML has them."""
    return ".".join(part if isinstance(part, str) else _word(part) for part in path)


def _word(key: Any) -> str:
    return "null" if key is None else str(key).lower() if isinstance(key, bool) else str(key)


class SourceLocation(NamedTuple):
    """Where a value was written, and the folder that relative paths in it belong to.

    :param line: 1-based.
    :param by_set: it was not written in a file, but set by its dotted path.
    :param by_keyword: it was not written in a job, but given by a keyword of an operator or of the hook.
    :param written: the text of a value in which YAML reads something else, such as ``017``; of others None.
    :param key: the same of its key.
    """

    folder: str
    file: str | None = None
    line: int | None = None
    by_set: bool = False
    written: str | None = None
    key: str | None = None
    by_keyword: bool = False


class Files(Protocol):
    """What a document may ask about the local disk."""

    def locate(self, path: str, folder: str) -> str:
        """Make a path absolute, with links resolved."""
        ...

    def kind(self, path: str) -> Literal["file", "folder"] | None:
        """Look what is at an absolute path, None for nothing."""
        ...

    def read(self, path: str) -> Document:
        """Read a YAML file into a document of its own.

        :raises SpecError: when it cannot be read or is no YAML.
        """
        ...

    def content(self, path: str) -> bytes:
        """Read a file; OSError when it cannot be read."""
        ...

    def bundle(self, path: str, component: bool = False) -> Bundle:
        """List what an upload of this path consists of.

        :param component: it is the code of a component, from which more is left out.
        :raises ValueError: when there is nothing to upload or a link leads nowhere; the text says so.
        """
        ...

    def merged(self, code: str | None, includes: Sequence[str], folder: str) -> Bundle:
        """List what the code of a component and its additional includes consist of together.

        :param folder: where the component is written.
        :raises ValueError: as for ``bundle``, and when two of them have the same name.
        """
        ...

    def parse(self, text: str) -> tuple[Any, Mapping[Path, SourceLocation]]:
        """Read a text as YAML, as the CLI does with the values of ``--set``; returns its places, too.

        :raises ValueError: it is none.
        """
        ...

    def dump(self, value: Any) -> str:
        """Write a value as YAML text with sorted keys, as a conda file is sent."""
        ...

    def git(self, path: str | None) -> Mapping[str, str]:
        """The properties that name the commit a path belongs to; empty outside of a checkout."""
        ...

    def left_out(self, path: str) -> str:
        """Say that parts of a path may be missing, and why, as a sentence; empty where none are known to be."""
        ...


class Located(NamedTuple):
    """One value of a document and the way to it."""

    document: Document
    value: Any
    path: Path = ()

    @property
    def place(self) -> SourceLocation:
        """Where the value stands; a value without a place of its own has that of the nearest one around it."""
        return self.document.place(self.path)

    @property
    def written(self) -> str | None:
        """The text of the value, where YAML reads something else in it; see ``SourceLocation``."""
        place = self.document.places.get(self.path)
        return place.written if place else None

    @property
    def name(self) -> str:
        """The last key on the way, as text."""
        return str(self.path[-1]) if self.path else ""

    def child(self, key: str | int) -> Located:
        """Go one step down."""
        return Located(self.document, self.value[key], (*self.path, key))

    def items(self) -> Iterator[Located]:
        """Go through the values of a mapping or list."""
        document, value, path = self.document, self.value, self.path
        pairs = value.items() if isinstance(value, (dict, Mapping)) else enumerate(value)
        for key, item in pairs:
            yield Located(document, item, (*path, key))

    def within(self, value: Any) -> Located:
        """Put another value in this one's place."""
        return Located(self.document, value, self.path)

    def problem(self, message: str, *further: str | int) -> Problem:
        """Describe a mistake here, or further down at keys that may not exist."""
        path = (*self.path, *further)
        place = self.document.place(path)
        return Problem(dotted(path), f"{message} (given by set)" if place.by_set else message, place.file, place.line)


@dataclass(frozen=True)
class Document:
    """A job, or a part of one in a file of its own.

    :param value: the top mapping.
    :param folder: the folder that relative paths of keywords and merged values belong to.
    :param places: where each value stands.
    :param problems: what is wrong with it as YAML, and yet let it be read: keys that stand in a mapping twice.
    :param from_python: made by program (an operator's keywords, an ``azure-ai-ml`` object) and not written as YAML:
        Microsoft's client holds such a job to its own rules but not to those of its YAML schema.
    """

    value: Mapping[str, Any]
    folder: str
    files: Files = field(repr=False)
    places: Mapping[Path, SourceLocation] = field(default_factory=dict, repr=False)
    from_python: bool = False
    problems: tuple[Problem, ...] = ()

    @property
    def root(self) -> Located:
        """The top of the document."""
        return Located(self, self.value)

    @property
    def faults(self) -> tuple[Problem, ...]:
        """``problems``, and a text that no request can hold: YAML has none, values made by program may."""
        found = place_of_half(self.value)
        return self.problems if found is None else (*self.problems, half_at(found))

    def place(self, path: Path) -> SourceLocation:
        """Find the place of a path, or of the nearest one above it."""
        for length in range(len(path), -1, -1):
            if (found := self.places.get(path[:length])) is not None:
                return found
        return SourceLocation(self.folder)

    def with_values(self, values: Mapping[str, Any] | Sequence[str], *, typed: bool = False) -> Document:
        """Set values by dotted path, as the CLI's ``--set`` does.

        :param values: mapping of dotted paths, or texts such as ``"limits.timeout=60"`` whose values are read as YAML.
        :param typed: keep numbers and truth values of texts as such. Else they stay texts, as the CLI hands them on,
            and each field reads what it takes: ``1`` is a text to a tag and a number to a count.
        :raises SpecError: when a path leads through a text, or past the end of a list.
        """
        changed, places = copy.deepcopy(self.value), dict(self.places)
        problems: list[Problem] = []
        for name, value, inner in self._pairs(values, typed, problems):
            try:
                path = _put(changed, name, value)
            except ValueError as error:
                problems.append(Problem(name, f"set: {error}"))
                continue
            folder = self.place(path).folder
            places = {known: place for known, place in places.items() if known[: len(path)] != path}
            places[path] = SourceLocation(folder, by_set=True)
            for way, place in inner.items():
                places[path + way] = SourceLocation(folder, by_set=True, written=place.written, key=place.key)
        if problems:
            raise SpecError(problems)
        return replace(self, value=changed, places=places)

    def _pairs(
        self, values: Mapping[str, Any] | Sequence[str], typed: bool, problems: list[Problem]
    ) -> list[tuple[str, Any, Mapping[Path, SourceLocation]]]:
        if isinstance(values, Mapping):
            named = job_values(values)
            wrong = [name for name in named if not isinstance(name, str)]
            problems += [Problem("set", f"{show(name)} is not a dotted path.") for name in wrong]
            return [(name, value, {}) for name, value in named.items() if isinstance(name, str)]
        given: object = values
        if not isinstance(given, Sequence) or isinstance(given, bytes):
            accepted = "a mapping of dotted paths, or a list of texts such as limits.timeout=60"
            problems.append(Problem("set", f"{show(values)} is not accepted. Accepted: {accepted}."))
            return []
        pairs: list[tuple[str, Any, Mapping[Path, SourceLocation]]] = []
        for text in [values] if isinstance(values, str) else values:
            name, equals, value = str(text).partition("=")
            if not equals or not name.strip():
                problems.append(Problem("", f"set: {text!r} is not of the form path.to.key=value."))
                continue
            try:
                parsed, places = self.files.parse(value)
                as_text = not typed and parsed is not None and not isinstance(parsed, (str, Mapping, list))
                pairs.append((name.strip(), value.strip(), {}) if as_text else (name.strip(), parsed, places))
            except ValueError as error:
                problems.append(Problem(name.strip(), f"set: {value!r} cannot be read as YAML: {error}"))
        return pairs

    def merged(self, **mappings: Mapping[str, Any] | None) -> Document:
        """Lay mappings over those of the document key by key, such as ``inputs`` or ``tags``; None leaves one alone.

        Relative paths in what is laid over belong to the document's ``folder``.
        """
        value, places = dict(self.value), dict(self.places)
        for name, mapping in mappings.items():
            if mapping is None:
                continue
            if not isinstance(mapping, Mapping):
                raise SpecError([Problem(name, f"{show(mapping)} is not accepted. Accepted: a mapping.")])
            present, given = value.get(name), job_values(mapping, name)
            value[name] = {**(present if isinstance(present, Mapping) else {}), **given}
            for key in given:
                places = {path: place for path, place in places.items() if path[:2] != (name, key)}
                places[(name, key)] = SourceLocation(self.folder, by_keyword=True)
        return replace(self, value=value, places=places)

    def replaced(self, **values: Any) -> Document:
        """Replace whole values, such as ``compute``; None leaves one alone."""
        given = {name: job_values(value, name) for name, value in values.items() if value is not None}
        places = {path: place for path, place in self.places.items() if not path or path[0] not in given}
        places.update({(name,): SourceLocation(self.folder, by_keyword=True) for name in given})
        return replace(self, value={**self.value, **given}, places=places)


def _put(top: Any, name: str, value: Any) -> Path:
    """Set one value below ``top``, making mappings on the way; returns the path to it."""
    here = top
    path: Path = ()
    keys = re.sub(r"\[(\d+)\]", r".\1", name).split(".")
    if not all(keys):
        raise ValueError("this is not a dotted path.")
    for position, key in enumerate(keys):
        last = position == len(keys) - 1
        if isinstance(here, list):
            if not key.isdigit() or int(key) >= len(here):
                raise ValueError(f"{key!r} is not a position in a list of {len(here)}.")
            step: Any = int(key)
        elif isinstance(here, dict):
            step = key
        else:
            raise ValueError(f"{'.'.join(keys[:position])} is not a mapping, so nothing can be set in it.")
        path = (*path, step)
        if last:
            here[step] = value
            return path
        if isinstance(here, dict) and here.get(step) is None:
            here[step] = {}
        here = here[step]
    return path
