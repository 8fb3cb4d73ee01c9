"""Routes of the workspace itself, of discovery and of its datastores."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aiohttp import web

from azureml_emulator.core.clock import now, stamp
from azureml_emulator.core.errors import ServiceError
from azureml_emulator.core.paging import page, truth
from azureml_emulator.core.request_body import read_object
from azureml_emulator.core.routing import WORKSPACE, Plane, Route
from azureml_emulator.core.schemas import DATASTORE, read_properties

if TYPE_CHECKING:
    from azureml_emulator.app import Emulator

PROVIDER = "Microsoft.MachineLearningServices/workspaces"
GROUP_WORKSPACES = WORKSPACE.rpartition("/")[0]
SUBSCRIPTION_WORKSPACES = "{sub}/providers/Microsoft.MachineLearningServices/workspaces"


def workspace_resource(em: Emulator) -> dict[str, Any]:
    """The workspace as ARM answers it. Source: recorded answer to Workspaces - Get."""
    own = em.settings
    group = f"/subscriptions/{own.subscription_id}/resourceGroups/{own.resource_group}/providers"
    host = own.api.partition("://")[2]
    return {
        "id": own.ws_arm,
        "name": own.workspace_name,
        "type": PROVIDER,
        "location": own.region,
        "kind": "Default",
        "tags": {},
        "etag": None,
        "properties": {
            "friendlyName": own.workspace_name,
            "description": "A workspace of the local emulator.",
            "workspaceId": own.workspace_id,
            "discoveryUrl": f"{own.api}/discovery",
            "mlFlowTrackingUri": f"azureml://{host}/mlflow/v1.0{own.ws_arm}",
            "storageAccount": f"{group}/Microsoft.Storage/storageAccounts/emuacct",
            "keyVault": f"{group}/Microsoft.Keyvault/vaults/emulator",
            "applicationInsights": f"{group}/Microsoft.insights/components/emulator",
            "containerRegistry": None,
            "tenantId": own.tenant_id,
            "provisioningState": "Succeeded",
            "publicNetworkAccess": "Enabled",
            "storageHnsEnabled": False,
            "v1LegacyMode": False,
            "hbiWorkspace": False,
            "imageBuildCompute": None,
            "systemDatastoresAuthMode": "accesskey",
        },
        "identity": {"type": "SystemAssigned", "principalId": own.client_id, "tenantId": own.tenant_id},
        "sku": {"name": "Basic", "tier": "Basic"},
    }


async def get_workspace(em: Emulator, request: web.Request) -> web.Response:
    """Workspaces - Get."""
    return web.json_response(workspace_resource(em))


async def list_workspaces(em: Emulator, request: web.Request) -> web.Response:
    """Workspaces - List by resource group, and by subscription."""
    return web.json_response({"value": [workspace_resource(em)]})


async def list_keys(em: Emulator, request: web.Request) -> web.Response:
    """Workspaces - List keys: that of the storage account; the emulator has no other resources."""
    absent = ("appInsightsInstrumentationKey", "containerRegistryCredentials", "notebookAccessKeys")
    storage = workspace_resource(em)["properties"]["storageAccount"]
    keys = {"userStorageKey": em.settings.account_key, "userStorageResourceId": storage, "userStorageArmId": storage}
    return web.json_response({**dict.fromkeys(absent), **keys})


async def discovery(em: Emulator, request: web.Request) -> web.Response:
    """The addresses of the data plane, asked for without a token. Source: recorded answer of a region's discovery
    address."""
    own = em.settings
    services = (
        "api",
        "experimentation",
        "history",
        "hyperdrive",
        "labeling",
        "modelmanagement",
        "pipelines",
        "catalog",
        "gallery",
    )
    return web.json_response({**dict.fromkeys(services, own.api), "studio": own.studio_url})


# datastores ------------------------------------------------------------------------------------------


def datastore_resource(em: Emulator, value: dict[str, Any]) -> dict[str, Any]:
    """A datastore as ARM answers it; its secrets are another call."""
    return {
        "id": f"{em.settings.ws_arm}/datastores/{value['name']}",
        "name": value["name"],
        "type": f"{PROVIDER}/datastores",
        "properties": value["properties"],
        "systemData": {"createdAt": value["created_at"], "lastModifiedAt": value["modified_at"]},
    }


def known_datastore(em: Emulator, name: str) -> dict[str, Any]:
    """A datastore's record, or the service's 404."""
    value: dict[str, Any] | None = em.store.get("datastore", name.lower())
    if value is None:
        raise ServiceError(
            404,
            "UserError",
            f"Could not find datastore: {name}.",
            inner=("NotFound", "DatastoreNotFound"),
            message_format="Could not find datastore: {datastoreName}.",
            parameters={"datastoreName": name},
        )
    return value


async def list_datastores(em: Emulator, request: web.Request) -> web.Response:
    """Datastores - List, with ``isDefault``, ``names``, ``searchText``, ``count`` and ``$skip``."""
    rows = [value for _, value in em.store.list("datastore")]
    default = truth(request, "isDefault")
    if default is not None:
        rows = [row for row in rows if bool(row["properties"]["isDefault"]) is default]
    names = request.query.getall("names", [])
    if names:
        wanted = {name.lower() for text in names for name in text.split(",")}
        rows = [row for row in rows if row["name"].lower() in wanted]
    search = request.query.get("searchText", "").lower()
    rows = [row for row in rows if search in row["name"].lower()]
    return page(
        request, em.settings.base_url, [datastore_resource(em, row) for row in rows], size_key="count", default=30
    )


async def get_datastore(em: Emulator, request: web.Request, name: str) -> web.Response:
    """Datastores - Get."""
    return web.json_response(datastore_resource(em, known_datastore(em, name)))


async def put_datastore(em: Emulator, request: web.Request, name: str) -> web.Response:
    """Datastores - Create or update. Secrets are kept apart from what other calls answer."""
    given = read_properties(await read_object(request), DATASTORE)
    before = em.store.get("datastore", name.lower())
    credentials = given.pop("credentials", None) or {"credentialsType": "None"}
    moment = stamp(now())
    value: dict[str, Any] = {
        "name": before["name"] if before else name,
        "created_at": before["created_at"] if before else moment,
        "modified_at": moment,
        "secrets": credentials.get("secrets"),
        "properties": {
            "description": None,
            "tags": {},
            "properties": {},
            "isDefault": False,
            "endpoint": None,
            "protocol": "https",
            "serviceDataAccessAuthIdentity": "None",
            **given,
            "credentials": {key: each for key, each in credentials.items() if key != "secrets"},
        },
    }
    with em.store.transaction():
        if value["properties"]["isDefault"]:
            for key, other in em.store.list("datastore"):
                em.store.put("datastore", key, {**other, "properties": {**other["properties"], "isDefault": False}})
        em.store.put("datastore", name.lower(), value)
    return web.json_response(datastore_resource(em, value), status=200 if before else 201)


async def delete_datastore(em: Emulator, request: web.Request, name: str) -> web.Response:
    """Datastores - Delete: 204 when there was none."""
    return web.Response(status=200 if em.store.delete("datastore", name.lower()) else 204)


async def list_secrets(em: Emulator, request: web.Request, name: str) -> web.Response:
    """Datastores - List secrets: a SAS when an expiring secret is asked for, else the account's key.

    The artifact store always answers its key: azure-ai-ml 1.35.2 signs log addresses itself and takes a SAS for a
    key when it gets
    one, so that ``jobs.stream`` would print an error in place of the log.
    """
    value = known_datastore(em, name)
    properties = value["properties"]
    if value["secrets"]:
        return web.json_response(value["secrets"])
    if (
        properties["credentials"]["credentialsType"] == "None"
        or properties.get("accountName") != em.settings.account_name
    ):
        raise ServiceError(
            400, "UserError", f"The datastore {value['name']} has no credentials.", inner=("BadArgument", "NoSecrets")
        )
    body = await read_object(request, optional=True)
    if body.get("expirableSecret") and properties["containerName"] != em.settings.artifact_container:
        hours = float(body.get("expireAfterHours") or 1)
        sas = em.signer.sign(properties["containerName"], "racwdl", lifetime=3600 * hours)
        return web.json_response({"secretsType": "Sas", "sasToken": sas})
    return web.json_response({"secretsType": "AccountKey", "key": em.settings.account_key})


ROUTES = [
    Route("GET", "{ws}", get_workspace, Plane.ARM),
    Route("GET", GROUP_WORKSPACES, list_workspaces, Plane.ARM),
    Route("GET", SUBSCRIPTION_WORKSPACES, list_workspaces, Plane.ARM),
    Route("POST", "{ws}/listKeys", list_keys, Plane.ARM),
    Route("GET", "/discovery", discovery, Plane.OPEN),
    Route("GET", "{ws}/datastores", list_datastores, Plane.ARM),
    Route("GET", "{ws}/datastores/{name}", get_datastore, Plane.ARM),
    Route("PUT", "{ws}/datastores/{name}", put_datastore, Plane.ARM),
    Route("DELETE", "{ws}/datastores/{name}", delete_datastore, Plane.ARM),
    Route("POST", "{ws}/datastores/{name}/listSecrets", list_secrets, Plane.ARM),
]
