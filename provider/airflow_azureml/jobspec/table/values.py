"""Values of YAML as the service takes them: texts, numbers, truth values, times, words, lists and mappings.

What counts as a text, a whole number or a truth value is what Microsoft's client takes for one (azure-ai-ml 1.35.2 on
marshmallow 3).
"""

from __future__ import annotations

import math
import numbers
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, TypeVar

from airflow_azureml.jobspec.document.document import Located
from airflow_azureml.jobspec.document.messages import show
from airflow_azureml.jobspec.document.notation import OTHER_BASE, described
from airflow_azureml.jobspec.table.field import Container
from airflow_azureml.jobspec.table.form import Form
from airflow_azureml.jobspec.table.json_values import json_key, key_text, warn_of_reading
from airflow_azureml.jobspec.table.translator import INVALID, OMIT, Converted, Invalid, Translator

T = TypeVar("T")

TRUTHS: dict[Any, bool] = {
    **dict.fromkeys(("t", "T", "true", "True", "TRUE", "on", "On", "ON", "y", "Y", "yes", "Yes", "YES", "1", 1), True),
    **dict.fromkeys(
        ("f", "F", "false", "False", "FALSE", "off", "Off", "OFF", "n", "N", "no", "No", "NO", "0", 0), False
    ),
}
"""What is read as a truth value. Source: marshmallow 3, ``fields.Boolean``."""


def text(located: Located, ctx: Translator) -> str | Invalid:
    """Take a text; bytes (``!!binary``) that are UTF-8 count, too."""
    if isinstance(located.value, str):
        return located.value
    if isinstance(located.value, bytes):
        with suppress(UnicodeDecodeError):
            return located.value.decode()
    hint = "" if located.value is None or isinstance(located.value, (Mapping, list)) else " Write it in quotes."
    return ctx.error(located, f"{show(located.value)} is not a string.{hint}")


def title(located: Located, ctx: Translator) -> Converted[str]:
    """Take a text; an empty one is not sent."""
    return OMIT if located.value == "" else text(located, ctx)


def version(located: Located, ctx: Translator) -> str | Invalid:
    """Take a version: a text, or a number that is written as one; a keyword takes no fraction: 1.10 would be 1.1."""
    if located.place.by_keyword and isinstance(located.value, (bool, float)):
        return ctx.error(located, f"{show(located.value)} is not a version. Accepted: a string or a whole number.")
    if located.place.by_keyword and isinstance(located.value, str) and not located.value.strip():
        return ctx.error(
            located, f"{show(located.value)} is not a version. Accepted: a text that is not empty, or None."
        )
    if isinstance(located.value, (str, int, float)):
        warn_of_reading(located, ctx, str(located.value))
        return str(located.value)
    return ctx.error(located, f"{show(located.value)} is not a version. Accepted: a string or a number.")


def whole(located: Located, ctx: Translator, unit: str = "") -> int | Invalid:
    """Take a whole number; a text of digits counts too, and in YAML a fraction, which is cut off with a warning.

    Source: azure-ai-ml 1.35.2 reads ``2.7`` in YAML as 2. In a keyword it is a mistake.

    :param unit: what it counts, for the message.
    """
    found = _cut(located, ctx, unit)
    if isinstance(located.value, (int, float)) and found is not INVALID and found != located.value:
        if located.place.by_keyword:
            return ctx.error(located, f"{show(located.value)} is not accepted. Accepted: a whole number{unit}.")
        ctx.warn(located, f"{show(located.value)} is cut off to {found}. Expected: a whole number{unit}.")
    return found


def count(located: Located, ctx: Translator, unit: str = "") -> int | Invalid:
    """Take a whole number, 0 or more.

    One below 0 is refused in a keyword; in YAML it is sent as Microsoft's client sends it, with a warning. 0 itself is
    sent: Microsoft's OpenAPI 2025-12-01 (``ResourceConfiguration``) has no least number of instances.

    :param unit: what it counts, for the message.
    """
    found = whole(located, ctx, unit)
    if found is INVALID or found >= 0:
        return found
    if located.place.by_keyword:
        return ctx.error(located, f"{show(located.value)} is not accepted. Accepted: a whole number{unit}, 0 or more.")
    ctx.warn(located, f"{show(located.value)} is less than 0, and sent all the same. Expected: 0 or more.")
    return found


def at_least(least: int) -> Callable[[Located, Translator], int | Invalid]:
    """Make a converter for whole numbers from a least one on."""

    def convert(located: Located, ctx: Translator) -> int | Invalid:
        number = whole(located, ctx)
        if number is not INVALID and number < least:
            return ctx.error(located, f"{show(located.value)} is too small. Accepted: {least} and more.")
        return number

    return convert


def _cut(located: Located, ctx: Translator, unit: str = "") -> int | Invalid:
    value = located.value
    try:
        if isinstance(value, bool) or not isinstance(value, (str, numbers.Number)):
            raise ValueError
        found = int(value)  # type: ignore[arg-type]
    except (ValueError, OverflowError, TypeError):
        return ctx.error(located, f"{show(value)} is not a whole number{unit}.")
    warn_of_base(located, ctx, found)
    return found


