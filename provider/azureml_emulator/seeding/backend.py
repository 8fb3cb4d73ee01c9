"""The backend of seeding: what files describe becomes the workspace's, once for each content."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from azureml_emulator.assets.backend import Assets
from azureml_emulator.assets.kinds import updated_properties
from azureml_emulator.assets.references import Place
from azureml_emulator.batch.backend import Batch
from azureml_emulator.core.errors import ServiceError
from azureml_emulator.core.schema import Problem
from azureml_emulator.core.settings import Settings
from azureml_emulator.execution.images import ANONYMOUS
from azureml_emulator.seeding import files
from azureml_emulator.seeding.batch_files import BatchFiles
from azureml_emulator.seeding.files import SeedError, SeedFile
from azureml_emulator.storage.backend import Storage
from azureml_emulator.storage.files import copy_file, copy_tree
from azureml_emulator.workspace.backend import Workspace
from azureml_emulator.workspace.computes import compute

SEGMENTS = {files.DATA: "data", files.MODEL: "models", files.ENVIRONMENT: "environments", files.COMPONENT: "components"}
"""The kinds of assets, by the kind of file."""


class Seeding:
    """Registers what files describe. All of it is file work: call it in a thread once the emulator serves."""

    def __init__(
        self, settings: Settings, storage: Storage, workspace: Workspace, assets: Assets, batch: Batch
    ) -> None:
        self._settings = settings
        self._blobs = storage.blobs
        self._workspace = workspace
        self._assets = assets
        self._batch_files = BatchFiles(batch, self._code, self._anonymous_environment)

    def seed(self, folder: Path) -> tuple[list[dict[str, str]], dict[Path, str]]:
        """Register everything that the files below a folder describe. Versions that are there already stay.

        :returns: a row for each file that describes something, with ``file``, ``kind``, ``name``, ``version``; and
            why the other YAML files are left alone.
        :raises SeedError: a file cannot be registered. Those before it are.
        """
        found, left_alone = files.read_folder(folder)
        return [self._register(file) for file in found], left_alone

    def _register(self, file: SeedFile) -> dict[str, str]:
        name = file.text("name")
        row = {"file": str(file.path), "kind": file.kind, "name": name, "version": ""}
        try:
            if file.kind == files.DATASTORE:
                self._workspace.datastores.put(name, datastore_properties(file))
            elif file.kind == files.COMPUTE:
                self._put_compute(file, name)
            elif file.kind == files.BATCH_ENDPOINT:
                self._batch_files.endpoint(file, name)
            elif file.kind == files.BATCH_DEPLOYMENT:
                self._batch_files.deployment(file, name)
            else:
                row["version"] = self._put_asset(file, name)
        except ServiceError as error:
            raise SeedError(f"{file.path}: {' '.join(error.message.split())}") from None
        return row

    def _put_compute(self, file: SeedFile, name: str) -> None:
        tags = file.content.get("tags")
        self._workspace.computes.add(compute(self._settings.region, name, compute_properties(file), tags))

    def _put_asset(self, file: SeedFile, name: str) -> str:
        """The version under which the asset is there."""
        segment = SEGMENTS[file.kind]
        common = {key: file.content[key] for key in ("description", "tags", "properties") if file.content.get(key)}
        properties = {**common, **PROPERTIES[file.kind](self, file)}
        problems: list[Problem] = []
        properties = self._assets.kinds[segment].shape(properties, "", problems.append)
        if problems:
            raise file.error(problems[0].path.rpartition(".")[2] or file.kind, problems[0].message)
        if "version" in file.content:
            return self._assets.put(segment, name, file.text("version"), properties)[0].version
        return self._put_next(segment, name, properties)

    def _put_next(self, segment: str, name: str, properties: dict[str, Any]) -> str:
        """Write the next version, unless the latest one is the same."""
        kind, latest = self._assets.kinds[segment], self._assets.versions.latest(segment, name)
        if latest is not None:
            try:
                updated_properties(kind, latest, kind.finish(name, latest.version, properties))
                return latest.version
            except ServiceError:
                pass
        version = self._assets.versions.next_number(segment, name)
        return self._assets.put(segment, name, version, properties)[0].version

    # what the kinds of assets are made of ------------------------------------------------------------

    def data(self, file: SeedFile) -> dict[str, Any]:
        """The properties of a data asset."""
        data_type = str(file.content.get("type") or "uri_folder")
        return {"dataType": data_type, "dataUri": self._uri(file, "path", folder=data_type != "uri_file")}

    def model(self, file: SeedFile) -> dict[str, Any]:
        """The properties of a model."""
        more = {key: file.content[key] for key in ("flavors", "stage") if key in file.content}
        if "flavors" in more:
            more["flavors"] = {name: {"data": values} for name, values in more["flavors"].items()}
        return {"modelType": file.content.get("type") or "custom_model", "modelUri": self._uri(file, "path"), **more}

    def environment(self, file: SeedFile) -> dict[str, Any]:
        """The properties of an environment."""
        return self._environment(file, file.content, "")

    def component(self, file: SeedFile) -> dict[str, Any]:
        """The properties of a command component, with its code and environment registered."""
        spec = {key: value for key, value in file.content.items() if key not in ("additional_includes",)}
        if "additional_includes" in file.content:
            raise file.error("additional_includes", "it is not read here. Accepted: files below `code`.")
        if isinstance(spec.get("environment"), Mapping):
            spec["environment"] = self._anonymous_environment(file, spec["environment"])
        code = spec.get("code")
        if isinstance(code, str) and not code.startswith(("azureml:", "/subscriptions/")):
            spec["code"] = self._code(file, code)
        return {"componentSpec": {"_source": "YAML.COMPONENT", **spec}}

    def _environment(self, file: SeedFile, content: Mapping[str, Any], prefix: str) -> dict[str, Any]:
        properties: dict[str, Any] = {"image": content.get("image")}
        conda, build = content.get("conda_file"), content.get("build")
        if isinstance(conda, str):
            properties["condaFile"] = self._read(file, f"{prefix}conda_file", conda)
        elif conda is not None:
            properties["condaFile"] = json.dumps(conda)
        if isinstance(build, Mapping):
            uri = self._upload(file, f"{prefix}build.path", str(build.get("path")), folder=True)
            properties["build"] = {
                "contextUri": uri,
                "dockerfilePath": str(build.get("dockerfile_path") or "Dockerfile"),
            }
        if content.get("os_type"):
            properties["osType"] = str(content["os_type"]).capitalize()
        if content.get("inference_config"):
            properties["inferenceConfig"] = content["inference_config"]
        return {key: value for key, value in properties.items() if value is not None}

    def _anonymous_environment(self, file: SeedFile, content: Mapping[str, Any]) -> str:
        properties = self._environment(file, content, "environment.")
        version = hashlib.sha256(json.dumps(properties, sort_keys=True).encode()).hexdigest()[:32]
        made, _ = self._assets.put("environments", ANONYMOUS, version, {**properties, "isAnonymous": True})
        return self._assets.resolver.arm_id(made)

    def _code(self, file: SeedFile, value: str) -> str:
        uri = self._upload(file, "code", value)
        name = hashlib.sha256(uri.encode()).hexdigest()[:32]
        made, _ = self._assets.put("codes", name, "1", {"codeUri": uri})
        return self._assets.resolver.arm_id(made)

    # local files -------------------------------------------------------------------------------------

    def _uri(self, file: SeedFile, field: str, folder: bool | None = None) -> str:
        """The address of what a field names: a local path is uploaded, an address stays."""
        value = file.text(field)
        if "://" in value or value.startswith("azureml:"):
            return value
        return self._upload(file, field, value, folder=folder)

    def _upload(self, file: SeedFile, field: str, value: str, folder: bool | None = None) -> str:
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

    def _read(self, file: SeedFile, field: str, value: str) -> str:
        try:
            return file.local(value).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            raise file.error(field, f"{value!r} is not readable. Accepted: a conda file, or a mapping.") from None


PROPERTIES = {
    files.DATA: Seeding.data,
    files.MODEL: Seeding.model,
    files.ENVIRONMENT: Seeding.environment,
    files.COMPONENT: Seeding.component,
}


def datastore_properties(file: SeedFile) -> dict[str, Any]:
    """The properties of a blob datastore, without its secrets."""
    content = file.content
    return {
        "datastoreType": "AzureBlob",
        "accountName": file.text("account_name"),
        "containerName": file.text("container_name"),
        **{key: content[key] for key in ("description", "tags", "endpoint", "protocol") if content.get(key)},
    }


def compute_properties(file: SeedFile) -> dict[str, Any]:
    """The properties of a cluster or a compute instance."""
    content = file.content
    size = {"vmSize": str(content["size"])} if content.get("size") else {}
    description = {"description": content["description"]} if content.get("description") else {}
    if str(content.get("type")).lower() == "computeinstance":
        return {"computeType": "ComputeInstance", **description, "properties": size}
    idle = int(content.get("idle_time_before_scale_down") or 120)
    scale = {
        "minNodeCount": int(content.get("min_instances") or 0),
        "maxNodeCount": int(content.get("max_instances") or 1),
        "nodeIdleTimeBeforeScaleDown": f"PT{idle}S",
    }
    tier = str(content.get("tier") or "dedicated").lower()
    priority = {"dedicated": "Dedicated", "low_priority": "LowPriority"}.get(tier)
    if priority is None:
        raise file.error("tier", f"{content['tier']!r} is not accepted. Accepted: dedicated, low_priority.")
    inner = {**size, "vmPriority": priority, "scaleSettings": scale}
    return {"computeType": "AmlCompute", **description, "properties": inner}


def content_hash(source: Path) -> str:
    """A hash of a file, or of the names and contents of a folder's files."""
    digest = hashlib.sha256()
    paths = sorted(Path(here, name) for here, _, names in os.walk(source) for name in names) or [source]
    for path in paths:
        if path.is_file():
            digest.update(f"{path.relative_to(source)}\0".encode())
            digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()[:32]
