"""The code of jobs and components: a local folder or file, or code that is registered or lies elsewhere.

Source: azure-ai-ml 1.35.2, ``_schema/core/fields.py`` and ``operations/_code_operations.py``.
"""

from __future__ import annotations

import re

from airflow_azureml.jobspec.document.document import Located
from airflow_azureml.jobspec.document.messages import show
from airflow_azureml.jobspec.document.requirements import Placeholder, Register
from airflow_azureml.jobspec.grammar.local_files import local_upload, not_local
from airflow_azureml.jobspec.grammar.references import ARM_ID, REGISTRY, VERSION_ID, asset
from airflow_azureml.jobspec.table.translator import INVALID, Invalid, Translator

WEB = re.compile(
    r"(?:https?|ftps?)://(?:[^\s/@]*@)?(?:(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+(?:[a-z]{2,6}|[a-z0-9-]{2,})\.?"
    r"|localhost|\d{1,3}(?:\.\d{1,3}){3}|\[[a-f0-9:]+\])(?::\d+)?(?:/?|[/?]\S+)",
    re.IGNORECASE,
)
"""An address that may stand for code: its host has a dot. Source: marshmallow 3, ``validate.URL``."""


def code(located: Located, ctx: Translator, component: bool = False) -> str | Placeholder | Invalid:
    """Turn the code of a job or component into an upload, or the id of code that is registered."""
    place, from_python = located.value, located.document.from_python
    if not isinstance(place, str) or not place:
        return ctx.error(located, f"{show(place)} is not a local path. Accepted: a folder or file, the ARM id of code.")
    if place.startswith("git+"):
        return ctx.error(
            located, f"{show(place)}: code from git is not supported. Accepted: a local folder or file, an ARM id."
        )
    if REGISTRY.match(place) and component:
        return place
    if REGISTRY.match(place):
        return ctx.error(
            located, f"{show(place)}: code of a registry is not supported here. Accepted: a local path, an ARM id."
        )
    reference = place.removeprefix("azureml:")
    arm_id = reference.startswith("/") and ARM_ID.fullmatch(reference)
    if arm_id and (from_python or (reference != place and VERSION_ID.match(reference))):
        return asset("codes", place, located, ctx)
    if WEB.fullmatch(place) and not component:
        return linked(place)
    if reference != place or (not from_python and VERSION_ID.match(reference)):
        accepted = "a local path, azureml: and the ARM id of a version of code"
        return ctx.error(located, f"{show(place)} does not name code. Accepted: {accepted}.")
    if not from_python and not_local(located, ctx):
        return INVALID
    upload = local_upload("code", place, located, ctx, component=component)
    return upload if upload is INVALID else Placeholder(upload)


def linked(uri: str) -> Placeholder:
    """Code that lies elsewhere, registered by its address."""
    return Placeholder(
        Register("codes", "", None, {"properties": {"codeUri": uri, "isAnonymous": True, "properties": {}}})
    )
