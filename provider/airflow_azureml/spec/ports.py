"""What a component declares to take and give: ports with types, defaults and limits, and their form in its spec.

Source: azure-ai-ml 1.35.2, ``_schema/component/input_output.py`` and ``entities/_inputs_outputs/``.
"""

from __future__ import annotations

import datetime
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from airflow_azureml.spec.document import Spot
from airflow_azureml.spec.fields import INVALID, Field, Reading, anything, show, tell_reading, walk
from airflow_azureml.spec.inputs import TYPES
from airflow_azureml.spec.values import listed, number, tell_base, text, truth

PARAMETERS = ("number", "integer", "boolean", "string")
PORTS = ("path", *TYPES)
MODES = (
    *("mount", "ro_mount", "rw_mount", "download", "upload", "direct", "eval_mount", "eval_download"),
    *("hdfs", "link"),
)
EMPTY_DEFAULT = (
    'an empty default is none to Azure ML: a job that leaves the input out fails ("Assignment for parameter … is not '
    'specified"). Make the input optional, or give a word that the script takes for nothing, such as "none".'
)
"""Source: Azure/azure-sdk-for-python#38892."""

NAME = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*(\.[a-zA-Z_][a-zA-Z0-9_]*)*")


@dataclass(frozen=True)
class Port:
    """One declared input or output.

    :param required: an input that must be given: neither optional nor with a default.
    :param default: of an input, as the spec carries it.
    """

    type: str
    mode: str | None = None
    required: bool = False
    optional: bool = False
    default: str | None = None
    description: str | None = None


Ports = Mapping[str, Port]


def _exactly(words: tuple[str, ...], what: str) -> Any:
    """Make a converter for one of some words, whose case counts."""

    def convert(spot: Spot, reading: Reading) -> Any:
        if spot.value in words:
            return spot.value
        return reading.refuse(spot, f"{show(spot.value)} is not {what}. Accepted: {', '.join(words)}.")

    return convert


def _scalar(spot: Spot, reading: Reading) -> Any:
    """Take a default or a limit: a text, a number or a truth value."""
    return spot.value if isinstance(spot.value, bool) else _limit(spot, reading)


def _limit(spot: Spot, reading: Reading) -> Any:
    if isinstance(spot.value, str):
        return spot.value
    if isinstance(spot.value, (datetime.date, datetime.time)):
        return text(spot, reading)
    bad = number(spot, Reading(reading.workspace)) is INVALID
    return number(spot, reading) if bad else spot.value


_TYPE = Field("type", "type", text, required=True)
_PARAMETER = (
    _TYPE,
    Field("optional", "optional", truth),
    Field("default", "default", _scalar),
    Field("description", "description", text),
    Field("max", "max", _limit),
    Field("min", "min", _limit),
    Field("enum", "enum", listed(text)),
)
_INPUT = (
    _TYPE,
    Field("description", "description", text),
    Field("optional", "optional", truth),
    Field("default", "default", text),
    Field("mode", "mode", _exactly(MODES, "a mode")),
)
_OUTPUT = (_TYPE, Field("description", "description", text), Field("mode", "mode", _exactly(MODES, "a mode")))

_PRIMITIVE = (*_OUTPUT, Field("early_available", "early_available", anything))
"""An output that is a number, a text or a truth value."""


def inputs(spot: Spot, reading: Reading) -> tuple[dict[str, Port], dict[str, Any]]:
    """Read the declared inputs: the ports, and their form in the spec."""
    return _read(spot, reading, _one_input)


def outputs(spot: Spot, reading: Reading, primitive: bool) -> tuple[dict[str, Port], dict[str, Any]]:
    """Read the declared outputs.

    :param primitive: whether numbers and texts may be outputs, which they may of commands and pipelines.
    """
    return _read(spot, reading, lambda item, r: _one_output(item, r, primitive))


def dotted(spot: Spot, reading: Reading) -> None:
    """Check the name of an input or output of a pipeline or node, which may have dots."""
    if not isinstance(spot.path[-1], str) or not NAME.fullmatch(spot.path[-1]):
        reading.refuse(spot, f"{show(spot.path[-1])} is not a name. Accepted: letters, digits and _, dots between.")


