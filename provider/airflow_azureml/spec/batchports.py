"""Inputs and outputs of a batch invocation: literals with their JSON type, data, and what a model deployment refuses.

Source: Microsoft Learn, *Create jobs and input data for batch endpoints* (which of them goes with which kind of
deployment); azure-ai-ml 1.35.2, ``_schema/_deployment/batch/batch_job.py``; the published data-plane model for modes.
"""

from __future__ import annotations

import copy
import math
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from airflow_azureml.rest.errors import Problem
from airflow_azureml.rest.ids import parse_datastore_path
from airflow_azureml.spec.document import Spot
from airflow_azureml.spec.fields import INVALID, Reading, show, tell_reading
from airflow_azureml.spec.inputs import (
    BUILT_KEYS,
    INPUT_KEYS,
    INPUT_MODES,
    MODEL_TYPES,
    UPSTREAM_KEYS,
    data_uri,
    datastore,
    known_keys,
    not_an_input,
    unknown,
)
from airflow_azureml.spec.literals import EMPTY, is_literal
from airflow_azureml.spec.outputs import OUTPUT_KEYS, OUTPUT_MODES
from airflow_azureml.spec.references import ARM_ID, is_reference
from airflow_azureml.spec.values import choice, tell_base

INPUTS, OUTPUTS = "inputData", "outputData"

KINDS = {
    "uri_folder": "UriFolder",
    "uri_file": "UriFile",
    "mltable": "MLTable",
    "custom_model": "CustomModel",
    "mlflow_model": "MLFlowModel",
    "triton_model": "TritonModel",
}
FOR_MODELS = ("UriFolder", "UriFile")
"""What a model deployment takes and gives."""

NO_INPUT_MODES, NO_OUTPUT_MODES = ("rw_mount",), ("direct",)
"""Modes that the published model of a batch job does not have: azure-ai-ml takes them, and sends no mode of data."""

NAME = re.compile(r"[A-Za-z0-9_]+")


@dataclass
class ModelRules:
    """What has been read, as a model deployment sees it: one data input, no literals, one output, no tables.

    :param stores: paths that outputs go to, each with the place to complain at.
    """

    problems: list[Problem] = field(default_factory=list)
    stores: list[tuple[str, Problem]] = field(default_factory=list)
    data: list[Spot] = field(default_factory=list)
    outputs: list[Spot] = field(default_factory=list)
    others: int = 0

    def take_input(self, spot: Spot, kind: str) -> None:
        """Note an input, by its type in the service's words."""
        if kind == "Literal":
            self.others += 1
            self.problems.append(
                spot.problem("a literal cannot be given to a model deployment. Accepted: one data input.")
            )
        else:
            self.data.append(spot)
            self._check_kind(spot, kind, "takes")

    def take_output(self, spot: Spot, kind: str) -> None:
        """Note an output, by its type in the service's words."""
        self.outputs.append(spot)
        self._check_kind(spot, kind, "gives")

    def _check_kind(self, spot: Spot, kind: str, does: str) -> None:
        if kind not in FOR_MODELS:
            word = next((word for word, rest in KINDS.items() if rest == kind), kind)
            accepted = ", ".join(word for word, rest in KINDS.items() if rest in FOR_MODELS)
            self.problems.append(spot.problem(f"a model deployment {does} no {word}. Accepted: {accepted}."))

    def check_count(self, root: Spot) -> None:
        """Note too many or too few inputs, and too many outputs."""
        if len(self.data) > 1:
            names = ", ".join(spot.name for spot in self.data)
            message = f"a model deployment takes one data input; {len(self.data)} are given: {names}."
            self.problems.append(root.problem(message, "inputs"))
        elif not self.data and not self.others:
            self.problems.append(root.problem("a model deployment takes one data input; none is given.", "inputs"))
        if len(self.outputs) > 1:
            names = ", ".join(spot.name for spot in self.outputs)
            message = f"a model deployment gives one output; {len(self.outputs)} are given: {names}."
            self.problems.append(root.problem(message, "outputs"))


def batch_inputs(spot: Spot, reading: Reading, rules: ModelRules) -> Any:
    """Read the inputs of an invocation."""
    return _each(spot, reading, lambda item: _input(item, reading, rules))


def batch_outputs(spot: Spot, reading: Reading, rules: ModelRules) -> Any:
    """Read the outputs of an invocation."""
    return _each(spot, reading, lambda item: _output(item, reading, rules))


def _each(spot: Spot, reading: Reading, convert: Any) -> Any:
    if not isinstance(spot.value, Mapping):
        return reading.refuse(spot, f"{show(spot.value)} is not a mapping of names.")
    body = {}
    for item in spot.items():
        _check_name(item, reading)
        if item.value is None and spot.document.built and spot.name in ("inputs", "input_data"):
            continue
        body[item.name] = convert(item)
    return INVALID if any(value is INVALID for value in body.values()) else body


