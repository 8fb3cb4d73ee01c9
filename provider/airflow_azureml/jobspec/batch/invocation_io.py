"""Inputs and outputs of a batch invocation: literals with their JSON type, data, and what a model deployment refuses.

Source: Microsoft Learn, *Create jobs and input data for batch endpoints* (which of them goes with which kind of
deployment); azure-ai-ml 1.35.2, ``_schema/_deployment/batch/batch_job.py``; the published data-plane model for modes.
"""

from __future__ import annotations

import copy
import math
import os
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from airflow_azureml.jobspec.batch.model_rules import KINDS, ModelRules
from airflow_azureml.jobspec.document.document import Located
from airflow_azureml.jobspec.document.messages import show
from airflow_azureml.jobspec.document.requirements import Placeholder
from airflow_azureml.jobspec.grammar.inputs import (
    BUILT_KEYS,
    INPUT_KEYS,
    INPUT_MODES,
    MODEL_TYPES,
    UPSTREAM_KEYS,
    data_uri,
    known_keys,
    not_an_input,
    unknown,
)
from airflow_azureml.jobspec.grammar.literals import EMPTY, is_literal
from airflow_azureml.jobspec.grammar.local_files import datastore
from airflow_azureml.jobspec.grammar.outputs import OUTPUT_KEYS, OUTPUT_MODES
from airflow_azureml.jobspec.grammar.references import ARM_ID, is_reference
from airflow_azureml.jobspec.table.json_values import warn_of_reading
from airflow_azureml.jobspec.table.translator import INVALID, Body, Invalid, Translator
from airflow_azureml.jobspec.table.values import choice, warn_of_base
from airflow_azureml.rest.ids import parse_datastore_path

INPUTS, OUTPUTS = "inputData", "outputData"

NO_INPUT_MODES, NO_OUTPUT_MODES = ("rw_mount",), ("direct",)
"""Modes that the published model of a batch job does not have: azure-ai-ml takes them, and sends no mode of data."""

NAME = re.compile(r"[A-Za-z0-9_]+")


def batch_inputs(located: Located, ctx: Translator, rules: ModelRules) -> Body | Invalid:
    """Read the inputs of an invocation."""
    return _each(located, ctx, lambda item: _input(item, ctx, rules))


def batch_outputs(located: Located, ctx: Translator, rules: ModelRules) -> Body | Invalid:
    """Read the outputs of an invocation."""
    return _each(located, ctx, lambda item: _output(item, ctx, rules))


def _each(located: Located, ctx: Translator, convert: Callable[[Located], Body | Invalid]) -> Body | Invalid:
    if not isinstance(located.value, Mapping):
        return ctx.error(located, f"{show(located.value)} is not a mapping of names.")
    body = {}
    for item in located.items():
        _check_name(item, ctx)
        if item.value is None and located.document.from_python and located.name in ("inputs", "input_data"):
            continue
        body[item.name] = convert(item)
    return INVALID if any(value is INVALID for value in body.values()) else body


def _check_name(located: Located, ctx: Translator) -> None:
    name = located.path[-1]
    if not isinstance(name, str) or not NAME.fullmatch(name):
        better = re.sub(r"[^A-Za-z0-9_]", "_", str(name))
        meant = f" Did you mean {show(better)}?" if better.strip("_") else ""
        ctx.error(located, f"{show(name)} is not a name. Accepted: letters, digits and _.{meant}")


def _input(located: Located, ctx: Translator, rules: ModelRules) -> Body | Invalid:
    value = located.value
    if isinstance(value, str) and is_reference(value):
        return _data(located.within({"path": value}), ctx, rules)
    if is_literal(value):
        rules.take_input(located, "Literal")
        warn_of_reading(located, ctx)
        _warn_of_empty(located, ctx)
        return {"jobInputType": "Literal", "value": value}
    if not isinstance(value, Mapping):
        return not_an_input(located, ctx)
    if (word := _service_word(value, "jobInputType")) is not None:
        rules.take_input(located, _service_kind(word))
        return copy.deepcopy(dict(value))
    data_type = value.get("type")
    if isinstance(data_type, str) and data_type.lower() in LITERALS:
        return _literal(located, ctx, rules, data_type.lower())
    if "path" not in value and ("value" in value or "default" in value) and data_type is None:
        return _literal(located, ctx, rules, None)
    if known_keys(value, INPUT_KEYS):
        return _data(located, ctx, rules)
    return not_an_input(located, ctx)


