"""Neighbours: workspaces and registries beside the emulator's own. They are made, described, listed and deleted;
nothing is in them. No HTTP."""

from __future__ import annotations

import re
from typing import Any

from azureml_emulator.core.operations import ManagedRecords, Record
from azureml_emulator.core.resource_body import invalid
from azureml_emulator.core.schema import Problem
from azureml_emulator.core.store import Store
from azureml_emulator.core.transitions import COMPUTES, Transitions

NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_-]{2,32}")
"""Source: the patterns of ``workspaceName`` and ``registryName`` in the published description of 2024-04-01."""


class Neighbours(ManagedRecords):
    """Those of one kind, by name. They go by the clock of computes.

    :param kind: ``workspaces`` or ``registries``.
    """

    def __init__(self, store: Store, transitions: Transitions, kind: str) -> None:
        super().__init__(store, transitions, f"neighbour_{kind}", COMPUTES)

    def put(self, name: str, value: Record) -> None:
        """Write one whose change is over at once."""
        self._store.put(self._kind, name.lower(), value)


def check_name(name: str) -> None:
    """Refuse what is no name of a workspace or a registry.

    :raises ServiceError: the service's 400.
    """
    if not NAME.fullmatch(name):
        message = f"{name!r}: 3 to 33 letters, digits, hyphens and underscores, the first one a letter or a digit."
        raise invalid([Problem("name", message)])


def record_of(name: str, body: dict[str, Any], before: Record | None, region: str) -> Record:
    """What is kept of a PUT."""
    kept = {"created_at": before["created_at"]} if before else {}
    told = {key: body[key] for key in ("kind", "tags", "sku", "identity", "properties") if body.get(key) is not None}
    return {"name": name, "location": body.get("location") or region, **told, **kept}
