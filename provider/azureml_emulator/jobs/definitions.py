"""Definitions of jobs: the properties that the service stores, and which of them may change. No HTTP, no files."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Properties = dict[str, Any]

MUTABLE = frozenset({"description", "tags", "displayName", "properties", "isArchived"})
"""What a PUT of an existing job may change. Source: the service's own message, code ``JobPropertyImmutable``."""

SERVICE_MADE = frozenset({"status", "parameters"})
OWN_SERVICES = frozenset({"Tracking", "Studio"})
"""The services that every job has; they come back in a definition that is read and put again."""


def with_defaults(properties: Mapping[str, Any]) -> Properties:
    """The definition with the defaults of every type of job, but for its display name. Source: recorded answers to
    GET."""
    definition = {key: value for key, value in properties.items() if key not in SERVICE_MADE and value is not None}
    definition.setdefault("experimentName", "Default")
    definition.setdefault("isArchived", False)
    services = {key: row for key, row in (properties.get("services") or {}).items() if key not in OWN_SERVICES}
    definition["services"] = {key: {**(row or {}), "status": None} for key, row in services.items()}
    definition.setdefault("identity", {"identityType": "AMLToken"})
    definition.setdefault("properties", {})
    definition.setdefault("tags", {})
    return definition


def changed_properties(stored: Mapping[str, Any], changes: Mapping[str, Any]) -> list[str]:
    """The immutable properties in which two completed definitions differ; empty: the same job.

    :param changes: completed by the same rules, so that the first body put again and the stored definition put back
    both agree.
    """
    names = sorted((set(stored) | set(changes)) - MUTABLE)
    return [name for name in names if comparable(stored.get(name)) != comparable(changes.get(name))]


def comparable(value: Any) -> Any:
    """A value without nulls and empty objects, with ARM ids in one case."""
    if isinstance(value, dict):
        inner = {key: comparable(each) for key, each in value.items()}
        return {key: each for key, each in inner.items() if each is not None} or None
    if isinstance(value, list):
        return [comparable(each) for each in value]
    if isinstance(value, str) and value.lower().startswith("/subscriptions/"):
        return value.lower()
    return value


def immutable_message(names: list[str]) -> str:
    """The service's message for a PUT that would change a job. Source: issue MicrosoftDocs/azure-docs 122250."""
    return (
        "A job with this name already exists. If you are trying to create a new job, use a different name. "
        f"If you are trying to update an existing job, the existing job's {', '.join(names)} cannot be changed. "
        "Only description, tags, displayName, properties, and isArchived can be updated."
    )


def updated_definition(stored: Mapping[str, Any], changes: Mapping[str, Any]) -> Properties:
    """The stored definition with what a PUT or PATCH may change: tags are merged, properties only added."""
    definition = dict(stored)
    for key in ("description", "displayName", "isArchived"):
        if changes.get(key) is not None:
            definition[key] = changes[key]
    definition["tags"] = {**stored.get("tags", {}), **(changes.get("tags") or {})}
    definition["properties"] = {**(changes.get("properties") or {}), **stored.get("properties", {})}
    return definition
