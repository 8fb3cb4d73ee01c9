"""Tables of fields and the one walker that reads a mapping by a table: rename, convert, refuse the unknown.

A converter takes a spot and the reading in progress and gives back the value as the service wants it, or ``INVALID``
after it has noted a problem. All problems of a document are gathered; nothing stops at the first. What counts as a
text, a whole number or a truth value is what Microsoft's client takes for one (azure-ai-ml 1.35.2 on marshmallow 3).
"""

from __future__ import annotations

import datetime
import difflib
import math
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from airflow_azureml.jobspec.document.document import Document, Located
from airflow_azureml.jobspec.document.notation import described, moment
from airflow_azureml.rest.errors import Problem
from airflow_azureml.rest.ids import Workspace


class _Invalid:
    """What a converter gives back when it has noted a problem."""

    def __repr__(self) -> str:
        return "INVALID"


INVALID: Any = _Invalid()
OMIT: Any = object()
"""What a converter gives back for a value that is right and sends nothing."""


@dataclass
class Translator:
    """One translation in progress.

    :param snake: spell the service's names in snake case, as nodes of a pipeline do.
    :param bound: take a text with a ``${{…}}`` binding for any value, as nodes of a pipeline may.
    :param cache: what was made of other files, by path and kind.
    :param rejected: what Microsoft's client sends and the service refuses, see ``Translation``.
    :param secondary_errors: problems that follow from others: told only where nothing else is wrong at the same place.
    """

    workspace: Workspace
    problems: list[Problem] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    snake: bool = False
    bound: bool = False
    cache: dict[tuple[str, str], Any] = field(default_factory=dict)
    rejected: list[Problem] = field(default_factory=list)
    secondary_errors: list[Problem] = field(default_factory=list)
    seen: set[Problem] = field(default_factory=set, repr=False)

    @classmethod
    def of(cls, document: Document, workspace: Workspace) -> Translator:
        """Begin with what was wrong with the document as YAML."""
        return cls(workspace, list(document.problems))

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

    @contextmanager
    def style(self, *, snake: bool, bound: bool) -> Iterator[None]:
        """Spell and bind otherwise for a part of the document."""
        before = self.snake, self.bound
        self.snake, self.bound = snake, bound
        try:
            yield
        finally:
            self.snake, self.bound = before

    def error(self, located: Located, message: str, *further: str | int) -> Any:
        """Note a problem; gives back INVALID."""
        problem = located.problem(message, *further)
        if problem not in self.seen:
            self.seen.add(problem)
            self.problems.append(problem)
        return INVALID

    def reject(self, located: Located, message: str, *further: str | int) -> None:
        """Note what can be written into a request, as Microsoft's client does, and what the service then refuses."""
        self.rejected.append(located.problem(message, *further))

    def secondary_error(self, located: Located, message: str, *further: str | int) -> Any:
        """Note a problem that may be but the consequence of another one; gives back INVALID."""
        self.secondary_errors.append(located.problem(message, *further))
        return INVALID

    def warn(self, located: Located, message: str) -> None:
        """Note something for the task log that stops nothing."""
        sentence = str(located.problem(message))
        if sentence not in self.warnings:
            self.warnings.append(sentence)

    def key(self, name: str) -> str:
        """Spell one of the service's names, given in camel case, as this place wants it."""
        if not self.snake or name in KEEP_CAMEL:
            return name
        return "".join("_" + letter.lower() if letter.isupper() else letter for letter in name)


KEEP_CAMEL = {"componentId", "computeId", "maxInstanceCount"}
"""Names that stay in camel case in the nodes of a pipeline. Source: azure-ai-ml 1.35.2 sends them so."""

Convert = Callable[[Located, Translator], Any]


@dataclass(frozen=True)
class Field:
    """One key of a YAML mapping.

    :param name: the key in YAML.
    :param api_name: the service's name; None reads the value for its own sake and sends nothing.
    :param required: refuse a mapping without it.
    :param ignored: accept any value and send nothing: what only answers of the service carry.
    :param bindable: whether a binding may stand in the place of a value, where bindings are taken at all.
    :param python_only: a key that no YAML schema of Microsoft's client has, but its objects do.
    :param unsent: a setting that is checked and then lost in Microsoft's client, where the service has no place for it:
        a warning says so.
    """

    name: str
    api_name: str | None
    convert: Convert
    required: bool = False
    ignored: bool = False
    bindable: bool = True
    python_only: bool = False
    unsent: bool = False


Table = Sequence[Field]


