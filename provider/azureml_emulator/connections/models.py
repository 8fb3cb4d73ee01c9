"""Connections in the store: what is shown of them, and their credentials apart. No HTTP."""

from __future__ import annotations

from typing import Any

from azureml_emulator.core.clock import now, stamp
from azureml_emulator.core.operations import Record
from azureml_emulator.core.store import Store

CONNECTION = "connection"
"""The kind under which the store keeps connections; keys are names in lower case."""


class Connections:
    """The connections in the store. Names are compared without regard to case."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def get(self, name: str) -> Record | None:
        """A connection's record, or None."""
        value: Record | None = self._store.get(CONNECTION, name.lower())
        return value

    def all(self) -> list[Record]:
        """Every connection, the oldest first."""
        return [value for _, value in self._store.list(CONNECTION)]

    def put(self, name: str, given: dict[str, Any], by: str) -> Record:
        """Write a connection and answer its record.

        :param given: all of its properties; its credentials are stored separately.
        :param by: who writes it.
        """
        before = self.get(name)
        moment = stamp(now())
        value = {
            "name": before["name"] if before else name,
            "created_at": before["created_at"] if before else moment,
            "created_by": before["created_by"] if before else by,
            "modified_at": moment,
            "modified_by": by,
            "credentials": given.get("credentials"),
            "properties": {key: each for key, each in given.items() if key != "credentials"},
        }
        self._store.put(CONNECTION, name.lower(), value)
        return value

    def change(self, record: Record, given: dict[str, Any], by: str) -> Record:
        """Change what is given of a connection.

        Credentials that are not given stay, unless it authenticates in another way from now on.
        """
        before = record["properties"]
        same_way = before["authType"] == given.get("authType", before["authType"])
        kept = record["credentials"] if same_way else None
        properties = {**before, **given, "credentials": given.get("credentials") or kept}
        return self.put(record["name"], properties, by)

    def delete(self, name: str) -> bool:
        """Remove a connection; True if there was one."""
        return self._store.delete(CONNECTION, name.lower())
