"""Inputs and their modes: the one grammar of the CLI, as a job of its own takes it.

Source: azure-ai-ml 1.35.2, ``_schema/job/input_output_entry.py``, ``entities/_job/_input_output_helpers.py`` and
``operations/_job_operations.py`` (``_resolve_job_input``).
"""

from __future__ import annotations

import json
import os.path
import re
from collections.abc import Callable, Collection, Mapping
from typing import Any

from airflow_azureml.jobspec.document.document import Located
from airflow_azureml.jobspec.document.messages import nearest, show
from airflow_azureml.jobspec.document.requirements import HIDDEN, Placeholder
from airflow_azureml.jobspec.grammar.literals import check_literal, is_literal
from airflow_azureml.jobspec.grammar.local_files import PREFIXES, datastore, local_upload, not_local
from airflow_azureml.jobspec.grammar.mltable import warn_of_no_table
from airflow_azureml.jobspec.grammar.references import ARM_ID, VERSION_ID, asset, is_binding, is_url
from airflow_azureml.jobspec.grammar.whole_results import hint
from airflow_azureml.jobspec.table.form import Form
from airflow_azureml.jobspec.table.translator import INVALID, Body, Invalid, Translator

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


def inputs(located: Located, ctx: Translator) -> Body | Invalid:
    """Read the inputs of a job."""
    return each_named(located, ctx, job_input)


def each_named(
    located: Located, ctx: Translator, convert: Callable[[Located, Translator], Body | Invalid | None]
) -> Body | Invalid:
    """Read a mapping of names, each value by ``convert``, which returns None for what sends nothing."""
    if not isinstance(located.value, Mapping):
        return ctx.error(located, f"{show(located.value)} is not a mapping of names.")
    body = {}
    for entry in located.items():
        named(entry, ctx)
        converted = convert(entry, ctx)
        if converted is not None:
            body[entry.name] = converted if isinstance(entry.path[-1], str) else INVALID
    return INVALID if any(value is INVALID for value in body.values()) else body


def named(located: Located, ctx: Translator) -> None:
    """Check the name of an input or output."""
    if not isinstance(located.path[-1], str) or not NAME.fullmatch(located.path[-1]):
        ctx.error(located, f"{show(located.path[-1])} is not a name. Accepted: letters, digits and _, no digit first.")


def job_input(located: Located, ctx: Translator, data_type: str = "string") -> Body | Invalid | None:
    """Read one input; returns None for one that is declared without a value.

    ``{value: …}`` is the value. (Microsoft's schema tries a truth value before a number there, so that 1 becomes
    ``True``, and a whole number before a fraction, of which nothing is left: 0.5 becomes 0.)

    :param data_type: the type of literals that is wanted here, as far as it is known.
    """
    written = located.value
    if is_literal(written):
        check_literal(located, ctx, data_type)
        return {ctx.key("jobInputType"): "literal", "value": str(written)}
    if isinstance(written, Mapping) and set(written) == {"value"}:
        inner = located.child("value")
        return job_input(inner, ctx, data_type) if is_literal(inner.value) else not_an_input(inner, ctx)
    if isinstance(written, Mapping) and known_keys(written, INPUT_KEYS):
        return _data(located, ctx)
    return not_an_input(located, ctx)


def unwrapped(value: object) -> object:
    """Take a literal out of ``{value: …}``."""
    return value["value"] if isinstance(value, Mapping) and set(value) == {"value"} else value


def known_keys(mapping: Mapping[str, Any], keys: Collection[str]) -> bool:
    """Whether a mapping is data (it has a key of data, or none at all) and not meant as a literal."""
    return not mapping or any(key in keys for key in mapping)


def not_an_input(located: Located, ctx: Translator) -> Invalid:
    """Refuse what is neither a literal nor data, with a way out."""
    written = located.value
    if written is None:
        return ctx.error(
            located, "an empty value is not an input. Accepted: a string, number or boolean, or data with a path."
        )
    if isinstance(written, (Mapping, list, tuple)):
        name = located.name if not (located.name == "value" and len(located.path) > 2) else str(located.path[-2])
        try:
            text = json.dumps(_masked(written))
        except (TypeError, ValueError):
            text = "…"
        text = text if len(text) <= 200 else text[:197] + "..."
        shape = "mapping" if isinstance(written, Mapping) else "list"
        if meant := hint(written):
            return ctx.error(located, f"the input {show(name)} is a {shape}, not a literal.{meant}")
        return ctx.error(
            located,
            f"the input {show(name)} is a {shape}, not a literal. Pass it as one string and parse that in the script; "
            f"json.dumps gives {text!r}. Accepted: a string, number or boolean, or data with a path.",
        )
    return ctx.error(located, f"{show(written)} is not an input. Write it as a string in quotes.")


