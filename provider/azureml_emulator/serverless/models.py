"""Serverless endpoints and marketplace subscriptions in the store. No HTTP."""

from __future__ import annotations

from azureml_emulator.core.operations import Record
from azureml_emulator.core.store import Store
from azureml_emulator.core.transitions import ENDPOINTS, Transitions
from azureml_emulator.endpoints.records import KeyedEndpoints, OperatedRecords


class Endpoints(KeyedEndpoints):
    """Serverless endpoints by name. What the ids of the service's operations begin with is not published."""

    writing = deleting = "se"

    def __init__(self, store: Store, transitions: Transitions) -> None:
        super().__init__(store, transitions, "serverless_endpoint", ENDPOINTS)


class Subscriptions(OperatedRecords):
    """Subscriptions to models of the marketplace, by name; they go by the clock of endpoints."""

    writing = deleting = "ms"

    def __init__(self, store: Store, transitions: Transitions) -> None:
        super().__init__(store, transitions, "marketplace_subscription", ENDPOINTS)

    def to(self, model: str | None) -> Record | None:
        """The subscription to a model, if there is one."""
        return next((row for row in self.all() if model and row["properties"]["modelId"] == model), None)