def _read(spot: Spot, reading: Reading, convert: Any) -> tuple[dict[str, Port], dict[str, Any]]:
    ports: dict[str, Port] = {}
    spec: dict[str, Any] = {}
    if not isinstance(spot.value, Mapping):
        reading.refuse(spot, f"{show(spot.value)} is not a mapping of names.")
        return ports, spec
    for item in spot.items():
        if not isinstance(item.path[-1], str) or not NAME.fullmatch(item.path[-1]):
            reading.refuse(
                item, f"{show(item.path[-1])} is not a name. Accepted: letters, digits and _, no digit first."
            )
        elif item.name.lower() in {name.lower() for name in ports}:
            reading.refuse(item, f"{show(item.name)} differs from another name by its case alone.")
        elif not isinstance(item.value, Mapping):
            reading.refuse(item, f"{show(item.value)} is not a mapping. Accepted: a mapping with a type.")
        else:
            body = convert(item, reading)
            if body:
                spec[item.name] = body
                required = not body.get("optional") and "default" not in body
                optional = bool(body.get("optional"))
                default, about = body.get("default"), body.get("description")
                ports[item.name] = Port(body["type"], body.get("mode"), required, optional, default, about)
    return ports, spec


def _one_input(spot: Spot, reading: Reading) -> dict[str, Any]:
    kind = spot.value.get("type")
    if kind in PARAMETERS:
        return _parsed(spot, reading, walk(_PARAMETER, spot, reading))
    if not _known(spot, reading, (*PARAMETERS, *PORTS)):
        return {}
    body = walk(_INPUT, spot, reading)
    if "default" in body:
        reading.refuse(spot, f"an input of type {kind} has no default.", "default")
    return body


def _one_output(spot: Spot, reading: Reading, primitive: bool) -> dict[str, Any]:
    if primitive and spot.value.get("type") in PARAMETERS:
        rest = [key for key in spot.value if key not in {row.name for row in _PRIMITIVE}]
        for key in rest:
            reading.warn(spot.child(key), f"{show(key)} is not known here; it is not sent.")
        return walk(_PRIMITIVE, spot, reading, extra=rest)
    if not _known(spot, reading, (*PORTS, *(PARAMETERS if primitive else ()))):
        return {}
    return walk(_OUTPUT, spot, reading)


def _known(spot: Spot, reading: Reading, accepted: tuple[str, ...]) -> bool:
    kind = spot.value.get("type")
    if kind not in accepted:
        given = "the type is required" if kind is None else f"{show(kind)} is not a type"
        reading.refuse(spot, f"{given}. Accepted: {', '.join(accepted)}.", "type")
    return kind in accepted


def _parsed(spot: Spot, reading: Reading, body: dict[str, Any]) -> dict[str, Any]:
    """Read default and limits as values of the port's type; the spec carries them as texts."""
    for key in ("default", "min", "max"):
        if key not in body:
            continue
        if key != "default" and body["type"] not in ("number", "integer"):
            reading.refuse(spot, f"a {body['type']} has no {key}.", key)
            continue
        try:
            sent = parameter(body["type"], body[key])
        except (ValueError, OverflowError):
            reading.refuse(spot, f"{show(body[key])} is not a value of type {body['type']}.", key)
            continue
        if body["type"] == "string":
            tell_reading(spot.child(key), reading, sent)
        elif body["type"] != "boolean":
            tell_base(spot.child(key), reading, sent)
            if Decimal(sent) != Decimal(str(body[key])):
                reading.warn(spot.child(key), f"{show(body[key])} is sent as {sent}: it is of type {body['type']}.")
        body[key] = sent
    if body.get("default") == "" and not body.get("optional"):
        reading.warn(spot.child("default"), EMPTY_DEFAULT)
    return body


def _whole(value: Any) -> int:
    """Read a text or a fraction as a whole number; ``1e3`` is one."""
    try:
        return int(value) if isinstance(value, str) else int(float(value))
    except ValueError:
        return int(float(value))


def parameter(kind: str, value: Any) -> str:
    """Write a value of a parameter as a spec carries it: ``5`` as a number is ``5.0``.

    :raises ValueError: it is none of that type.
    """
    if isinstance(value, bool) and kind in {"integer", "number"}:
        raise ValueError
    if kind == "integer":
        return str(value if isinstance(value, int) else _whole(value))
    if kind == "number":
        if not math.isfinite(float(value)):
            raise ValueError
        return str(float(value))
    if kind == "boolean":
        if str(value).lower() not in {"true", "false"}:
            raise ValueError
        return str(str(value).lower() == "true")
    return str(value)
