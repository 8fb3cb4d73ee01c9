"""Blob storage: containers as real folders that jobs use in place, with each blob's properties beside them."""

from __future__ import annotations

import json
import os
import shutil
import stat
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timezone
from itertools import count
from pathlib import Path
from typing import Any

from azureml_emulator.core.store import connect
from azureml_emulator.storage.blocks import Blocks

SCHEMA = """
CREATE TABLE IF NOT EXISTS blobs (
    container TEXT NOT NULL, name TEXT NOT NULL, kind TEXT NOT NULL, headers TEXT NOT NULL, metadata TEXT NOT NULL,
    revision INTEGER NOT NULL, PRIMARY KEY (container, name)
) WITHOUT ROWID
"""
BLOCK, APPEND = "BlockBlob", "AppendBlob"


class BlobNameError(ValueError):
    """A blob's name that cannot be a place in a folder: an empty, ``.`` or ``..`` segment, or one that is too long."""


class BlobConflictError(Exception):
    """A blob would have to be a folder and a file at once (``a`` and ``a/b``)."""


@dataclass(frozen=True)
class Blob:
    """The properties of one blob.

    :param etag: without quotes; changes with the content and with the metadata.
    :param headers: the content headers that were sent with it, such as ``Content-Type``.
    """

    name: str
    size: int
    modified: datetime
    etag: str
    kind: str = BLOCK
    headers: Mapping[str, str] = field(default_factory=dict)
    metadata: Mapping[str, str] = field(default_factory=dict)


