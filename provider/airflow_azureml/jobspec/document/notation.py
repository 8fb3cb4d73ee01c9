"""How a plain YAML value is written, and what YAML 1.1 makes of it: where the two differ, a warning says so.

Source: YAML 1.1, *Language-Independent Types*: ``12:30`` is a number of base 60, ``017`` one of base 8, ``yes`` a truth
value, ``1_000`` a thousand. Microsoft's client reads YAML 1.1, too, and sends what it has read.
"""

from __future__ import annotations

import datetime
import re
from decimal import Decimal
from typing import Any

PLAIN = re.compile(r"-?(0|[1-9][0-9]*)?(\.[0-9]*)?([eE][-+]?[0-9]+)?")
"""A number as everybody writes it."""

OTHER_BASE = re.compile(r"[-+]?(0[0-9_]+|[0-9_]+(:[0-9_.]+)+)")
"""A number of base 8 or 60, which does not look like one."""


def moment(value: datetime.date | datetime.time) -> str:
    """Write a date that YAML read as such; a date with a time is UTC. Source: azure-ai-ml 1.35.2 sends it so."""
    if not isinstance(value, datetime.datetime):
        return value.isoformat()
    utc = datetime.timezone.utc
    return (value.astimezone(utc) if value.tzinfo else value.replace(tzinfo=utc)).isoformat().replace("+00:00", "Z")


def altered(text: str, value: Any) -> bool:
    """Whether something of what is written is lost in the value that YAML reads.

    ``true`` is none of these, nor is another way to write the same number (``0.00005`` is ``5e-05``); ``3.10`` is:
    as a version it is not ``3.1``.
    """
    if isinstance(value, bool):
        return text.lower() not in ("true", "false")
    if isinstance(value, (datetime.date, datetime.time)):
        return text != moment(value)
    if not isinstance(value, (int, float)) or text == str(value):
        return False
    if isinstance(value, int) or not (found := PLAIN.fullmatch(text)):
        return True
    digits = found[2] or ""
    lost = digits.endswith("0") and len(digits) > 2 and not found[3]
    return lost or Decimal(text) != Decimal(repr(value))


def described(text: str, value: Any) -> str:
    """Name what YAML reads in a text."""
    if isinstance(value, (bool, datetime.date, datetime.time)):
        return "a boolean" if isinstance(value, bool) else "a date"
    digits = text.lstrip("+-").lower()
    if ":" in digits:
        return "a number of base 60"
    if digits.startswith(("0x", "0b")):
        return f"a number of base {16 if digits[1] == 'x' else 2}"
    return "a number of base 8" if isinstance(value, int) and OTHER_BASE.fullmatch(text) else "a number"
