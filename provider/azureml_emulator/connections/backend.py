"""The backend of the room of connections."""

from __future__ import annotations

from azureml_emulator.connections.models import Connections
from azureml_emulator.core.settings import Settings
from azureml_emulator.core.store import Store


class WorkspaceConnections:
    """The connections of the workspace."""

    def __init__(self, settings: Settings, store: Store) -> None:
        self.settings = settings
        self.connections = Connections(store)
