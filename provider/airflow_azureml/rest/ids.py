"""Names of things in Azure ML: workspaces, ARM ids, assets, ``azureml:`` references, datastore paths, Studio URLs.

Fixed words (``subscriptions``, ``resourceGroups``, ``workspaces``) are matched without regard to case: the service
itself writes them both ways (recorded answers). Readers answer None for a text of another kind and never raise.
Sources: regular expressions of azure-ai-ml 1.35.2 (``constants/_common.py``, ``_utils/_arm_id_utils.py``,
``_utils/_storage_utils.py``); Microsoft Learn, *Access data in a job* and *Create jobs and input data for batch
endpoints*.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

PROVIDER = "Microsoft.MachineLearningServices"

SHORT_PATH = "azureml://datastores/{}/paths/{}"
"""A path in a datastore, in the form that holds within one workspace."""


def segment(name: str) -> str:
    """Write a name as one part of an address: a ``?`` or ``/`` in it leads to nothing else. ``@`` and ``:`` stay, whose
    escapes aiohttp takes back."""
    return quote(name, safe="@:")


@dataclass(frozen=True)
class Workspace:
    """The three coordinates of a workspace."""

    subscription_id: str
    resource_group: str
    name: str

    @property
    def path(self) -> str:
        """The workspace's ARM path, which is also its ARM id."""
        return (
            f"/subscriptions/{self.subscription_id}/resourceGroups/{self.resource_group}"
            f"/providers/{PROVIDER}/workspaces/{self.name}"
        )

    def same_as(self, other: Workspace) -> bool:
        """Whether both are the same workspace; ARM compares names without regard to case."""
        return self.path.lower() == other.path.lower()


_WORKSPACE = (
    r"/subscriptions/(?P<subscription>[^/]+)/resourceGroups/(?P<group>[^/]+)"
    rf"/providers/{re.escape(PROVIDER)}/workspaces/(?P<workspace>[^/]+)"
)
_SHORT_WORKSPACE = (
    r"subscriptions/(?P<subscription>[^/]+)/resourceGroups/(?P<group>[^/]+)/workspaces/(?P<workspace>[^/]+)"
)


def _workspace(found: re.Match[str]) -> Workspace:
    return Workspace(found["subscription"], found["group"], found["workspace"])


@dataclass(frozen=True)
class ArmId:
    """A thing below a workspace, such as a compute, a datastore or one version of an asset.

    :param kind: the collection, spelled as given: ``computes``, ``environments``, ``data`` ...
    :param version: of an asset, when the id names one.
    :param label: of an asset, such as ``latest``, when the id names one.
    """

    workspace: Workspace
    kind: str
    name: str
    version: str | None = None
    label: str | None = None

    def __str__(self) -> str:
        """The id as ARM writes it."""
        return f"{self.workspace.path}/{self.kind}/{self.name}{_edition(self.version, self.label)}"


_ARM_ID = re.compile(
    rf"(?:azureml:)?{_WORKSPACE}/(?P<kind>[^/]+)/(?P<name>[^/]+)"
    r"(?:/versions/(?P<version>[^/]+)|/labels/(?P<label>[^/]+))?/?",
    re.IGNORECASE,
)


def parse_arm_id(text: str) -> ArmId | None:
    """Read the ARM id of something below a workspace, also with the prefix ``azureml:`` of the YAML grammar."""
    found = _ARM_ID.fullmatch(text)
    if found is None:
        return None
    return ArmId(_workspace(found), found["kind"], found["name"], found["version"], found["label"])


@dataclass(frozen=True)
class AssetId:
    """One version of an asset, in whichever of the service's spellings it came.

    :param kind: ``data``, ``models``, ``environments``, ``components`` or ``codes``.
    :param workspace: where the id spells the workspace out.
    :param location: region, where the id names the workspace by GUID.
    :param workspace_guid: the workspace's GUID (some ids carry its name in the same place).
    :param registry: where the asset lives in a registry.
    """

    kind: str
    name: str
    version: str | None = None
    label: str | None = None
    workspace: Workspace | None = None
    location: str | None = None
    workspace_guid: str | None = None
    registry: str | None = None

    def arm_id(self, ws: Workspace) -> str:
        """The asset's ARM id in a workspace; a registry's asset keeps its ``azureml://registries/`` form."""
        edition = _edition(self.version, self.label)
        if self.registry is not None:
            return f"azureml://registries/{self.registry}/{self.kind}/{self.name}{edition}"
        return f"{(self.workspace or ws).path}/{self.kind}/{self.name}{edition}"


_ASSET = re.compile(
    r"azureml://(?:"
    r"locations/(?P<location>[^/]+)/workspaces/(?P<guid>[^/]+)/"
    rf"|{_SHORT_WORKSPACE}/"
    r"|(?:registries|feeds)/(?P<registry>[^/]+)/"
    r")?(?P<kind>data|models|environments|components|codes)/(?P<name>[^/]+)"
    r"/(?:versions/(?:labels/(?P<old_label>[^/]+)|(?P<version>[^/]+))|labels/(?P<label>[^/]+))/?",
    re.IGNORECASE,
)


