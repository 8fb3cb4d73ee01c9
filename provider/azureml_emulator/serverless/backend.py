"""The backend of serverless endpoints and marketplace subscriptions."""

from __future__ import annotations

from azureml_emulator.control.faults import Faults
from azureml_emulator.core.settings import Settings
from azureml_emulator.core.store import Store
from azureml_emulator.core.transitions import Transitions
from azureml_emulator.endpoints.records import OperatedRecords
from azureml_emulator.serverless.models import Endpoints, Subscriptions


class Serverless:
    """The serverless endpoints of the workspace, and its subscriptions to models of the marketplace."""

    def __init__(self, settings: Settings, store: Store, transitions: Transitions, faults: Faults) -> None:
        self.settings = settings
        self.faults = faults
        self.endpoints = Endpoints(store, transitions)
        self.subscriptions = Subscriptions(store, transitions)

    def operated(self) -> tuple[OperatedRecords, ...]:
        """All its records that have operations."""
        return self.endpoints, self.subscriptions
