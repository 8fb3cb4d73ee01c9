"""Versions of environments and components: one version stands for one definition, and never changes what it means.

A version that is there may only change what is said about it: description, tags, properties. Whether its definition is
the same is told by a mark of ours, the hash of what was asked for: the service writes definitions in words of its own
(recorded answers: conda files as JSON, truth values of a component as texts). Of a version without this mark, made by
somebody else, the service judges: it takes what is the same and refuses another definition with 409, as azure-ai-ml
1.35.2 relies on in ``EnvironmentOperations._try_update_latest_version``. For components that is an assumption.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any, Literal

from airflow_azureml.lifecycle.asset_versions import FIRST_VERSION, TRIES
from airflow_azureml.lifecycle.needs.fulfilment import Fulfilment
from airflow_azureml.lifecycle.news import Changing
from airflow_azureml.lifecycle.resource_diff import changes
from airflow_azureml.rest import assets
from airflow_azureml.rest.assets import Asset, Container
from airflow_azureml.rest.errors import ConflictError, NotFoundError, Problem, SpecError
from airflow_azureml.rest.flow import News, Steps
from airflow_azureml.rest.ids import Workspace

Kind = Literal["environments", "components"]

NAMES: Mapping[str, str] = {"environments": "Environment", "components": "Component"}
"""What the log calls one of each kind."""

SAID = ("description", "tags", "properties")
"""What is said about a version, and may change."""

MARK = "airflow_definition"
"""The property that holds the hash of a definition."""


def register(ws: Workspace, kind: Kind, name: str, version: str | None, body: Mapping[str, Any]) -> Steps[Asset]:
    """Make an environment or a component, or find the one that is there already; files are uploaded first.

    :param version: the version that must hold this definition; None: the latest if it does, else the next.
    :param body: ``{"properties": {...}}`` with placeholders.
    :raises SpecError: the given version exists and holds another definition.
    """
    filled: Mapping[str, Any] = yield from Fulfilment(ws).fill(body)
    wanted = _marked(filled["properties"])
    if version is not None:
        found = yield from _put(ws, kind, name, version, wanted)
        if found is None:
            message = f"{name}:{version} already exists with another definition. Accepted: another version."
            raise SpecError([Problem("version", message)]) from None
        return found
    for remaining in reversed(range(TRIES)):
        versions = yield from _versions(ws, kind, name)
        if versions.latest is not None:
            found = yield from _put(ws, kind, name, versions.latest, wanted)
            if found is not None:
                return found
        try:
            return (yield from assets.create(ws, kind, name, versions.next or FIRST_VERSION, {"properties": wanted}))
        except ConflictError:
            # Somebody else took this number since we looked.
            if not remaining:
                raise
    raise AssertionError("the last try returns or raises")


def _marked(properties: Mapping[str, Any]) -> dict[str, Any]:
    definition = {key: value for key, value in properties.items() if key not in SAID}
    if "componentSpec" in definition:
        spec = definition["componentSpec"]
        definition["componentSpec"] = {key: value for key, value in spec.items() if key not in ("version", "tags")}
    digest = hashlib.sha256(json.dumps(definition, sort_keys=True).encode()).hexdigest()
    return {**properties, "properties": {**(properties.get("properties") or {}), MARK: digest}}


def _put(ws: Workspace, kind: Kind, name: str, version: str, wanted: Mapping[str, Any]) -> Steps[Asset | None]:
    """Bring one version into the wanted state; None if it holds another definition."""
    try:
        found = yield from assets.get(ws, kind, name, version)
    except NotFoundError:
        try:
            return (yield from assets.create(ws, kind, name, version, {"properties": wanted}))
        except ConflictError:
            # Another task has made it since we looked.
            found = yield from assets.get(ws, kind, name, version)
    shown = found.properties
    mark = (shown.get("properties") or {}).get(MARK)
    if mark not in (None, wanted["properties"][MARK]):
        return None
    said = {key: wanted[key] for key in SAID if wanted.get(key)}
    changed = tuple(changes(shown, said))
    if not changed:
        return found
    try:
        updated = yield from assets.create(ws, kind, name, version, {"properties": _merged(shown, wanted)})
    except ConflictError:
        return None
    yield News(Changing(f"{NAMES[kind]} {name}:{version}", changed))
    return updated


def _merged(shown: Mapping[str, Any], wanted: Mapping[str, Any]) -> dict[str, Any]:
    """The wanted version, with what is said about the one that is there and is not said anew."""
    merged = _laid_over(shown, wanted)
    spec = wanted.get("componentSpec")
    if isinstance(spec, Mapping):
        # A component says it a second time, in its specification.
        merged["componentSpec"] = _laid_over(shown.get("componentSpec") or {}, spec)
    return merged


def _laid_over(shown: Mapping[str, Any], wanted: Mapping[str, Any]) -> dict[str, Any]:
    merged: dict[str, Any] = {**wanted}
    for key in ("tags", "properties"):
        if kept := {**(shown.get(key) or {}), **(wanted.get(key) or {})}:
            merged[key] = kept
    if wanted.get("description") is None and shown.get("description"):
        merged["description"] = shown["description"]
    return merged


def _versions(ws: Workspace, kind: Kind, name: str) -> Steps[Container]:
    try:
        return (yield from assets.container(ws, kind, name))
    except NotFoundError:
        return Container(None, None)