def anything(located: Located, ctx: Translator) -> Any:
    """Take any value that JSON can say."""
    return _plain(located, ctx)


def _plain(located: Located, ctx: Translator) -> Any:
    value = located.value
    if isinstance(value, Mapping):
        return {told_key(item, ctx): _plain(item, ctx) for item in located.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item, ctx) for item in located.items()]
    if value is None or isinstance(value, (str, bool, int)) or (isinstance(value, float) and math.isfinite(value)):
        tell_reading(located, ctx)
        return value
    if isinstance(value, (datetime.date, datetime.time)):
        tell_reading(located, ctx)
        return moment(value)
    return ctx.error(located, f"{show(value)} cannot be sent as JSON; write it as text in quotes.")


def key_text(key: Any) -> str | None:
    """Write a key as JSON does; None for what cannot be one."""
    if isinstance(key, str):
        return key
    if key is None or isinstance(key, bool):
        return "null" if key is None else str(key).lower()
    return str(key) if isinstance(key, (int, float)) and math.isfinite(key) else None


def tell_reading(located: Located, ctx: Translator, sent: Any = None) -> None:
    """Warn of a value that was written in another way than it is sent.

    :param sent: what is sent; by default the value.
    """
    if located.written is None:
        return
    arrives = located.value if sent is None else sent
    arrives = moment(arrives) if isinstance(arrives, (datetime.date, datetime.time)) else arrives
    what = described(located.written, located.value)
    ctx.warn(
        located,
        f"{located.written} is {what} to YAML, and {show(arrives)} is sent. "
        f'Write "{located.written}" in quotes to send it as it is written.',
    )


def told_key(located: Located, ctx: Translator) -> str:
    """Write the key of a value as JSON does, and warn where it was written in another way."""
    name = key_text(located.path[-1])
    place = located.document.places.get(located.path)
    if name is not None and place is not None and place.key is not None:
        what = described(place.key, located.path[-1])
        ctx.warn(located, f'the key {place.key} is {what} to YAML, and {show(name)} is sent. Write "{place.key}".')
    return name or located.name


def answers(*names: str) -> tuple[Field, ...]:
    """Rows for keys that only the service fills in; Microsoft's client takes them out of a YAML file in silence."""
    return tuple(Field(name, None, anything, ignored=True) for name in names)


def as_written(table: Table) -> tuple[Field, ...]:
    """Make rows that send each value under its own name in YAML, as the specs of components do."""
    return tuple(row if row.api_name is None else replace(row, api_name=row.name) for row in table)


def convert_mapping(table: Table, located: Located, ctx: Translator, extra: Collection[Any] = ()) -> dict[str, Any]:
    """Read a mapping by a table.

    :param extra: keys that someone else reads, texts or not.
    :return: the service's names and values, those that are valid; INVALID ones are left out (and noted).
    """
    if not isinstance(located.value, Mapping):
        ctx.error(located, f"{show(located.value)} is not a mapping.")
        return {}
    rows = {row.name: row for row in table if located.document.from_python or not row.python_only}
    names = [row.name for row in rows.values() if not row.ignored]
    meant: set[str] = set()
    body: dict[str, Any] = {}
    for key, value in located.value.items():
        row = rows.get(key) if isinstance(key, str) else None
        if row is None:
            if key not in extra and (key != "$schema" or (value is None and not located.document.from_python)):
                close = closest(key, [*names, *extra])
                meant.add(close)
                below = BELOW.get(key) if isinstance(key, str) else None
                hint = f" It belongs below {below}." if below in names else _hint(close, [*names, *extra])
                ctx.error(located, f"{show(key)} is not known here.{hint}", key)
            continue
        if row.ignored or (value is None and located.document.from_python):
            if value is None and not located.document.from_python:
                ctx.error(located, f"{show(key)} is empty. Leave it out.", key)
            continue
        bound = ctx.bound and row.bindable and isinstance(value, str) and "${{" in value
        converted = value if bound else row.convert(located.child(key), ctx)
        if row.unsent and value not in (None, "", {}, []):
            ctx.warn(located.child(key), f"{show(key)} is not sent from here: it has no effect.")
        if converted is not INVALID and converted is not OMIT and row.api_name is not None:
            body[ctx.key(row.api_name)] = converted
    for row in table:
        if (
            row.required
            and row.name not in meant
            and located.value.get(row.name) is None
            and not (row.name in located.value and not located.document.from_python)
        ):
            near = closest(row.name, [key for key in located.value if isinstance(key, str) and key not in rows])
            ctx.error(
                located, f"{show(row.name)} is required.{f' Is {show(near)} meant to be it?' if near else ''}", row.name
            )
    return body


