"""Versions of data and models: one version stands for one place, and never changes what it means.

A version that is there may only change what is said about it: description, tags, properties and the like.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from airflow_azureml.lifecycle.news import Changing
from airflow_azureml.lifecycle.resource_diff import changes, whole
from airflow_azureml.rest import assets
from airflow_azureml.rest.assets import Asset, Container
from airflow_azureml.rest.errors import ConflictError, NotFoundError, Problem, SpecError
from airflow_azureml.rest.flow import News, Steps
from airflow_azureml.rest.ids import Workspace, parse_datastore_path

FIRST_VERSION = "1"
"""The version of an asset that has none yet. Source: azure-ai-ml 1.35.2, ``_create_or_update_autoincrement``."""

TRIES = 3
"""How often the next version is asked for when somebody else takes it first, as azure-ai-ml does."""

PLACES = {"data": ("dataType", "dataUri"), "models": ("modelType", "modelUri")}
"""What a version stands for, by kind: the service's keys of its type and of its place."""

NAMES = {"data": "Data asset", "models": "Model"}
"""What the log calls one of each kind."""


def keep(
    ws: Workspace, kind: str, name: str, version: str | None, body: Mapping[str, Any], *, keeps_type: bool = False
) -> Steps[Asset]:
    """Find the version that stands for a place, or make it.

    :param kind: ``data`` or ``models``.
    :param version: the version that must stand for this place; None: the latest if it does, else the next.
    :param body: ``{"properties": {...}}`` without placeholders.
    :param keeps_type: the given version is of whichever type it has, and must be there.
    :raises SpecError: the given version exists and stands for another place.
    :raises NotFoundError: the version that keeps its type is gone.
    """
    if version is not None and keeps_type:
        key = PLACES[kind][0]
        registered = (yield from assets.get(ws, kind, name, version)).properties
        body = {"properties": {**body["properties"], key: registered.get(key)}}
    if version is not None:
        return (yield from _given(ws, kind, name, version, body))
    return (yield from _counted(ws, kind, name, body))


def _given(ws: Workspace, kind: str, name: str, version: str, body: Mapping[str, Any]) -> Steps[Asset]:
    try:
        asset = yield from assets.get(ws, kind, name, version)
    except NotFoundError:
        try:
            return (yield from assets.create(ws, kind, name, version, body))
        except ConflictError:
            # Another task has made it since we looked.
            asset = yield from assets.get(ws, kind, name, version)
    if place(asset.properties, ws, kind) == place(body["properties"], ws, kind):
        return (yield from _updated(ws, kind, asset, body))
    key = PLACES[kind][1]
    existing, requested = asset.properties.get(key), body["properties"][key]
    message = (
        f"{name}:{version} already exists and points to {existing}, not to {requested}. Accepted: another version."
    )
    raise SpecError([Problem("version", message)]) from None


def _counted(ws: Workspace, kind: str, name: str, body: Mapping[str, Any]) -> Steps[Asset]:
    for remaining in reversed(range(TRIES)):
        versions = yield from _versions(ws, kind, name)
        if versions.latest is not None:
            latest = yield from assets.get(ws, kind, name, versions.latest)
            if place(latest.properties, ws, kind) == place(body["properties"], ws, kind):
                return (yield from _updated(ws, kind, latest, body))
        try:
            return (yield from assets.create(ws, kind, name, versions.next or FIRST_VERSION, body))
        except ConflictError:
            if not remaining:
                raise
    raise AssertionError("the last try returns or raises")


def _updated(ws: Workspace, kind: str, asset: Asset, body: Mapping[str, Any]) -> Steps[Asset]:
    """Change what is said about a version (description, tags, properties ...) where it differs; its place stays."""
    fixed = {*PLACES[kind], "referencedUris"}
    requested = {key: value for key, value in body["properties"].items() if key not in fixed}
    changed = tuple(changes(asset.properties, requested))
    if not changed:
        return asset
    yield News(Changing(f"{NAMES[kind]} {asset.name}:{asset.version}", changed))
    return (
        yield from assets.create(
            ws, kind, asset.name, asset.version, whole({"properties": asset.properties}, {"properties": requested})
        )
    )


def _versions(ws: Workspace, kind: str, name: str) -> Steps[Container]:
    try:
        return (yield from assets.container(ws, kind, name))
    except NotFoundError:
        return Container(None, None)


def place(properties: Mapping[str, Any], ws: Workspace, kind: str = "data") -> tuple[str, str]:
    """What a version stands for, in one spelling: its type, and its place in the long form without a last slash."""
    of_type, of_place = (str(properties.get(key, "")) for key in PLACES[kind])
    return of_type.lower().replace("_", ""), long_form(of_place, ws).rstrip("/")


def long_form(uri: str, ws: Workspace) -> str:
    """A datastore path as it is right in any workspace; every other address as it is."""
    found = parse_datastore_path(uri)
    return uri if found is None else found.long(ws)
