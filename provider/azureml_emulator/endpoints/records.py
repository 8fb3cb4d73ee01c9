"""Records whose operations have addresses of their own. No HTTP."""

from __future__ import annotations

from typing import ClassVar

from azureml_emulator.core.operations import ManagedRecords, Record


class OperatedRecords(ManagedRecords):
    """Records whose writes and deletes are operations with an address.

    :cvar writing: what the ids of operations that write begin with.
    :cvar deleting: what those of operations that delete begin with.
    """

    writing: ClassVar[str]
    deleting: ClassVar[str]


class KeyedEndpoints(OperatedRecords):
    """Endpoints by name that know their callers by a key."""

    def set_keys(self, endpoint: Record, keys: dict[str, str]) -> None:
        """Change the keys of an endpoint."""
        endpoint["keys"] = keys
        self._store.put(self._kind, endpoint["name"].lower(), endpoint)


class DeploymentRecords(OperatedRecords):
    """Deployments by their endpoint's name, a slash and their own."""

    def of(self, endpoint: str) -> list[Record]:
        """The deployments of an endpoint, the oldest first."""
        return self.all(f"{endpoint}/")


def key_of(deployment: Record) -> str:
    """The key of a deployment."""
    return f"{deployment['endpoint']}/{deployment['name']}"
