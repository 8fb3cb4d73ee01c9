"""Outputs of a job: type, mode, place, and the name under which they are registered."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from airflow_azureml.jobspec.document.document import Located
from airflow_azureml.jobspec.document.messages import show
from airflow_azureml.jobspec.grammar.inputs import ASSET_NAME, TYPES, UPSTREAM_KEYS, each_named, unknown
from airflow_azureml.jobspec.table.json_values import warn_of_reading
from airflow_azureml.jobspec.table.translator import INVALID, Body, Invalid, Translator

OUTPUT_MODES = {"rw_mount": "ReadWriteMount", "mount": "ReadWriteMount", "upload": "Upload", "direct": "Direct"}


OUTPUT_KEYS = ("type", "path", "mode", "name", "version")


BUILT_OUTPUT_KEYS = ("description", "path_on_compute", "early_available", "is_control")
"""What an ``Output`` object of azure-ai-ml carries besides."""


def outputs(located: Located, ctx: Translator) -> Body | Invalid:
    """Read the outputs of a job."""
    return each_named(located, ctx, job_output)


def job_output(located: Located, ctx: Translator) -> Body | Invalid:
    """Read one output; empty is a uri_folder in its default place and mode."""
    if located.value is None:
        return {ctx.key("jobOutputType"): "uri_folder"}
    if not isinstance(located.value, Mapping):
        return ctx.error(
            located,
            f"{show(located.value)} is not an output. Accepted: nothing, or a mapping of {', '.join(OUTPUT_KEYS)}.",
        )
    from_python = located.document.from_python
    before = len(ctx.problems)
    unknown(
        located,
        ctx,
        (*OUTPUT_KEYS, *UPSTREAM_KEYS, *(BUILT_OUTPUT_KEYS if from_python else ())),
    )
    output = {key: setting for key, setting in located.value.items() if setting is not None or not from_python}
    data_type = _word(located, ctx, output, "type", TYPES) or "uri_folder"
    mode = _word(located, ctx, output, "mode", tuple(OUTPUT_MODES))
    body: Body = {ctx.key("jobOutputType"): data_type}
    if mode:
        body["mode"] = OUTPUT_MODES.get(mode, mode)
    if "path" in output:
        body["uri"] = _output_path(located, ctx, output["path"])
    if from_python and output.get("description") is not None:
        body["description"] = output["description"]
    body.update(_registered(located, ctx, output))
    return INVALID if len(ctx.problems) > before else body


def _word(
    located: Located, ctx: Translator, output: Mapping[str, Any], key: str, accepted: Collection[str]
) -> str | None:
    setting = output.get(key)
    if key not in output:
        return None
    if isinstance(setting, str) and setting.lower() in accepted:
        return setting.lower()
    expected = "a mode of an output" if key == "mode" else "a type of data"
    ctx.error(located, f"{show(setting)} is not {expected}. Accepted: {', '.join(accepted)}.", key)
    return None


def _output_path(located: Located, ctx: Translator, path: object) -> str | Invalid:
    if isinstance(path, str):
        return path
    return ctx.error(located, f"{show(path)} is not a path. Accepted: azureml://datastores/NAME/paths/….", "path")


def _registered(located: Located, ctx: Translator, output: Mapping[str, Any]) -> dict[str, Any]:
    """Read name and version under which an output is registered."""
    name, version = output.get("name"), output.get("version")
    body = {}
    if "name" in output:
        if isinstance(name, str) and ASSET_NAME.fullmatch(name):
            body[ctx.key("assetName")] = name
        else:
            ctx.error(located, f"{show(name)} is not a name. Accepted: up to 255 letters, digits, - and _.", "name")
    if "version" in output:
        if not isinstance(version, (str, int, float)):
            ctx.error(located, f"{show(version)} is not a version. Accepted: a string or a number.", "version")
        elif name is None:
            ctx.error(located, "a version needs a name.", "version")
        else:
            warn_of_reading(located.child("version"), ctx, str(version))
            body[ctx.key("assetVersion")] = str(version)
    return body
