"""How many cores are in use, and quotas of them by families of machines. No HTTP.

The limits are those of a new subscription, by the figures of the published examples; nothing here is held to them. That
cores do not suffice is a fault (``quota``), which a user asks for.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from azureml_emulator.capacity.sizes import QUOTAS, size_of
from azureml_emulator.core.operations import Record
from azureml_emulator.core.store import Store
from azureml_emulator.workspace.computes import INSTANCE, RUNNING, instance_state, node_priority

CLUSTERS_LIMIT = 100
FAMILY_LIMIT = 24
TOTAL_LIMIT = {"Dedicated": 120, "LowPriority": 50}
NO_LIMIT = -1
"""The limit of a family at low priority. Source: the published example of Usages - List."""

PRIORITIES = ("Dedicated", "LowPriority")

QUOTA = "quota"
"""The kind under which the store keeps the quotas that were set; keys are families."""


@dataclass(frozen=True)
class Use:
    """The cores of a compute that are in use.

    :param priority: ``Dedicated`` or ``LowPriority``.
    """

    compute: str
    family: str
    priority: str
    cores: int


def uses(computes: list[Record]) -> Iterator[Use]:
    """The cores that each cluster and compute instance uses, of those whose size is known."""
    for record in computes:
        inner = record["properties"]["properties"] or {}
        size = size_of(inner.get("vmSize"))
        if size is None:
            continue
        is_instance = record["properties"]["computeType"] == INSTANCE
        nodes = int(instance_state(record) == RUNNING) if is_instance else int(inner.get("currentNodeCount") or 0)
        yield Use(record["name"], size.quota, node_priority(record), nodes * size.cores)


class Quotas:
    """The quotas of the workspace by families; each begins as that of the subscription."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def limit(self, family: str) -> int:
        """How many dedicated cores of a family the workspace may use."""
        kept: int | None = self._store.get(QUOTA, family)
        return FAMILY_LIMIT if kept is None else kept

    def limits(self) -> dict[str, int]:
        """The limit of each family."""
        return {family: self.limit(family) for family in QUOTAS}

    def set(self, family: str, limit: int) -> None:
        """Set the limit of a family, which lasts."""
        self._store.put(QUOTA, family, limit)
