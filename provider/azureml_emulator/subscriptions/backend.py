"""The backend of the subscriptions room."""

from __future__ import annotations

from azureml_emulator.core.settings import Settings


class Subscriptions:
    """The one subscription of the tenant, and its one resource group; nothing of them changes."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