def _service_word(value: Mapping[str, Any], name: str) -> object:
    """Look up a key that the service's documents spell in camel and in Pascal case; None where it is not there."""
    return next((item for key, item in value.items() if isinstance(key, str) and key.lower() == name.lower()), None)


def _service_kind(word: object) -> str:
    """A type as the service spells it, whatever its case."""
    text = str(word).lower().replace("_", "")
    return next((rest for rest in ("Literal", *KINDS.values()) if rest.lower() == text), str(word))


# -- literals


def _literal(located: Located, ctx: Translator, rules: ModelRules, kind: str | None) -> Body | Invalid:
    """Read ``{type, value}`` or ``{type, default}``; without a type the value keeps the one it has."""
    rules.take_input(located, "Literal")
    keys = ("type", "value", "default")
    unknown(located, ctx, (*keys, *(key for key in BUILT_KEYS if located.document.from_python)))
    value_keys = [key for key in ("value", "default") if located.value.get(key) is not None]
    if len(value_keys) != 1:
        problem = "both value and default are given" if value_keys else "a literal needs a value"
        return ctx.error(located, f"{problem}. Accepted: one of value and default.")
    inner = located.child(value_keys[0])
    if not is_literal(inner.value):
        return not_an_input(inner, ctx)
    if kind in ("number", "integer"):
        warn_of_base(inner, ctx, inner.value)
    elif kind is None:
        warn_of_reading(inner, ctx)
    _warn_of_empty(inner, ctx)
    value = inner.value if kind is None else LITERALS[kind](inner, ctx)
    return INVALID if value is INVALID else {"jobInputType": "Literal", "value": value}


def _warn_of_empty(located: Located, ctx: Translator) -> None:
    """Warn of an empty text, which the service refuses in jobs. That of invocations is sent as azure-ai-ml sends it."""
    if located.value == "":
        ctx.warn(located, EMPTY)


def _string(located: Located, ctx: Translator) -> str:
    warn_of_reading(located, ctx, str(located.value))
    return str(located.value)


def _boolean(located: Located, ctx: Translator) -> bool | Invalid:
    if isinstance(located.value, bool):
        return located.value
    words = {"true": True, "false": False}
    if isinstance(located.value, str) and located.value.lower() in words:
        return words[located.value.lower()]
    return ctx.error(located, f"{show(located.value)} is not a boolean. Accepted: true, false.")


def _integer(located: Located, ctx: Translator) -> int | Invalid:
    found = _finite(located.value)
    if found is None or not found.is_integer():
        return ctx.error(located, f"{show(located.value)} is not an integer.")
    return located.value if isinstance(located.value, int) else int(found)


def _number(located: Located, ctx: Translator) -> float | Invalid:
    """Take a number. azure-ai-ml sends it as a float, a whole one too."""
    found = _finite(located.value)
    return ctx.error(located, f"{show(located.value)} is not a number.") if found is None else found


def _finite(value: Any) -> float | None:
    if isinstance(value, bool):
        return None
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


LITERALS = {"string": _string, "boolean": _boolean, "integer": _integer, "number": _number, "float": _number}
"""The types of literals that the documentation names, and azure-ai-ml's word for float."""


# -- data


def _data(located: Located, ctx: Translator, rules: ModelRules) -> Body | Invalid:
    value, from_python = located.value, located.document.from_python
    unknown(located, ctx, (*INPUT_KEYS, *UPSTREAM_KEYS, *(BUILT_KEYS if from_python else ())))
    data_type = _kind(located, ctx, "uri_folder")
    if data_type is not INVALID:
        rules.take_input(located, KINDS[data_type])
    path = value.get("path")
    if not isinstance(path, str | os.PathLike) or not os.fspath(path):
        return ctx.error(located, "data needs a path.", "path")
    uri = _address(located.child("path").within(os.fspath(path)), ctx, data_type, datastore(located, ctx))
    mode = _mode(located, ctx, INPUT_MODES, NO_INPUT_MODES)
    if data_type is INVALID or uri is INVALID or mode is INVALID:
        return INVALID
    return {"jobInputType": KINDS[data_type], "uri": uri, **({"mode": mode} if mode else {})}


