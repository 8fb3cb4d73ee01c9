"""Shapes: a small language that describes JSON values and lists everything in a value that does not fit.

Scalars are taken as the service takes them: a number or a boolean where text is expected becomes text, for
Microsoft's client
sends environment variables and tags so. Objects take no key that is not in their table.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong with a body."""

    path: str
    message: str
    code: str = "InvalidValue"


Report = Callable[[Problem], None]
Shape = Callable[[Any, str, Report], Any]
"""``shape(value, path, report)`` answers the value as the service stores it."""


VALUE_REQUIRED = "The Value field is required."
"""Source: https://github.com/Azure/azure-sdk-for-python/issues/41834. These are the words of ASP.NET's
``RequiredAttribute``, which takes white space for nothing, too."""


def text(value: Any, path: str, report: Report) -> str | None:
    """Text; other scalars become text."""
    if isinstance(value, (dict, list)):
        report(Problem(path, f"Expected a string, got {kind_of(value)}."))
        return None
    return value if isinstance(value, str) else str(value)


def filled(value: Any, path: str, report: Report) -> str | None:
    """Text that is not blank; other scalars become text."""
    checked_text = text(value, path, report)
    if checked_text is not None and not checked_text.strip():
        report(Problem(path, VALUE_REQUIRED, "NotEmptyValidator"))
        return None
    return checked_text


def address(value: Any, path: str, report: Report) -> str | None:
    """The address of something in storage. That a path of the client's machine is refused here is an assumption: no
    service could read it."""
    checked_text = text(value, path, report)
    if checked_text is not None and not re.match(r"[a-zA-Z][a-zA-Z0-9+.-]*:/?\S", checked_text):
        report(Problem(path, f"{checked_text!r} is not an address."))
        return None
    return checked_text


def flag(value: Any, path: str, report: Report) -> bool | None:
    """A boolean."""
    if not isinstance(value, bool):
        report(Problem(path, f"Expected a boolean, got {kind_of(value)} {value!r}."))
        return None
    return value


def whole(value: Any, path: str, report: Report) -> int | None:
    """A whole number, also when written as text."""
    if isinstance(value, str) and re.fullmatch(r"[+-]?\d+", value.strip()):
        return int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        report(Problem(path, f"Expected an integer, got {kind_of(value)} {value!r}."))
        return None
    return value


def anything(value: Any, path: str, report: Report) -> Any:
    """A value that the service keeps as it is."""
    return value


DURATION = re.compile(r"P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?")


def duration(value: Any, path: str, report: Report) -> str | None:
    """An ISO 8601 duration such as ``PT1H30M``."""
    if not isinstance(value, str) or seconds(value) is None:
        report(Problem(path, f"Expected an ISO 8601 duration such as PT1H, got {value!r}."))
        return None
    return value


def seconds(value: str) -> float | None:
    """The length of an ISO 8601 duration of days and smaller units, or None when the text is none."""
    match = DURATION.fullmatch(value)
    if not match or not any(match.groups()):
        return None
    days, hours, minutes, rest = (float(part or 0) for part in match.groups())
    return ((days * 24 + hours) * 60 + minutes) * 60 + rest


def words(*accepted: str) -> Shape:
    """One of the words, in any case; stored as they are written here."""
    canonical = {word.lower(): word for word in accepted}

    def check(value: Any, path: str, report: Report) -> str | None:
        if isinstance(value, str) and value.lower() in canonical:
            return canonical[value.lower()]
        report(Problem(path, f"{value!r} is not one of: {', '.join(accepted)}."))
        return None

    return check


def many(item: Shape) -> Shape:
    """A list of values of one shape."""

    def check(value: Any, path: str, report: Report) -> list[Any] | None:
        if not isinstance(value, list):
            report(Problem(path, f"Expected an array, got {kind_of(value)}."))
            return None
        return [item(each, f"{path}[{index}]", report) for index, each in enumerate(value)]

    return check


def bag(item: Shape, *, nulls: bool = False) -> Shape:
    """An object with free keys whose values have one shape; ``nulls`` lets a value be null."""

    def check(value: Any, path: str, report: Report) -> dict[str, Any] | None:
        if not isinstance(value, dict):
            report(Problem(path, f"Expected an object, got {kind_of(value)}."))
            return None
        checked: dict[str, Any] = {}
        for key, each in value.items():
            if each is None:
                if nulls:
                    checked[key] = None
                else:
                    report(Problem(f"{path}.{key}", "The value must not be null.", "NotNullValidator"))
            else:
                checked[key] = item(each, f"{path}.{key}", report)
        return checked

    return check


def record(fields: Mapping[str, Shape], required: tuple[str, ...] = (), *, others: bool = False) -> Shape:
    """An object with these keys and no others, or with any ``others`` as they are; a null counts as absent."""

    def check(value: Any, path: str, report: Report) -> dict[str, Any] | None:
        if not isinstance(value, dict):
            report(Problem(path, f"Expected an object, got {kind_of(value)}."))
            return None
        checked: dict[str, Any] = {}
        for key, each in value.items():
            inner = f"{path}.{key}" if path else key
            if key not in fields and others:
                checked[key] = each
            elif key not in fields:
                report(
                    Problem(
                        inner,
                        f"Could not find member '{key}'. Known members: {', '.join(sorted(fields))}.",
                        "UnknownMember",
                    )
                )
            elif each is not None:
                checked[key] = fields[key](each, inner, report)
        for key in required:
            if value.get(key) is None:
                report(Problem(f"{path}.{key}" if path else key, "The value is required.", "NotNullValidator"))
        return checked

    return check


def union(key: str, choices: Mapping[str, Shape]) -> Shape:
    """An object whose shape depends on the word under ``key``."""

    def check(value: Any, path: str, report: Report) -> Any:
        if not isinstance(value, dict):
            report(Problem(path, f"Expected an object, got {kind_of(value)}."))
            return None
        by_word = {word.lower(): (word, shape) for word, shape in choices.items()}
        chosen = value.get(key)
        if not isinstance(chosen, str) or chosen.lower() not in by_word:
            report(Problem(f"{path}.{key}", f"{chosen!r} is not one of: {', '.join(choices)}."))
            return None
        word, shape = by_word[chosen.lower()]
        return shape({**value, key: word}, path, report)

    return check


def kind_of(value: Any) -> str:
    """What JSON calls a value."""
    names = {dict: "an object", list: "an array", str: "a string", bool: "a boolean", type(None): "null"}
    return names.get(type(value), "a number")
