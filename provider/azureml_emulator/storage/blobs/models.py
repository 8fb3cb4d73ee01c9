"""Blob storage: containers as real folders that jobs use in place, with each blob's properties beside them."""

from __future__ import annotations

import os
import shutil
import stat
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any

from azureml_emulator.core.clock import now
from azureml_emulator.storage.blobs.blocks import PIECE, Blocks
from azureml_emulator.storage.blobs.records import BLOCK, Blob, Container, Record, described
from azureml_emulator.storage.blobs.recovery import recover
from azureml_emulator.storage.blobs.rows import Records
from azureml_emulator.storage.blobs.walks import LONGEST_NAME, Position, walk


class BlobNameError(ValueError):
    """A blob's name that cannot be a place in a folder: it, or a segment of it, is too long, or a segment is empty,
    ``.`` or ``..``."""


class BlobConflictError(Exception):
    """A blob would have to be a folder and a file at once (``a`` and ``a/b``)."""


class BlobStore:
    """Containers below one folder: ``storage/<container>/<blob name>`` is the blob's content.

    A file that a process writes there is a blob; symbolic links are not. Names are the service's, with no first slash.
    """

    def __init__(self, state: Path) -> None:
        self.root = state / "storage"
        self._root = str(self.root)
        self.incoming = state / "incoming"
        self.root.mkdir(parents=True, exist_ok=True)
        self.records = Records(state / "blobs.sqlite")
        recover(self.records, self.root, self.incoming)
        shutil.rmtree(self.incoming, ignore_errors=True)
        self.incoming.mkdir()
        self._incoming_numbers = (f"{os.urandom(6).hex()}-{number}" for number in count())
        self.blocks = Blocks(state / "blocks", self.incoming)

    def create_container(self, container: str, metadata: Mapping[str, str] | None = None) -> bool:
        """Make a container; False when it exists."""
        place = self.root / container
        if place.exists():
            return False
        place.mkdir()
        self.records.change_container(Container(container, now(), metadata or {}))
        return True

    def delete_container(self, container: str) -> bool:
        """Remove a container and all that is in it; False when there is none."""
        place = self.root / container
        if not place.is_dir():
            return False
        aside = self.temporary()
        place.rename(aside)
        shutil.rmtree(aside, ignore_errors=True)
        self.blocks.discard_container(container)
        self.records.forget_container(container)
        return True

    def container(self, container: str) -> Container:
        """The properties of a container that is there."""
        return self.records.container(container, (self.root / container).stat().st_mtime)

    def containers(self) -> Sequence[str]:
        """The names of all containers, sorted."""
        return sorted(place.name for place in self.root.iterdir() if place.is_dir())

    def has_container(self, container: str) -> bool:
        """Whether there is such a container."""
        return bool(container) and "/" not in container and os.path.isdir(f"{self._root}/{container}")

    def path(self, container: str, name: str = "") -> Path:
        """The real place of a blob, or of the folder that its name would be; it need not exist.

        :param name: one slash at the end is allowed: the folder itself.
        :raises BlobNameError: the name cannot be a place.
        """
        return Path(self.place(container, name))

    def place(self, container: str, name: str) -> str:
        """``path`` as a text."""
        if not container or "/" in container or container in (".", ".."):
            raise BlobNameError(f"{container!r} is not a container's name.")
        if len(name) > LONGEST_NAME:
            raise BlobNameError(f"The name has {len(name)} characters; it may have {LONGEST_NAME}.")
        for part in name.removesuffix("/").split("/") if name else ():
            if part in ("", ".", "..") or "\0" in part or len(part.encode("utf-8", "surrogateescape")) > 255:
                raise BlobNameError(f"{name!r}: the segment {part!r} cannot be stored.")
        return f"{self._root}/{container}/{name}"

    def exists(self, container: str, name: str) -> bool:
        """Whether there is a blob of this name (a folder is none)."""
        return self.get(container, name) is not None

    def is_there(self, container: str, name: str) -> bool:
        """Whether there is a blob of this name, or a folder."""
        return os.path.exists(self.place(container, name))

    def get(self, container: str, name: str) -> Blob | None:
        """The blob's properties, or None."""
        if name.endswith("/") or not name:
            return None
        try:
            facts = os.lstat(self.place(container, name))
        except (BlobNameError, OSError):
            return None
        if not stat.S_ISREG(facts.st_mode):
            return None
        return described(name, facts, self.records.get(container, name))

    def read(self, container: str, name: str) -> bytes:
        """A blob's whole content; for small ones.

        :raises FileNotFoundError: there is none.
        """
        return self.path(container, name).read_bytes()

    def put_bytes(self, container: str, name: str, content: bytes, **properties: Any) -> Blob:
        """Write a blob from memory; see ``adopt`` for the properties."""
        temporary = self.temporary()
        temporary.write_bytes(content)
        return self.adopt(container, name, temporary, **properties)

    def temporary(self) -> Path:
        """A new place for an incoming file, on the same file system as the containers.

        Its name was never used: rows of an emulator that was killed are known by it.
        """
        return self.incoming / next(self._incoming_numbers)

    def adopt(
        self,
        container: str,
        name: str,
        file: Path,
        *,
        kind: str = BLOCK,
        headers: Mapping[str, str] | None = None,
        metadata: Mapping[str, str] | None = None,
        copied: Mapping[str, str] | None = None,
        appended: int = 0,
        tier: str | None = None,
        lake: bool = False,
        tags: Mapping[str, str] | None = None,
    ) -> Blob:
        """Move a finished file into place as a blob; what was there is replaced in one step, also if that is the last
        thing that this process does.

        :param file: a ``temporary`` one.
        :param copied: the ``x-ms-copy-`` headers of the copy that makes it.
        :param appended: how many blocks were appended to what it is a copy of.
        :param tier: its access tier, if it is not the account's own.
        :param lake: it is made through the Data Lake endpoint.
        :param tags: its index tags.
        :raises BlobConflictError: a blob of this name would be a folder, or one of its folders is a blob.
        """
        place = self.place(container, name)
        # The file system's clock stands a few milliseconds behind: by another one, a blob could be modified before it
        # is made.
        written = os.lstat(file).st_mtime
        made = Record(
            kind, headers or {}, metadata or {}, 0, written, copied or {}, appended, tier, lake, tags=tags or {}
        )
        made = self.records.change(container, name, made, incoming=file.name)
        try:
            move(file, place)
        except BaseException as error:
            self.records.take_back(container, name)
            if not isinstance(error, (NotADirectoryError, FileExistsError, IsADirectoryError)):
                raise
            file.unlink(missing_ok=True)
            raise BlobConflictError(f"{name!r} is a folder here, or lies below a blob.") from None
        return described(name, os.lstat(place), made)

    def append(self, container: str, name: str, content: bytes) -> None:
        """Add to the end of a file, which is made when there is none."""
        place = self.path(container, name)
        place.parent.mkdir(parents=True, exist_ok=True)
        with place.open("ab") as file:
            file.write(content)

    def append_block(self, container: str, name: str, block: Path) -> Blob:
        """Add a block, which is a file, to the end of an append blob that is there: all of it or nothing."""
        place = self.path(container, name)
        size = place.stat().st_size
        self.records.begin(container, name, {"size": size})
        try:
            with place.open("ab") as blob, block.open("rb") as source:
                shutil.copyfileobj(source, blob, PIECE)
        except BaseException:
            os.truncate(place, size)
            self.records.finish(container, name)
            raise
        with self.records.together():
            record = self.records.get(container, name)
            grown = self.keep(container, name, replace(record, appended=record.appended + 1))
            self.records.finish(container, name)
        return grown

    def rename(self, container: str, name: str, other: str, new: str, *, folder: bool) -> list[str]:
        """Give a file, or a folder with all that is in it, another name, and answer the names of the rows that went."""
        self.records.begin(container, name, {"to": [other, new]})
        try:
            os.replace(self.place(container, name), self.place(other, new))
        except BaseException:
            self.records.finish(container, name)
            raise
        return self.records.rename(container, name, other, new, folder=folder)

    def delete(self, container: str, name: str) -> bool:
        """Remove a blob and the folders that become empty; False when there is none."""
        if self.get(container, name) is None:
            return False
        place = self.path(container, name)
        place.unlink(missing_ok=True)
        self.blocks.forget(container, name)
        self.records.forget(container, name)
        self.prune(container, name)
        return True

    def prune(self, container: str, name: str) -> None:
        """Remove the empty folders above a name, up to one that was made by itself."""
        while name := name.rpartition("/")[0]:
            if any(self.records.get(container, each).folder for each in (name, f"{name}/")):
                break
            try:
                self.path(container, name).rmdir()
            except OSError:
                break

    def metadata(self, container: str, name: str) -> dict[str, str] | None:
        """A blob's metadata, or None when there is no blob."""
        blob = self.get(container, name)
        return dict(blob.metadata) if blob else None

    def set_metadata(self, container: str, name: str, metadata: Mapping[str, str]) -> Blob | None:
        """Replace a blob's metadata; None when there is no blob."""
        if self.get(container, name) is None:
            return None
        return self.keep(container, name, replace(self.records.get(container, name), metadata=metadata))

    def set_headers(self, container: str, name: str, headers: Mapping[str, str]) -> Blob | None:
        """Replace a blob's content headers; None when there is no blob. It is no copy of another any more."""
        if self.get(container, name) is None:
            return None
        return self.keep(container, name, replace(self.records.get(container, name), headers=headers, copied={}))

    def set_tier(self, container: str, name: str, tier: str) -> None:
        """Give a blob that is there an access tier, which does not change its ETag."""
        record = replace(self.records.get(container, name), tier=tier, tiered=time.time())
        self.records.change(container, name, record, silently=True)

    def list(self, container: str, prefix: str = "") -> Iterator[Blob]:
        """All blobs whose names begin with ``prefix``, in the order of their names."""
        for name in self.names(container, prefix):
            blob = self.get(container, name)
            if blob:
                yield blob

    def names(self, container: str, prefix: str = "") -> Sequence[str]:
        """The names of all blobs that begin with ``prefix``, sorted."""
        return [name for name in self.walk(container, prefix, Position()) if not name.endswith("/")]

    def walk(self, container: str, prefix: str, position: Position) -> Iterator[str]:
        """The names that begin with ``prefix`` and do not come before a position, in order; see ``walks.walk``."""
        folder, slash, _ = prefix.rpartition("/")
        try:
            start = self.place(container, folder)
        except BlobNameError:
            return iter(())
        return walk(start.rstrip("/"), folder + slash, prefix, position)

    def close(self) -> None:
        """Close the file of properties."""
        self.records.close()

    def keep(self, container: str, name: str, record: Record) -> Blob:
        """Write the properties of a blob that is in place."""
        facts = os.lstat(self.place(container, name))
        return described(name, facts, self.records.change(container, name, record))


def move(file: Path, place: str) -> None:
    """Move a file to a place whose folders may be missing."""
    try:
        os.replace(file, place)
    except FileNotFoundError:
        os.makedirs(os.path.dirname(place), exist_ok=True)
        os.replace(file, place)
