"""Environments defined inline in a job (image, conda file, build context), which become anonymous assets.

Source: azure-ai-ml 1.35.2, ``_schema/assets/environment.py`` and ``entities/_assets/environment.py``.
"""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from airflow_azureml.jobspec.document.document import Located
from airflow_azureml.jobspec.document.messages import show
from airflow_azureml.jobspec.document.requirements import LATEST, Placeholder, Register, Upload
from airflow_azureml.jobspec.grammar.auto_delete import SETTING
from airflow_azureml.jobspec.grammar.code import WEB
from airflow_azureml.jobspec.grammar.local_files import (
    datastore,
    follow,
    local_upload,
    named_file,
    not_local,
    read_file,
)
from airflow_azureml.jobspec.grammar.pip_lines import warn_of_local_files
from airflow_azureml.jobspec.grammar.references import asset, has_prefix, is_url
from airflow_azureml.jobspec.table.convert import convert_mapping, nested
from airflow_azureml.jobspec.table.field import Convert, Field, answers
from airflow_azureml.jobspec.table.form import Form
from airflow_azureml.jobspec.table.json_values import anything
from airflow_azureml.jobspec.table.translator import INVALID, OMIT, Body, Converted, Invalid, Translator
from airflow_azureml.jobspec.table.values import choice, mapped, text, title, version, whole

ANONYMOUS = "CliV2AnonymousEnvironment"
"""The name that Microsoft's client registers all anonymous environments under; their versions are hashes."""


def _conda(located: Located, ctx: Translator) -> Converted[str]:
    """Take a conda file by path, or written out; it is sent as YAML text with sorted keys."""
    files, conda = located.document.files, located.value
    if isinstance(conda, str):
        path_text = conda.removeprefix("file:") if located.document.from_python else conda
        path = named_file(path_text, conda, located, ctx)
        document = INVALID if path is INVALID else read_file(path, located, ctx)
        if document is INVALID:
            return INVALID
        located, conda = document.root, document.value
    if not isinstance(conda, Mapping):
        return ctx.error(located, f"{show(conda)} is not a conda file. Accepted: a path, or its content as a mapping.")
    if not conda:
        return OMIT
    if anything(located, ctx) is INVALID:
        return INVALID
    warn_of_local_files(located, ctx)
    return files.dump(dict(conda))


def _context(store: str | None, located: Located, ctx: Translator) -> str | Placeholder | Invalid:
    if not isinstance(located.value, str) or not located.value:
        return ctx.error(located, f"{show(located.value)} is not a path. Accepted: a local folder, the address of one.")
    if WEB.fullmatch(located.value) or (located.document.from_python and is_url(located.value)):
        return located.value
    if not located.document.from_python and not_local(located, ctx):
        return INVALID
    upload = local_upload("context", located.value, located, ctx, store)
    if upload is INVALID:
        return INVALID
    if not upload.bundle.is_folder:
        return ctx.error(located, f"{show(located.value)} is a file. Accepted: the folder that holds the Dockerfile.")
    return Placeholder(upload, "{}/")


CONDA = ("channels", "dependencies")
"""What belongs in a conda file."""

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

    def convert(located: Located, ctx: Translator) -> Body | Invalid:
        body = read(located, ctx)
        if body is INVALID:
            return INVALID
        placeholder = body.get("contextUri")
        if isinstance(placeholder, Placeholder) and isinstance(placeholder.requirement, Upload):
            _check_dockerfile(located, ctx, body.get("dockerfilePath") or "Dockerfile", placeholder.requirement)
        return body

    return convert


def _check_dockerfile(located: Located, ctx: Translator, dockerfile: str, context: Upload) -> None:
    """Refuse a Dockerfile that is not among the files of the context: the image could not be built.

    Source: Microsoft Learn, *CLI (v2) environment YAML schema*: ``dockerfile_path`` is relative to the build context,
    by default ``Dockerfile``.
    """
    names = [name for _, name in context.bundle.files]
    if posixpath.normpath(dockerfile.replace("\\", "/")) in names:
        return
    others = [name for name in names if "dockerfile" in name.lower()]
    have = f" There is: {', '.join(others[:5])}." if others else ""
    message = f"{show(dockerfile)} is not among the files of the build context {context.source}.{have}"
    ctx.error(located, message, *(("dockerfile_path",) if "dockerfile_path" in located.value else ()))


