"""Role actions: which of Azure's published actions a request needs.

Source of the actions: Microsoft's list of the resource provider's operations,
https://learn.microsoft.com/azure/role-based-access-control/permissions/ai-machine-learning (read in
MicrosoftDocs/azure-docs, ``articles/role-based-access-control/permissions/ai-machine-learning.md``, 01365cd). It names
the actions, not the requests: that the action for a resource is that of its path and method is ARM's rule
(https://learn.microsoft.com/azure/role-based-access-control/resource-provider-operations). What a request needs beside
it is said where it is added.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from azureml_emulator.control.data_plane_actions import DATA_PLANE, INVOKE

PROVIDER = "Microsoft.MachineLearningServices"
WORKSPACE = f"{PROVIDER}/workspaces"
CRUD = ("read", "write", "delete")

OF_RESOURCE: dict[str, tuple[str, ...]] = {
    "": (*CRUD, "listKeys/action", "listStorageAccountKeys/action", "resynckeys/action"),
    "batchEndpoints": (*CRUD, "listKeys/action"),
    "batchEndpoints/deployments": CRUD,
    "batchEndpoints/deployments/jobs": CRUD,
    "batchEndpoints/jobs": CRUD,
    "codes": CRUD,
    "codes/versions": CRUD,
    "components": CRUD,
    "components/versions": CRUD,
    "computes": (
        *CRUD,
        "listKeys/action",
        "listNodes/action",
        "start/action",
        "stop/action",
        "restart/action",
        "updateIdleShutdownSetting/action",
    ),
    "connections": (*CRUD, "listsecrets/action"),
    "data": CRUD,
    "data/versions": CRUD,
    "datastores": (*CRUD, "listsecrets/action"),
    "diagnose": ("read",),
    "environments": ("read", "write"),
    "environments/versions": CRUD,
    "features": ("read",),
    "featuresets": CRUD,
    "featurestoreentities": CRUD,
    "jobs": (*CRUD, "cancel/action"),
    "listNotebookAccessToken": ("read",),
    "listNotebookKeys": ("read",),
    "models": (*CRUD, "package/action"),
    "models/versions": CRUD,
    "onlineEndpoints": CRUD,
    "onlineendpoints": ("regeneratekeys/action", "token/action", "listkeys/action"),
    "onlineEndpoints/deployments": CRUD,
    "onlineendpoints/deployments": ("getlogs/action",),
    "onlineEndpoints/deployments/skus": ("read",),
    "privateEndpointConnections": CRUD,
    "privateLinkResources": ("read",),
    "schedules": CRUD,
    "serverlessEndpoints": (*CRUD, "listKeys/action"),
}
"""The published actions below the workspace, by type of resource, in Microsoft's spelling."""

READS = ("diagnose", "listnotebookaccesstoken", "listnotebookkeys")
"""What is asked for by a POST and needs an action that reads."""

PUBLISHED = {
    "/".join(filter(None, (resource, verb))).lower(): "/".join(filter(None, (WORKSPACE, resource, verb)))
    for resource, verbs in OF_RESOURCE.items()
    for verb in verbs
}
REGISTRY = f"{PROVIDER}/registries"
"""Its published actions are ``read``, ``write`` and ``delete`` for the registry, and those below ``assets`` for what it
holds. Source:
https://learn.microsoft.com/azure/machine-learning/how-to-manage-registries."""

VERBS = {"GET": "read", "HEAD": "read", "PUT": "write", "PATCH": "write", "DELETE": "delete"}

OF_FEATURE_STORES = re.compile(r"(featuresets|featurestoreentities)/versions(?:/features)?")
"""What needs the action for what it is of. Source: the actions that
https://learn.microsoft.com/azure/machine-learning/how-to-setup-access-control-feature-store lists."""

UPLOAD = "codes/versions/startpendingupload"
"""There is no action for the address of an upload: it is taken for a part of writing a version of code."""

SUBMIT = (
    "environments/read",
    "environments/build/action",
    "environments/readSecrets/action",
    "metadata/artifacts/write",
)
"""What submitting a job needs beside ``jobs/write``. Source: the row "submitting any type of run (V2)" of
https://learn.microsoft.com/azure/machine-learning/how-to-assign-roles."""

