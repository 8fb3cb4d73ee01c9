"""Assets of a workspace: data, environments, models, components, code. One set of calls, and a table of kinds.

Sources: the REST reference has two groups of operations for each kind, which differ in nothing but their names:
https://learn.microsoft.com/rest/api/azureml/data-containers and
https://learn.microsoft.com/rest/api/azureml/data-versions,
https://learn.microsoft.com/rest/api/azureml/environment-containers and so on; for components
https://learn.microsoft.com/dotnet/api/azure.resourcemanager.machinelearning.machinelearningcomponentversioncollection.createorupdate

Further sources: recorded answers; azure-ai-ml 1.35.2 for how a version is found (``_utils/_asset_utils.py``). Versions
are free texts: only the service counts them.
"""

from __future__ import annotations

import enum
import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field

from airflow_azureml.rest.errors import NotFoundError
from airflow_azureml.rest.flow import Call, Json, Reply, Steps
from airflow_azureml.rest.ids import Workspace, segment
from airflow_azureml.rest.json_values import get_any_case, get_text

CONTENT_HASH_VERSION = "202208"
"""Which hash of its content code is known by."""

CODE_VERSION = "1"
"""Code is named by its content: each name has one version."""


class Latest(enum.Enum):
    """How the latest version of a kind is found; both mean the one that was created last."""

    CONTAINER = "container"
    LIST = "list"


LATEST = {
    "data": Latest.CONTAINER,
    "environments": Latest.LIST,
    "models": Latest.LIST,
    "components": Latest.LIST,
}
"""Kinds whose versions can be found by the label ``latest``; code has no labels."""


@dataclass(frozen=True)
class Asset:
    """One version of an asset as the service shows it.

    :param properties: the service's own words.
    """

    id: str
    name: str
    version: str
    properties: Mapping[str, Json] = field(default_factory=dict, repr=False)

    @classmethod
    def from_json(cls, value: Json) -> Asset:
        """Read a version resource."""
        identity = get_text(value, "id") or ""
        parts = identity.rstrip("/").split("/")
        inner = get_any_case(value, "properties")
        name = parts[-3] if len(parts) > 3 and parts[-2].lower() == "versions" else ""
        version = get_text(value, "name") or (parts[-1] if name else "")
        return cls(identity, name, version, inner if isinstance(inner, Mapping) else {})

    @classmethod
    def from_reply(cls, reply: Reply) -> Asset:
        """Read the answer to a GET or PUT of a version."""
        return cls.from_json(reply.json())


@dataclass(frozen=True)
class Container:
    """All versions of one asset: which is the latest, and which would be the next."""

    latest: str | None
    next: str | None

    @classmethod
    def from_reply(cls, reply: Reply) -> Container:
        """Read the answer to a GET of a container."""
        inner = get_any_case(reply.json(), "properties")
        return cls(get_text(inner, "latestVersion"), get_text(inner, "nextVersion"))


@dataclass(frozen=True)
class PendingUpload:
    """A container of its own to write code to.

    :param url: address of the container, without query.
    """

    url: str
    sas: str | None = field(default=None, repr=False)

    @classmethod
    def from_reply(cls, reply: Reply) -> PendingUpload:
        """Read the answer to startPendingUpload; the signature is what follows the ``?`` of the SAS address."""
        place = get_any_case(reply.json(), "blobReferenceForConsumption")
        sas = get_text(place, "credential", "sasUri") or ""
        url, _, query = sas.partition("?")
        return cls((get_text(place, "blobUri") or url).partition("?")[0].rstrip("/"), query or None)


def get(ws: Workspace, kind: str, name: str, version: str) -> Call[Asset]:
    """Read one version. Source: https://learn.microsoft.com/rest/api/azureml/environment-versions/get"""
    return Call("GET", _path(ws, kind, name, version), Asset.from_reply)


def create(ws: Workspace, kind: str, name: str, version: str, body: Json, *, kept_for: float = 0.0) -> Call[Asset]:
    """Make a version, or what the kind allows to change of one: ``body`` is ``{"properties": {…}}``.

    Take the id of the answer: for an anonymous component the service may answer with another version than was put.

    Source: https://learn.microsoft.com/rest/api/azureml/environment-versions/create-or-update

    :param kept_for: seconds for which a client need not put the same again.
    """
    return Call("PUT", _path(ws, kind, name, version), Asset.from_reply, body=body, kept_for=kept_for)


