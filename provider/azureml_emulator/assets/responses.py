"""What asset versions and their containers look like."""

from __future__ import annotations

from typing import Any

from azureml_emulator.assets.versions import Version, Versions

PROVIDER = "Microsoft.MachineLearningServices"


def type_of(registry: str | None) -> str:
    """The ARM type of what holds assets."""
    return f"{PROVIDER}/registries" if registry else f"{PROVIDER}/workspaces"


def version_resource(owner: str, version: Version) -> dict[str, Any]:
    """An asset version as ARM answers it.

    :param owner: the ARM id of the workspace, or the address of the registry.
    """
    author = {"createdBy": version.created_by, "createdByType": "Application"}
    return {
        "id": f"{owner}/{version.kind}/{version.name}/versions/{version.version}",
        "name": version.version,
        "type": f"{type_of(version.registry)}/{version.kind}/versions",
        "properties": shown_properties(version),
        "systemData": {
            "createdAt": version.created_at,
            **author,
            "lastModifiedAt": version.modified_at,
            "lastModifiedBy": version.created_by,
            "lastModifiedByType": "Application",
        },
    }


def shown_properties(version: Version) -> dict[str, Any]:
    """What is shown of a version: a pipeline component comes back without its nodes. Source: recording
    test_batch_component."""
    spec = version.properties.get("componentSpec")
    if spec is None or spec.get("type") != "pipeline":
        return dict(version.properties)
    return {**version.properties, "componentSpec": {key: value for key, value in spec.items() if key != "jobs"}}


def container_resource(owner: str, versions: Versions, kind: str, name: str) -> dict[str, Any] | None:
    """An asset's container as ARM answers it; None when there is no version of that name.

    :param owner: the ARM id of the workspace, or the address of the registry.
    """
    rows = versions.of(kind, name)
    settings = versions.container(kind, name)
    if not rows and not settings:
        return None
    latest = versions.latest(kind, name) or (rows[-1] if rows else None)
    properties: dict[str, Any] = {
        "description": None,
        "tags": {},
        "properties": {},
        "isArchived": False,
        **settings,
        "latestVersion": latest.version if latest else None,
        "nextVersion": versions.next_number(kind, name),
    }
    if kind == "data" and latest:
        properties["dataType"] = latest.properties["dataType"]
    return {
        "id": f"{owner}/{kind}/{name}",
        "name": name,
        "type": f"{type_of(versions.registry)}/{kind}",
        "properties": properties,
        "systemData": {"createdAt": rows[0].created_at, "lastModifiedAt": rows[-1].modified_at} if rows else {},
    }