OPERATIONS = {
    "computeoperationsstatus": "locations/computeoperationsstatus/read",
    "computeoperationresults": "locations/computeoperationsstatus/read",
    "mfeoperationresults": "locations/mfeOperationResults/read",
    "mfeoperationsstatus": "locations/mfeOperationsStatus/read",
    "quotas": "locations/quotas/read",
    "updatequotas": "locations/updateQuotas/action",
    "usages": "locations/usages/read",
    "vmsizes": "locations/vmsizes/read",
    "workspaceoperationsstatus": "locations/workspaceOperationsStatus/read",
}
"""What belongs to the subscription: looks at operations, and capacity, by the segment behind the location."""

BLOBS = "Microsoft.Storage/storageAccounts/blobServices/containers/blobs"
BLOB_VERBS = {"GET": "read", "HEAD": "read", "PUT": "write", "POST": "write", "PATCH": "write", "DELETE": "delete"}
"""Data actions of storage. Source: https://learn.microsoft.com/rest/api/storageservices/authorize-with-azure-active-directory."""

IN_WORKSPACE = re.compile(
    r"(?:/mferp/managementfrontend)?/subscriptions/[^/]+/resourceGroups/[^/]+/providers/Microsoft\.MachineLearningServices/workspaces/[^/]+"
    r"(?P<rest>/.*)?",
    re.I,
)
IN_REGISTRY = re.compile(
    r"(?:/mferp/managementfrontend)?/subscriptions/[^/]+(?:/resourceGroups/[^/]+)?/providers/Microsoft\.MachineLearningServices/registries"
    r"(?:/[^/]+)?(?P<rest>/.*)?",
    re.I,
)
OF_LOCATION = re.compile(r"/subscriptions/[^/]+/providers/[^/]+/locations/[^/]+/(?P<kind>[^/]+)(?:/.*)?", re.I)
OF_PROVIDER = f"/providers/{PROVIDER}/operations".lower()
NEEDS_NONE = re.compile(
    r"/(?:discovery|(?:metadata|common|emulator|msi)/.*|[^/]+/(?:oauth2|discovery)/.*|[^/]+/(?:v2\.0/)?\.well-known/.*)"
)
"""Requests that need no role: those to the authority and to the emulator itself."""

RESOURCES = (
    (r"/tenants", ()),
    (r"/subscriptions(?:/[^/]+)?", ("read",)),
    (r"/subscriptions/[^/]+/locations", ("locations/read",)),
    (r"/subscriptions/[^/]+/resourceGroups(?:/[^/]+)?", ("resourceGroups/read",)),
    (r"/subscriptions/[^/]+/resources", ("resources/read",)),
    (r"/subscriptions/[^/]+/resourceGroups/[^/]+/resources", ("resourcegroups/resources/read",)),
)
"""The actions of Microsoft.Resources/subscriptions, by what a request is for. Source:
https://learn.microsoft.com/azure/role-based-access-control/permissions/management-and-governance"""

ACCOUNTS = re.compile(
    r"/subscriptions/[^/]+(?:/resourceGroups/[^/]+)?/providers/Microsoft\.Storage/storageAccounts"
    r"(?:/[^/]+(?P<keys>/listKeys)?)?",
    re.I,
)
"""Requests to storage accounts. Source of their actions:
https://learn.microsoft.com/azure/role-based-access-control/permissions/storage"""

LISTS = re.compile(r"/subscriptions/[^/]+(?:/resourceGroups/[^/]+)?/providers/[^/]+/workspaces/?", re.I)


