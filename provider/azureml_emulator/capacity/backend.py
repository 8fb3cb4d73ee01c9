"""The backend of the room of capacity."""

from __future__ import annotations

from azureml_emulator.capacity.models import Quotas
from azureml_emulator.core.settings import Settings
from azureml_emulator.core.store import Store
from azureml_emulator.workspace.computes import Computes


class Capacity:
    """What the region of the workspace has to give.

    :param computes: those that use its cores.
    """

    def __init__(self, settings: Settings, store: Store, computes: Computes) -> None:
        self.settings = settings
        self.computes = computes
        self.quotas = Quotas(store)
