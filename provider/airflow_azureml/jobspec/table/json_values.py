"""Values and keys of YAML as JSON has them, and warnings where that is not what was written."""

from __future__ import annotations

import datetime
import math
from collections.abc import Mapping
from typing import Any, overload

from airflow_azureml.jobspec.document.document import Located
from airflow_azureml.jobspec.document.messages import show
from airflow_azureml.jobspec.document.notation import described, moment
from airflow_azureml.jobspec.table.translator import INVALID, Invalid, Json, Translator


def anything(located: Located, ctx: Translator) -> Json | Invalid:
    """Take any value that JSON has; INVALID for one that holds something else, wherever it is."""
    value = located.value
    if isinstance(value, Mapping):
        body = {json_key(item, ctx): anything(item, ctx) for item in located.items()}
        found = {key: item for key, item in body.items() if item is not INVALID}
        return found if len(found) == len(body) else INVALID
    if isinstance(value, (list, tuple)):
        items = [anything(item, ctx) for item in located.items()]
        valid = [item for item in items if item is not INVALID]
        return valid if len(valid) == len(items) else INVALID
    if value is None or isinstance(value, (str, bool, int)) or (isinstance(value, float) and math.isfinite(value)):
        warn_of_reading(located, ctx)
        return value
    if isinstance(value, (datetime.date, datetime.time)):
        warn_of_reading(located, ctx)
        return moment(value)
    return ctx.error(located, f"{show(value)} cannot be sent as JSON; write it as a string in quotes.")


def filled(located: Located, ctx: Translator) -> Json | Invalid:
    """Take any value but an empty one."""
    return ctx.error(located, "the value is empty.") if located.value is None else anything(located, ctx)


def key_text(key: object) -> str | None:
    """Write a key as JSON does; None for what cannot be one."""
    if isinstance(key, str):
        return key
    if key is None or isinstance(key, bool):
        return "null" if key is None else str(key).lower()
    return str(key) if isinstance(key, (int, float)) and math.isfinite(key) else None


def json_key(located: Located, ctx: Translator) -> str:
    """Write the key of a value as JSON does, and warn where it was written in another way."""
    name = key_text(located.path[-1])
    place = located.document.places.get(located.path)
    if name is not None and place is not None and place.key is not None:
        what = described(place.key, located.path[-1])
        ctx.warn(located, f'YAML reads the key {place.key} as {what}: {show(name)} is sent. Write "{place.key}".')
    return name or located.name


def warn_of_reading(located: Located, ctx: Translator, sent: object = None) -> None:
    """Warn of a value that was written in another way than it is sent.

    :param sent: what is sent; by default the value.
    """
    written = located.written
    if written is None:
        return
    sent = located.value if sent is None else sent
    sent = moment(sent) if isinstance(sent, (datetime.date, datetime.time)) else sent
    what = described(written, located.value)
    ctx.warn(
        located,
        f"YAML reads {written} as {what}: {show(sent)} is sent. "
        f'Write "{written}" in quotes to send it as it is written.',
    )


@overload
def without_empty(value: Mapping[str, Any]) -> dict[str, Any]: ...


@overload
def without_empty(value: object) -> object: ...


def without_empty(value: object) -> object:
    """Leave out nulls and empty mappings wherever they are, in lists too.

    Source: azure-ai-ml 1.35.2, ``convert_ordered_dict_to_dict``.
    """
    if isinstance(value, (dict, Mapping)):  # the former is checked much faster
        kept: dict[str, Any] = {}
        for key, item in value.items():
            if isinstance(item, (str, int)):
                kept[key] = item
            elif (full := without_empty(item)) is not None and full != {}:
                kept[key] = full
        return kept
    if isinstance(value, list):
        return [item for item in map(without_empty, value) if item is not None and item != {}]
    return value
