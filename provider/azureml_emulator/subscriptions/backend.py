"""The backend of the subscriptions room."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from azureml_emulator.core.settings import Settings

Resources = Callable[[], list[dict[str, Any]]]
"""``resources()``: resources as ARM answers them."""


class Subscriptions:
    """The one subscription of the tenant, and its one resource group; nothing of them changes.

    :param workspaces: the workspaces in it; ``registries``: the registries.
    """

    def __init__(self, settings: Settings, workspaces: Resources, registries: Resources) -> None:
        self.settings = settings
        self.workspaces = workspaces
        self.registries = registries