def _check_name(spot: Spot, reading: Reading) -> None:
    name = spot.path[-1]
    if not isinstance(name, str) or not NAME.fullmatch(name):
        better = re.sub(r"[^A-Za-z0-9_]", "_", str(name))
        meant = f" Did you mean {show(better)}?" if better.strip("_") else ""
        reading.refuse(spot, f"{show(name)} is not a name. Accepted: letters, digits and _.{meant}")


def _input(spot: Spot, reading: Reading, rules: ModelRules) -> Any:
    value = spot.value
    if isinstance(value, str) and is_reference(value):
        return _data(spot.within({"path": value}), reading, rules)
    if is_literal(value):
        rules.take_input(spot, "Literal")
        tell_reading(spot, reading)
        _tell_empty(spot, reading)
        return {"jobInputType": "Literal", "value": value}
    if not isinstance(value, Mapping):
        return not_an_input(spot, reading)
    if (word := _service_word(value, "jobInputType")) is not None:
        rules.take_input(spot, _service_kind(word))
        return copy.deepcopy(dict(value))
    kind = value.get("type")
    if isinstance(kind, str) and kind.lower() in LITERALS:
        return _literal(spot, reading, rules, kind.lower())
    if "path" not in value and ("value" in value or "default" in value) and kind is None:
        return _literal(spot, reading, rules, None)
    if known_keys(value, INPUT_KEYS):
        return _data(spot, reading, rules)
    return not_an_input(spot, reading)


def _service_word(value: Mapping[str, Any], name: str) -> Any:
    """Look up a key that the service's documents spell in camel and in Pascal case; None where it is not there."""
    return next((item for key, item in value.items() if isinstance(key, str) and key.lower() == name.lower()), None)


def _service_kind(word: Any) -> str:
    """A type as the service spells it, whatever its case."""
    text = str(word).lower().replace("_", "")
    return next((rest for rest in ("Literal", *KINDS.values()) if rest.lower() == text), str(word))


# -- literals


def _literal(spot: Spot, reading: Reading, rules: ModelRules, kind: str | None) -> Any:
    """Read ``{type, value}`` or ``{type, default}``; without a type the value keeps the one it has."""
    rules.take_input(spot, "Literal")
    keys = ("type", "value", "default")
    unknown(spot, reading, (*keys, *(key for key in BUILT_KEYS if spot.document.built)))
    given = [key for key in ("value", "default") if spot.value.get(key) is not None]
    if len(given) != 1:
        what = "both value and default are given" if given else "a literal needs a value"
        return reading.refuse(spot, f"{what}. Accepted: one of value and default.")
    inner = spot.child(given[0])
    if not is_literal(inner.value):
        return not_an_input(inner, reading)
    if kind in ("number", "integer"):
        tell_base(inner, reading, inner.value)
    elif kind is None:
        tell_reading(inner, reading)
    _tell_empty(inner, reading)
    value = inner.value if kind is None else LITERALS[kind](inner, reading)
    return INVALID if value is INVALID else {"jobInputType": "Literal", "value": value}


def _tell_empty(spot: Spot, reading: Reading) -> None:
    """Warn of an empty text, which the service refuses in jobs. That of invocations is sent as azure-ai-ml sends it."""
    if spot.value == "":
        reading.warn(spot, EMPTY)


def _string(spot: Spot, reading: Reading) -> Any:
    tell_reading(spot, reading, str(spot.value))
    return str(spot.value)


def _boolean(spot: Spot, reading: Reading) -> Any:
    if isinstance(spot.value, bool):
        return spot.value
    words = {"true": True, "false": False}
    if isinstance(spot.value, str) and spot.value.lower() in words:
        return words[spot.value.lower()]
    return reading.refuse(spot, f"{show(spot.value)} is not a boolean. Accepted: true, false.")


def _integer(spot: Spot, reading: Reading) -> Any:
    found = _finite(spot.value)
    if found is None or not found.is_integer():
        return reading.refuse(spot, f"{show(spot.value)} is not an integer.")
    return spot.value if isinstance(spot.value, int) else int(found)


def _number(spot: Spot, reading: Reading) -> Any:
    """Take a number. azure-ai-ml sends it as a float, a whole one too."""
    found = _finite(spot.value)
    return reading.refuse(spot, f"{show(spot.value)} is not a number.") if found is None else found


def _finite(value: Any) -> float | None:
    if isinstance(value, bool):
        return None
    try:
        found = float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return found if math.isfinite(found) else None


LITERALS = {"string": _string, "boolean": _boolean, "integer": _integer, "number": _number, "float": _number}
"""The types of literals that the documentation names, and azure-ai-ml's word for float."""


