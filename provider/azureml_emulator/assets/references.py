"""References: every form of address in a request, resolved to an asset, a place in the storage account, or a web page.

Source of the forms: constants/_common.py and _utils/_arm_id_utils.py of azure-ai-ml 1.35.2, and Microsoft's pages on
job data.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import unquote, urlsplit

from azureml_emulator.assets.versions import Version, Versions
from azureml_emulator.core.settings import LOOPBACK, REGISTRY, REGISTRY_CONTAINERS, Settings
from azureml_emulator.workspace.datastores import Datastores, container_of

WORKSPACE = (
    r"(?:subscriptions/(?P<subscription>[^/]+)/resource[gG]roups/(?P<group>[^/]+)"
    r"/(?:providers/Microsoft\.MachineLearningServices/)?workspaces/(?P<workspace>[^/]+)/)"
)
DATASTORE = re.compile(
    rf"(?:azureml:/?)?/{WORKSPACE}?datastores/(?P<store>[^/]+)(?:/paths(?=/|$))?(?:/(?P<path>.*))?", re.I
)
JOB_OUTPUT = re.compile(
    rf"azureml://{WORKSPACE}?jobs/(?P<job>[^/]+)/outputs/(?P<output>[^/]+)(?:/paths(?=/|$))?(?:/(?P<path>.*))?", re.I
)
RUN = re.compile(r"runs:/(?P<job>[^/]+)(?:/(?P<path>.*))?")
VERSION = r"(?:versions/(?P<version>(?!labels/)[^/]+)|(?:versions/)?labels/(?P<label>[^/]+))/?"
ARM_ASSET = re.compile(
    rf"(?:azureml:/?)?/{WORKSPACE}?(?P<kind>data|models|environments|components|codes)/(?P<name>[^/]+)/{VERSION}", re.I
)
LOCATED = re.compile(
    rf"azureml://locations/(?P<region>[^/]+)/workspaces/(?P<workspace>[^/]+)/(?P<kind>\w+)/(?P<name>[^/]+)/{VERSION}",
    re.I,
)
IN_REGISTRY = re.compile(
    rf"azureml://(?:registries|feeds)/(?P<registry>[^/]+)/(?P<kind>\w+)/(?P<name>[^/]+)/{VERSION}", re.I
)
HADOOP = re.compile(r"(?:wasbs?|abfss?)://(?P<container>[^@/]+)@(?P<server>[^/]+/[^/]+|[^/]+?)(?:/(?P<path>.*))?", re.I)
"""Addresses of Hadoop's file systems: container and server; here the account is the first part of the server's path."""

SHORT = re.compile(r"azureml:(?P<name>[a-zA-Z0-9][\w.\-]*)(?::(?P<version>[^/@:]+)|@(?P<label>\w+))")


class UnresolvedError(Exception):
    """An address that cannot be resolved; the text names it and the reason."""


@dataclass(frozen=True)
class Place:
    """A blob, or the folder that a prefix names, in the workspace's storage account.

    :param path: without a leading slash; a trailing slash means a folder.
    :param datastore: by which it was named, for several may have one container.
    """

    container: str
    path: str
    datastore: str | None = field(default=None, compare=False)


@dataclass(frozen=True)
class Page:
    """An address outside of the workspace."""

    url: str


@dataclass(frozen=True)
class Reference:
    """An asset as an address names it.

    :param registry: the registry that holds it; None: the workspace.
    """

    kind: str
    name: str
    version: str | None
    label: str | None
    registry: str | None = None

    def __str__(self) -> str:
        return f"{self.kind}/{self.name}:{self.version}" if self.version else f"{self.kind}/{self.name}@{self.label}"


JobOutput = Callable[[str, str], "Place | str"]
"""``job_output(job, output)``: the place of a job's output, or its address; raises ``UnresolvedError`` without one."""


