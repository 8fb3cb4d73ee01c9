"""Routes of the storage account that the workspace stands on, as Azure Storage's resource provider answers them."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from azureml_emulator.core.errors import resource_not_found
from azureml_emulator.core.routing import SUBSCRIPTION, Plane, Route
from azureml_emulator.core.settings import ACCOUNT
from azureml_emulator.subscriptions.backend import Subscriptions
from azureml_emulator.subscriptions.responses import account_resource


def find(room: Subscriptions, name: str) -> dict[str, Any]:
    """The account, or ARM's 404 for another one."""
    if name.lower() != ACCOUNT:
        raise resource_not_found(f"Microsoft.Storage/storageAccounts/{name}", room.settings.resource_group)
    return account_resource(room.settings)


async def list_accounts(room: Subscriptions, request: web.Request) -> web.Response:
    """Storage Accounts - List, and List By Resource Group."""
    return web.json_response({"value": [account_resource(room.settings)]})


async def get_account(room: Subscriptions, request: web.Request, account: str) -> web.Response:
    """Storage Accounts - Get Properties."""
    return web.json_response(find(room, account))


async def list_keys(room: Subscriptions, request: web.Request, account: str) -> web.Response:
    """Storage Accounts - List Keys: the account has one here."""
    find(room, account)
    return web.json_response({"keys": [{"keyName": "key1", "value": room.settings.account_key, "permissions": "Full"}]})


PROVIDER = "providers/Microsoft.Storage/storageAccounts"
ACCOUNTS = f"{SUBSCRIPTION}/resourceGroups/{{group_}}/{PROVIDER}"
ROUTES = [
    Route("GET", f"{{sub}}/{PROVIDER}", list_accounts, Plane.ARM),
    Route("GET", ACCOUNTS, list_accounts, Plane.ARM),
    Route("GET", f"{ACCOUNTS}/{{account}}", get_account, Plane.ARM),
    Route("POST", f"{ACCOUNTS}/{{account}}/listKeys", list_keys, Plane.ARM),
]