def container(ws: Workspace, kind: str, name: str) -> Call[Container]:
    """Read which version is the latest, and which would be the next.

    Source: https://learn.microsoft.com/rest/api/azureml/data-containers (Get)
    """
    return Call("GET", f"{ws.path}/{kind}/{segment(name)}", Container.from_reply)


def latest(ws: Workspace, kind: str, name: str) -> Steps[str]:
    """Find the version that was created last, by one request.

    Sources: https://learn.microsoft.com/rest/api/azureml/data-containers (Get),
    https://learn.microsoft.com/rest/api/azureml/environment-versions (List); azure-ai-ml 1.35.2,
    ``_utils/_asset_utils.py``, for the order ``createdtime desc``.

    :raises NotFoundError: there is none.
    """
    path = f"{ws.path}/{kind}/{segment(name)}{_SUFFIX[LATEST[kind]]}"
    reply = yield Call("GET", path, lambda reply: reply, query=_QUERY[LATEST[kind]])
    if LATEST[kind] is Latest.CONTAINER:
        found = Container.from_reply(reply).latest
    else:
        rows = get_any_case(reply.json(), "value")
        found = Asset.from_json(rows[0]).version if isinstance(rows, list) and rows else None
    if not found:
        raise NotFoundError(f"There is no version of {kind}/{name} in workspace {ws.name!r}.", reply) from None
    return found


_SUFFIX = {Latest.CONTAINER: "", Latest.LIST: "/versions"}
_QUERY: Mapping[Latest, Mapping[str, str]] = {
    Latest.CONTAINER: {},
    Latest.LIST: {"$orderBy": "createdtime desc", "$top": "1", "listViewType": "ActiveOnly"},
}


def code_by_hash(ws: Workspace, name: str, digest: str) -> Call[str | None]:
    """Find code of the same content, under whichever name; answers its id.

    Sources: https://learn.microsoft.com/rest/api/azureml/code-versions (List); a recorded request.
    """

    def parse(reply: Reply) -> str | None:
        rows = get_any_case(reply.json(), "value")
        return get_text(rows[0], "id") if isinstance(rows, list) and rows else None

    path, query = f"{ws.path}/codes/{segment(name)}/versions", {"hash": digest, "hashVersion": CONTENT_HASH_VERSION}
    return Call("GET", path, parse, query=query)


def code_address(identity: str) -> Call[str]:
    """Read where code lies, as the spec of a flow names it: without the port that the service may write.

    Sources: https://learn.microsoft.com/rest/api/azureml/code-versions (Get); azure-ai-ml 1.35.2,
    ``ComponentOperations._update_flow_rest_object``.

    :param identity: its ARM id.
    """

    def parse(reply: Reply) -> str:
        return re.sub(r":\d+/", "/", get_text(reply.json(), "properties", "codeUri") or "")

    return Call("GET", identity, parse)


def code_name(digest: str) -> str:
    """Name code by the hash of its content, in the form of a GUID."""
    return str(uuid.UUID(digest[:32]))


def code_body(uri: str, digest: str) -> Json:
    """Describe code that lies at an address."""
    known = {"hash_sha256": digest, "hash_version": CONTENT_HASH_VERSION}
    return {"properties": {"codeUri": uri, "isAnonymous": True, "properties": known}}


def start_pending_upload(ws: Workspace, name: str, version: str) -> Call[PendingUpload]:
    """Ask for a place to write code to; each call gives a container of its own, so it may be repeated.

    Source: https://learn.microsoft.com/rest/api/azureml/code-versions (Create Or Get Start Pending Upload)
    """
    return Call(
        "POST",
        f"{_path(ws, 'codes', name, version)}/startPendingUpload",
        PendingUpload.from_reply,
        body={"pendingUploadType": "TemporaryBlobReference"},
        repeatable=True,
    )


def _path(ws: Workspace, kind: str, name: str, version: str) -> str:
    return f"{ws.path}/{kind}/{segment(name)}/versions/{segment(version)}"