class Resolver:
    """Resolves addresses in one workspace."""

    def __init__(
        self,
        settings: Settings,
        datastores: Datastores,
        versions: Versions,
        job_output: JobOutput,
    ) -> None:
        self._settings = settings
        self._registry = versions.of_registry(REGISTRY)
        self._datastores = datastores
        self._versions = versions
        self._job_output = job_output

    # assets ------------------------------------------------------------------------------------------

    def reference(self, text: str, kind: str | None = None) -> Reference | None:
        """The asset that an address names, or None when it is not an asset's address.

        :param kind: the kind of asset that ``azureml:<name>:<version>`` refers to, which this form does not name.
        :raises UnresolvedError: it lies in another workspace.
        """
        for pattern in (IN_REGISTRY, LOCATED, ARM_ASSET):
            match = pattern.fullmatch(text)
            if match:
                values = match.groupdict()
                self._check_workspace(text, values)
                name = values["name"].removeprefix(
                    "azureml:"
                )  # azure-ai-ml 1.35.2 leaves it in ids that come from a label
                version, label = values["version"], values["label"]
                return Reference(values["kind"].lower(), name, version, label, values.get("registry"))
        match = SHORT.fullmatch(text)
        if match and kind:
            return Reference(kind, match["name"], match["version"], match["label"])
        return None

    def version(self, reference: Reference) -> Version:
        """The asset version that a reference names.

        :raises UnresolvedError: there is none.
        """
        version = self.find_version(reference)
        if version is None:
            where = f"registry {reference.registry!r}" if reference.registry else "workspace"
            raise UnresolvedError(f"{reference} was not found in the {where}.")
        return version

    def find_version(self, reference: Reference) -> Version | None:
        """The workspace's or the registry's version of this kind and name, or None. Labels are ``latest`` and
        ``default``."""
        kind, name, label = reference.kind, reference.name, reference.label
        if reference.registry and reference.registry.lower() != REGISTRY:
            return None
        versions = self._registry if reference.registry else self._versions
        if label:
            return versions.latest(kind, name) if label in ("latest", "default") else None
        return versions.get(kind, name, reference.version or "")

    def arm_id(self, version: Version) -> str:
        """The id of an asset version: the ARM id of one of the workspace, the address of one of the registry."""
        if version.registry:
            return registry_id(version)
        return f"{self._settings.workspace_arm_id}/{version.kind}/{version.name}/versions/{version.version}"

    def located_id(self, version: Version) -> str:
        """The id by which run history names an asset version."""
        if version.registry:
            return registry_id(version)
        settings = self._settings
        return (
            f"azureml://locations/{settings.region}/workspaces/{settings.workspace_id}/{version.kind}/{version.name}"
            f"/versions/{version.version}"
        )

    # places ------------------------------------------------------------------------------------------

    def place(self, address: str, kind: str | None = None) -> Place | Page:
        """Where the data of an address is. Nothing is looked up in storage.

        :raises UnresolvedError: it names something that does not exist, or a form that the emulator does not read.
        """
        reference = self.reference(address, kind)
        if reference:
            properties = self.version(reference).properties
            return self.place(str(properties.get("dataUri") or properties.get("modelUri") or properties.get("codeUri")))
        match = JOB_OUTPUT.fullmatch(address)
        if match:
            self._check_workspace(address, match.groupdict())
            return self.job_output(match["job"], match["output"], match["path"] or "")
        match = RUN.fullmatch(address)
        if match:
            return self.job_output(match["job"], "artifacts", match["path"] or "")
        match = DATASTORE.fullmatch(address)
        if match:
            self._check_workspace(address, match.groupdict())
            return Place(self.container(match["store"]), match["path"] or "", match["store"])
        return self._web(address)

    def container(self, datastore: str) -> str:
        """The container behind a datastore of this account.

        :raises UnresolvedError: there is no such datastore, or it is none of the emulator's own blob storage.
        """
        properties = self.datastore(datastore)
        if properties is None:
            raise UnresolvedError(f"The datastore {datastore!r} was not found in the workspace.")
        container = container_of(properties)
        if container is None or properties.get("accountName") != self._settings.account_name:
            raise UnresolvedError(
                f"The datastore {datastore!r} is not in the emulator's own blob storage: its data cannot be reached."
            )
        return container

    def datastore(self, name: str) -> dict[str, Any] | None:
        """The properties of a datastore, or None."""
        value = self._datastores.get(name)
        return dict(value["properties"]) if value else None

    def default_datastore(self) -> str:
        """The name of the workspace's default datastore."""
        return self._datastores.default_name()

    def job_output(self, job: str, output: str, path: str = "") -> Place:
        """Where a job's output is, or something below it.

        :raises UnresolvedError: no such job or output.
        """
        location = self._job_output(job, output)
        base = self.place(location) if isinstance(location, str) else location
        assert isinstance(base, Place)
        return below(base, path)

    def long_uri(self, address: str) -> str:
        """A datastore address in the long form that the service answers; others as they are."""
        match = DATASTORE.fullmatch(address)
        if not match:
            return address
        return self.datastore_uri(match["store"], match["path"] or "")

    def datastore_uri(self, datastore: str, path: str) -> str:
        """The long form of a place in a datastore."""
        settings = self._settings
        return (
            f"azureml://subscriptions/{settings.subscription_id}/resourcegroups/{settings.resource_group}"
            f"/workspaces/{settings.workspace_name}/datastores/{datastore}/paths/{path}"
        )

    def uri_of(self, place: Place) -> str:
        """The long datastore address of a place, or its https address when no datastore covers it."""
        wanted = (self._settings.account_name, place.container)
        rows = self._datastores.all()
        named = [row for row in rows if place.datastore and row["name"].lower() == place.datastore.lower()]
        for row in [*named, *rows]:
            properties = row["properties"]
            if (properties.get("accountName"), container_of(properties)) == wanted:
                return self.datastore_uri(row["name"], place.path)
        return f"{self._settings.storage_url}/{place.container}/{place.path}"

    def _web(self, address: str) -> Place | Page:
        hadoop = HADOOP.fullmatch(address)
        try:
            parts = urlsplit(f"https://{hadoop['server']}/{hadoop['path'] or ''}" if hadoop else address)
        except ValueError:
            raise UnresolvedError(f"{address!r} is not an address.") from None
        if parts.scheme not in ("http", "https") or not parts.netloc:
            raise UnresolvedError(f"{address!r} is not an address that the emulator can read.")
        storage = urlsplit(self._settings.storage_url)
        account = re.escape(storage.path.strip("/").partition(".blob.")[0])
        in_account = re.fullmatch(rf"/{account}(?:\.(?:blob|dfs)\.[^/]+)?(?:/(.*))?", unquote(parts.path))
        # The port may have been another one when the address was written.
        here = parts.hostname in (storage.hostname, *LOOPBACK)
        if hadoop:
            if in_account is None or not here:
                raise UnresolvedError(f"{address!r} lies outside of the workspace's storage account.")
            return Place(hadoop["container"], in_account[1] or "")
        found = in_account[1] or "" if in_account else registry_place(parts.path)
        container, _, path = found.partition("/")
        return Place(container, path) if here and container else Page(address)

    def _check_workspace(self, address: str, values: dict[str, str | None]) -> None:
        settings = self._settings
        rows = (
            (values.get("subscription"), (settings.subscription_id,)),
            (values.get("group"), (settings.resource_group,)),
            (values.get("workspace"), (settings.workspace_name, settings.workspace_id)),
        )
        for named, accepted in rows:
            if named is not None and named.lower() not in [name.lower() for name in accepted]:
                raise UnresolvedError(f"{address!r} lies in another workspace: {named!r} is not {accepted[0]!r}.")


def registry_id(version: Version) -> str:
    """The address of an asset version of a registry. Source: recording test_create_and_get_from_registry."""
    return f"azureml://registries/{version.registry}/{version.kind}/{version.name}/versions/{version.version}"


def registry_place(path: str) -> str:
    """Container and path of an address of the registry's storage; empty where it is none."""
    found = unquote(path).strip("/")
    return found if found.startswith(REGISTRY_CONTAINERS) else ""


def below(base: Place, path: str) -> Place:
    """A place inside of a folder; the folder itself without a path."""
    return replace(base, path=f"{base.path.rstrip('/')}/{path}" if path else base.path)
