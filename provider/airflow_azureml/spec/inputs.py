"""Inputs and their modes: the one grammar of the CLI, as a job of its own takes it.

Source: azure-ai-ml 1.35.2, ``_schema/job/input_output_entry.py``, ``entities/_job/_input_output_helpers.py`` and
``operations/_job_operations.py`` (``_resolve_job_input``).
"""

from __future__ import annotations

import json
import os.path
import re
from collections.abc import Collection, Mapping
from typing import Any

from airflow_azureml.spec.document import Spot
from airflow_azureml.spec.fields import INVALID, Reading, nearest, show
from airflow_azureml.spec.literals import is_literal, tell_literal
from airflow_azureml.spec.needs import Gap
from airflow_azureml.spec.references import (
    ARM_ID,
    PREFIXES,
    VERSION_ID,
    asset,
    is_binding,
    is_url,
    local,
    not_local,
)
from airflow_azureml.spec.tables import warn_of_no_table

NAME = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
"""What an input or output may be called."""

ASSET_NAME = re.compile(r"[A-Za-z0-9_-]{1,255}")

DATA_TYPES, TABLE_TYPES = ("uri_file", "uri_folder"), ("mltable",)
MODEL_TYPES = ("custom_model", "mlflow_model", "triton_model")
TYPES = (*DATA_TYPES, *TABLE_TYPES, *MODEL_TYPES)
LITERAL_TYPES = ("string", "integer", "number", "boolean")

INPUT_MODES = {
    "ro_mount": "ReadOnlyMount",
    "rw_mount": "ReadWriteMount",
    "mount": "ReadOnlyMount",
    "download": "Download",
    "direct": "Direct",
    "eval_mount": "EvalMount",
    "eval_download": "EvalDownload",
}

PLAIN_MODES = ("ro_mount", "download", "direct")
"""What Microsoft's YAML schema takes for every type; a job built by program may use all."""
TABLE_MODES = (*PLAIN_MODES, "eval_mount", "eval_download")

INPUT_KEYS = ("type", "path", "mode", "datastore", "path_on_compute")
UPSTREAM_KEYS = ("https_url", "abfss_url", "asset_id")
"""What the result of an upstream task carries besides, and is not sent."""
BUILT_KEYS = ("description", "optional", "default", "min", "max", "enum", "name", "version")
"""What an ``Input`` object of azure-ai-ml carries besides."""


def inputs(spot: Spot, reading: Reading) -> Any:
    """Read the inputs of a job."""
    return each_named(spot, reading, job_input)


def each_named(spot: Spot, reading: Reading, convert: Any) -> Any:
    """Read a mapping of names, each value by ``convert``, which gives back None for what sends nothing."""
    if not isinstance(spot.value, Mapping):
        return reading.refuse(spot, f"{show(spot.value)} is not a mapping of names.")
    body = {}
    for item in spot.items():
        named(item, reading)
        converted = convert(item, reading)
        if converted is not None:
            body[item.name] = converted if isinstance(item.path[-1], str) else INVALID
    return INVALID if any(value is INVALID for value in body.values()) else body


def named(spot: Spot, reading: Reading) -> None:
    """Check the name of an input or output."""
    if not isinstance(spot.path[-1], str) or not NAME.fullmatch(spot.path[-1]):
        reading.refuse(spot, f"{show(spot.path[-1])} is not a name. Accepted: letters, digits and _, no digit first.")


def job_input(spot: Spot, reading: Reading, kind: str = "string") -> Any:
    """Read one input; gives back None for one that is declared without a value.

    ``{value: …}`` is the value. (Microsoft's schema tries a truth value before a number there, so that 1 becomes
    ``True``, and a whole number before a fraction, of which nothing is left: 0.5 becomes 0.)

    :param kind: the type of literals that is wanted here, as far as it is known.
    """
    value = spot.value
    if isinstance(value, Mapping) and set(value) == {"value"}:
        inner = spot.child("value")
        return job_input(inner, reading, kind) if is_literal(inner.value) else not_an_input(inner, reading)
    if is_literal(value):
        tell_literal(spot, reading, kind)
        return {reading.key("jobInputType"): "literal", "value": str(value)}
    if isinstance(value, Mapping) and known_keys(value, INPUT_KEYS):
        return _data(spot, reading)
    return not_an_input(spot, reading)


def known_keys(value: Mapping[str, Any], keys: Collection[str]) -> bool:
    """Tell data (a mapping with keys of ours, or nothing) from a mapping meant as a literal."""
    return not value or any(key in keys for key in value)


