"""What registries look like."""

from __future__ import annotations

from typing import Any

from azureml_emulator.assets.registry import RegistryAssets
from azureml_emulator.core.settings import REGISTRY
from azureml_emulator.workspace.neighbour_answers import registry_neighbour


def registry_resource(registry: RegistryAssets) -> dict[str, Any]:
    """The registry as ARM answers it. Source of the keys: the model ``RegistryProperties`` of azure-ai-ml 1.35.2."""
    settings = registry.settings
    tracking = f"azureml://{settings.base_url.partition('://')[2]}/mlflow/v1.0{settings.registry_arm_id}"
    return {
        "id": settings.registry_arm_id,
        "name": REGISTRY,
        "type": "Microsoft.MachineLearningServices/registries",
        "location": settings.region,
        "tags": {},
        "identity": {"type": "SystemAssigned", "principalId": settings.client_id, "tenantId": settings.tenant_id},
        "properties": {
            "discoveryUrl": f"{settings.base_url}/registrymanagement/v1.0/registries/{REGISTRY}/discovery",
            "intellectualPropertyPublisher": None,
            "managedResourceGroup": None,
            "mlFlowRegistryUri": tracking,
            "publicNetworkAccess": "Enabled",
            "regionDetails": [{"acrDetails": [], "location": settings.region, "storageAccountDetails": []}],
        },
    }


def registries(registry: RegistryAssets) -> list[dict[str, Any]]:
    """All registries as ARM answers them, the emulator's own first."""
    others = [registry_neighbour(registry.settings, record) for record in registry.neighbours.all()]
    return [registry_resource(registry), *others]
