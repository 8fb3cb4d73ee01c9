"""One open file."""

from __future__ import annotations

import errno
import os
import uuid
from types import TracebackType
from typing import Any

from fsspec.spec import AbstractBufferedFile

from airflow_azureml.hooks.stored_files import StoredFiles

MODES = ("rb", "wb", "xb")


class AzureMLFile(AbstractBufferedFile):  # type: ignore[misc]  # fsspec has no types
    """A file that is read in ranges of one version, or written in blocks that show only when it is closed.

    A ``with`` that an exception leaves writes nothing: half a file would look like a whole one.

    :param files: those that the path is among.
    :param name: what the path is called there.
    :raises ValueError: a mode that is not one of ``MODES``.
    :raises IsADirectoryError: a folder is to be read.
    :raises FileExistsError: mode ``xb``, and it is there: when it is opened, or by the time it is closed.
    :raises OSError: it is to be written in an asset or an output of a job.
    """

    DEFAULT_BLOCK_SIZE = 8 * 1024 * 1024
    """Bytes: what is held in memory, and sent or fetched at once."""

    def __init__(
        self, fs: Any, path: str, mode: str, block_size: Any = None, *, files: StoredFiles, name: str, **options: Any
    ) -> None:
        if mode not in MODES:
            raise ValueError(f"mode: {mode!r} is not accepted. Accepted: {', '.join(MODES)}.")
        self._blocks: list[str] = []
        self._writer = uuid.uuid4().hex
        self._files, self._name = files, name
        if mode != "rb":
            self._files.check_writable(self._name)
            size = None
        else:
            found = self._files.find(self._name)
            if found.is_folder:
                raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), fs.unstrip_protocol(path))
            self._tag, size = found.tag, found.size
        if mode == "xb" and self._files.is_any(self._name):
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), fs.unstrip_protocol(path))
        super().__init__(fs, path, mode, block_size or self.DEFAULT_BLOCK_SIZE, **{"size": size, **options})

    def commit(self) -> None:
        """Make the file of the blocks that were sent; within a transaction of fsspec, at its end."""
        self._files.put_blocks(self._name, self._blocks, overwrite=self.mode != "xb")

    def discard(self) -> None:
        """Make no file: the service forgets blocks after a week."""

    def _upload_chunk(self, final: bool = False) -> bool:
        """Send what is in the buffer; a file that fits in it, at once."""
        content = self.buffer.getvalue()
        if final and self.autocommit and not self._blocks:
            self._files.put(self._name, content, len(content), overwrite=self.mode != "xb")
            return True
        for start in range(0, len(content), self.blocksize):
            block = f"{self._writer}-{len(self._blocks):06}"
            self._files.put_block(self._name, block, content[start : start + self.blocksize])
            self._blocks.append(block)
        if final and self.autocommit:
            self.commit()
        return True

    def _fetch_range(self, start: int, end: int) -> bytes:
        if end <= start:
            return b""
        return bytes(self._files.read(self._name, start, end - start, self._tag))

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the file; where something went wrong, without writing it."""
        if kind is not None and self.writable():
            self.forced = True  # nothing more is sent
        self.close()