def not_an_input(spot: Spot, reading: Reading) -> Any:
    """Refuse what is neither a literal nor data, with a way out."""
    value = spot.value
    if value is None:
        return reading.refuse(
            spot, "an empty value is not an input. Accepted: a text, number or truth value, or data with a path."
        )
    if isinstance(value, (Mapping, list, tuple)):
        name = spot.name if not (spot.name == "value" and len(spot.path) > 2) else str(spot.path[-2])
        try:
            text = json.dumps(_masked(value))
        except (TypeError, ValueError):
            text = "…"
        text = text if len(text) <= 200 else text[:197] + "..."
        what = "mapping" if isinstance(value, Mapping) else "list"
        return reading.refuse(
            spot,
            f"the input {show(name)} is a {what} as a literal. Pass it as one text and parse that in the script; "
            f"json.dumps gives {text!r}. Accepted: a text, number or truth value, or data with a path.",
        )
    return reading.refuse(spot, f"{show(value)} is not an input. Write it as text in quotes.")


SECRET = re.compile(r"passw(or)?d|pwd|secret|token|credential|(api|account|access|private)_?key", re.IGNORECASE)
"""Names of what is not written into a message."""


def _masked(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: "***" if SECRET.search(str(key)) else _masked(item) for key, item in value.items()}
    return [_masked(item) for item in value] if isinstance(value, (list, tuple)) else value


def _data(spot: Spot, reading: Reading) -> Any:
    value, built = spot.value, spot.document.built
    typed = value.get("type") in LITERAL_TYPES or "value" in value or "default" in value
    if typed and not built and "path" not in value:
        return reading.refuse(spot, f"a literal is written alone, as {spot.name}: 1. A mapping is data, with a path.")
    kind = input_type(spot, reading)
    unknown(spot, reading, (*INPUT_KEYS, *UPSTREAM_KEYS, *(BUILT_KEYS if built else ())))
    mode = input_mode(spot, reading, kind)
    _on_compute(spot, reading, kind)
    path = value.get("path")
    if built and not _fits(spot, reading, kind):
        return INVALID
    if kind in LITERAL_TYPES:
        if value.get("default") is not None:
            given = show(value["default"])
            reading.warn(spot, f"an input of a job has no default: {given} is not sent. Give the value alone.")
        return None
    if not isinstance(path, (str, os.PathLike)) or not os.fspath(path):
        wrong = f"{show(path)} is not a path." if "path" in value else "data needs a path."
        return reading.refuse(spot, f"{wrong} Accepted: azureml:NAME:VERSION, an address, a local path.", "path")
    where = spot.child("path").within(os.fspath(path))
    uri = data_uri(where, reading, kind, datastore(spot, reading)) if built or _writable(where, reading) else INVALID
    if INVALID in (kind, mode, uri):
        return INVALID
    return data_body(uri, kind, mode, reading)


def _fits(spot: Spot, reading: Reading, kind: Any) -> bool:
    """Refuse what an ``Input`` of its type cannot have, and a literal that is only declared.

    Source: azure-ai-ml 1.35.2, ``Input._validate_parameter_combinations`` and ``BaseNode._validate_inputs``.
    """
    value = spot.value
    numeric = ("min", "max") if kind in ("integer", "number", "triton_model") else ()
    refused = ("path", "mode") if kind in LITERAL_TYPES else ("default",)
    for key in (*refused, *(key for key in ("min", "max") if key not in numeric)):
        if value.get(key) is not None:
            reading.refuse(spot, f"an input of type {kind} has no {key}.", key)
            return False
    if kind in LITERAL_TYPES and value.get("default") is None and not value.get("optional"):
        reading.refuse(spot, f"the input {show(spot.name)} is declared as a {kind} and has no value.")
        return False
    try:
        {"integer": int, "number": float}.get(kind, str)(value.get("default") or 0)
    except (ValueError, TypeError):
        reading.refuse(spot, f"{show(value['default'])} is not a value of type {kind}.", "default")
        return False
    return True


def _writable(spot: Spot, reading: Reading) -> bool:
    """Refuse the forms of a path that Microsoft's client cannot read in the inputs of a job's YAML."""
    given: str = spot.value
    if given.startswith(PREFIXES) and not is_url(given):
        not_local(spot, reading)
    elif given.lower().startswith("azureml:/subscriptions/") and not VERSION_ID.match(given.removeprefix("azureml:")):
        accepted = "Accepted after azureml: /subscriptions/…/versions/VERSION. Other ids are written without azureml:"
        reading.refuse(spot, f"{show(given)} is not the id of an asset's version. {accepted}.")
    else:
        return True
    return False


