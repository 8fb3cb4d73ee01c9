"""Outputs of a job: type, mode, place, and the name under which they are registered."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from airflow_azureml.spec.document import Spot
from airflow_azureml.spec.fields import INVALID, Reading, show, tell_reading
from airflow_azureml.spec.inputs import ASSET_NAME, TYPES, UPSTREAM_KEYS, each_named, unknown

OUTPUT_MODES = {"rw_mount": "ReadWriteMount", "mount": "ReadWriteMount", "upload": "Upload", "direct": "Direct"}


OUTPUT_KEYS = ("type", "path", "mode", "name", "version")


BUILT_OUTPUT_KEYS = ("description", "path_on_compute", "early_available", "is_control")
"""What an ``Output`` object of azure-ai-ml carries besides."""


def outputs(spot: Spot, reading: Reading) -> Any:
    """Read the outputs of a job."""
    return each_named(spot, reading, job_output)


def job_output(spot: Spot, reading: Reading) -> Any:
    """Read one output; empty is a uri_folder in its default place and mode."""
    if spot.value is None:
        return {reading.key("jobOutputType"): "uri_folder"}
    if not isinstance(spot.value, Mapping):
        return reading.refuse(
            spot, f"{show(spot.value)} is not an output. Accepted: nothing, or a mapping of {', '.join(OUTPUT_KEYS)}."
        )
    built = spot.document.built
    before = len(reading.problems)
    unknown(
        spot,
        reading,
        (*OUTPUT_KEYS, *UPSTREAM_KEYS, *(BUILT_OUTPUT_KEYS if built else ())),
    )
    value = {key: given for key, given in spot.value.items() if given is not None or not built}
    kind = _word(spot, reading, value, "type", TYPES) or "uri_folder"
    mode = _word(spot, reading, value, "mode", tuple(OUTPUT_MODES))
    body = {reading.key("jobOutputType"): kind}
    if mode:
        body["mode"] = OUTPUT_MODES.get(mode, mode)
    if "path" in value:
        body["uri"] = _output_path(spot, reading, value["path"])
    if built and value.get("description") is not None:
        body["description"] = value["description"]
    body.update(_registered(spot, reading, value))
    return INVALID if len(reading.problems) > before else body


def _word(spot: Spot, reading: Reading, value: Mapping[str, Any], key: str, accepted: Collection[str]) -> str | None:
    given = value.get(key)
    if key not in value:
        return None
    if isinstance(given, str) and given.lower() in accepted:
        return given.lower()
    what = "a mode of an output" if key == "mode" else "a type of data"
    reading.refuse(spot, f"{show(given)} is not {what}. Accepted: {', '.join(accepted)}.", key)
    return None


def _output_path(spot: Spot, reading: Reading, given: Any) -> Any:
    if isinstance(given, str):
        return given
    return reading.refuse(spot, f"{show(given)} is not a path. Accepted: azureml://datastores/NAME/paths/….", "path")


def _registered(spot: Spot, reading: Reading, value: Mapping[str, Any]) -> dict[str, Any]:
    """Read name and version under which an output is registered."""
    name, version = value.get("name"), value.get("version")
    body = {}
    if "name" in value:
        if isinstance(name, str) and ASSET_NAME.fullmatch(name):
            body[reading.key("assetName")] = name
        else:
            reading.refuse(spot, f"{show(name)} is not a name. Accepted: up to 255 letters, digits, - and _.", "name")
    if "version" in value:
        if not isinstance(version, (str, int, float)):
            reading.refuse(spot, f"{show(version)} is not a version. Accepted: a text or a number.", "version")
        elif name is None:
            reading.refuse(spot, "a version needs a name beside it.", "version")
        else:
            tell_reading(spot.child("version"), reading, str(version))
            body[reading.key("assetVersion")] = str(version)
    return body
