"""Files in Azure ML's storage through an Airflow connection: Python's own errors for files, ours for all else."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import IO, TYPE_CHECKING, TypeVar

from airflow_azureml.exceptions import translated
from airflow_azureml.hooks.azureml import AzureMLHook

if TYPE_CHECKING:
    from airflow_azureml.client import MLClient
    from airflow_azureml.client.files.blob_files import BlobFiles, Progress
    from airflow_azureml.lifecycle.files.origins import Origin
    from airflow_azureml.rest.storage import StorageAddress, StoredFile

T = TypeVar("T")

ANOTHER_VERSION, NO_CONTAINER, TAKEN = "ConditionNotMet", "ContainerNotFound", "BlobAlreadyExists"
"""The blob service's codes for a file that is not the version that was meant, a datastore whose container is gone, and
a file that is there already.

Sources: https://learn.microsoft.com/rest/api/storageservices/common-rest-api-error-codes and
https://learn.microsoft.com/rest/api/storageservices/blob-service-error-codes
"""


class StoredFiles:
    """The files of a datastore, of a version of an asset or of an output of a job.

    Names are paths below it, without slashes around them; the empty one is it itself. Only datastores are written to.
    Threads and forked processes may share it: it holds no connection.

    :param shown: what stands before a name in the text of an error.
    :raises AzureMLException: from every method, where the connection, the datastore or the storage account refuses.
    """

    def __init__(self, hook: AzureMLHook, origin: Origin, shown: str) -> None:
        self._hook = hook
        self._origin = origin
        self._shown = shown
        self._place: str | None = None
        self._address: StorageAddress | None = None

    def find(self, name: str) -> StoredFile:
        """Look at a file, or a folder with files in it.

        :raises FileNotFoundError: there is neither.
        """
        return self._ask(name, lambda files, path: files.find(path), self._relative)

    def is_any(self, name: str) -> bool:
        """Whether a file or folder is there."""
        try:
            self.find(name)
        except FileNotFoundError:
            return False
        return True

    def children(self, name: str) -> list[StoredFile]:
        """List a folder, or the one file of this name.

        :raises FileNotFoundError: there is neither.
        """
        return self._ask(name, lambda files, path: files.children(path), self._all_relative)

    def below(self, name: str) -> list[StoredFile]:
        """List all that is below a folder, however deep, or the one file of this name.

        :raises FileNotFoundError: there is neither.
        """
        return self._ask(name, lambda files, path: files.below(path), self._all_relative)

    def read(self, name: str, start: int = 0, length: int | None = None, tag: str | None = None) -> bytes:
        """Read a file, or ``length`` bytes of it; ``tag`` names the version that is meant.

        :raises FileNotFoundError: there is none of this name.
        :raises IsADirectoryError: it is a folder that storage has as such.
        :raises OSError: it was written anew since that version.
        """
        content = self._ask(name, lambda files, path: files.read(path, start, length, tag))
        if content is None:
            raise self._error(errno.EISDIR, name)
        return content

    def fetch(self, name: str, target: IO[bytes], progress: Progress | None = None) -> None:
        """Read a whole file into an open one.

        :raises FileNotFoundError: there is none of this name.
        :raises IsADirectoryError: it is a folder that storage has as such.
        """
        if not self._ask(name, lambda files, path: files.fetch(path, target, progress)):
            raise self._error(errno.EISDIR, name)

    def put(
        self, name: str, content: bytes | IO[bytes], size: int, *, overwrite: bool, progress: Progress | None = None
    ) -> None:
        """Write a whole file of ``size`` bytes.

        :raises FileExistsError: it is there, and is not to be overwritten.
        """
        self._write(name, lambda files, path: files.put(path, content, size, overwrite=overwrite, progress=progress))

    def put_block(self, name: str, block: str, content: bytes) -> None:
        """Send a part of a file; nothing shows of it before ``put_blocks``."""
        self._write(name, lambda files, path: files.put_block(path, block, content))

    def put_blocks(self, name: str, blocks: Sequence[str], *, overwrite: bool) -> None:
        """Make a file of the parts that were sent.

        :raises FileExistsError: it is there, and is not to be overwritten.
        """
        self._write(name, lambda files, path: files.put_blocks(path, blocks, overwrite=overwrite))

    def delete(self, name: str) -> None:
        """Delete a file.

        :raises FileNotFoundError: there is none of this name.
        """
        self._write(name, lambda files, path: files.delete(path))

    def check_writable(self, name: str) -> None:
        """Refuse what is to be written where nothing can be.

        :raises OSError: it is in a version of an asset or in an output of a job.
        :raises IsADirectoryError: it is the datastore itself.
        """
        from airflow_azureml.rest.ids import DatastorePath

        if not isinstance(self._origin, DatastorePath):
            raise OSError(errno.EROFS, "Only paths of datastores can be written", self._shown + name)
        if not name:
            raise self._error(errno.EISDIR, name)

    def address(self, name: str) -> str | None:
        """The address of a file in its storage account, without a signature; None before anything was asked of one."""
        if self._address is None:
            return None
        path = "/".join(part for part in (self._address.path.strip("/"), name) if part)
        return replace(self._address, path=path).https_url

    def _write(self, name: str, work: Callable[[BlobFiles, str], None]) -> None:
        self.check_writable(name)
        self._ask(name, work)

    def _ask(
        self, name: str, work: Callable[[BlobFiles, str], T], read: Callable[[T, str], T] = lambda found, _: found
    ) -> T:
        """Do something with the files; where a secret is refused, once more with another."""
        from airflow_azureml.lifecycle.files.origins import enter
        from airflow_azureml.rest.errors import ForbiddenError
        from airflow_azureml.rest.workspace import wants_another_secret

        with translated(), self._hook.client() as client:
            place = self._find_place(client, name)
            entrance = client.run(enter(client.workspace, place))
            path = "/".join(part for part in (entrance.folder, name) if part)
            try:
                found = self._do(name, path, work, client.files(entrance.container))
            except ForbiddenError as error:
                if not wants_another_secret(error, entrance.container):
                    raise
                entrance = client.run(enter(client.workspace, place, anew=True))
                found = self._do(name, path, work, client.files(entrance.container))
        self._address = entrance.address
        return read(found, entrance.folder)

    def _find_place(self, client: MLClient, name: str) -> str:
        """Where the origin's files are; a version's place and that of an output never change once they are known."""
        from airflow_azureml.lifecycle.files.origins import place_of
        from airflow_azureml.rest.errors import NotFoundError
        from airflow_azureml.rest.ids import AssetId

        if self._place is not None:
            return self._place
        try:
            place = client.run(place_of(client.workspace, self._origin))
        except NotFoundError as error:
            raise FileNotFoundError(errno.ENOENT, str(error), self._shown + name) from None
        if not isinstance(self._origin, AssetId) or self._origin.version is not None:
            self._place = place
        return place

    def _do(self, name: str, path: str, work: Callable[[BlobFiles, str], T], files: BlobFiles) -> T:
        """Do something with the files, and raise what Python says of files for what the blob service says of blobs."""
        from airflow_azureml.rest.errors import BadRequestError, ConflictError, NotFoundError

        try:
            return work(files, path)
        except NotFoundError as error:
            if NO_CONTAINER in error.codes:
                raise
            raise self._error(errno.ENOENT, name) from None
        except ConflictError as error:
            if error.code != TAKEN:
                raise
            raise self._error(errno.EEXIST, name) from None
        except BadRequestError as error:
            if ANOTHER_VERSION not in error.codes:
                raise
            raise OSError(errno.ESTALE, "Written anew while it was read", self._shown + name) from None

    def _error(self, number: int, name: str) -> OSError:
        return OSError(number, os.strerror(number), self._shown + name)

    def _relative(self, file: StoredFile, folder: str) -> StoredFile:
        return replace(file, name=file.name[len(folder) :].lstrip("/"))

    def _all_relative(self, files: list[StoredFile], folder: str) -> list[StoredFile]:
        return [self._relative(file, folder) for file in files]