def actions_of(method: str, path: str, blobs: str) -> tuple[list[str], list[str]] | None:
    """The actions and the data actions that a request needs; None when no published action is known for it.

    :param path: without the query.
    :param blobs: the first segment of the paths of blobs.
    """
    if NEEDS_NONE.fullmatch(path):
        return [], []
    if path.startswith(f"/{blobs}/") or path == f"/{blobs}":
        return [], [f"{BLOBS}/{BLOB_VERBS.get(method, 'read')}"]
    if path.lower() == OF_PROVIDER:
        return [f"{PROVIDER}/operations/read"], []
    for pattern, named_ones in RESOURCES:
        if re.fullmatch(pattern, path.rstrip("/"), re.I):
            return [f"Microsoft.Resources/subscriptions/{name}" for name in named_ones], []
    account = ACCOUNTS.fullmatch(path)
    if account:
        return [f"Microsoft.Storage/storageAccounts/{'listkeys/action' if account['keys'] else 'read'}"], []
    if LISTS.fullmatch(path):
        return [f"{WORKSPACE}/read"], []
    found = IN_WORKSPACE.fullmatch(path)
    if found:
        named = arm_actions(method, (found["rest"] or "").strip("/"))
        return (named, []) if named is not None else None
    if path.lower().startswith("/registrymanagement/"):
        return [f"{REGISTRY}/read"], []
    of_registry = IN_REGISTRY.fullmatch(path)
    if of_registry:
        return [f"{REGISTRY}/{registry_action(method, of_registry['rest'] or '')}"], []
    if path.lower().startswith("/assetstore/"):
        return [f"{REGISTRY}/assets/read"], []
    operation = OF_LOCATION.fullmatch(path)
    if operation:
        named_one = OPERATIONS.get(operation["kind"].lower())
        return ([f"{PROVIDER}/{named_one}"], []) if named_one else None
    for pattern, names in DATA_PLANE:
        if re.match(pattern, f"{method} {path}", re.I):
            return [f"{WORKSPACE}/{name}" for name in names], []
    return None


def arm_actions(method: str, rest: str) -> list[str] | None:
    """The actions of a request to ARM by its path below the workspace; None when none is published for it.

    That publishing a version needs what reading it there and writing it to a registry need, is an assumption.
    """
    parts = rest.split("/") if rest else []
    resource = "/".join(parts[0::2]).lower().replace("/labels", "/versions")
    if method == "POST" and resource in ("batchendpoints/jobs", "batchendpoints/deployments/jobs"):
        return [f"{WORKSPACE}/{name}" for name in INVOKE]
    if resource == UPLOAD:
        return [PUBLISHED["codes/versions/write"]]
    resource = OF_FEATURE_STORES.sub(r"\1", resource)
    if resource.endswith("/versions/publish"):
        return [PUBLISHED[resource.replace("/publish", "/read")], f"{REGISTRY}/assets/write"]
    verb = "read" if method == "POST" and resource in READS else VERBS.get(method)
    published = PUBLISHED.get(f"{resource}/{verb}".strip("/") if verb else f"{resource}/action")
    if published is None:
        return None
    extra = SUBMIT if (resource, verb) == ("jobs", "write") else ()
    return [published, *(f"{WORKSPACE}/{name}" for name in extra)]


def registry_action(method: str, rest: str) -> str:
    """The action of a request to a registry by its path below the registry.

    That reading an asset's files, which is asked for by a POST, needs what reading the asset needs is an assumption.
    """
    if not rest.strip("/"):
        return VERBS.get(method, "read")
    verb = "read" if rest.lower().startswith(("/datarefs/", "/datareferences/")) else VERBS.get(method, "write")
    return f"assets/{verb}"


def role(name: str, scope: str, requests: Iterable[tuple[str, str]], blobs: str) -> tuple[dict[str, object], list[str]]:
    """A custom role with the actions that requests need, as ``az role definition create`` takes it; and the requests
    for which no published action is known, each once.

    :param requests: methods and paths.
    """
    actions: set[str] = set()
    data_actions: set[str] = set()
    unknown: dict[str, None] = {}
    for method, path in requests:
        needed = actions_of(method, path, blobs)
        if needed is None:
            unknown[f"{method} {path}"] = None
        else:
            actions.update(needed[0])
            data_actions.update(needed[1])
    definition: dict[str, object] = {
        "Name": name,
        "IsCustom": True,
        "Description": "What the requests in the journal of an Azure ML emulator need.",
        "Actions": sorted(actions, key=str.lower),
        "NotActions": [],
        "DataActions": sorted(data_actions),
        "NotDataActions": [],
        "AssignableScopes": [scope],
    }
    return definition, list(unknown)