def _address(
    located: Located, ctx: Translator, data_type: str | Invalid, store: str | None
) -> str | Placeholder | Invalid:
    """Turn a path into a uri, or a placeholder; of ARM ids only those of data, models and paths in datastores."""
    arm = ARM_ID.fullmatch(located.value.removeprefix("azureml:"))
    collection = arm[1].lower() if arm is not None else None
    if collection == "datastores" and parse_datastore_path(located.value) is None:
        return ctx.error(
            located, f"{show(located.value)} is a datastore. Accepted: a path in it, …/datastores/NAME/paths/…."
        )
    if collection not in (None, "data", "models", "datastores"):
        return ctx.error(located, f"{show(located.value)} is the id of something in {show(collection)}, not of data.")
    if collection == "models" and data_type not in MODEL_TYPES:
        return ctx.error(located, f"{show(located.value)} is the id of a model, and the input is a {data_type}.")
    return data_uri(located, ctx, data_type, store)


def _kind(located: Located, ctx: Translator, default: str) -> str | Invalid:
    word = located.value.get("type")
    if word is None:
        return default
    if isinstance(word, str) and word.lower() in KINDS:
        return word.lower()
    return ctx.error(located, f"{show(word)} is not a type. Accepted: {', '.join((*KINDS, *LITERALS))}.", "type")


def _mode(located: Located, ctx: Translator, words: Mapping[str, str], unknown: Sequence[str]) -> str | Invalid | None:
    """Read a mode; None for one that the service does not know, with a warning."""
    mode_word = located.value.get("mode")
    if mode_word is None:
        return None
    if isinstance(mode_word, str) and mode_word.lower() in unknown:
        ctx.warn(located.child("mode"), f"a batch job takes no mode {show(mode_word)}: the service's default is used.")
        return None
    accepted = {word: mode for word, mode in words.items() if word not in unknown}
    return choice(accepted, "a mode")(located.child("mode"), ctx)


def _output(located: Located, ctx: Translator, rules: ModelRules) -> Body | Invalid:
    value = {} if located.value is None else located.value
    if not isinstance(value, Mapping):
        return ctx.error(
            located, f"{show(value)} is not an output. Accepted: nothing, or a mapping of type, path, mode."
        )
    if (word := _service_word(value, "jobOutputType")) is not None:
        rules.take_output(located, _service_kind(word))
        return copy.deepcopy(dict(value))
    inner = located.within(value)
    accepted = tuple(key for key in OUTPUT_KEYS if key not in ("name", "version"))
    unknown(inner, ctx, (*accepted, *UPSTREAM_KEYS, *(("description",) if located.document.from_python else ())))
    data_type = _kind(inner, ctx, "uri_folder")
    mode = _mode(inner, ctx, OUTPUT_MODES, NO_OUTPUT_MODES)
    if data_type is not INVALID:
        rules.take_output(located, KINDS[data_type])
    body: Body = {"jobOutputType": "" if data_type is INVALID else KINDS[data_type], **({"mode": mode} if mode else {})}
    if value.get("path") is not None:
        body["uri"] = _place(inner.child("path"), ctx, rules)
    return INVALID if INVALID in (data_type, *body.values()) else body


def _shown(uri: object) -> str:
    """Show an address without its query, which may hold a signature."""
    return show(uri.partition("?")[0] if isinstance(uri, str) else uri)


def _place(located: Located, ctx: Translator, rules: ModelRules) -> str | Invalid:
    """Take the place of an output: a path in a datastore; whether that one is a Blob store only the service knows."""
    uri = located.value
    if isinstance(uri, str) and parse_datastore_path(uri) is not None:
        rules.stores.append((uri, located.problem("")))
        return uri if uri.startswith("azureml://") else uri.removeprefix("azureml:")
    return ctx.error(
        located,
        f"{_shown(uri)} is not a place that a batch endpoint writes to. Accepted: a path in a Blob datastore, "
        "azureml://datastores/NAME/paths/….",
    )
