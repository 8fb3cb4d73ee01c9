"""The backend of assets: their versions, by the rules of their kinds."""

from __future__ import annotations

import re
import uuid
from typing import Any

from azureml_emulator.assets.feature_kinds import feature_kinds
from azureml_emulator.assets.kinds import Kind, Properties, asset_kinds, common_properties, updated_properties
from azureml_emulator.assets.reference_checks import CURATED
from azureml_emulator.assets.references import JobOutput, Resolver
from azureml_emulator.assets.versions import ENTITIES, Version, Versions
from azureml_emulator.core.errors import ServiceError
from azureml_emulator.core.resource_body import invalid
from azureml_emulator.core.schema import Problem
from azureml_emulator.core.settings import Settings
from azureml_emulator.core.store import Store
from azureml_emulator.storage.backend import Storage
from azureml_emulator.workspace.datastores import Datastores

NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9\-_]{0,254}")
"""Source: the pattern of names of containers (models, environments) in the specification of 2024-04-01-preview."""

VERSION = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9\-_.]{0,254}")
PSEUDO = {"azureml_default"}
"""What azure-ai-ml asks for as a version when it wants a component without naming one: ``azureml_default``."""


class Assets:
    """The assets of the workspace. Rooms that define further kinds of assets add them.

    :ivar owner: what their ids begin with: the workspace's ARM id.
    :ivar knows_curated: whether Microsoft's environments are taken to exist.
    """

    knows_curated = True

    def __init__(
        self, settings: Settings, store: Store, storage: Storage, datastores: Datastores, job_output: JobOutput
    ) -> None:
        self.settings = settings
        self.owner = settings.workspace_arm_id
        self.versions = Versions(store)
        self.resolver = Resolver(settings, datastores, self.versions, job_output)
        self.blobs = storage.blobs
        kinds = [*asset_kinds(self.resolver, storage.blobs), *feature_kinds(self.versions)]
        self.kinds = {kind.segment: kind for kind in kinds}
        self._storage = storage

    def add_kind(self, kind: Kind) -> None:
        """Add a kind of asset."""
        self.kinds[kind.segment] = kind

    def find(self, kind: str, name: str, version: str) -> Version:
        """One version by its number or by a pseudo version.

        :raises ServiceError: the service's 404.
        """
        name = without_prefix(name)
        asset = self.versions.get(kind, name, version)
        if asset is None and version in PSEUDO:
            asset = self.versions.latest(kind, name)
        if asset is None and self.knows_curated and kind == "environments" and CURATED.fullmatch(name):
            asset = curated(name, version)
        if asset is None:
            raise missing(kind, name, version)
        return asset

    def put(self, kind: str, name: str, version: str, properties: Properties) -> tuple[Version, bool]:
        """Create a version, or change what may change of one; the version, and whether it is a new one.

        :raises ServiceError: the names or the properties are refused.
        """
        check_name("name", name)
        check_name("version", version)
        row = self.kinds[kind]
        version = row.kept_as(properties, version)
        before = self.versions.get(kind, name, version)
        finished = updated_properties(row, before, row.finish(name, version, properties))
        return self.versions.put(kind, name, version, finished, self.settings.client_id), before is None

    def register(self, kind: str, name: str, version: str, properties: Properties, **more: Any) -> Version:
        """Write a version that a job made.

        :param properties: the properties as a request has them.
        :param more: properties that only the service sets.
        """
        finished = {**self.kinds[kind].finish(name, version, properties), **more}
        return self.versions.put(kind, name, version, finished, self.settings.client_id)

    def begin_upload(self) -> tuple[str, str]:
        """Make a container for one upload; its address, and the address with the right to write.

        Its name is the head of the workspace's id and a GUID. Source: recorded answers.
        """
        container = f"{self.settings.workspace_id[:10]}-{uuid.uuid4()}"
        self._storage.blobs.create_container(container)
        return f"{self.settings.storage_url}/{container}", self._storage.signer.url(container, permissions="racwl")


def without_prefix(name: str) -> str:
    """A requested name without the prefix ``azureml:``.

    azure-ai-ml 1.35.2 leaves the prefix in the name when it looks for ``Input(path="azureml:<name>@latest")`` or an
    environment given so, as Microsoft's own samples write it. That the service accepts it is unproven.
    """
    return name.removeprefix("azureml:")


def curated(name: str, version: str | None) -> Version:
    """One of Microsoft's environments; any name of their pattern is assumed to exist, because the emulator has
    no list of them."""
    moment = "2024-01-01T00:00:00.0000000+00:00"
    properties = {
        **common_properties({}),
        "description": "A curated environment; the emulator does not hold its image.",
        "image": f"mcr.microsoft.com/azureml/curated/{name.lower()}:{version or '1'}",
        "environmentType": "Curated",
        "osType": "Linux",
        "provisioningState": "Succeeded",
    }
    return Version("environments", name, version or "1", properties, moment, moment, "Microsoft")


def check_name(field: str, value: str) -> None:
    """Names are letters, digits, hyphens and underscores, and versions may have dots.

    :raises ServiceError: the service's 400 otherwise.
    """
    pattern, dots = (VERSION, ", '_' and '.'") if field == "version" else (NAME, " and '_'")
    if not pattern.fullmatch(value):
        problem = Problem(
            field, f"{value!r}: letters, digits, '-'{dots}, the first one a letter or digit, at most 255."
        )
        raise invalid([problem])


def missing(kind: str, name: str, version: str | None = None) -> ServiceError:
    """The service's 404 for an asset, or for its container when no version is given."""
    titles = {"data": "Data", "codes": "Code", ENTITIES: "FeaturestoreEntity"}
    title = titles.get(kind, kind.removesuffix("s").capitalize())
    what = f"{title} {name}:{version}" if version else f"{title} container {name}"
    return ServiceError(
        404, "UserError", f"{what} not found.", inner=("NotFound", f"{title}NotFound"), parameters={"name": name}
    )
