"""Parts: what files name beside themselves (code, environments, models, data), registered once for each content."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from azureml_emulator.assets.backend import Assets
from azureml_emulator.assets.references import Place
from azureml_emulator.core.settings import Settings
from azureml_emulator.execution.images import ANONYMOUS
from azureml_emulator.seeding.files import SeedFile
from azureml_emulator.storage.blobs.files import copy_file, copy_tree
from azureml_emulator.storage.blobs.models import BlobStore


class Parts:
    """Registers what files name. All of it is file work: call it in a thread."""

    def __init__(self, settings: Settings, blobs: BlobStore, assets: Assets) -> None:
        self._settings = settings
        self._blobs = blobs
        self._assets = assets

    def environment(self, file: SeedFile, content: Mapping[str, Any], prefix: str) -> dict[str, Any]:
        """The properties of an environment.

        :param prefix: what stands before its fields in messages.
        """
        properties: dict[str, Any] = {"image": content.get("image")}
        conda, build = content.get("conda_file"), content.get("build")
        if isinstance(conda, str):
            properties["condaFile"] = self.read(file, f"{prefix}conda_file", conda)
        elif conda is not None:
            properties["condaFile"] = json.dumps(conda)
        if isinstance(build, Mapping):
            uri = self.upload(file, f"{prefix}build.path", str(build.get("path")), folder=True)
            properties["build"] = {
                "contextUri": uri,
                "dockerfilePath": str(build.get("dockerfile_path") or "Dockerfile"),
            }
        if content.get("os_type"):
            properties["osType"] = str(content["os_type"]).capitalize()
        if content.get("inference_config"):
            properties["inferenceConfig"] = content["inference_config"]
        return {key: value for key, value in properties.items() if value is not None}

    def anonymous_environment(self, file: SeedFile, content: Mapping[str, Any]) -> str:
        """Register an environment that stands in a file; its id."""
        properties = self.environment(file, content, "environment.")
        version = hashlib.sha256(json.dumps(properties, sort_keys=True).encode()).hexdigest()[:32]
        made, _ = self._assets.put("environments", ANONYMOUS, version, {**properties, "isAnonymous": True})
        return self._assets.resolver.arm_id(made)

    def anonymous_model(self, file: SeedFile, content: Mapping[str, Any]) -> str:
        """Register a model that stands in a file; its id."""
        uri = self.upload(file, "model.path", str(content.get("path")))
        name = str(content.get("name") or hashlib.sha256(uri.encode()).hexdigest()[:32])
        properties = {"modelType": content.get("type") or "custom_model", "modelUri": uri}
        made, _ = self._assets.put("models", name, str(content.get("version") or "1"), properties)
        return self._assets.resolver.arm_id(made)

    def code(self, file: SeedFile, value: str) -> str:
        """Register local code, or take an id; the id."""
        if value.startswith(("azureml:", "/subscriptions/")):
            return value
        uri = self.upload(file, "code", value)
        name = hashlib.sha256(uri.encode()).hexdigest()[:32]
        made, _ = self._assets.put("codes", name, "1", {"codeUri": uri})
        return self._assets.resolver.arm_id(made)

    def uri(self, file: SeedFile, field: str, folder: bool | None = None) -> str:
        """The address of what a field names: a local path is uploaded, an address stays."""
        value = file.text(field)
        if "://" in value or value.startswith("azureml:"):
            return value
        return self.upload(file, field, value, folder=folder)

    def upload(self, file: SeedFile, field: str, value: str, folder: bool | None = None) -> str:
        """Copy local files to the default datastore, by content; their address.

        :param folder: whether it must be a folder, or must be a file; None: either.
        """
        source = file.local(value)
        if not source.exists() or (folder is not None and source.is_dir() is not folder):
            wanted = {True: "a folder", False: "a file", None: "a file or folder"}[folder]
            raise file.error(field, f"{value!r} does not exist as {wanted}. Accepted: {wanted} beside the file.")
        container = self._settings.default_container
        place = Place(container, f"LocalUpload/{content_hash(source)}/{source.resolve().name}")
        target = self._blobs.path(place.container, place.path)
        if not target.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            copy_tree(source, target) if source.is_dir() else copy_file(source, target)
        return self._assets.resolver.uri_of(place) + ("/" if source.is_dir() else "")

    def read(self, file: SeedFile, field: str, value: str) -> str:
        """The text of a file that a field names."""
        try:
            return file.local(value).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            raise file.error(field, f"{value!r} is not readable. Accepted: a conda file, or a mapping.") from None


def content_hash(source: Path) -> str:
    """A hash of a file, or of the names and contents of a folder's files."""
    digest = hashlib.sha256()
    paths = sorted(Path(here, name) for here, _, names in os.walk(source) for name in names) or [source]
    for path in paths:
        if path.is_file():
            digest.update(f"{path.relative_to(source)}\0".encode())
            digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()[:32]
