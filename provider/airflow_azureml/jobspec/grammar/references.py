"""References in job files: names, labels, ARM ids, registries, URIs and local paths, and what becomes of each.

Source: azure-ai-ml 1.35.2, ``_schema/core/fields.py`` and ``operations/_operation_orchestrator.py``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Literal
from urllib.parse import urlsplit

from airflow_azureml.jobspec.document.document import Located
from airflow_azureml.jobspec.document.messages import show
from airflow_azureml.jobspec.document.requirements import Placeholder, Resolve
from airflow_azureml.jobspec.table.translator import Invalid, Translator

ARM_ID = re.compile(
    r"/?subscriptions/[^/]+/resourceGroups/[^/]+/providers/Microsoft\.MachineLearningServices/workspaces/[^/]+/([^/]+)/.+",
    re.IGNORECASE,
)
VERSION_ID = re.compile(
    r"/subscriptions/[^/]+/resourceGroups/[^/]+/providers/Microsoft.MachineLearningServices/workspaces/[^/]+"
    r"/[^/]+/[^/]+/versions/[^/]+"
)
"""The id of an asset's version, as it may follow ``azureml:``; its letters' case counts."""
REGISTRY = re.compile(r"azureml://(registries|feeds)/[^/]+/.+", re.IGNORECASE)
CURATED = "AzureML-"
"""What the names of Microsoft's own environments begin with; the service resolves them, label or not."""

AssetKind = Literal["environments", "data", "models", "components", "codes"]

KINDS: Mapping[str, str] = {
    "environments": "environment",
    "data": "data asset",
    "models": "model",
    "components": "component",
    "codes": "code",
}
"""Kinds of assets and what a message calls one."""

STORAGE_URL = re.compile(r"https?://(?:[^/?#]+/)?[^/?#]+\.(blob|dfs|file)\.[^/?#]+/[^/?#]", re.IGNORECASE)
STORAGE = ("wasbs://", "wasb://", "abfss://", "abfs://", "adl://")
"""Addresses of storage that a text may be, as Azure Storage and Azure ML write them."""

BINDING = re.compile(r"^\$\{\{\s*(\S*?)\s*\}\}$")
"""A value that is nothing but one binding."""


def is_reference(text: str) -> bool:
    """Whether a text refers to data, as in the CLI's ``inputs.yml``, and is no literal."""
    arm = text.startswith("/") and ARM_ID.fullmatch(text) is not None
    return arm or text.startswith(("azureml:", *STORAGE)) or STORAGE_URL.match(text) is not None


def is_url(text: str) -> bool:
    """Whether a text is an address, such as ``azureml://…``, ``https://…`` or ``wasbs://…``."""
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return bool(parts.scheme and parts.netloc)


def is_binding(value: object) -> bool:
    """Whether a value is one ``${{…}}`` binding and nothing else."""
    return isinstance(value, str) and BINDING.match(value) is not None


def asset(collection: AssetKind, reference: str, located: Located, ctx: Translator) -> str | Placeholder | Invalid:
    """Turn a reference to a registered asset into its id, or a placeholder where a label must be resolved.

    :param collection: ``environments``, ``data``, ``models``, ``components`` or ``codes``.
    """
    text = reference.removeprefix("azureml:")
    if REGISTRY.match(reference) or REGISTRY.match(text):
        return reference if REGISTRY.match(reference) else text
    if text.startswith("/") and (arm_id := ARM_ID.fullmatch(text)):
        if arm_id[1].lower() != collection:
            return ctx.error(
                located,
                f"{show(reference)} is the id of something in {show(arm_id[1])}, not of {with_article(collection)}.",
            )
        return text
    text = text.removeprefix("/")
    if collection == "environments" and text.startswith(CURATED):
        return f"azureml:{text}"
    name, at, label = text.rpartition("@")
    if at and name and label and "/" not in text and ":" not in name:
        return _labelled(collection, name, label, located, ctx)
    name, colon, version = text.partition(":")
    if not (colon and name and version) or "/" in text or at:
        return ctx.error(
            located, f"{show(reference)} does not name {with_article(collection)}. Accepted: {_accepted(collection)}."
        )
    return f"{ctx.workspace.path}/{collection}/{name}/versions/{version}"


def _labelled(
    collection: AssetKind, name: str, label: str, located: Located, ctx: Translator
) -> str | Placeholder | Invalid:
    if collection == "components" and label == "default":
        return f"{ctx.workspace.path}/components/{name}/labels/default"
    if label != "latest" or collection == "codes":
        accepted = _accepted(collection)
        return ctx.error(located, f"{show(label)} is not a label that can be resolved. Accepted: {accepted}.")
    return Placeholder(Resolve(collection, name, label), f"{ctx.workspace.path}/{collection}/{name}/versions/{{}}")


def _accepted(collection: str) -> str:
    label = "" if collection == "codes" else ", azureml:NAME@latest"
    return f"azureml:NAME:VERSION{label}, an ARM id, azureml://registries/…"


def with_article(collection: str) -> str:
    """Name one of a kind with its article."""
    name = KINDS[collection]
    return f"{'an' if name[0] in 'aeiou' else 'a'} {name}"


def has_prefix(collection: str, reference: str, located: Located, ctx: Translator) -> bool:
    """Check what Microsoft's YAML schema takes for a reference: it begins with ``azureml:``."""
    plain = reference.removeprefix("azureml:")
    suggestion = (
        f' Did you mean "azureml:{reference}"?'
        if re.fullmatch(r"/subscriptions/.*|[\w.-]+[:@][\w.-]+", reference)
        else ""
    )
    if plain.startswith("//"):
        good = plain.startswith("//registries/")
    elif plain.lower().startswith("/subscriptions/"):
        good = plain != reference and VERSION_ID.match(plain) is not None
    else:
        good = plain != reference
    if not good:
        hint = suggestion or f" Accepted: {_accepted(collection)}."
        ctx.error(located, f"{show(reference)} does not name {with_article(collection)}.{hint}")
    return good