SECRET = re.compile(r"passw(or)?d|pwd|secret|token|credential|(api|account|access|private)_?key", re.IGNORECASE)
"""Names of what is not written into a message."""


def _masked(value: object) -> object:
    if isinstance(value, Mapping):
        return {key: HIDDEN if SECRET.search(str(key)) else _masked(entry) for key, entry in value.items()}
    return [_masked(entry) for entry in value] if isinstance(value, (list, tuple)) else value


def _data(located: Located, ctx: Translator) -> Body | Invalid | None:
    data, from_python = located.value, located.document.from_python
    typed = data.get("type") in LITERAL_TYPES or "value" in data or "default" in data
    if typed and not from_python and "path" not in data:
        return ctx.error(
            located, f"write a literal alone, such as {located.name}: 1. A mapping describes data and needs a path."
        )
    data_type = input_type(located, ctx)
    unknown(located, ctx, (*INPUT_KEYS, *UPSTREAM_KEYS, *(BUILT_KEYS if from_python else ())))
    mode = input_mode(located, ctx, data_type)
    _on_compute(located, ctx, data_type)
    path = data.get("path")
    if from_python and not _fits(located, ctx, data_type):
        return INVALID
    if data_type in LITERAL_TYPES:
        if data.get("default") is not None:
            default = show(data["default"])
            ctx.warn(located, f"an input of a job has no default: {default} is not sent. Give the value alone.")
        return None
    if not isinstance(path, (str, os.PathLike)) or not os.fspath(path):
        wrong = f"{show(path)} is not a path." if "path" in data else "data needs a path."
        return ctx.error(located, f"{wrong} Accepted: azureml:NAME:VERSION, an address, a local path.", "path")
    where = located.child("path").within(os.fspath(path))
    uri = data_uri(where, ctx, data_type, datastore(located, ctx)) if from_python or _writable(where, ctx) else INVALID
    if data_type is INVALID or mode is INVALID or uri is INVALID:
        return INVALID
    return data_body(uri, data_type, mode, ctx)


def _fits(located: Located, ctx: Translator, data_type: str | Invalid) -> bool:
    """Refuse what an ``Input`` of its type cannot have, and a literal that is only declared.

    Source: azure-ai-ml 1.35.2, ``Input._validate_parameter_combinations`` and ``BaseNode._validate_inputs``.
    """
    data = located.value
    if data_type is INVALID:
        return True
    numeric = ("min", "max") if data_type in ("integer", "number", "triton_model") else ()
    refused = ("path", "mode") if data_type in LITERAL_TYPES else ("default",)
    for key in (*refused, *(key for key in ("min", "max") if key not in numeric)):
        if data.get(key) is not None:
            ctx.error(located, f"an input of type {data_type} takes no {key}.", key)
            return False
    if data_type in LITERAL_TYPES and data.get("default") is None and not data.get("optional"):
        ctx.error(located, f"the input {show(located.name)} is declared as a {data_type} and has no value.")
        return False
    try:
        {"integer": int, "number": float}.get(str(data_type), str)(data.get("default") or 0)
    except (ValueError, TypeError):
        ctx.error(located, f"{show(data['default'])} is not a value of type {data_type}.", "default")
        return False
    return True


def _writable(located: Located, ctx: Translator) -> bool:
    """Refuse the forms of a path that Microsoft's client cannot read in the inputs of a job's YAML."""
    address: str = located.value
    if address.startswith(PREFIXES) and not is_url(address):
        not_local(located, ctx)
    elif address.lower().startswith("azureml:/subscriptions/") and not VERSION_ID.match(
        address.removeprefix("azureml:")
    ):
        accepted = "Accepted after azureml: /subscriptions/…/versions/VERSION. Other ids are written without azureml:"
        ctx.error(located, f"{show(address)} is not the id of an asset's version. {accepted}.")
    else:
        return True
    return False


