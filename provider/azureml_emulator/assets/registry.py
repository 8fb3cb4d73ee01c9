"""The backend of the registry: assets that are no workspace's, the same kinds by the same rules."""

from __future__ import annotations

import threading
import uuid

from azureml_emulator.assets.backend import Assets
from azureml_emulator.assets.references import Place, UnresolvedError
from azureml_emulator.assets.versions import Version
from azureml_emulator.control.faults import Faults
from azureml_emulator.core.errors import ServiceError, invalid_field
from azureml_emulator.core.settings import REGISTRY, REGISTRY_CONTAINERS
from azureml_emulator.storage.backend import Storage
from azureml_emulator.storage.blobs.files import copy_file
from azureml_emulator.workspace.neighbours import Neighbours


class RegistryAssets(Assets):
    """The assets of the registry. They are of the same kinds, and their files lie in containers of its own.

    :param workspace: the assets of the workspace.
    :ivar neighbours: other registries.
    :ivar operations: what each operation answers.
    """

    knows_curated = False

    def __init__(self, workspace: Assets, storage: Storage, neighbours: Neighbours, faults: Faults) -> None:
        self.settings = workspace.settings
        self.owner = f"azureml://registries/{REGISTRY}"
        self.workspace = workspace
        self.neighbours = neighbours
        self.faults = faults
        self.versions = workspace.versions.of_registry(REGISTRY)
        self.resolver = workspace.resolver
        self.kinds = workspace.kinds
        self.signer = storage.signer
        self.blobs = storage.blobs
        self.operations: dict[str, dict[str, str] | None] = {}
        self._storage = storage
        self._copying = threading.Lock()

    @property
    def guid(self) -> str:
        """The registry's GUID, made of the workspace's."""
        return str(uuid.uuid5(uuid.UUID(self.settings.workspace_id), REGISTRY))

    def begin_operation(self, result: dict[str, str] | None) -> str:
        """Note what an operation answers, which is over at once; its id."""
        name = uuid.uuid4().hex
        self.operations[name] = result
        return name

    def owns(self, container: str) -> bool:
        """Whether a container is one of the registry's."""
        return container.startswith(REGISTRY_CONTAINERS) and self.blobs.has_container(container)

    def begin_upload(self) -> tuple[str, str]:
        """Make a container for one asset; its address, and the address with the right to write.

        The address has no account in its path: Microsoft's client takes what follows the first segment for the name of
        a blob.
        """
        container = f"{REGISTRY_CONTAINERS}{uuid.uuid4()}"
        self.blobs.create_container(container)
        address = self.address(container)
        return address, f"{address}?{self.signer.sign(container, 'racwl')}"

    def address(self, container: str, path: str = "") -> str:
        """The address of a place in the registry's storage."""
        return f"{self.settings.base_url}/{container}" + (f"/{path}" if path else "")

    def add_copy(self, source: Version, name: str, version: str) -> Version:
        """Take a version of the workspace over into the registry, with its files.

        One copy is made at a time, so that of several clients at once one has made it.

        :raises ServiceError: 400 where its files are not there, 409 when the registry has this version.
        """
        with self._copying:
            return self._add_copy(source, name, version)

    def _add_copy(self, source: Version, name: str, version: str) -> Version:
        if self.versions.get(source.kind, name, version):
            message = f"{source.kind} {name}:{version} already exists in the registry {REGISTRY}."
            raise ServiceError(409, "UserError", message, inner=("Conflict", "AssetVersionExists"))
        properties = {key: value for key, value in source.properties.items() if key not in ("jobName", "stage")}
        field = {"codes": "codeUri", "models": "modelUri", "data": "dataUri"}.get(source.kind)
        if field:
            properties[field] = self._copied(str(properties[field]), field)
        return self.versions.put(source.kind, name, version, properties, self.settings.client_id)

    def _copied(self, uri: str, field: str) -> str:
        """The address of a copy of what lies at an address."""
        try:
            place = self.resolver.place(uri)
        except UnresolvedError as error:
            raise invalid_field(field, str(error), "AssetPathNotFound") from None
        if not isinstance(place, Place):
            return uri
        container = f"{REGISTRY_CONTAINERS}{uuid.uuid4()}"
        self.blobs.create_container(container)
        leaf = place.path.rstrip("/").rpartition("/")[2]
        whole = place.path.rstrip("/")
        for name in self.blobs.names(place.container, whole):
            if name == whole or name.startswith(f"{whole}/"):
                copy = self.blobs.temporary()
                copy_file(self.blobs.path(place.container, name), copy)
                self.blobs.adopt(container, f"{leaf}{name.removeprefix(whole)}", copy)
        return self.address(container, leaf)
