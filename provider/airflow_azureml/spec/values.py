"""Values of YAML as the service takes them: texts, numbers, truth values, times, words, lists and mappings."""

from __future__ import annotations

import math
import numbers
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from airflow_azureml.spec.document import Spot
from airflow_azureml.spec.fields import INVALID, OMIT, Convert, Reading, key_text, show, tell_reading, told_key
from airflow_azureml.spec.notation import OTHER_BASE, described

TRUTHS: dict[Any, bool] = {
    **dict.fromkeys(("t", "T", "true", "True", "TRUE", "on", "On", "ON", "y", "Y", "yes", "Yes", "YES", "1", 1), True),
    **dict.fromkeys(
        ("f", "F", "false", "False", "FALSE", "off", "Off", "OFF", "n", "N", "no", "No", "NO", "0", 0), False
    ),
}
"""What is read as a truth value. Source: marshmallow 3, ``fields.Boolean``."""


def text(spot: Spot, reading: Reading) -> Any:
    """Take a text; bytes (``!!binary``) that are UTF-8 count, too."""
    if isinstance(spot.value, str):
        return spot.value
    if isinstance(spot.value, bytes):
        with suppress(UnicodeDecodeError):
            return spot.value.decode()
    hint = "" if spot.value is None or isinstance(spot.value, (Mapping, list)) else " Write it in quotes."
    return reading.refuse(spot, f"{show(spot.value)} is not a text.{hint}")


def title(spot: Spot, reading: Reading) -> Any:
    """Take a text; an empty one is as good as none."""
    return OMIT if spot.value == "" else text(spot, reading)


def version(spot: Spot, reading: Reading) -> Any:
    """Take a version: a text, or a number that is written as one."""
    if isinstance(spot.value, (str, int, float)):
        tell_reading(spot, reading, str(spot.value))
        return str(spot.value)
    return reading.refuse(spot, f"{show(spot.value)} is not a version. Accepted: a text or a number.")


def whole(spot: Spot, reading: Reading, unit: str = "") -> Any:
    """Take a whole number; a text of digits and a fraction (cut off, with a warning) count too.

    :param unit: what it counts, for the message.
    """
    found = _cut(spot, reading, unit)
    if isinstance(spot.value, (int, float)) and found is not INVALID and found != spot.value:
        reading.warn(spot, f"{show(spot.value)} is cut to {found}: it is a whole number{unit}.")
    return found


def _cut(spot: Spot, reading: Reading, unit: str = "") -> Any:
    value = spot.value
    try:
        if isinstance(value, bool) or not isinstance(value, (str, numbers.Number)):
            raise ValueError
        found = int(value)  # type: ignore[arg-type]
    except (ValueError, OverflowError, TypeError):
        return reading.refuse(spot, f"{show(value)} is not a whole number{unit}.")
    tell_base(spot, reading, found)
    return found


def tell_base(spot: Spot, reading: Reading, found: Any) -> None:
    """Warn of a number that YAML reads with another base than it seems to have, such as ``12:30`` and ``010``."""
    if spot.written is not None and OTHER_BASE.fullmatch(spot.written):
        what = described(spot.written, spot.value)
        reading.warn(spot, f"{spot.written} is {what} to YAML, and {found} is sent. Write {found} if you mean that.")


def number(spot: Spot, reading: Reading) -> Any:
    """Take a number, always as a fraction; a text that reads as one counts too."""
    value = spot.value
    try:
        if isinstance(value, bool) or not isinstance(value, (str, numbers.Number)):
            raise ValueError
        read = float(value)  # type: ignore[arg-type]
        if not math.isfinite(read):
            raise ValueError
    except (ValueError, OverflowError, TypeError):
        return reading.refuse(spot, f"{show(value)} is not a number.")
    tell_base(spot, reading, read)
    if isinstance(value, int) and int(read) != value:
        reading.warn(spot, f"{show(value)} has more digits than a number keeps: {read} is sent.")
    return read


def truth(spot: Spot, reading: Reading) -> Any:
    """Take a truth value, or one of the words that stand for one."""
    try:
        return TRUTHS[spot.value]
    except (KeyError, TypeError):
        return reading.refuse(spot, f"{show(spot.value)} is not a truth value. Accepted: true, false.")


def duration(spot: Spot, reading: Reading) -> Any:
    """Take whole seconds, sent as an ISO 8601 duration; zero sends nothing."""
    if spot.value and isinstance(spot.value, float) and _cut(spot, Reading(reading.workspace)) == 0:
        reading.warn(spot, f"{show(spot.value)} sends nothing: seconds are sent whole. Write 1 or more.")
        return OMIT
    seconds = whole(spot, reading, " of seconds")
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


def choice(words: Mapping[str, Any], what: str, fold: Callable[[str], str] = str.lower) -> Convert:
    """Make a converter for one of a few words, without regard to their case.

    :param words: the word in YAML and what is sent for it.
    :param what: what a word of them is, for the message: ``a mode``.
    """

    def convert(spot: Spot, reading: Reading) -> Any:
        if isinstance(spot.value, str) and fold(spot.value) in words:
            return words[fold(spot.value)]
        return reading.refuse(spot, f"{show(spot.value)} is not {what}. Accepted: {', '.join(words)}.")

    return convert


def listed(convert: Convert) -> Convert:
    """Make a converter for a list of values of one kind."""

    def converter(spot: Spot, reading: Reading) -> Any:
        if not isinstance(spot.value, (list, tuple)):
            return reading.refuse(spot, f"{show(spot.value)} is not a list.")
        return _all([convert(item, reading) for item in spot.items()])

    return converter


def mapped(convert: Convert, null: bool = False, scalars: bool = False) -> Convert:
    """Make a converter for a mapping with free keys and values of one kind.

    :param null: whether a value may be empty; it is sent as null.
    :param scalars: whether numbers, truth values and nothing may be keys; they are sent as JSON writes them.
    """

    def converter(spot: Spot, reading: Reading) -> Any:
        if not isinstance(spot.value, Mapping):
            return reading.refuse(spot, f"{show(spot.value)} is not a mapping.")
        body: dict[str, Any] = {}
        for item in spot.items():
            key = item.path[-1]
            if not isinstance(key, str) and not (scalars and key_text(key) is not None):
                reading.refuse(item, f"the key {show(key)} is not a text. Write it in quotes.")
            else:
                body[told_key(item, reading)] = None if null and item.value is None else convert(item, reading)
        return INVALID if INVALID in body.values() else body

    return converter


def _all(values: list[Any]) -> Any:
    return INVALID if any(value is INVALID for value in values) else values


def word(spot: Spot, reading: Reading) -> Any:
    """Take the value of a tag of a resource, which the service holds as a text: a text, or a scalar as one."""
    value = spot.value
    if value is None or isinstance(value, (Mapping, list, tuple)):
        return text(spot, reading)
    if isinstance(value, (str, bytes)):
        return text(spot, reading)
    tell_reading(spot, reading, str(value))
    return str(value)
