"""Versions: the assets of the workspace by kind, name and version, and what *latest* and *next* mean. No HTTP, no
files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from azureml_emulator.core.clock import now, stamp
from azureml_emulator.core.store import Store

KINDS = ("codes", "environments", "data", "models", "components")
FEATURE_SETS, ENTITIES = "featuresets", "featurestoreEntities"
"""The kinds of a feature store, which are no registry's."""


@dataclass(frozen=True)
class Version:
    """One version of an asset.

    :param properties: as the service answers them.
    :param registry: the registry that holds it; None: the workspace.
    """

    kind: str
    name: str
    version: str
    properties: Mapping[str, Any]
    created_at: str
    modified_at: str
    created_by: str = ""
    registry: str | None = None

    @property
    def hidden(self) -> bool:
        """Whether it is archived, so that lists of active versions leave it out."""
        return bool(self.properties.get("isArchived"))

    @property
    def anonymous(self) -> bool:
        """Whether it is anonymous: made without a name by its user."""
        return bool(self.properties.get("isAnonymous"))


class Versions:
    """All asset versions of the workspace, or of a registry.

    :ivar registry: the registry's name; None: the workspace.
    """

    def __init__(self, store: Store, registry: str | None = None) -> None:
        self._store = store
        self.registry = registry
        self._scope = f"{registry}/" if registry else ""

    def of_registry(self, name: str) -> Versions:
        """Those of a registry, in the same store."""
        return Versions(self._store, name)

    def get(self, kind: str, name: str, version: str) -> Version | None:
        """One version, or None."""
        value = self._store.get(self._scope + kind, f"{name}/{version}")
        return self._read(kind, value) if value else None

    def put(self, kind: str, name: str, version: str, properties: Mapping[str, Any], by: str = "") -> Version:
        """Write a version; the creation time of one that exists is kept."""
        before = self.get(kind, name, version)
        moment = stamp(now())
        value = {
            "name": name,
            "version": version,
            "properties": dict(properties),
            "created_at": before.created_at if before else moment,
            "modified_at": moment,
            "created_by": before.created_by if before else by,
        }
        self._store.put(self._scope + kind, f"{name}/{version}", value)
        return self._read(kind, value)

    def delete(self, kind: str, name: str, version: str) -> bool:
        """Remove a version; True if there was one."""
        return self._store.delete(self._scope + kind, f"{name}/{version}")

    def of(self, kind: str, name: str) -> list[Version]:
        """The versions of a name in the order of their creation."""
        return [self._read(kind, value) for _, value in self._store.list(self._scope + kind, f"{name}/")]

    def all(self, kind: str) -> list[Version]:
        """Every version of a kind in the order of creation."""
        return [self._read(kind, value) for _, value in self._store.list(self._scope + kind)]

    def latest(self, kind: str, name: str) -> Version | None:
        """The version that was created last and is not archived. Source: azure-ai-ml, ``_get_latest``: created, not
        updated."""
        return next((version for version in reversed(self.of(kind, name)) if not version.hidden), None)

    def next_number(self, kind: str, name: str) -> str:
        """One more than the highest whole number among the versions, archived ones included; "1" when there is none."""
        numbers = [
            int(version.version)
            for version in self.of(kind, name)
            if version.version.isascii() and version.version.isdigit()
        ]
        return str(max(numbers, default=0) + 1)

    def container(self, kind: str, name: str) -> dict[str, Any]:
        """What a PUT of the container itself set: description, tags, isArchived."""
        return dict(self._store.get("container", f"{self._scope}{kind}/{name}") or {})

    def containers(self, kind: str) -> list[str]:
        """The names for which there was a PUT of the container itself, with or without versions."""
        prefix = f"{self._scope}{kind}/"
        return [key.removeprefix(prefix) for key in self._store.keys("container", prefix)]

    def put_container(self, kind: str, name: str, properties: Mapping[str, Any]) -> None:
        """Store what a PUT of the container sets."""
        self._store.put("container", f"{self._scope}{kind}/{name}", dict(properties))

    def delete_container(self, kind: str, name: str) -> bool:
        """Remove a container with its versions; True if there was anything."""
        rows = self.of(kind, name)
        settings = self._store.delete("container", f"{self._scope}{kind}/{name}")
        for row in rows:
            self.delete(kind, name, row.version)
        return bool(rows or settings)

    def _read(self, kind: str, value: Mapping[str, Any]) -> Version:
        return Version(
            kind,
            value["name"],
            value["version"],
            value["properties"],
            value["created_at"],
            value["modified_at"],
            value.get("created_by", ""),
            self.registry,
        )
