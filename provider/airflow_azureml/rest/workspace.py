"""The workspace itself, its data plane and its datastores.

Sources: https://learn.microsoft.com/rest/api/azureml/workspaces and
https://learn.microsoft.com/rest/api/azureml/datastores; recorded answers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from airflow_azureml.rest.errors import ForbiddenError, NotFoundError, ServiceError, UnreachableError
from airflow_azureml.rest.flow import Call, Json, Peek, Plane, Reply, Steps, StorageLocation, Transfer
from airflow_azureml.rest.ids import Workspace, segment
from airflow_azureml.rest.json_values import get_any_case, get_text
from airflow_azureml.rest.storage import StorageAddress


@dataclass(frozen=True)
class WorkspaceInfo:
    """A workspace as the service shows it.

    :param guid: the workspace's GUID, as asset ids and container names carry it.
    :param discovery_url: where the data plane's addresses are found.
    """

    id: str
    name: str
    location: str | None = None
    guid: str | None = None
    discovery_url: str | None = None
    tracking_uri: str | None = None
    storage_account: str | None = None
    tenant_id: str | None = None
    kind: str | None = None
    raw: Mapping[str, Json] = field(default_factory=dict, repr=False, compare=False)

    @classmethod
    def from_reply(cls, reply: Reply) -> WorkspaceInfo:
        """Read the answer to a GET of the workspace."""
        value = reply.json()
        inner = get_any_case(value, "properties")
        return cls(
            id=get_text(value, "id") or "",
            name=get_text(value, "name") or "",
            location=get_text(value, "location"),
            guid=get_text(inner, "workspaceId"),
            discovery_url=get_text(inner, "discoveryUrl"),
            tracking_uri=get_text(inner, "mlFlowTrackingUri"),
            storage_account=get_text(inner, "storageAccount"),
            tenant_id=get_text(inner, "tenantId"),
            kind=get_text(value, "kind"),
            raw=value if isinstance(value, Mapping) else {},
        )


def get(ws: Workspace) -> Call[WorkspaceInfo]:
    """Read the workspace. Source: https://learn.microsoft.com/rest/api/azureml/workspaces/get"""
    return Call("GET", ws.path, WorkspaceInfo.from_reply)


def discover(url: str) -> Call[Mapping[str, str]]:
    """Ask which service answers where; no token goes there.

    Undocumented. Source: azure-ai-ml 1.35.2, ``_utils/utils.py``, which asks the workspace's ``discoveryUrl`` so.
    """
    return Call("GET", url, _addresses, plane=Plane.OPEN, ok=(200,))


def data_plane(ws: Workspace) -> Steps[str]:
    """Find the data plane's base address, without a slash at its end.

    A private-link workspace has an address of its own, so it is asked for, not built. Where discovery is blocked,
    the host of the workspace's tracking URI or of the discovery address itself is taken.

    Sources: https://learn.microsoft.com/rest/api/azureml/workspaces/get and ``discover``.

    :raises NotFoundError: the workspace names neither.
    """
    reply = yield Call("GET", ws.path, lambda reply: reply)
    info = WorkspaceInfo.from_reply(reply)
    if info.discovery_url:
        try:
            found = (yield from discover(info.discovery_url)).get("api")
        except (ServiceError, UnreachableError):
            found = None
        if found:
            return found.rstrip("/")
    for address in (info.tracking_uri, info.discovery_url):
        host = urlsplit(address).netloc if address else ""
        if host:
            return f"https://{host}"
    raise NotFoundError(f"Workspace {ws.name!r} has neither a discoveryUrl nor an mlFlowTrackingUri.", reply) from None


DATASTORE_KEPT_FOR = 600.0
"""Seconds for which a datastore is taken to be what it was, and the default one to be the default."""

SECRET_KEPT_FOR = 1800.0
"""Seconds for which a secret is used again: half of the hour that it is valid for. (``secret``)"""

REFUSED_SECRET = "AuthenticationFailed"
"""The blob service's code for a signature that has ended, or whose key was changed.

Source: https://learn.microsoft.com/rest/api/storageservices/common-rest-api-error-codes
"""

Enter = Callable[[bool], Steps[StorageLocation]]
"""Finds a location with the means to enter it; the argument says whether other means are wanted than those before."""

_SERVICES = {"AzureBlob": "blob", "AzureDataLakeGen2": "dfs", "AzureFile": "file"}
"""Datastore types with an address in a storage account; none is proven for OneLake and Data Lake Gen1."""