class BlobStore:
    """Containers below one folder: ``storage/<container>/<blob name>`` is the blob's content.

    A file that a process writes there is a blob; symbolic links are not. Names are the service's, with no first slash.
    """

    def __init__(self, state: Path) -> None:
        self.root = state / "storage"
        self._root = str(self.root)
        self.incoming = state / "incoming"
        self.root.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(self.incoming, ignore_errors=True)
        self.incoming.mkdir()
        self._incoming_number = count()
        self.blocks = Blocks(state / "blocks", self.incoming)
        self._connection = connect(state / "blobs.sqlite", alone=True)
        self._connection.execute(SCHEMA)
        self._lock = threading.RLock()

    def create_container(self, container: str) -> bool:
        """Make a container; False when it exists."""
        place = self.root / container
        if place.exists():
            return False
        place.mkdir()
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
        with self._lock:
            self._connection.execute("DELETE FROM blobs WHERE container = ?", (container,))
        return True

    def container_made(self, container: str) -> datetime:
        """When the container's folder was last changed at its top."""
        return datetime.fromtimestamp((self.root / container).stat().st_mtime, timezone.utc)

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
        for part in name.removesuffix("/").split("/") if name else ():
            if part in ("", ".", "..") or "\0" in part or len(part.encode()) > 255:
                raise BlobNameError(f"{name!r}: the segment {part!r} cannot be stored.")
        return f"{self._root}/{container}/{name}"

    def exists(self, container: str, name: str) -> bool:
        """Whether there is a blob of this name (a folder is none)."""
        return self.get(container, name) is not None

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
        with self._lock:
            kind, headers, metadata, revision = self._row(container, name)
        return described(name, facts, kind, json.loads(headers), json.loads(metadata), revision)

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
        """A new place for an incoming file, on the same file system as the containers."""
        return self.incoming / str(next(self._incoming_number))

    def adopt(
        self,
        container: str,
        name: str,
        file: Path,
        *,
        kind: str = BLOCK,
        headers: Mapping[str, str] | None = None,
        metadata: Mapping[str, str] | None = None,
    ) -> Blob:
        """Move a finished file into place as a blob; what was there is replaced in one step.

        :raises BlobConflictError: a blob of this name would be a folder, or one of its folders is a blob.
        """
        place = self.place(container, name)
        try:
            move(file, place)
        except (NotADirectoryError, FileExistsError, IsADirectoryError):
            file.unlink(missing_ok=True)
            raise BlobConflictError(f"{name!r} is a folder here, or lies below a blob.") from None
        return self._keep(container, name, kind, headers or {}, metadata or {})

    def append(self, container: str, name: str, content: bytes) -> None:
        """Add to the end of a blob, which is made when there is none."""
        place = self.path(container, name)
        place.parent.mkdir(parents=True, exist_ok=True)
        with place.open("ab") as file:
            file.write(content)

    def delete(self, container: str, name: str) -> bool:
        """Remove a blob and the folders that become empty; False when there is none."""
        if self.get(container, name) is None:
            return False
        place = self.path(container, name)
        place.unlink(missing_ok=True)
        self.blocks.forget(container, name)
        with self._lock:
            self._connection.execute("DELETE FROM blobs WHERE container = ? AND name = ?", (container, name))
        top = self.root / container
        for folder in place.parents:
            if folder == top:
                break
            try:
                folder.rmdir()
            except OSError:
                break
        return True

    def metadata(self, container: str, name: str) -> dict[str, str] | None:
        """A blob's metadata, or None when there is no blob."""
        blob = self.get(container, name)
        return dict(blob.metadata) if blob else None

    def set_metadata(self, container: str, name: str, metadata: Mapping[str, str]) -> Blob | None:
        """Replace a blob's metadata; None when there is no blob."""
        blob = self.get(container, name)
        if blob is None:
            return None
        return self._keep(container, name, blob.kind, blob.headers, metadata)

    def set_headers(self, container: str, name: str, headers: Mapping[str, str]) -> Blob | None:
        """Replace a blob's content headers; None when there is no blob."""
        blob = self.get(container, name)
        if blob is None:
            return None
        return self._keep(container, name, blob.kind, headers, blob.metadata)

    def list(self, container: str, prefix: str = "") -> Iterator[Blob]:
        """All blobs whose names begin with ``prefix``, in the order of their names."""
        for name in self.names(container, prefix):
            blob = self.get(container, name)
            if blob:
                yield blob

    def names(self, container: str, prefix: str = "") -> Sequence[str]:
        """The names of all blobs that begin with ``prefix``, sorted."""
        top = self.root / container
        folder, _, _ = prefix.rpartition("/")
        try:
            start = self.path(container, folder)
        except BlobNameError:
            return []
        found = []
        for where, _, files in os.walk(start):
            base = Path(where)
            below = base.relative_to(top).as_posix()
            lead = "" if below == "." else f"{below}/"
            real = (lead + file for file in files if not (base / file).is_symlink())
            found += [name for name in real if name.startswith(prefix)]
        return sorted(found)

    def close(self) -> None:
        """Close the file of properties."""
        with self._lock:
            self._connection.close()

    def _row(self, container: str, name: str) -> tuple[str, str, str, int]:
        query = "SELECT kind, headers, metadata, revision FROM blobs WHERE container = ? AND name = ?"
        return self._connection.execute(query, (container, name)).fetchone() or (BLOCK, "{}", "{}", 0)

    def _keep(
        self, container: str, name: str, kind: str, headers: Mapping[str, str], metadata: Mapping[str, str]
    ) -> Blob:
        """Write the properties of a blob that is in place."""
        facts = os.lstat(self.place(container, name))
        texts = json.dumps(dict(headers)), json.dumps(dict(metadata))
        with self._lock:
            revision = self._row(container, name)[3] + 1
            row = (container, name, kind, *texts, revision)
            self._connection.execute("INSERT OR REPLACE INTO blobs VALUES (?, ?, ?, ?, ?, ?)", row)
        return described(name, facts, kind, headers, metadata, revision)


def described(
    name: str, facts: os.stat_result, kind: str, headers: Mapping[str, str], metadata: Mapping[str, str], revision: int
) -> Blob:
    """A blob of what the file system and the row of properties say."""
    return Blob(
        name=name,
        size=facts.st_size,
        modified=datetime.fromtimestamp(facts.st_mtime, timezone.utc),
        etag=f"0x{facts.st_mtime_ns + revision:X}",
        kind=kind,
        headers=headers,
        metadata=metadata,
    )


def move(file: Path, place: str) -> None:
    """Move a file to a place whose folders may be missing."""
    try:
        os.replace(file, place)
    except FileNotFoundError:
        os.makedirs(os.path.dirname(place), exist_ok=True)
        os.replace(file, place)
