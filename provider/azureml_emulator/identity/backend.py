"""The backend of the identity room."""

from __future__ import annotations

from collections.abc import Callable

from azureml_emulator.core.callers import Applications
from azureml_emulator.core.settings import Settings
from azureml_emulator.identity.tokens import Tokens


class Authority:
    """The authority of the emulator's one tenant: it issues tokens to its applications, and verifies them.

    :param is_neighbour: ``is_neighbour(kind, name)``: whether there is another workspace, or another registry, of a
        name; ``kind`` is ``workspaces`` or ``registries``.
    """

    def __init__(self, settings: Settings, is_neighbour: Callable[[str, str], bool]) -> None:
        self.settings = settings
        self.is_neighbour = is_neighbour
        self.tokens = Tokens(settings)
        self.applications = Applications(settings.client_id)
