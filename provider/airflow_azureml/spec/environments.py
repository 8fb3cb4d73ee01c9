"""Environments written out in a job: image, conda file, build context. They become anonymous assets named by content.

Source: azure-ai-ml 1.35.2, ``_schema/assets/environment.py`` and ``entities/_assets/environment.py``.
"""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from functools import partial
from typing import Any

from airflow_azureml.rest.errors import SpecError
from airflow_azureml.spec.document import Spot
from airflow_azureml.spec.fields import INVALID, OMIT, Convert, Field, Reading, answers, anything, nested, show, walk
from airflow_azureml.spec.inputs import datastore
from airflow_azureml.spec.needs import LATEST, Gap, Register, Upload
from airflow_azureml.spec.pipparts import warn_of_local_files
from airflow_azureml.spec.references import WEB, asset, environment, follow, is_url, local, not_local, written
from airflow_azureml.spec.values import choice, mapped, text, title, version, whole

ANONYMOUS = "CliV2AnonymousEnvironment"
"""The name that Microsoft's client registers all anonymous environments under; their versions are hashes."""


def _conda(spot: Spot, reading: Reading) -> Any:
    """Take a conda file by path, or written out; it is sent as YAML text with sorted keys."""
    files, given = spot.document.files, spot.value
    if isinstance(given, str):
        path = files.locate(given.removeprefix("file:") if spot.document.built else given, spot.place.folder)
        if files.kind(path) != "file":
            return reading.refuse(spot, f"{show(given)}: there is no file {path}.")
        try:
            document = files.read(path)
        except SpecError as error:
            reading.problems.extend(error.problems)
            return INVALID
        reading.problems.extend(document.problems)
        spot, given = document.root, document.value
    if not isinstance(given, Mapping):
        return reading.refuse(
            spot, f"{show(given)} is not a conda file. Accepted: a path, or its content as a mapping."
        )
    if not given:
        return OMIT
    if anything(spot, reading) is INVALID:
        return INVALID
    warn_of_local_files(spot, reading)
    return files.dump(dict(given))


def _context(store: str | None, spot: Spot, reading: Reading) -> Any:
    if not isinstance(spot.value, str) or not spot.value:
        return reading.refuse(spot, f"{show(spot.value)} is not a path. Accepted: a local folder, the address of one.")
    if WEB.fullmatch(spot.value) or (spot.document.built and is_url(spot.value)):
        return spot.value
    if not spot.document.built and not_local(spot, reading):
        return INVALID
    gap = local("context", spot.value, spot, reading, store, "{}/")
    if isinstance(gap, Gap) and spot.document.files.kind(gap.need.source) != "folder":  # type: ignore[union-attr]
        return reading.refuse(spot, f"{show(spot.value)} is a file. Accepted: the folder that holds the Dockerfile.")
    return gap


CONDA = ("channels", "dependencies")
"""What belongs into a conda file."""

ROUTE = (Field("port", "port", whole, required=True), Field("path", "path", text, required=True))
INFERENCE = (
    Field("liveness_route", "livenessRoute", nested(ROUTE), required=True),
    Field("scoring_route", "scoringRoute", nested(ROUTE), required=True),
    Field("readiness_route", "readinessRoute", nested(ROUTE), required=True),
)


def build(store: str | None) -> Convert:
    """Make a converter for a build context that is uploaded to a datastore."""
    path = Field("path", "contextUri", partial(_context, store))
    read = nested((path, Field("dockerfile_path", "dockerfilePath", text)))

    def convert(spot: Spot, reading: Reading) -> Any:
        body = read(spot, reading)
        gap = body.get("contextUri") if isinstance(body, dict) else None
        if isinstance(gap, Gap) and isinstance(gap.need, Upload):
            _check_dockerfile(spot, reading, body.get("dockerfilePath") or "Dockerfile", gap.need)
        return body

    return convert


def _check_dockerfile(spot: Spot, reading: Reading, given: str, context: Upload) -> None:
    """Refuse a Dockerfile that is not among the files of the context: the image could not be built.

    Source: Microsoft Learn, *CLI (v2) environment YAML schema*: ``dockerfile_path`` is relative to the build context,
    by default ``Dockerfile``.
    """
    names = [name for _, name in context.bundle.files]
    if posixpath.normpath(given.replace("\\", "/")) in names:
        return
    others = [name for name in names if "dockerfile" in name.lower()]
    have = f" There is: {', '.join(others[:5])}." if others else ""
    message = f"{show(given)} is not among the files of the build context {context.source}.{have}"
    reading.refuse(spot, message, *(("dockerfile_path",) if "dockerfile_path" in spot.value else ()))