def _identified(located: Located, ctx: Translator) -> str | Invalid:
    """Take the id of an environment that is written down as it was shown; it is used as it is."""
    arm_id = text(located, ctx)
    return arm_id if arm_id is INVALID or has_prefix("environments", arm_id, located, ctx) else INVALID


def _unused(convert: Convert) -> Convert:
    """Make a converter for a key that Microsoft's client takes out of a YAML file before it looks."""
    return lambda located, ctx: convert(located, ctx) if located.document.from_python else OMIT


ENVIRONMENT = (
    Field("image", "image", title),
    Field("conda_file", "condaFile", _conda),
    Field("os_type", "osType", choice({"linux": "linux", "windows": "windows"}, "an operating system")),
    Field("inference_config", "inferenceConfig", nested(INFERENCE)),
    Field("description", "description", title),
    Field("tags", "tags", mapped(anything)),
    Field("properties", "properties", mapped(anything), python_only=True),
    Field("datastore", None, text),
    Field("name", None, _unused(text)),
    Field("version", None, _unused(version)),
    Field("id", None, _identified),
    Field("auto_delete_setting", None, nested(tuple(replace(row, api_name=None) for row in SETTING))),
    *answers("creation_context", "latest_version", "intellectual_property"),
)


def environment(located: Located, ctx: Translator) -> str | Placeholder | Invalid:
    """Turn an environment into its id, or into the registration of an anonymous one."""
    reference = located.value
    if isinstance(reference, str) and reference.startswith("file:"):
        return _environment_file(located, ctx)
    if isinstance(reference, str):
        good = located.document.from_python or has_prefix("environments", reference, located, ctx)
        return asset("environments", reference, located, ctx) if good else INVALID
    return inline(located, ctx)


def _environment_file(located: Located, ctx: Translator) -> str | Placeholder | Invalid:
    document = follow(located.value, located, ctx)
    if document is INVALID:
        return INVALID
    return inline(document.root, ctx)


def deployed(located: Located, ctx: Translator) -> str | Placeholder | Invalid:
    """Take the environment of a deployment: a reference, or written out; under a name of its own where it has one."""
    if isinstance(located.value, str) and located.value.startswith("file:"):
        document = follow(located.value, located, ctx)
        return document if document is INVALID else inline(document.root, ctx, named=True)
    return inline(located, ctx, named=True) if isinstance(located.value, Mapping) else environment(located, ctx)


def inline(located: Located, ctx: Translator, named: bool = False) -> str | Placeholder | Invalid:
    """Read an environment that is written out, and need its registration.

    :param named: a name in it is used; in a job's file it is not.
    """
    if not isinstance(located.value, Mapping):
        return ctx.error(
            located,
            f"{show(located.value)} is not an environment. Accepted: a reference, or a mapping with image or build.",
        )
    before = len(ctx.problems)
    for key in CONDA:
        if key in located.value:
            ctx.error(located, f"{show(key)} belongs in a conda file. Accepted here: image, conda_file, build.", key)
    table = (*ENVIRONMENT, Field("build", "build", build(datastore(located, ctx))))
    settings = {key: value for key, value in located.value.items() if key not in CONDA}
    body = convert_mapping(table, located.within(settings), ctx.in_form(Form.JOB, ctx.bound))
    if len(ctx.problems) > before:
        return INVALID
    if located.value.get("id"):
        return asset("environments", located.value["id"], located.child("id"), ctx)
    if check_image(body, located, ctx) is INVALID:
        return INVALID
    used = named or located.document.from_python
    named = bool(used and located.value.get("name"))
    body = {**body, "isAnonymous": not named, "isArchived": False}
    if named:
        version = str(located.value.get("version") or LATEST)
        return Placeholder(Register("environments", str(located.value["name"]), version, {"properties": body}))
    if located.document.from_python and located.value.get("version"):
        return ctx.error(located, "a version needs a name.", "version")
    if located.value.get("name"):
        ctx.warn(
            located,
            f"the name {show(located.value['name'])} is not used: an environment in a job is registered by its "
            "content.",
        )
    return Placeholder(Register("environments", ANONYMOUS, None, {"properties": body}))


def check_image(body: Mapping[str, Any], located: Located, ctx: Translator) -> Invalid | None:
    """Refuse an environment that has neither an image nor a build context, or both; returns INVALID then."""
    if "image" in body and "build" in body:
        return ctx.error(located, "image and build cannot be combined.")
    if not body.get("image") and "build" not in body:
        return ctx.error(located, "an environment needs image or build.")
    return None