def data_body(uri: str | Placeholder, data_type: str, mode: str | None, ctx: Translator) -> dict[str, Any]:
    """Make the service's words for data. The mode of a binding is only sent in a pipeline."""
    modes = {"mode": INPUT_MODES[mode]} if mode else {}
    if is_binding(uri):
        return {ctx.key("jobInputType"): "literal", "value": uri, **(modes if ctx.form is Form.NODE else {})}
    return {ctx.key("jobInputType"): data_type, "uri": uri, **modes}


def unknown(located: Located, ctx: Translator, keys: Collection[str]) -> None:
    """Refuse keys that are not known."""
    if meant := hint(located.value):
        ctx.error(located, f"this is not data.{meant}")
        return
    for key in located.value:
        if key not in keys:
            ctx.error(
                located, f"unknown key {show(key)}.{nearest(key, [k for k in keys if k not in UPSTREAM_KEYS])}", key
            )


def input_type(located: Located, ctx: Translator) -> str | Invalid:
    """Read the type of an input; uri_folder when there is none."""
    type_name, from_python = located.value.get("type"), located.document.from_python
    if type_name is None and ("type" not in located.value or from_python):
        return "uri_folder"
    if isinstance(type_name, str) and type_name.lower() in (*TYPES, *(LITERAL_TYPES if from_python else ())):
        return type_name.lower()
    return ctx.error(located, f"{show(type_name)} is not a type of data. Accepted: {', '.join(TYPES)}.", "type")


def input_mode(located: Located, ctx: Translator, data_type: str | Invalid) -> str | Invalid | None:
    """Read the mode of an input; None when there is none. Where its type is unknown, a mode of any type is taken."""
    mode, from_python = located.value.get("mode"), located.document.from_python
    if mode is None and ("mode" not in located.value or from_python):
        return None
    evaluated = data_type in TABLE_TYPES or "type" not in located.value
    any_mode = from_python or data_type is INVALID
    accepted = tuple(INPUT_MODES) if any_mode else TABLE_MODES if evaluated else PLAIN_MODES
    if isinstance(mode, str) and mode.lower() in accepted:
        return mode.lower()
    described = "data" if data_type is INVALID else data_type
    return ctx.error(located, f"{show(mode)} is not a mode of {described}. Accepted: {', '.join(accepted)}.", "mode")


def _on_compute(located: Located, ctx: Translator, data_type: str | Invalid) -> None:
    """Check ``path_on_compute``, which is not sent. Microsoft's schema wants a path that is there on this machine."""
    path, files = located.value.get("path_on_compute"), located.document.files
    if "path_on_compute" not in located.value or located.document.from_python:
        return
    if data_type in MODEL_TYPES:
        ctx.error(located, f'"path_on_compute" is not accepted for the type {data_type}.', "path_on_compute")
    elif not isinstance(path, str) or files.kind(files.locate(path, located.place.folder)) is None:
        ctx.error(located, f"{show(path)} is not a local path that exists.", "path_on_compute")
    else:
        ctx.warn(located.child("path_on_compute"), '"path_on_compute" of an input is not sent: it has no effect.')


def data_uri(
    located: Located, ctx: Translator, data_type: str | Invalid, store: str | None
) -> str | Placeholder | Invalid:
    """Turn the path of an input into a uri, or a placeholder for an upload or a label."""
    uri: str = located.value
    text = uri.removeprefix("azureml:") if not uri.startswith("azureml://") else uri
    if is_binding(uri) or is_url(uri) or (text.startswith("/subscriptions/") and ARM_ID.fullmatch(text)):
        return text
    if not (uri.startswith((".", "/", "~", *PREFIXES))) and (":" in uri or "@" in uri):
        return asset("models" if data_type in MODEL_TYPES else "data", uri, located, ctx)
    upload = local_upload("data", uri, located, ctx, store)
    if upload is INVALID or data_type is INVALID:
        return INVALID
    folder = upload.bundle.is_folder
    if data_type in TABLE_TYPES:
        warn_of_no_table(upload.source, located, ctx)
    if data_type == "uri_file" and folder:
        message = f"{show(uri)} is a folder, and the input is a uri_file. Give a file, or type: uri_folder."
        if os.path.isabs(uri):
            return ctx.error(located, message)
        ctx.warn(located, message)
    if data_type == "uri_folder" and not folder:
        return ctx.error(
            located, f"{show(uri)} is a file, and the input is a uri_folder. Give a folder, or type: uri_file."
        )
    return Placeholder(upload, "{}/" if data_type == "uri_folder" else "{}")
