"""What a tenant, a subscription, a region and a resource group look like.

Source: the samples of Tenants - List, Subscriptions - List and Subscriptions - List Locations, api-version 2022-12-01
(https://learn.microsoft.com/rest/api/resources/subscriptions/list), and the models of azure-mgmt-resource 26.0.0.
"""

from __future__ import annotations

from typing import Any

from azureml_emulator.core.settings import ACCOUNT, Settings

NAME = "Azure ML emulator"
POLICIES = {"locationPlacementId": "Internal_2014-09-01", "quotaId": "Internal_2014-09-01", "spendingLimit": "Off"}
"""Source: the same sample; nothing here depends on them."""


def tenant_resource(settings: Settings) -> dict[str, Any]:
    """The tenant."""
    return {
        "id": f"/tenants/{settings.tenant_id}",
        "tenantId": settings.tenant_id,
        "tenantCategory": "Home",
        "displayName": NAME,
    }


def subscription_resource(settings: Settings) -> dict[str, Any]:
    """The subscription."""
    return {
        "id": f"/subscriptions/{settings.subscription_id}",
        "subscriptionId": settings.subscription_id,
        "tenantId": settings.tenant_id,
        "displayName": NAME,
        "state": "Enabled",
        "subscriptionPolicies": POLICIES,
        "authorizationSource": "RoleBased",
        "managedByTenants": [],
    }


def location_resource(settings: Settings) -> dict[str, Any]:
    """The one region that is here."""
    region = settings.region
    return {
        "id": f"/subscriptions/{settings.subscription_id}/locations/{region}",
        "name": region,
        "type": "Region",
        "displayName": region,
        "regionalDisplayName": region,
        "metadata": {"regionType": "Physical", "regionCategory": "Recommended"},
    }


def group_resource(settings: Settings) -> dict[str, Any]:
    """The resource group. Source: the model ``ResourceGroup``."""
    return {
        "id": f"/subscriptions/{settings.subscription_id}/resourceGroups/{settings.resource_group}",
        "name": settings.resource_group,
        "type": "Microsoft.Resources/resourceGroups",
        "location": settings.region,
        "tags": {},
        "properties": {"provisioningState": "Succeeded"},
    }


def account_resource(settings: Settings) -> dict[str, Any]:
    """The storage account. Source: the model ``StorageAccount`` of azure-mgmt-storage 25.3.0, and the published example
    of Storage Accounts - Get Properties."""
    group = f"/subscriptions/{settings.subscription_id}/resourceGroups/{settings.resource_group}"
    blob = f"{settings.storage_url}/"
    return {
        "id": f"{group}/providers/Microsoft.Storage/storageAccounts/{ACCOUNT}",
        "name": ACCOUNT,
        "type": "Microsoft.Storage/storageAccounts",
        "location": settings.region,
        "kind": "StorageV2",
        "sku": {"name": "Standard_LRS", "tier": "Standard"},
        "tags": {},
        "properties": {
            "provisioningState": "Succeeded",
            "primaryEndpoints": {"blob": blob, "dfs": blob.replace(f"/{ACCOUNT}.blob.", f"/{ACCOUNT}.dfs.")},
            "primaryLocation": settings.region,
            "statusOfPrimary": "available",
            "supportsHttpsTrafficOnly": True,
            "isHnsEnabled": False,
        },
    }