@dataclass(frozen=True)
class Datastore:
    """A datastore as the service shows it.

    :param kind: ``AzureBlob``, ``AzureDataLakeGen2``, ``AzureFile``, ``AzureDataLakeGen1`` or ``OneLake``.
    :param container: container, file system or file share.
    :param endpoint: the storage suffix, such as ``core.windows.net``; None when the service does not name it.
    :param credentials: ``AccountKey``, ``Sas``, ``None`` (the caller's own identity) ...
    """

    name: str
    kind: str
    account: str | None = None
    container: str | None = None
    endpoint: str | None = None
    credentials: str = "None"
    is_default: bool = False

    @classmethod
    def from_json(cls, value: Json) -> Datastore:
        """Read a datastore resource."""
        inner = get_any_case(value, "properties")
        names = (get_text(inner, key) for key in ("containerName", "filesystem", "fileShareName"))
        return cls(
            name=get_text(value, "name") or "",
            kind=get_text(inner, "datastoreType") or "",
            account=get_text(inner, "accountName"),
            container=next((name for name in names if name), None),
            endpoint=get_text(inner, "endpoint"),
            credentials=get_text(inner, "credentials", "credentialsType") or "None",
            is_default=get_any_case(inner, "isDefault") is True,
        )

    def address(self, path: str, suffix: str = "core.windows.net") -> StorageAddress | None:
        """Where a path of this datastore is in storage; None for types whose data has no such address.

        :param suffix: the cloud's storage suffix, for a datastore that does not name its own.
        """
        service = _SERVICES.get(self.kind)
        if service is None or not self.account or not self.container:
            return None
        return StorageAddress(service, self.account, self.endpoint or suffix, self.container, path)


@dataclass(frozen=True)
class Secret:
    """The means to enter a datastore; both None: the caller's own identity is asked for."""

    sas: str | None = field(default=None, repr=False)
    key: str | None = field(default=None, repr=False)

    @classmethod
    def from_reply(cls, reply: Reply) -> Secret:
        """Read the answer to listSecrets; certificates and service principals are of no use here."""
        value = reply.json()
        sas = get_text(value, "sasToken")
        return cls(sas.lstrip("?") if sas else None, get_text(value, "key"))

    def location(self, address: StorageAddress) -> StorageLocation:
        """The address together with the means to enter it."""
        return StorageLocation(address.https_url, self.sas, self.key)


def datastore(ws: Workspace, name: str, *, anew: bool = False) -> Call[Datastore]:
    """Read a datastore. Source: https://learn.microsoft.com/rest/api/azureml/datastores/get

    :param anew: ask for it, though the client may have the answer still.
    """
    return Call(
        "GET",
        f"{ws.path}/datastores/{segment(name)}",
        lambda reply: Datastore.from_json(reply.json()),
        kept_for=DATASTORE_KEPT_FOR,
        anew=anew,
    )


def default_datastore(ws: Workspace, *, anew: bool = False) -> Call[Datastore]:
    """Read the default datastore.

    Administrators can change which one it is, so it is asked for, with azure-ai-ml's own query.

    Source: https://learn.microsoft.com/rest/api/azureml/datastores/list

    :param anew: ask for it, though the client may have the answer still.
    :raises NotFoundError: the workspace has none.
    """

    def parse(reply: Reply) -> Datastore:
        rows = get_any_case(reply.json(), "value")
        if not isinstance(rows, list) or not rows:
            raise NotFoundError(f"Workspace {ws.name!r} has no default datastore.", reply) from None
        return Datastore.from_json(rows[0])

    query = {"isDefault": "true", "count": "30", "orderByAsc": "false"}
    return Call("GET", f"{ws.path}/datastores", parse, query=query, kept_for=DATASTORE_KEPT_FOR, anew=anew)


def secret(ws: Workspace, name: str, *, anew: bool = False) -> Call[Secret]:
    """Ask for a short-lived secret of a datastore.

    Source: https://learn.microsoft.com/rest/api/azureml/datastores/list-secrets (``SecretExpiry``)

    :param anew: ask for another one, though the client may have one still.
    """
    return Call(
        "POST",
        f"{ws.path}/datastores/{segment(name)}/listSecrets",
        Secret.from_reply,
        body={"expirableSecret": True, "expireAfterHours": 1},
        repeatable=True,
        kept_for=SECRET_KEPT_FOR,
        anew=anew,
    )


def secret_of(ws: Workspace, store: Datastore, *, anew: bool = False) -> Steps[Secret]:
    """Ask for the secret of a datastore that has one.

    Source: https://learn.microsoft.com/rest/api/azureml/datastores/list-secrets
    """
    if store.credentials == "None":
        return Secret()
    return (yield from secret(ws, store.name, anew=anew))


def move(enter: Enter, order: Callable[[StorageLocation], Transfer | Peek]) -> Steps[Any]:
    """Enter a location and carry out an order there; where its secret is refused, once more with another.

    Source: https://learn.microsoft.com/rest/api/storageservices/blob-service-error-codes

    :param order: makes the order for a location. Orders that share ``done`` go on where the first one ended.
    """
    location = yield from enter(False)
    try:
        return (yield order(location))
    except ForbiddenError as error:
        if not wants_another_secret(error, location):
            raise
    return (yield order((yield from enter(True))))


def wants_another_secret(error: ForbiddenError, location: StorageLocation) -> bool:
    """Whether the means to enter a location were refused for what they are, so that others may do."""
    return REFUSED_SECRET in error.codes and bool(location.sas or location.key)


def _addresses(reply: Reply) -> Mapping[str, str]:
    value = reply.json()
    rows = value.items() if isinstance(value, Mapping) else ()
    return {key: item for key, item in rows if isinstance(key, str) and isinstance(item, str)}