def data_body(uri: Any, kind: str, mode: str | None, reading: Reading) -> dict[str, Any]:
    """Make the service's words for data. The mode of a binding is only sent in a pipeline."""
    modes = {"mode": INPUT_MODES[mode]} if mode else {}
    if is_binding(uri):
        return {reading.key("jobInputType"): "literal", "value": uri, **(modes if reading.snake else {})}
    return {reading.key("jobInputType"): kind, "uri": uri, **modes}


def unknown(spot: Spot, reading: Reading, keys: Collection[str]) -> None:
    """Refuse keys that are not known."""
    for key in spot.value:
        if key not in keys:
            reading.refuse(
                spot, f"{show(key)} is not known here.{nearest(key, [k for k in keys if k not in UPSTREAM_KEYS])}", key
            )


def input_type(spot: Spot, reading: Reading) -> Any:
    """Read the type of an input; uri_folder when there is none."""
    given, built = spot.value.get("type"), spot.document.built
    if given is None and ("type" not in spot.value or built):
        return "uri_folder"
    if isinstance(given, str) and given.lower() in (*TYPES, *(LITERAL_TYPES if built else ())):
        return given.lower()
    return reading.refuse(spot, f"{show(given)} is not a type of data. Accepted: {', '.join(TYPES)}.", "type")


def input_mode(spot: Spot, reading: Reading, kind: Any) -> Any:
    """Read the mode of an input; None when there is none."""
    given, built = spot.value.get("mode"), spot.document.built
    if given is None and ("mode" not in spot.value or built):
        return None
    evaluated = kind in TABLE_TYPES or "type" not in spot.value
    accepted = tuple(INPUT_MODES) if built else TABLE_MODES if evaluated else PLAIN_MODES
    if isinstance(given, str) and given.lower() in accepted:
        return given.lower()
    return reading.refuse(spot, f"{show(given)} is not a mode of {kind}. Accepted: {', '.join(accepted)}.", "mode")


def _on_compute(spot: Spot, reading: Reading, kind: Any) -> None:
    """Check ``path_on_compute``, which is not sent. Microsoft's schema wants a path that is there on this machine."""
    given, files = spot.value.get("path_on_compute"), spot.document.files
    if "path_on_compute" not in spot.value or spot.document.built:
        return
    if kind in MODEL_TYPES:
        reading.refuse(spot, f'"path_on_compute" is not known for {kind}.', "path_on_compute")
    elif not isinstance(given, str) or files.kind(files.locate(given, spot.place.folder)) is None:
        reading.refuse(spot, f"{show(given)} is not a local path that exists.", "path_on_compute")
    else:
        reading.warn(spot.child("path_on_compute"), '"path_on_compute" of an input is not sent: it has no effect.')


def datastore(spot: Spot, reading: Reading) -> str | None:
    """Read the name of the datastore to upload to; an empty text is the workspace's own."""
    given = spot.value.get("datastore")
    if given == "" or (given is None and ("datastore" not in spot.value or spot.document.built)):
        return None
    if not isinstance(given, str) or not given.removeprefix("azureml:"):
        reading.refuse(spot, f"{show(given)} is not a datastore. Accepted: azureml:NAME.", "datastore")
        return None
    return given.removeprefix("azureml:").rpartition("/datastores/")[2]


def data_uri(spot: Spot, reading: Reading, kind: Any, store: str | None) -> Any:
    """Turn the path of an input into a uri, or a gap for an upload or a label."""
    given = spot.value
    text = given.removeprefix("azureml:") if not given.startswith("azureml://") else given
    if is_binding(given) or is_url(given) or (text.startswith("/subscriptions/") and ARM_ID.fullmatch(text)):
        return text
    if not (given.startswith((".", "/", "~", *PREFIXES))) and (":" in given or "@" in given):
        return asset("models" if kind in MODEL_TYPES else "data", given, spot, reading)
    gap = local("data", given, spot, reading, store)
    if gap is INVALID or kind is INVALID:
        return INVALID
    folder = gap.need.bundle.is_folder
    if kind in TABLE_TYPES:
        warn_of_no_table(gap.need.source, spot, reading)
    if kind == "uri_file" and folder:
        message = f"{show(given)} is a folder, and the input is a uri_file. Give a file, or type: uri_folder."
        if os.path.isabs(given):
            return reading.refuse(spot, message)
        reading.warn(spot, message)
    if kind == "uri_folder" and not folder:
        return reading.refuse(
            spot, f"{show(given)} is a file, and the input is a uri_folder. Give a folder, or type: uri_file."
        )
    return Gap(gap.need, "{}/") if kind == "uri_folder" else gap
