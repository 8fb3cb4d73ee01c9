"""Which values of a report Airflow can keep on each line and database, and hand to other tasks.

* Between a task and its supervisor values travel as msgpack, whose integers have 64 bits (Task SDK, ``comms``).
* PostgreSQL's ``jsonb`` takes neither NUL nor half of a surrogate pair in a text.
* Airflow reads a mapping with keys such as ``__classname__`` or ``__type`` as an object of a class, and refuses to
  write one (``serde``, ``serialized_objects``).
"""

from __future__ import annotations

import math
from typing import Any

from airflow_azureml.rest.redaction import redact

DEEPEST = 20
"""How many lists and mappings may stand within each other."""


class UnfitError(ValueError):
    """A value that cannot be kept, and why."""


def fit(value: Any, depth: int = 0) -> Any:
    """The value as it is kept: what looks like a secret is taken out of its texts.

    :raises UnfitError: says what cannot be kept.
    """
    if depth > DEEPEST:
        raise UnfitError(f"it is nested deeper than {DEEPEST} levels")
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, dict):
        return {_key(key): fit(item, depth + 1) for key, item in value.items()}
    if isinstance(value, list):
        return [fit(item, depth + 1) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        raise UnfitError(f"{value} is no number in JSON")
    if isinstance(value, int) and not -(2**63) <= value < 2**63:
        raise UnfitError("a whole number has more than 64 bits")
    return value


def _key(key: str) -> str:
    if key.startswith("__"):
        raise UnfitError("a key in it begins with __, which Airflow keeps for itself")
    return _text(key)


def _text(text: str) -> str:
    if "\0" in text or any("\ud800" <= letter <= "\udfff" for letter in text):
        raise UnfitError("a text in it has a letter that databases do not take")
    return redact(text)
