"""What a client has said about the workspace: its tags, its identity, and those of its properties that can be changed.
No HTTP."""

from __future__ import annotations

from typing import Any

from azureml_emulator.core.operations import Record
from azureml_emulator.core.store import Store

KEY = ("workspace", "description")
"""Kind and key under which the store keeps it."""


class Description:
    """What was said about the workspace, in the store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def get(self) -> Record:
        """``tags``, ``identity``, ``sku`` and ``properties``, as far as they were given."""
        value: Record = self._store.get(*KEY) or {}
        return value

    def replace(self, given: Record) -> None:
        """Forget what was said before."""
        self._store.put(*KEY, {**given, "identity": merged_identity({}, given.get("identity") or {})})

    def change(self, given: Record) -> None:
        """Write what is given; tags are given as a whole."""
        before = self.get()
        value = {**before, **{key: each for key, each in given.items() if each is not None}}
        value["properties"] = {**before.get("properties", {}), **(given.get("properties") or {})}
        value["identity"] = merged_identity(before.get("identity") or {}, given.get("identity") or {})
        self._store.put(*KEY, value)


def merged_identity(before: dict[str, Any], given: dict[str, Any]) -> dict[str, Any]:
    """An identity after a change: an assigned one that is null is taken away. Source: azure-ai-ml 1.35.2,
    ``WorkspaceOperationsBase.begin_update``, sends null for each that shall go."""
    identities = {**(before.get("userAssignedIdentities") or {}), **(given.get("userAssignedIdentities") or {})}
    kept = {name: each for name, each in identities.items() if each is not None}
    merged = {**before, **given, "userAssignedIdentities": kept}
    return merged if kept else {key: each for key, each in merged.items() if key != "userAssignedIdentities"}
