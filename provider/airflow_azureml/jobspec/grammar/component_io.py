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

from airflow_azureml.jobspec.document.document import Located
from airflow_azureml.jobspec.document.messages import show
from airflow_azureml.jobspec.grammar.inputs import TYPES
from airflow_azureml.jobspec.table.convert import by_type, convert_mapping
from airflow_azureml.jobspec.table.field import Field, MappingConvert
from airflow_azureml.jobspec.table.json_values import anything, warn_of_reading
from airflow_azureml.jobspec.table.translator import INVALID, Body, Invalid, Translator
from airflow_azureml.jobspec.table.values import choice, listed, number, text, truth, warn_of_base

PARAMETERS = ("number", "integer", "boolean", "string")
PORTS = ("path", *TYPES)
MODES = ("mount", "ro_mount", "rw_mount", "download", "upload", "direct", "eval_mount", "eval_download", "link")
EMPTY_DEFAULT = (
    'Azure ML ignores an empty default: a job that omits the input fails ("Assignment for parameter … is not '
    'specified"). Make the input optional, or give a word that the script treats as empty, such as "none".'
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


def _scalar(located: Located, ctx: Translator) -> str | bool | int | float | Invalid:
    """Take a default or a limit: a text, a number or a truth value."""
    return located.value if isinstance(located.value, bool) else _limit(located, ctx)


def _limit(located: Located, ctx: Translator) -> str | int | float | Invalid:
    if isinstance(located.value, str):
        return located.value
    if isinstance(located.value, (datetime.date, datetime.time)):
        return text(located, ctx)
    unreadable = number(located, Translator(ctx.workspace)) is INVALID
    return number(located, ctx) if unreadable else located.value


_MODE = choice({word: word for word in MODES}, "a mode", fold=str)
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
    Field("mode", "mode", _MODE),
)
_OUTPUT = (_TYPE, Field("description", "description", text), Field("mode", "mode", _MODE))

_PRIMITIVE = (*_OUTPUT, Field("early_available", "early_available", anything))
"""An output that is a number, a text or a truth value."""


def _parameter(located: Located, ctx: Translator) -> Body:
    return _parsed(located, ctx, convert_mapping(_PARAMETER, located, ctx))


def _data_input(located: Located, ctx: Translator) -> Body:
    body = convert_mapping(_INPUT, located, ctx)
    if "default" in body:
        ctx.error(located, f"an input of type {located.value['type']} has no default.", "default")
    return body


def _data_output(located: Located, ctx: Translator) -> Body:
    return convert_mapping(_OUTPUT, located, ctx)


def _primitive_output(located: Located, ctx: Translator) -> Body:
    unknown = [key for key in located.value if key not in {row.name for row in _PRIMITIVE}]
    for key in unknown:
        ctx.warn(located.child(key), f"unknown key {show(key)}: not sent.")
    return convert_mapping(_PRIMITIVE, located, ctx, extra=unknown)


_ANY_INPUT = by_type({**dict.fromkeys(PARAMETERS, _parameter), **dict.fromkeys(PORTS, _data_input)}, "an input", str)
_ANY_DATA = by_type(dict.fromkeys(PORTS, _data_output), "an output", str)
_ANY_OUTPUT = by_type(
    {**dict.fromkeys(PORTS, _data_output), **dict.fromkeys(PARAMETERS, _primitive_output)}, "an output", str
)


def inputs(located: Located, ctx: Translator) -> tuple[dict[str, Port], dict[str, Any]]:
    """Read the declared inputs: the ports, and their form in the spec."""
    return _read(located, ctx, _ANY_INPUT)


def outputs(located: Located, ctx: Translator, primitive: bool) -> tuple[dict[str, Port], dict[str, Any]]:
    """Read the declared outputs.

    :param primitive: whether numbers and texts may be outputs, which they may of commands and pipelines.
    """
    return _read(located, ctx, _ANY_OUTPUT if primitive else _ANY_DATA)


def dotted(located: Located, ctx: Translator) -> None:
    """Check the name of an input or output of a pipeline or node, which may have dots."""
    if not isinstance(located.path[-1], str) or not NAME.fullmatch(located.path[-1]):
        ctx.error(located, f"{show(located.path[-1])} is not a name. Accepted: letters, digits and _, dots between.")


def _read(located: Located, ctx: Translator, convert: MappingConvert) -> tuple[dict[str, Port], dict[str, Any]]:
    ports: dict[str, Port] = {}
    spec: dict[str, Any] = {}
    if not isinstance(located.value, Mapping):
        ctx.error(located, f"{show(located.value)} is not a mapping of names.")
        return ports, spec
    for entry in located.items():
        if not isinstance(entry.path[-1], str) or not NAME.fullmatch(entry.path[-1]):
            ctx.error(entry, f"{show(entry.path[-1])} is not a name. Accepted: letters, digits and _, no digit first.")
        elif entry.name.lower() in {name.lower() for name in ports}:
            ctx.error(entry, f"{show(entry.name)} differs from another name by its case alone.")
        elif not isinstance(entry.value, Mapping):
            ctx.error(entry, f"{show(entry.value)} is not a mapping. Accepted: a mapping with a type.")
        else:
            body = convert(entry, ctx)
            if body is not INVALID and body:
                spec[entry.name] = body
                required = not body.get("optional") and "default" not in body
                optional = bool(body.get("optional"))
                default, description = body.get("default"), body.get("description")
                ports[entry.name] = Port(body["type"], body.get("mode"), required, optional, default, description)
    return ports, spec


def _parsed(located: Located, ctx: Translator, body: dict[str, Any]) -> dict[str, Any]:
    """Read default and limits as values of the port's type; the spec carries them as texts."""
    for key in ("default", "min", "max"):
        if key not in body:
            continue
        if key != "default" and body["type"] not in ("number", "integer"):
            ctx.error(located, f"a {body['type']} has no {key}.", key)
            continue
        try:
            sent = parameter(body["type"], body[key])
        except (ValueError, OverflowError):
            ctx.error(located, f"{show(body[key])} is not a value of type {body['type']}.", key)
            continue
        if body["type"] == "string":
            warn_of_reading(located.child(key), ctx, sent)
        elif body["type"] != "boolean":
            warn_of_base(located.child(key), ctx, sent)
            if Decimal(sent) != Decimal(str(body[key])):
                ctx.warn(located.child(key), f"{show(body[key])} is sent as {sent}: it is of type {body['type']}.")
        body[key] = sent
    if body.get("default") == "" and not body.get("optional"):
        ctx.warn(located.child("default"), EMPTY_DEFAULT)
    return body


def _whole(value: Any) -> int:
    """Read a text or a fraction as a whole number; ``1e3`` is one."""
    try:
        return int(value) if isinstance(value, str) else int(float(value))
    except ValueError:
        return int(float(value))


def parameter(type_name: str, value: Any) -> str:
    """Write a value of a parameter as a spec carries it: ``5`` as a number is ``5.0``.

    :raises ValueError: it is none of that type.
    """
    if isinstance(value, bool) and type_name in {"integer", "number"}:
        raise ValueError
    if type_name == "integer":
        return str(value if isinstance(value, int) else _whole(value))
    if type_name == "number":
        if not math.isfinite(float(value)):
            raise ValueError
        return str(float(value))
    if type_name == "boolean":
        if str(value).lower() not in {"true", "false"}:
            raise ValueError
        return str(str(value).lower() == "true")
    return str(value)
