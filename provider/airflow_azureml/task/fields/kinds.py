"""Keywords of a wrong kind: an empty text, a number in place of a mapping and the like, refused where they are written.

What is false for Python (``0``, ``""``, ``False``, ``[]``) would else be taken for what was not given. What a keyword
may be is read off the annotations of our own constructors, so that a new one is checked by itself.
"""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from typing import Any, get_args

from airflow_azureml import configuration
from airflow_azureml.exceptions import AzureMLSpecError, translated
from airflow_azureml.task.stored_references import StoredReference

MAY_BE_EMPTY = frozenset(
    ("description", "docker_args", "stage", "subscription_id", "resource_group", "workspace_name", "data")
)
"""Texts of which an empty one says something: a text, none any more, or that the connection's counts."""

LISTS_SOMETHING = frozenset({"compute"})
"""Lists of which an empty one says nothing."""

LIMITED: dict[str, Callable[[Any], Any]] = {
    "poll_interval": configuration.poll_interval,
    "patience": configuration.patience,
    "max_resubmissions": configuration.max_resubmissions,
    "queue_timeout": configuration.queue_timeout,
}
"""Numbers that are no template fields, and that have a least one."""

LISTS = ("Sequence", "Iterable", "Collection")
WORDS = {
    "str": "a text that is not empty",
    "int": "a whole number",
    "float": "a number",
    "bool": "True or False",
    "timedelta": "a timedelta",
    "Mapping": "a mapping",
    "os.PathLike": "a path object",
    "None": "None",
    **dict.fromkeys(LISTS, "a list"),
}
"""What annotations mean, as messages have it; a keyword with any other is not looked at."""


def refuse_wrong_kinds(task: Any, given: Mapping[str, Any], *, is_rendered: bool = False) -> None:
    """Refuse keywords of an operator, a sensor or a group that are of no kind that they may be of.

    :param given: by name; what is none of ours is left alone.
    :param is_rendered: they are what templates have rendered to: a text may stand for a number.
    :raises AzureMLSpecError: names each of them, what was given and what is accepted.
    """
    lines = []
    limited = LIMITED.keys() & kinds(task).keys()
    for name, value in given.items():
        if name not in limited and (accepted := accepted_instead(task, name, value, is_rendered=is_rendered)):
            from airflow_azureml.jobspec.document.messages import show

            lines.append(f"{name}: {show(value)} is not accepted. Accepted: {accepted}.")
    if lines:
        raise AzureMLSpecError("\n".join(lines))
    for name in sorted(limited & given.keys()):
        if given[name] is not None:
            with translated():
                LIMITED[name](given[name])


def accepted_instead(task: Any, name: str, value: Any, *, is_rendered: bool = False) -> str:
    """What is accepted in place of a value of a keyword; an empty text where it is of a kind that it may be of."""
    kind = kinds(task).get(name)
    return "" if kind is None or _fits(task, name, value, kind, is_rendered) else _accepted(name, kind)


@functools.cache
def kinds(task: Any) -> dict[str, tuple[str, ...]]:
    """The kinds of each keyword that the constructors of our own classes name, the words of a ``Literal`` as such.

    A keyword that somebody else's subclass declares anew as something else is theirs. Flags are looked at by
    ``flags``.
    """
    found: dict[str, tuple[str, ...]] = {}
    declared: dict[str, str] = {}
    for cls in task.__mro__:
        annotations = getattr(vars(cls).get("__init__"), "__annotations__", {})
        ours = cls.__module__.startswith("airflow_azureml.")
        for name, kind in annotations.items():
            written = kind if isinstance(kind, str) else getattr(kind, "__name__", str(kind))
            if declared.setdefault(name, written) == written and ours:
                found.setdefault(name, _alternatives(cls, written))
    return {name: kind for name, kind in found.items() if kind}


def _alternatives(cls: type[Any], annotation: str) -> tuple[str, ...]:
    """The kinds of an annotation; none where one of them is not known here, as ``Any`` is not."""
    if annotation == "bool":
        return ()
    return _read(annotation) or _words_of(getattr(sys.modules[cls.__module__], annotation, None))


@functools.cache
def _read(annotation: str) -> tuple[str, ...]:
    parts = [part.split("[")[0].strip() for part in _top_level(annotation)]
    return tuple(parts) if all(part in WORDS for part in parts) else ()


def _top_level(annotation: str) -> Iterable[str]:
    """The parts of a union, those in brackets left whole."""
    depth, part = 0, ""
    for letter in annotation:
        depth += (letter == "[") - (letter == "]")
        if letter == "|" and depth == 0:
            yield part
            part = ""
        else:
            part += letter
    yield part


def _words_of(alias: Any) -> tuple[str, ...]:
    words = get_args(alias)
    return ("=", *words) if words and all(isinstance(word, str) for word in words) else ()


def _accepted(name: str, kind: tuple[str, ...]) -> str:
    if kind[0] == "=":
        return ", ".join(kind[1:])
    words = [WORDS[one] if one != "str" or name not in MAY_BE_EMPTY else "a text" for one in kind]
    words = [word + " that is not empty" if word == "a list" and name in LISTS_SOMETHING else word for word in words]
    words = list(dict.fromkeys(words))
    return ", ".join(words[:-1]) + (f" or {words[-1]}" if len(words) > 1 else words[0])


def _fits(task: Any, name: str, value: Any, kind: tuple[str, ...], is_rendered: bool) -> bool:
    is_field = name in getattr(task, "template_fields", (name,))
    if is_field and not is_rendered and _is_known_later(value):
        return True
    if kind[0] == "=":
        return isinstance(value, str) and value in kind[1:]
    if isinstance(value, str) and is_field and "str" not in kind:
        return bool({"int", "float", "bool"}.intersection(kind)) and bool(value.strip())
    return any(FITS[one](name, value) for one in kind)


def _is_known_later(value: Any) -> bool:
    """Whether only rendering shows what a value is: a template, another task's output, an object of Airflow's."""
    if isinstance(value, str):
        return "{{" in value or "{%" in value
    found = isinstance(value, StoredReference)
    return found or any(hasattr(value, name) for name in ("iter_references", "serialize", "template_fields"))


def _plain(value: Any) -> Any:
    """A number of another library as the one that it means."""
    if type(value) in (str, int, float, bool):
        return value
    from airflow_azureml.jobspec.document.plain_values import plain_values

    return plain_values(value)


def _text(name: str, value: Any) -> bool:
    value = _plain(value)
    return isinstance(value, str) and (name in MAY_BE_EMPTY or bool(value.strip()))


def _whole(name: str, value: Any) -> bool:
    value = _plain(value)
    return isinstance(value, int) and not isinstance(value, bool)


def _number(name: str, value: Any) -> bool:
    value = _plain(value)
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _list(name: str, value: Any) -> bool:
    is_list = isinstance(value, Iterable) and not isinstance(value, (str, bytes, bytearray, Mapping))
    return is_list and not (name in LISTS_SOMETHING and isinstance(value, (list, tuple)) and not value)


FITS: dict[str, Callable[[str, Any], bool]] = {
    "str": _text,
    "int": _whole,
    "float": _number,
    "bool": lambda name, value: isinstance(_plain(value), bool),
    "timedelta": lambda name, value: isinstance(value, timedelta),
    "Mapping": lambda name, value: isinstance(value, Mapping),
    "os.PathLike": lambda name, value: isinstance(value, os.PathLike) or hasattr(value, "serialize"),
    "None": lambda name, value: value is None,
    **dict.fromkeys(LISTS, _list),
}
"""Whether a value of the keyword with a name is of a kind."""