def parse_asset(text: str) -> AssetId | None:
    """Read an asset id in any of its forms: ``azureml://`` with location, workspace or registry, or an ARM id."""
    found = _ASSET.fullmatch(text)
    if found is None:
        arm = parse_arm_id(text)
        if arm is None or not (arm.version or arm.label):
            return None
        return AssetId(arm.kind, arm.name, arm.version, arm.label, workspace=arm.workspace)
    return AssetId(
        found["kind"],
        found["name"],
        found["version"],
        found["label"] or found["old_label"],
        workspace=_workspace(found) if found["subscription"] else None,
        location=found["location"],
        workspace_guid=found["guid"],
        registry=found["registry"],
    )


@dataclass(frozen=True)
class DatastorePath:
    """A path in a datastore; a folder when it ends in ``/``.

    :param path: below the datastore's container, without a leading slash, not percent-encoded.
    :param workspace: None means the workspace that the path is used in.
    """

    datastore: str
    path: str
    workspace: Workspace | None = None

    @property
    def short(self) -> str:
        """The form that holds within one workspace."""
        return SHORT_PATH.format(self.datastore, self.path)

    def long(self, ws: Workspace) -> str:
        """The form that is right in any workspace.

        :param ws: the workspace of a path that names none.
        """
        home = self.workspace or ws
        return (
            f"azureml://subscriptions/{home.subscription_id}/resourcegroups/{home.resource_group}"
            f"/workspaces/{home.name}/datastores/{self.datastore}/paths/{self.path}"
        )

    def as_folder(self) -> DatastorePath:
        """The same path, ending in ``/`` (an empty path is the container itself)."""
        path = f"{self.path}/" if self.path and not self.path.endswith("/") else self.path
        return DatastorePath(self.datastore, path, self.workspace)

    def as_file(self) -> DatastorePath:
        """The same path without a slash at its end."""
        return DatastorePath(self.datastore, self.path.rstrip("/"), self.workspace)


_DATASTORE_PATH = re.compile(
    rf"azureml://(?:{_SHORT_WORKSPACE}/)?datastores/(?P<datastore>[^/]+)(?:/paths)?(?:/(?P<path>.*))?",
    re.IGNORECASE | re.DOTALL,
)
_ARM_DATASTORE_PATH = re.compile(
    rf"(?:azureml:)?{_WORKSPACE}/datastores/(?P<datastore>[^/]+)/paths(?:/(?P<path>.*))?", re.IGNORECASE | re.DOTALL
)


def parse_datastore_path(text: str) -> DatastorePath | None:
    """Read a datastore URI: short, long, without ``/paths/``, or a datastore's ARM id with a path."""
    found = _DATASTORE_PATH.fullmatch(text) or _ARM_DATASTORE_PATH.fullmatch(text)
    if found is None:
        return None
    home = _workspace(found) if found["subscription"] else None
    return DatastorePath(found["datastore"], found["path"] or "", home)


@dataclass(frozen=True)
class JobOutputPath:
    """A path in an output of a job, wherever the job has written it.

    :param output: its name; ``artifacts`` and ``default`` are the job's artifacts.
    :param path: below the output, without a leading slash.
    :param workspace: None means the workspace that the path is used in.
    """

    job: str
    output: str
    path: str = ""
    workspace: Workspace | None = None


_JOB_OUTPUT_PATH = re.compile(
    rf"azureml://(?:{_SHORT_WORKSPACE}/)?jobs/(?P<job>[^/]+)/outputs/(?P<output>[^/]+)(?:/paths)?(?:/(?P<path>.*))?",
    re.IGNORECASE | re.DOTALL,
)


def parse_job_output_path(text: str) -> JobOutputPath | None:
    """Read the URI of a path in a job's output, as the ``modelUri`` of models has it (recorded answers)."""
    found = _JOB_OUTPUT_PATH.fullmatch(text)
    if found is None:
        return None
    home = _workspace(found) if found["subscription"] else None
    return JobOutputPath(found["job"], found["output"], found["path"] or "", home)


DataKind = Literal["uri_file", "uri_folder", "mltable", "custom_model", "mlflow_model", "triton_model"]
_DATA_KINDS = {
    kind.replace("_", ""): kind
    for kind in ("uri_file", "uri_folder", "mltable", "custom_model", "mlflow_model", "triton_model")
}


def data_kind(word: str) -> str:
    """Spell a data type as ARM does: ``UriFolder`` becomes ``uri_folder``; unknown ones stay as they are.

    Run history and the scoring host write PascalCase, ARM writes snake case (recorded answers).
    """
    return _DATA_KINDS.get(word.replace("_", "").lower(), word)


def with_tenant(studio_url: str, tenant_id: str | None) -> str:
    """Add ``tid`` to a Studio link, so that the portal opens in the right tenant, as azure-ai-ml does.

    A link that names a tenant already, and an unknown tenant, leave it unchanged.
    """
    parts = urlsplit(studio_url)
    query = parse_qsl(parts.query, keep_blank_values=True)
    if not tenant_id or any(key == "tid" for key, _ in query):
        return studio_url
    tid = urlencode({"tid": tenant_id})
    return urlunsplit(parts._replace(query=f"{parts.query}&{tid}" if parts.query else tid))


def _edition(version: str | None, label: str | None) -> str:
    """The end of an asset id: its version or label."""
    if version is not None:
        return f"/versions/{version}"
    return f"/labels/{label}" if label is not None else ""
