"""A registry beside the stand-in: found by discovery, without the model until it is to take one over."""

from __future__ import annotations

from typing import Any

from tests.corpus.fake_azure import HOME, SUBSCRIPTION, WORKSPACE, Sent

HOST = "eastus.api.azureml.ms"


class Registry:
    """A registry with no model.

    :ivar imports: what it was to take over.
    """

    def __init__(self) -> None:
        self.imports: list[Sent] = []

    def answer(self, sent: Sent) -> tuple[int, Any, dict[str, str]] | None:
        """Choose an answer; None for what is none of its business."""
        if sent.path == HOME:
            properties = {"workspaceId": "guid-under-test", "discoveryUrl": f"https://{HOST}/discovery"}
            return 200, {"id": HOME, "name": WORKSPACE, "location": "eastus", "properties": properties}, {}
        if sent.path == "/discovery":
            return 200, {"api": f"https://{HOST}"}, {}
        if "/registrymanagement/" in sent.path:
            found = {"registryName": sent.path.split("/")[-2], "primaryRegionResourceProviderUri": f"https://{HOST}/"}
            return 200, {**found, "subscriptionId": SUBSCRIPTION, "resourceGroup": "rg-of-registry"}, {}
        if "/registries/" not in sent.path:
            return None
        if sent.method == "POST":
            self.imports.append(sent)
            return 200, {}, {}
        if sent.path.endswith("/versions"):
            return 200, {"value": []}, {}
        if not self.imports:
            return 404, {"error": {"code": "UserError", "message": f"{sent.path} not found."}}, {}
        shown: dict[str, Any] = {"flavors": {}, "modelUri": "azureml://x", "tags": {}, "properties": {}}
        return 200, {"id": sent.path, "name": sent.path.rpartition("/")[2], "properties": shown}, {}
