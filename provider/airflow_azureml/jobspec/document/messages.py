"""How messages write a given value, and what they suggest in its place."""

from __future__ import annotations

import datetime
import difflib
from collections.abc import Collection, Mapping
from typing import Any

LONGEST = 240
"""Characters of a value that a message shows."""


def show(value: object) -> str:
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
    text = text if len(text) <= LONGEST else text[: LONGEST - 3] + "..."
    return f'"{text}"' if isinstance(value, str) else text


def missing(what: str, path: str, why: str = "") -> str:
    """Say that there is nothing at a path.

    :param what: should be there.
    :param why: a sentence, or nothing.
    """
    return f"there is no {what} {path}.{' ' if why else ''}{why}"


def nearest(given: object, accepted: Collection[Any]) -> str:
    """Suggest the nearest accepted name, or else list what is accepted.

    :param accepted: names; those of the user's own need not be texts.
    :return: a sentence that begins with a space, or an empty text when nothing is accepted.
    """
    return suggestion(closest(given, accepted), accepted)


def suggestion(close: str, accepted: Collection[Any]) -> str:
    """Write the sentence of ``nearest`` for a name that ``closest`` found."""
    if close:
        return f" Did you mean {show(close)}?"
    return f" Accepted: {', '.join(sorted(map(str, accepted)))}." if accepted else ""


def closest(given: object, accepted: Collection[Any]) -> str:
    """Find the accepted name that a given one was most likely meant to be; an empty text when there is none."""
    if not isinstance(given, str) or len(given) > 100:
        return ""
    names = {str(name).lower(): str(name) for name in accepted}
    return next((names[name] for name in difflib.get_close_matches(given.lower(), list(names), n=1, cutoff=0.6)), "")