BELOW = {
    "timeout": "limits",
    **dict.fromkeys(("instance_type", "instance_count", "shm_size", "docker_args"), "resources"),
    **dict.fromkeys(("image", "conda_file"), "environment"),
    **dict.fromkeys(("default_compute", "default_datastore", "continue_on_step_failure", "force_rerun"), "settings"),
    **dict.fromkeys(("max_total_trials", "max_concurrent_trials", "trial_timeout"), "limits"),
    **dict.fromkeys(("primary_metric", "goal"), "objective"),
    "process_count_per_instance": "distribution",
    "job_tier": "queue_settings",
}
"""Keys that people write too high, and where they belong."""


def nearest(given: Any, accepted: Collection[Any]) -> str:
    """Suggest the nearest accepted name, and list what is accepted; names of the user's own need not be texts."""
    return _hint(closest(given, accepted), accepted)


def _hint(close: str, accepted: Collection[Any]) -> str:
    if close:
        return f" Did you mean {show(close)}?"
    return f" Accepted: {', '.join(sorted(map(str, accepted)))}." if accepted else ""


def closest(given: Any, accepted: Collection[Any]) -> str:
    """Find the accepted name that a given one was most likely meant to be; an empty text when there is none."""
    if not isinstance(given, str) or len(given) > 100:
        return ""
    names = {str(name).lower(): str(name) for name in accepted}
    return next((names[name] for name in difflib.get_close_matches(given.lower(), list(names), n=1, cutoff=0.6)), "")


def show(value: Any) -> str:
    """Write a given value into a message as YAML has it, cut short; what is in a mapping or list may be secret and
    stays out."""
    if isinstance(value, (Mapping, list, tuple)):
        return "a mapping" if isinstance(value, Mapping) else "a list"
    if value is None or isinstance(value, (set, frozenset, bytes)):
        return "an empty value" if value is None else "bytes" if isinstance(value, bytes) else "a set"
    if isinstance(value, (bool, datetime.date, datetime.time)):
        return str(value).lower() if isinstance(value, bool) else value.isoformat()
    text = value if isinstance(value, str) else repr(value)
    if not text.isprintable():
        text = "".join(letter if letter.isprintable() else repr(letter)[1:-1] for letter in text)
    text = text if len(text) <= 240 else text[:237] + "..."
    return f'"{text}"' if isinstance(value, str) else text


# -- converters of single values


def snake(word: str) -> str:
    """Fold ``UserIdentity`` and ``user_identity`` to the latter. Source: azure-ai-ml 1.35.2, ``camel_to_snake``."""
    import re

    word = re.sub("(.)([A-Z][a-z]+)", r"\1_\2", word)
    return re.sub("([a-z0-9])([A-Z])", r"\1_\2", word).lower()


# -- converters of lists and mappings


def nested(table: Table, **fixed: Any) -> Convert:
    """Make a converter for a mapping that has a table of its own.

    :param fixed: the service's names and values that are sent besides.
    """

    def converter(located: Located, ctx: Translator) -> Any:
        if not isinstance(located.value, Mapping):
            return ctx.error(located, f"{show(located.value)} is not a mapping. Accepted keys: {_keys(table)}.")
        return {**{ctx.key(name): value for name, value in fixed.items()}, **convert_mapping(table, located, ctx)}

    return converter


def by_type(kinds: Mapping[str, Convert], what: str, fold: Callable[[str], str] = str.lower) -> Convert:
    """Make a converter for a mapping whose ``type`` says which of several tables it follows."""

    def converter(located: Located, ctx: Translator) -> Any:
        if not isinstance(located.value, Mapping):
            return ctx.error(located, f"{show(located.value)} is not a mapping. Accepted types: {', '.join(kinds)}.")
        word = located.value.get("type")
        if word is None:
            return ctx.error(located, f"the type of {what} is required. Accepted: {', '.join(kinds)}.", "type")
        if not isinstance(word, str) or fold(word) not in kinds:
            return ctx.error(located, f"{show(word)} is not a type of {what}. Accepted: {', '.join(kinds)}.", "type")
        return kinds[fold(word)](located, ctx)

    return converter


def fixed(table: Table, **values: Any) -> Convert:
    """Make a converter for a mapping of a known ``type``: its table, and what is sent for the type itself."""
    return nested((*table, Field("type", None, anything)), **values)


def _keys(table: Table) -> str:
    return ", ".join(row.name for row in table if not row.ignored and not row.python_only)
