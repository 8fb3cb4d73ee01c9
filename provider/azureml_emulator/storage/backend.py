"""The backend of the storage room."""

from __future__ import annotations

from azureml_emulator.core.settings import Settings
from azureml_emulator.identity.tokens import Tokens
from azureml_emulator.storage.blobs.appended import Appends
from azureml_emulator.storage.blobs.leases import Leases
from azureml_emulator.storage.blobs.models import BlobStore
from azureml_emulator.storage.sas import Signer


class Storage:
    """The workspace's storage account: its blobs, the signatures that open them, and the tokens that do so, too."""

    def __init__(self, settings: Settings, tokens: Tokens) -> None:
        self.settings = settings
        self.tokens = tokens
        self.blobs = BlobStore(settings.state)
        self.appends = Appends(settings.state / "appends")
        self.leases = Leases(settings.state / "leases.json")
        self.signer = Signer(settings)
