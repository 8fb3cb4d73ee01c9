"""The fsspec file system for ``azureml://`` paths, read and written through Airflow connections."""

from __future__ import annotations

import asyncio
import errno
import os
from collections.abc import Coroutine
from contextlib import suppress
from datetime import datetime
from typing import Any

from fsspec.asyn import AsyncFileSystem, get_loop
from fsspec.callbacks import DEFAULT_CALLBACK

from airflow_azureml.exceptions import translated
from airflow_azureml.filesystems.file import AzureMLFile
from airflow_azureml.filesystems.infos import Info, folders_of, info_of, told
from airflow_azureml.filesystems.places import SCHEME, Place, connection, stripped
from airflow_azureml.hooks.azureml import AzureMLHook
from airflow_azureml.hooks.stored_files import StoredFiles
from airflow_azureml.rest.ids import Workspace
from airflow_azureml.rest.storage import StoredFile

AT_ONCE = 16
"""Files that are moved at the same time where several are to be."""

MOST = 100
"""Datastores, versions and outputs that one file system remembers."""


class AzureMLFileSystem(AsyncFileSystem):  # type: ignore[misc]  # fsspec has no types
    """Files in Azure ML's blob storage: of datastores (``AzureBlob``, ``AzureDataLakeGen2``), assets, jobs' outputs.

    Paths are ``azureml://datastores/<datastore>/paths/<path>``, and to be read only
    ``azureml://data/<name>/versions/<version>/<path>`` (``labels/latest``; ``models`` as well) and
    ``azureml://jobs/<job>/outputs/<output>/paths/<path>``. They are in the connection's workspace, or behind
    ``azureml://subscriptions/<id>/resourcegroups/<group>/workspaces/<name>/`` in any that the connection's principal
    may enter. Blob storage has no folders: one is there while a file is in it.

    The object holds the connection's name and no secret; nothing is asked before a file is. What has several files does
    them in threads, also for those who call its coroutines.

    :param azureml_conn_id: connection of type ``azureml`` or ``azure``.
    :param subscription_id: overrides the connection's, as do ``resource_group`` and ``workspace_name``; paths that name
        their workspace need none.
    :param options: those of fsspec's ``AsyncFileSystem``, such as ``asynchronous`` and ``batch_size`` (files at once).
    :raises AzureMLException: from every method, where the connection, the path, the datastore or the storage account
        refuses. Of files Python's own errors tell: ``FileNotFoundError``, ``FileExistsError``, ``IsADirectoryError``.
    """

    protocol = "azureml"
    root_marker = ""
    _pid: int

    def __init__(
        self,
        azureml_conn_id: str = AzureMLHook.default_conn_name,
        subscription_id: str | None = None,
        resource_group: str | None = None,
        workspace_name: str | None = None,
        **options: Any,
    ) -> None:
        super().__init__(**{"batch_size": AT_ONCE, **options})
        self.azureml_conn_id = azureml_conn_id
        self._workspace = (subscription_id, resource_group, workspace_name)
        self._hooks: dict[Workspace | None, AzureMLHook] = {}
        self._files: dict[str, StoredFiles] = {}

    @property
    def loop(self) -> Any:
        """The event loop that carries the coroutines out; a forked process has another one."""
        if not self.asynchronous and self._pid != os.getpid():
            self._pid, self._loop = os.getpid(), get_loop()
        return self._loop

    def at(self, path: str) -> tuple[StoredFiles, Place]:
        """The files that a path is among, and the path taken apart."""
        with translated():
            place = Place.parse(self._strip_protocol(path))
        files = self._files.get(place.root)
        if files is None:
            if len(self._files) >= MOST:
                self._files.clear()
            files = StoredFiles(self._hook(place.workspace), place.origin, f"{SCHEME}{place.root}/")
            self._files[place.root] = files
        return files, place

    def _hook(self, ws: Workspace | None) -> AzureMLHook:
        hook = self._hooks.get(ws)
        if hook is None:
            names = self._workspace if ws is None else (ws.subscription_id, ws.resource_group, ws.name)
            hook = self._hooks[ws] = AzureMLHook(self.azureml_conn_id, *names)
        return hook

    async def _info(self, path: str, **kwargs: Any) -> Info:
        """What is known of a file or folder: ``name``, ``size`` (bytes), ``type``, ``LastModified``, ``ETag``.

        :raises FileNotFoundError: there is neither.
        """
        files, place = self.at(path)
        return info_of(place, await asyncio.to_thread(files.find, place.name))

    async def _ls(self, path: str, detail: bool = True, **kwargs: Any) -> list[Any]:
        """List a folder, or the one file that a path names.

        :raises FileNotFoundError: there is neither.
        """
        files, place = self.at(path)
        found = [info_of(place, row) for row in await asyncio.to_thread(files.children, place.name)]
        return found if detail else [info["name"] for info in found]

    async def _find(
        self, path: str, maxdepth: int | None = None, withdirs: bool = False, detail: bool = False, **kwargs: Any
    ) -> Any:
        """List all files below a path, however deep, with one listing."""
        if maxdepth is not None:
            found = await super()._find(path, maxdepth=maxdepth, withdirs=withdirs, detail=True)
        else:
            found = await self._find_all(path, withdirs)
        return found if detail else list(found)

    async def _find_all(self, path: str, withdirs: bool) -> dict[str, Info]:
        files, place = self.at(path)
        try:
            rows = {row.name: row for row in await asyncio.to_thread(files.below, place.name)}
        except FileNotFoundError:
            rows = {}
        if withdirs and place.name not in rows:
            names = [folder for name in rows for folder in folders_of(name, place.name)]
            rows |= {name: StoredFile(name, is_folder=True) for name in names}
        found = [info_of(place, row) for _, row in sorted(rows.items()) if withdirs or not row.is_folder]
        return {info["name"]: info for info in found}

    async def _isfile(self, path: str) -> bool:
        """Whether a file is there. What refuses to say is raised: it is not a no."""
        try:
            return bool((await self._info(path))["type"] == "file")
        except FileNotFoundError:
            return False

    async def _isdir(self, path: str) -> bool:
        """Whether a folder is there, with files in it."""
        try:
            return bool((await self._info(path))["type"] == "directory")
        except FileNotFoundError:
            return False

    async def _cat_file(self, path: str, start: int | None = None, end: int | None = None, **kwargs: Any) -> bytes:
        """Read a file or a part of it; negative numbers count from its end."""
        files, place = self.at(path)
        if (start or 0) < 0 or (end or 0) < 0:
            size = (await self._info(path))["size"]
            start, end = (None if at is None else max(0, at + size if at < 0 else at) for at in (start, end))
        begin = start or 0
        if end is not None and end <= begin:
            return b""
        return await asyncio.to_thread(files.read, place.name, begin, None if end is None else end - begin)

    async def _pipe_file(self, path: str, value: bytes, mode: str = "overwrite", **kwargs: Any) -> None:
        """Write a whole file; ``mode="create"`` raises FileExistsError where it is there."""
        files, place = self.at(path)
        content = bytes(value)
        await asyncio.to_thread(files.put, place.name, content, len(content), overwrite=mode != "create")

    async def _put_file(
        self, lpath: str, rpath: str, mode: str = "overwrite", callback: Any = DEFAULT_CALLBACK, **kwargs: Any
    ) -> None:
        """Send a local file in parts of some megabytes; a local folder is nothing to send."""
        files, place = self.at(rpath)

        def send() -> None:
            with open(lpath, "rb") as source:
                size = os.fstat(source.fileno()).st_size
                files.put(place.name, source, size, overwrite=mode != "create", progress=told(callback))

        if not os.path.isdir(lpath):
            await asyncio.to_thread(send)

    async def _get_file(self, rpath: str, lpath: Any, callback: Any = DEFAULT_CALLBACK, **kwargs: Any) -> None:
        """Fetch a file in parts of some megabytes; the local one appears when it is whole. A folder makes a folder."""
        files, place = self.at(rpath)

        def fetch() -> None:
            if hasattr(lpath, "write"):
                return files.fetch(place.name, lpath, told(callback))
            os.makedirs(os.path.dirname(lpath) or ".", exist_ok=True)
            part = f"{lpath}.{os.getpid()}.part"
            try:
                with open(part, "wb") as target:
                    files.fetch(place.name, target, told(callback))
                os.replace(part, lpath)
            finally:
                with suppress(FileNotFoundError):
                    os.unlink(part)
            return None

        try:
            await asyncio.to_thread(fetch)
        except (FileNotFoundError, IsADirectoryError):
            if not await self._isdir(rpath):
                raise
            os.makedirs(lpath, exist_ok=True)

    async def _cp_file(self, path1: str, path2: str, **kwargs: Any) -> None:
        """Copy one file, by way of this machine: the two may be in different storage accounts."""

        def copy() -> None:
            with self._open(path1, "rb") as source, self._open(path2, "wb") as target:
                while content := source.read(source.blocksize):
                    target.write(content)

        with suppress(IsADirectoryError):
            await asyncio.to_thread(copy)

    async def _rm_file(self, path: str, **kwargs: Any) -> None:
        """Delete one file.

        :raises FileNotFoundError: there is none.
        :raises IsADirectoryError: it is a folder with files in it.
        """
        files, place = self.at(path)
        try:
            await asyncio.to_thread(files.delete, place.name)
        except FileNotFoundError:
            if not await self._isdir(path):
                raise
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), self.unstrip_protocol(path)) from None

    async def _rm(
        self,
        path: Any,
        recursive: bool = False,
        batch_size: int | None = None,
        maxdepth: int | None = None,
        **kwargs: Any,
    ) -> None:
        """Delete files and, with ``recursive``, all that is below a folder."""
        tolerated = (FileNotFoundError, IsADirectoryError) if recursive else ()  # a folder goes with its last file

        async def delete(name: str) -> None:
            with suppress(*tolerated):
                await self._rm_file(name)

        by_depth: dict[int, list[str]] = {}
        for name in await self._expand_path(path, recursive=recursive, maxdepth=maxdepth):
            by_depth.setdefault(name.count("/"), []).append(name)
        for _, names in sorted(by_depth.items(), reverse=True):
            await _in_turn([delete(name) for name in names], batch_size or self.batch_size)

    async def _mkdir(self, path: str, create_parents: bool = True, **kwargs: Any) -> None:
        """Do nothing: a folder is there when a file is in it."""

    async def _makedirs(self, path: str, exist_ok: bool = False) -> None:
        """Do nothing: a folder is there when a file is in it."""

    def storage_address(self, path: str) -> str | None:
        """The ``https`` address of a path in its storage account, for whoever names data by where it lies.

        Nothing is asked for it: None where no file near the path was used before.
        """
        files, place = self.at(path)
        return files.address(place.name)

    def modified(self, path: str) -> datetime | None:
        """When a file was last written; None for a folder."""
        changed: datetime | None = self.info(path).get("LastModified")
        return changed

    def _open(self, path: str, mode: str = "rb", block_size: Any = None, **options: Any) -> AzureMLFile:
        files, place = self.at(path)
        return AzureMLFile(self, path, mode, block_size, files=files, name=place.name, **options)

    @classmethod
    def _strip_protocol(cls, path: Any) -> Any:
        """The path of the file system in an address, or in each of several."""
        if isinstance(path, list):
            return [cls._strip_protocol(one) for one in path]
        return stripped(os.fspath(path))

    @staticmethod
    def _get_kwargs_from_urls(path: str) -> dict[str, Any]:
        """The connection, where an address names one: for those who open addresses by fsspec alone."""
        name = connection(path)
        return {"azureml_conn_id": name} if name else {}


async def _in_turn(work: list[Coroutine[Any, Any, None]], at_once: int) -> None:
    """Do several things, so many of them at the same time."""
    turns = asyncio.Semaphore(at_once if at_once > 0 else AT_ONCE)

    async def do(one: Coroutine[Any, Any, None]) -> None:
        async with turns:
            await one

    await asyncio.gather(*(do(one) for one in work))