# -- data


def _data(spot: Spot, reading: Reading, rules: ModelRules) -> Any:
    value, built = spot.value, spot.document.built
    unknown(spot, reading, (*INPUT_KEYS, *UPSTREAM_KEYS, *(BUILT_KEYS if built else ())))
    kind = _kind(spot, reading, "uri_folder")
    if kind is not INVALID:
        rules.take_input(spot, KINDS[kind])
    path = value.get("path")
    if not isinstance(path, str | os.PathLike) or not os.fspath(path):
        return reading.refuse(spot, "data needs a path.", "path")
    uri = _address(spot.child("path").within(os.fspath(path)), reading, kind, datastore(spot, reading))
    mode = _mode(spot, reading, INPUT_MODES, NO_INPUT_MODES)
    if INVALID in (kind, uri, mode):
        return INVALID
    return {"jobInputType": KINDS[kind], "uri": uri, **({"mode": mode} if mode else {})}


def _address(spot: Spot, reading: Reading, kind: Any, store: str | None) -> Any:
    """Turn a path into a uri, or a gap; of ARM ids only those of data, models and paths in datastores."""
    arm = ARM_ID.fullmatch(spot.value.removeprefix("azureml:"))
    collection = arm[1].lower() if arm is not None else None
    if collection == "datastores" and parse_datastore_path(spot.value) is None:
        return reading.refuse(
            spot, f"{show(spot.value)} is a datastore. Accepted: a path in it, …/datastores/NAME/paths/…."
        )
    if collection not in (None, "data", "models", "datastores"):
        return reading.refuse(spot, f"{show(spot.value)} is the id of something in {show(collection)}, not of data.")
    if collection == "models" and kind not in MODEL_TYPES:
        return reading.refuse(spot, f"{show(spot.value)} is the id of a model, and the input is a {kind}.")
    return data_uri(spot, reading, kind, store)


def _kind(spot: Spot, reading: Reading, default: str) -> Any:
    given = spot.value.get("type")
    if given is None:
        return default
    if isinstance(given, str) and given.lower() in KINDS:
        return given.lower()
    return reading.refuse(spot, f"{show(given)} is not a type. Accepted: {', '.join((*KINDS, *LITERALS))}.", "type")


def _mode(spot: Spot, reading: Reading, words: Mapping[str, str], unknown: Sequence[str]) -> Any:
    """Read a mode; None for one that the service does not know, with a warning."""
    given = spot.value.get("mode")
    if given is None:
        return None
    if isinstance(given, str) and given.lower() in unknown:
        reading.warn(spot.child("mode"), f"a batch job has no mode {show(given)}; the service's own default is taken.")
        return None
    accepted = {word: mode for word, mode in words.items() if word not in unknown}
    return choice(accepted, "a mode")(spot.child("mode"), reading)


def _output(spot: Spot, reading: Reading, rules: ModelRules) -> Any:
    value = {} if spot.value is None else spot.value
    if not isinstance(value, Mapping):
        return reading.refuse(
            spot, f"{show(value)} is not an output. Accepted: nothing, or a mapping of type, path, mode."
        )
    if (word := _service_word(value, "jobOutputType")) is not None:
        rules.take_output(spot, _service_kind(word))
        return copy.deepcopy(dict(value))
    inner = spot.within(value)
    accepted = tuple(key for key in OUTPUT_KEYS if key not in ("name", "version"))
    unknown(inner, reading, (*accepted, *UPSTREAM_KEYS, *(("description",) if spot.document.built else ())))
    kind = _kind(inner, reading, "uri_folder")
    mode = _mode(inner, reading, OUTPUT_MODES, NO_OUTPUT_MODES)
    if kind is not INVALID:
        rules.take_output(spot, KINDS[kind])
    body = {"jobOutputType": KINDS.get(kind, ""), **({"mode": mode} if mode else {})}
    if value.get("path") is not None:
        body["uri"] = _place(inner.child("path"), reading, rules)
    return INVALID if INVALID in (kind, *body.values()) else body


def _shown(given: Any) -> str:
    """Show an address without its query, which may hold a signature."""
    return show(given.partition("?")[0] if isinstance(given, str) else given)


def _place(spot: Spot, reading: Reading, rules: ModelRules) -> Any:
    """Take the place of an output: a path in a datastore; whether that one is a Blob store only the service knows."""
    given = spot.value
    if isinstance(given, str) and parse_datastore_path(given) is not None:
        rules.stores.append((given, spot.problem("")))
        return given if given.startswith("azureml://") else given.removeprefix("azureml:")
    return reading.refuse(
        spot,
        f"{_shown(given)} is no place that a batch endpoint writes to. Accepted: a path in a Blob datastore, "
        "azureml://datastores/NAME/paths/….",
    )
