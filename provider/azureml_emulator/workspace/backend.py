"""The backend of the workspace room."""

from __future__ import annotations

from azureml_emulator.control.faults import Faults
from azureml_emulator.core.clock import now, stamp
from azureml_emulator.core.settings import Settings
from azureml_emulator.core.store import Store
from azureml_emulator.core.transitions import Transitions
from azureml_emulator.storage.backend import Storage
from azureml_emulator.workspace.computes import Computes
from azureml_emulator.workspace.datastores import Datastores
from azureml_emulator.workspace.description import Description
from azureml_emulator.workspace.neighbours import Neighbours


class Workspace:
    """The workspace itself: what is said about it, its datastores, its computes, and the defaults among them.

    :ivar neighbours: other workspaces; ``registries``: other registries.
    """

    def __init__(
        self, settings: Settings, store: Store, transitions: Transitions, storage: Storage, faults: Faults
    ) -> None:
        self.settings = settings
        self.faults = faults
        self.storage = storage
        self.datastores = Datastores(store)
        self.computes = Computes(store, transitions)
        self.description = Description(store)
        self.neighbours = Neighbours(store, transitions, "workspaces")
        self.registries = Neighbours(store, transitions, "registries")
        self._store = store

    def is_neighbour(self, kind: str, name: str) -> bool:
        """Whether there is another workspace, or another registry, of this name.

        :param kind: ``workspaces`` or ``registries``.
        """
        records = self.neighbours if kind == "workspaces" else self.registries
        return records.get(name) is not None

    def create_defaults(self) -> None:
        """Make what every workspace has from the start: two datastores, and clusters, which a user may delete."""
        with self._store.transaction():
            for datastore in self.datastores.create_defaults(self.settings):
                self.storage.blobs.create_container(datastore["properties"]["containerName"])
            if not self._store.get("workspace", "furnished"):
                self.computes.create_defaults(self.settings.region)
                self._store.put("workspace", "furnished", stamp(now()))
