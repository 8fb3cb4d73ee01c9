"""The backend of the identity room."""

from __future__ import annotations

from azureml_emulator.core.callers import Applications
from azureml_emulator.core.settings import Settings
from azureml_emulator.identity.tokens import Tokens


class Authority:
    """The authority of the emulator's one tenant: it issues tokens to its applications, and verifies them."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.tokens = Tokens(settings)
        self.applications = Applications(settings.client_id)
