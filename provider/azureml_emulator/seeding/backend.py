"""The backend of seeding: what files describe becomes the workspace's, once for each content."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from azureml_emulator.assets.backend import Assets
from azureml_emulator.assets.kinds import updated_properties
from azureml_emulator.batch.backend import Batch
from azureml_emulator.core.errors import ServiceError
from azureml_emulator.core.schema import Problem
from azureml_emulator.core.settings import Settings
from azureml_emulator.online.backend import Online
from azureml_emulator.schedules.backend import Schedules
from azureml_emulator.seeding import files
from azureml_emulator.seeding.batch_files import BatchFiles
from azureml_emulator.seeding.files import SeedError, SeedFile
from azureml_emulator.seeding.job_files import JobFiles
from azureml_emulator.seeding.online_files import OnlineFiles
from azureml_emulator.seeding.parts import Parts
from azureml_emulator.seeding.schedule_files import ScheduleFiles
from azureml_emulator.storage.backend import Storage
from azureml_emulator.workspace.backend import Workspace
from azureml_emulator.workspace.computes import compute

SEGMENTS = {
    files.DATA: "data",
    files.MODEL: "models",
    files.ENVIRONMENT: "environments",
    files.COMPONENT: "components",
    files.PIPELINE_COMPONENT: "components",
}
"""The kinds of assets, by the kind of file."""


OnLoop = Callable[[Callable[[], None]], None]
"""Runs something on the event loop, and waits for it."""


@contextmanager
def telling(file: SeedFile) -> Iterator[None]:
    """Tell which file the service would refuse.

    :raises SeedError: that file.
    """
    try:
        yield
    except ServiceError as error:
        raise SeedError(f"{file.path}: {' '.join(error.message.split())}") from None


class Seeding:
    """Registers what files describe, once the emulator serves."""

    def __init__(
        self,
        settings: Settings,
        storage: Storage,
        workspace: Workspace,
        assets: Assets,
        batch: Batch,
        online: Online,
        schedules: Schedules,
    ) -> None:
        self._settings = settings
        self._parts = Parts(settings, storage.blobs, assets)
        self._workspace = workspace
        self._assets = assets
        parts = self._parts
        self._job_files = JobFiles(parts, self._put_component)
        self._schedule_files = ScheduleFiles(schedules, self._job_files)
        self._batch_files = BatchFiles(batch, parts.code, parts.anonymous_environment)
        self._online_files = OnlineFiles(online, parts.code, parts.anonymous_environment, parts.anonymous_model)

    async def seed(self, folder: Path) -> tuple[list[dict[str, str]], dict[Path, str]]:
        """Register everything that the files below a folder describe. Versions that are there already stay.

        :returns: a row for each file that describes something, with ``file``, ``kind``, ``name``, ``version``; and
            why the other YAML files are left alone.
        :raises SeedError: a file cannot be registered. Those before it are.
        """
        loop = asyncio.get_running_loop()

        def on_loop(act: Callable[[], None]) -> None:
            async def acted() -> None:
                act()

            asyncio.run_coroutine_threadsafe(acted(), loop).result()

        return await asyncio.to_thread(self._seed, folder, on_loop)

    def _seed(self, folder: Path, on_loop: OnLoop) -> tuple[list[dict[str, str]], dict[Path, str]]:
        found, left_alone = files.read_folder(folder)
        rows = [self._register(file, on_loop) for file in found]
        for file in found:
            if file.kind == files.ONLINE_ENDPOINT and (
                file.content.get("traffic") or file.content.get("mirror_traffic")
            ):
                with telling(file):
                    self._online_files.endpoint(file, file.text("name"), shares=True)
        return rows, left_alone

    def _register(self, file: SeedFile, on_loop: OnLoop) -> dict[str, str]:
        name = file.text("name")
        row = {"file": str(file.path), "kind": file.kind, "name": name, "version": ""}
        with telling(file):
            if file.kind == files.DATASTORE:
                self._workspace.datastores.put(name, datastore_properties(file))
            elif file.kind == files.COMPUTE:
                self._put_compute(file, name)
            elif file.kind == files.BATCH_ENDPOINT:
                self._batch_files.endpoint(file, name)
            elif file.kind == files.BATCH_DEPLOYMENT:
                self._batch_files.deployment(file, name)
            elif file.kind == files.ONLINE_ENDPOINT:
                self._online_files.endpoint(file, name)
            elif file.kind == files.ONLINE_DEPLOYMENT:
                self._online_files.deployment(file, name, on_loop)
            elif file.kind == files.SCHEDULE:
                self._schedule_files.schedule(file, name, on_loop)
            else:
                row["version"] = self._put_asset(file, name)
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
        return {"dataType": data_type, "dataUri": self._parts.uri(file, "path", folder=data_type != "uri_file")}

    def model(self, file: SeedFile) -> dict[str, Any]:
        """The properties of a model."""
        more = {key: file.content[key] for key in ("flavors", "stage") if key in file.content}
        if "flavors" in more:
            more["flavors"] = {name: {"data": values} for name, values in more["flavors"].items()}
        return {
            "modelType": file.content.get("type") or "custom_model",
            "modelUri": self._parts.uri(file, "path"),
            **more,
        }

    def environment(self, file: SeedFile) -> dict[str, Any]:
        """The properties of an environment."""
        return self._parts.environment(file, file.content, "")

    def component(self, file: SeedFile) -> dict[str, Any]:
        """The properties of a component, with what it names registered."""
        return {"componentSpec": self._job_files.spec(file)}

    def _put_component(self, name: str, version: str, spec: dict[str, Any]) -> str:
        properties = {"componentSpec": spec, "isAnonymous": True}
        return self._assets.resolver.arm_id(self._assets.put("components", name, version, properties)[0])


PROPERTIES = {
    files.DATA: Seeding.data,
    files.MODEL: Seeding.model,
    files.ENVIRONMENT: Seeding.environment,
    files.COMPONENT: Seeding.component,
    files.PIPELINE_COMPONENT: Seeding.component,
}


def datastore_properties(file: SeedFile) -> dict[str, Any]:
    """The properties of a datastore of blobs or of a Data Lake, without its secrets."""
    content = file.content
    lake = str(content.get("type")).lower() == "azure_data_lake_gen2"
    named = {"filesystem": file.text("filesystem")} if lake else {"containerName": file.text("container_name")}
    return {
        "datastoreType": "AzureDataLakeGen2" if lake else "AzureBlob",
        "accountName": file.text("account_name"),
        **named,
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
