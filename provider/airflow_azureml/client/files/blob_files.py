"""The files of one container as a file system sees them: listed, looked at, read in part, written in blocks.

Names are whole paths in the container. Source of all of it: azure-storage-blob's own client, and for blocks
https://learn.microsoft.com/rest/api/storageservices/put-block-list
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import IO, Any

from azure.core import MatchConditions

from airflow_azureml.client.blobs import is_folder
from airflow_azureml.client.storage import Store
from airflow_azureml.rest.errors import NotFoundError
from airflow_azureml.rest.storage import StoredFile

THREADS = 4
"""Parts of one large file that are moved at the same time, 4 MiB each."""

AT_ONCE = 8 * 1024 * 1024
"""Bytes up to which a file is moved by one request, and is held in memory meanwhile."""

Progress = Callable[[int, "int | None"], None]
"""Is told how many bytes have gone over, and of how many."""


class BlobFiles:
    """The files of the container that a location is in; failures are raised as our own errors.

    Threads may share it.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._container = store.open(max_single_put_size=AT_ONCE, max_single_get_size=AT_ONCE)

    def find(self, name: str) -> StoredFile:
        """Look at a file, or a folder with files in it; an empty name is the container itself.

        :raises NotFoundError: there is neither.
        """
        if not name:
            return StoredFile("", is_folder=True)
        try:
            return _described(self._store.ask("HEAD", self._blob(name).get_blob_properties))
        except NotFoundError:
            if not self._is_any(f"{name}/"):
                raise
            return StoredFile(name, is_folder=True)

    def children(self, name: str) -> list[StoredFile]:
        """List a folder.

        :return: what is in it, each once; the file alone where the name is a file's.
        :raises NotFoundError: there is neither.
        """
        return self._list(name, self._container.walk_blobs)

    def below(self, name: str) -> list[StoredFile]:
        """List all that is below a folder, however deep; of folders only those that storage has as such.

        :return: the file alone where the name is a file's.
        :raises NotFoundError: there is neither.
        """
        return self._list(name, self._container.list_blobs)

    def read(self, name: str, start: int = 0, length: int | None = None, tag: str | None = None) -> bytes | None:
        """Read a file, or a part of it; None for a folder that storage has as such.

        :param length: bytes; None reads to the end.
        :param tag: of the version that is meant.
        :raises BadRequestError: code ``ConditionNotMet``, where it is another version by now.
        """
        meant: dict[str, Any] = {}
        if tag is not None:
            meant = {"etag": f'"{tag}"', "match_condition": MatchConditions.IfNotModified}

        def fetch() -> bytes | None:
            stream = self._blob(name).download_blob(offset=start, length=length, max_concurrency=THREADS, **meant)
            return None if is_folder(stream.properties) else bytes(stream.readall())

        return self._store.ask("GET", fetch)

    def fetch(self, name: str, target: IO[bytes], progress: Progress | None = None) -> bool:
        """Read a whole file into an open one, where that stands; False for a folder that storage has as such."""
        begin = target.tell()

        def attempt() -> bool:
            target.seek(begin)
            stream = self._blob(name).download_blob(max_concurrency=THREADS, progress_hook=progress)
            if is_folder(stream.properties):
                return False
            stream.readinto(target)
            return True

        return self._store.ask("GET", attempt)

    def put(
        self, name: str, content: bytes | IO[bytes], size: int, *, overwrite: bool, progress: Progress | None = None
    ) -> None:
        """Write a whole file.

        :param content: bytes, or an open file that is read from its beginning.
        :param size: of the content, in bytes.
        :raises ConflictError: it is there, and is not to be overwritten.
        """

        def attempt() -> None:
            if not isinstance(content, bytes):
                content.seek(0)
            self._blob(name).upload_blob(
                content, length=size, overwrite=overwrite, max_concurrency=THREADS, progress_hook=progress
            )

        self._store.ask("PUT", attempt)

    def put_block(self, name: str, block: str, content: bytes) -> None:
        """Send a part of a file; nothing shows of it before ``put_blocks``."""
        self._store.ask("PUT", lambda: self._blob(name).stage_block(block, content))

    def put_blocks(self, name: str, blocks: Sequence[str], *, overwrite: bool) -> None:
        """Make a file of the parts that were sent; their ids are all of one length.

        :raises ConflictError: it is there, and is not to be overwritten.
        """
        from azure.storage.blob import BlobBlock

        new: dict[str, Any] = {} if overwrite else {"match_condition": MatchConditions.IfMissing}
        parts = [BlobBlock(block) for block in blocks]
        self._store.ask("PUT", lambda: self._blob(name).commit_block_list(parts, **new))

    def delete(self, name: str) -> None:
        """Delete one file, or a folder that storage has as such.

        :raises NotFoundError: there is none of this name.
        """
        self._store.ask("DELETE", self._blob(name).delete_blob)

    def _list(self, name: str, begin: Callable[..., Any]) -> list[StoredFile]:
        prefix = f"{name}/" if name else ""
        rows = self._store.ask(
            "GET", lambda: [_described(row) for row in begin(name_starts_with=prefix, include=["metadata"])]
        )
        # Storage with a hierarchical name space lists a folder twice: as a blob, and cut off at its slash.
        found = {row.name: row for row in rows if row.name != name}
        if rows or not name:
            return [row for _, row in sorted(found.items())]
        described = _described(self._store.ask("HEAD", self._blob(name).get_blob_properties))
        return [] if described.is_folder else [described]

    def _is_any(self, prefix: str) -> bool:
        def first() -> bool:
            rows = self._container.list_blobs(name_starts_with=prefix, results_per_page=1)
            return next(iter(rows), None) is not None

        return self._store.ask("GET", first)

    def _blob(self, name: str) -> Any:
        return self._container.get_blob_client(name)


def _described(row: Any) -> StoredFile:
    """A row of a listing, or a blob's properties. What a listing cuts off at a slash has a name and nothing else."""
    if getattr(row, "etag", None) is None or is_folder(row):
        return StoredFile(row.name.rstrip("/"), is_folder=True)
    return StoredFile(row.name, row.size, row.last_modified, row.etag.strip('"'))