def warn_of_base(located: Located, ctx: Translator, found: Any) -> None:
    """Warn of a number that YAML reads with another base than it seems to have, such as ``12:30`` and ``010``."""
    if located.written is not None and OTHER_BASE.fullmatch(located.written):
        what = described(located.written, located.value)
        ctx.warn(located, f"YAML reads {located.written} as {what}: {found} is sent. Write {found} if you mean that.")


def number(located: Located, ctx: Translator) -> float | Invalid:
    """Take a number, always as a fraction; a text that reads as one counts too."""
    value = located.value
    try:
        if isinstance(value, bool) or not isinstance(value, (str, numbers.Number)):
            raise ValueError
        read = float(value)  # type: ignore[arg-type]
        if not math.isfinite(read):
            raise ValueError
    except (ValueError, OverflowError, TypeError):
        return ctx.error(located, f"{show(value)} is not a number.")
    warn_of_base(located, ctx, read)
    if isinstance(value, int) and int(read) != value:
        ctx.warn(located, f"{show(value)} has more digits than a float can hold: {read} is sent.")
    return read


def truth(located: Located, ctx: Translator) -> bool | Invalid:
    """Take a boolean, or a word for one, such as ``yes``."""
    try:
        return TRUTHS[located.value]
    except (KeyError, TypeError):
        return ctx.error(located, f"{show(located.value)} is not a boolean. Accepted: true, false.")


def duration(located: Located, ctx: Translator) -> Converted[str]:
    """Take whole seconds, 0 or more, sent as an ISO 8601 duration; zero sends nothing."""
    value, in_yaml = located.value, not located.place.by_keyword
    if in_yaml and value and isinstance(value, float) and _cut(located, Translator(ctx.workspace)) == 0:
        ctx.warn(located, f"{show(value)} is cut off to 0 seconds and not sent. Write 1 or more.")
        return OMIT
    seconds = count(located, ctx, " of seconds")
    return seconds if seconds is INVALID else iso_duration(seconds) if seconds else OMIT


def iso_duration(seconds: int) -> str:
    """Write seconds as Microsoft's client does: ``3600`` is ``PT1H``, a day is ``P1D``."""
    sign, seconds = ("-", -seconds) if seconds < 0 else ("", seconds)
    days, rest = divmod(seconds, 86400)
    hours, rest = divmod(rest, 3600)
    minutes, rest = divmod(rest, 60)
    date = f"{days}D" if days else ""
    time = "".join(f"{value}{unit}" for value, unit in ((hours, "H"), (minutes, "M"), (rest, "S")) if value)
    if not date and not time:
        return "P0D"
    return f"{sign}P{date}{'T' + time if time else ''}"


def choice(
    words: Mapping[str, T], what: str, fold: Callable[[str], str] = str.lower
) -> Callable[[Located, Translator], T | str | Invalid]:
    """Make a converter for one of a few words, without regard to their case.

    :param words: the word in YAML and what is sent for it; in the specification of a component it is the word itself.
    :param what: what a word of them is, for the message: ``a mode``.
    """

    def convert(located: Located, ctx: Translator) -> T | str | Invalid:
        word = fold(located.value) if isinstance(located.value, str) else None
        if word is not None and word in words:
            return word if ctx.form is Form.COMPONENT else words[word]
        return ctx.error(located, f"{show(located.value)} is not {what}. Accepted: {', '.join(words)}.")

    return convert


def listed(convert: Callable[[Located, Translator], object]) -> Container[list[Any] | Invalid]:
    """Make a converter for a list of values of one kind."""

    @Container
    def converter(located: Located, ctx: Translator) -> list[Any] | Invalid:
        if not isinstance(located.value, (list, tuple)):
            return ctx.error(located, f"{show(located.value)} is not a list.")
        values = [convert(item, ctx) for item in located.items()]
        return INVALID if INVALID in values else values

    return converter


def mapped(
    convert: Callable[[Located, Translator], object], null: bool = False, scalars: bool = False
) -> Container[dict[str, Any] | Invalid]:
    """Make a converter for a mapping with free keys and values of one kind.

    :param null: whether a value may be empty; it is sent as null.
    :param scalars: whether numbers, truth values and nothing may be keys; they are sent as JSON writes them.
    """

    @Container
    def converter(located: Located, ctx: Translator) -> dict[str, Any] | Invalid:
        if not isinstance(located.value, Mapping):
            return ctx.error(located, f"{show(located.value)} is not a mapping.")
        body: dict[str, Any] = {}
        for item in located.items():
            key = item.path[-1]
            if not isinstance(key, str) and not (scalars and key_text(key) is not None):
                ctx.error(item, f"the key {show(key)} is not a string. Write it in quotes.")
            else:
                body[json_key(item, ctx)] = None if null and item.value is None else convert(item, ctx)
        return INVALID if INVALID in body.values() else body

    return converter


def word(located: Located, ctx: Translator) -> str | Invalid:
    """Take the value of a tag of a resource, which the service holds as a text: a text, or a scalar as one."""
    value = located.value
    if value is None or isinstance(value, (Mapping, list, tuple)):
        return text(located, ctx)
    if isinstance(value, (str, bytes)):
        return text(located, ctx)
    warn_of_reading(located, ctx, str(value))
    return str(value)