def _identified(spot: Spot, reading: Reading) -> Any:
    """Take the id of an environment that is written down as it was shown; it is used as it is."""
    given = text(spot, reading)
    return given if given is INVALID or written("environments", given, spot, reading) else INVALID


def _unused(convert: Convert) -> Convert:
    """Make a converter for a key that Microsoft's client takes out of a YAML file before it looks."""
    return lambda spot, reading: convert(spot, reading) if spot.document.built else OMIT


DELETE = (
    Field(
        "condition", None, choice(dict.fromkeys(("created_greater_than", "last_accessed_greater_than")), "a condition")
    ),
    Field("value", None, text),
)

ENVIRONMENT = (
    Field("image", "image", title),
    Field("conda_file", "condaFile", _conda),
    Field("os_type", "osType", choice({"linux": "linux", "windows": "windows"}, "an operating system")),
    Field("inference_config", "inferenceConfig", nested(INFERENCE)),
    Field("description", "description", title),
    Field("tags", "tags", mapped(anything)),
    Field("properties", "properties", mapped(anything), program=True),
    Field("datastore", None, text),
    Field("name", None, _unused(text)),
    Field("version", None, _unused(version)),
    Field("id", None, _identified),
    Field("auto_delete_setting", None, nested(DELETE)),
    *answers("creation_context", "latest_version", "intellectual_property"),
)


def deployed(spot: Spot, reading: Reading) -> Any:
    """Take the environment of a deployment: a reference, or written out; under a name of its own where it has one."""
    if isinstance(spot.value, str) and spot.value.startswith("file:"):
        document = follow(spot.value, spot, reading)
        return document if document is INVALID else inline(document.root, reading, named=True)
    return inline(spot, reading, named=True) if isinstance(spot.value, Mapping) else environment(spot, reading)


def inline(spot: Spot, reading: Reading, named: bool = False) -> Any:
    """Read an environment that is written out, and need its registration.

    :param named: a name in it is used; in a job's file it is not.
    """
    if not isinstance(spot.value, Mapping):
        return reading.refuse(
            spot, f"{show(spot.value)} is no environment. Accepted: a reference, or a mapping with image or build."
        )
    before = len(reading.problems)
    for key in CONDA:
        if key in spot.value:
            reading.refuse(
                spot, f"{show(key)} belongs into a conda file. Accepted here: image, conda_file, build.", key
            )
    table = (*ENVIRONMENT, Field("build", "build", build(datastore(spot, reading))))
    rest = {key: value for key, value in spot.value.items() if key not in CONDA}
    with reading.style(snake=False, bound=reading.bound):
        body = walk(table, spot.within(rest), reading)
    if len(reading.problems) > before:
        return INVALID
    if spot.value.get("id"):
        return asset("environments", spot.value["id"], spot.child("id"), reading)
    if check_image(body, spot, reading) is INVALID:
        return INVALID
    used = named or spot.document.built
    named = bool(used and spot.value.get("name"))
    body = {**body, "isAnonymous": not named, "isArchived": False}
    if named:
        version = str(spot.value.get("version") or LATEST)
        return Gap(Register("environments", str(spot.value["name"]), version, {"properties": body}))
    if spot.document.built and spot.value.get("version"):
        return reading.refuse(spot, "a version needs a name beside it.", "version")
    if spot.value.get("name"):
        reading.warn(
            spot,
            f"the name {show(spot.value['name'])} is not used: an environment in a job is registered by its content.",
        )
    return Gap(Register("environments", ANONYMOUS, None, {"properties": body}))


def check_image(body: Mapping[str, Any], spot: Spot, reading: Reading) -> Any:
    """Refuse an environment that has neither an image nor a build context, or both; gives back INVALID then."""
    if "image" in body and "build" in body:
        return reading.refuse(spot, "image and build exclude each other.")
    if not body.get("image") and "build" not in body:
        return reading.refuse(spot, "an environment needs image or build.")
    return None
