"""Blocks: parts of blobs that were sent and wait for the list that puts them together, and those that a blob is of."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

LATEST, COMMITTED, UNCOMMITTED = "Latest", "Committed", "Uncommitted"
"""Where a list looks for a block: among those that wait and then in the blob, or in one of both only. Source: Azure
Storage REST reference, Put Block List."""


class Part(NamedTuple):
    """Where the bytes of a block are: in a file, from ``start`` on."""

    file: Path
    start: int
    size: int


NAME = ".name"
"""How the files end that say for which blob a folder of blocks is."""

PIECE = 1024 * 1024
"""Bytes that are copied at once."""


class Blocks:
    """Staged parts by container, blob and block id, kept as files."""

    def __init__(self, root: Path, incoming: Path) -> None:
        self._root = root
        self._incoming = incoming

    def stage(self, container: str, name: str, block: str, file: Path) -> None:
        """Keep a received file as a block; one of the same id is replaced.

        :param block: the id as the request gave it, base64.
        """
        folder = self._folder(container, name)
        if not folder.is_dir():
            folder.mkdir(parents=True)
            folder.with_suffix(NAME).write_bytes(os.fsencode(name))
        os.replace(file, folder / filename(block))

    def staged(self, container: str, name: str) -> dict[str, int]:
        """Size in bytes by block id."""
        folder = self._folder(container, name)
        if not folder.is_dir():
            return {}
        return {block_id(place.name): place.stat().st_size for place in sorted(folder.iterdir())}

    def waiting(self, container: str, prefix: str) -> list[str]:
        """The names that begin with a prefix and have blocks that wait, sorted."""
        found = (file.read_bytes() for file in (self._root / container).glob(f"*{NAME}"))
        return sorted(name for name in map(os.fsdecode, found) if name.startswith(prefix))

    def other_length(self, container: str, name: str, block: str) -> bool:
        """Whether the blocks of a blob that wait have ids of another length than this one."""
        folder = self._folder(container, name)
        try:
            first = next(os.scandir(folder), None)
        except FileNotFoundError:
            return False
        return first is not None and len(first.name) != len(filename(block))

    def committed(self, container: str, name: str, blob: Path) -> list[tuple[str, int]]:
        """Id and size of each block that a blob was made of, in order; none when it was written otherwise since.

        :param blob: the blob's file.
        """
        try:
            mark, rows = json.loads(self._record(container, name).read_text())
            current = mark == mark_of(blob)
        except FileNotFoundError:
            return []
        return [(str(block), int(size)) for block, size in rows] if current else []

    def parts(self, container: str, name: str, blob: Path, blocks: Iterable[tuple[str, str]]) -> list[Part]:
        """Where the blocks are that a list names.

        :param blob: the file of the blob that is there, if one is.
        :param blocks: where to look (``LATEST`` …) and id of each.
        :raises KeyError: there is no such block.
        """
        folder, start = self._folder(container, name), 0
        present: dict[str, Part] = {}
        for block, size in self.committed(container, name, blob):
            present.setdefault(block, Part(blob, start, size))
            start += size
        found = []
        for where, block in blocks:
            place = folder / filename(block)
            if where != COMMITTED and place.is_file():
                found.append(Part(place, 0, place.stat().st_size))
            elif where != UNCOMMITTED and block in present:
                found.append(present[block])
            else:
                raise KeyError(block)
        return found

    def join(self, parts: Iterable[Part]) -> Path:
        """A new file that holds parts in their order."""
        joined = self._incoming / f"joined-{os.urandom(16).hex()}"
        with joined.open("wb") as out:
            for part in parts:
                with part.file.open("rb") as source:
                    source.seek(part.start)
                    left = part.size
                    while left > 0 and (piece := source.read(min(PIECE, left))):
                        out.write(piece)
                        left -= len(piece)
        return joined

    def commit(self, container: str, name: str, blob: Path, blocks: Sequence[tuple[str, int]]) -> None:
        """Note the blocks, by id and size, that a blob is made of now, and forget those that waited.

        :param blob: the blob's file.
        """
        self.discard(container, name)
        record = self._record(container, name)
        record.parent.mkdir(parents=True, exist_ok=True)
        record.write_text(json.dumps([mark_of(blob), blocks]))

    def move(self, container: str, name: str, other: str, new: str) -> None:
        """Give what is known of a blob's blocks to another name; what was known of that is forgotten."""
        self.discard(container, name)
        self.discard(other, new)
        record, target = self._record(container, name), self._record(other, new)
        target.unlink(missing_ok=True)
        if record.is_file():
            target.parent.mkdir(parents=True, exist_ok=True)
            os.replace(record, target)

    def forget(self, container: str, name: str) -> None:
        """Forget which blocks a blob was made of."""
        self._record(container, name).unlink(missing_ok=True)

    def discard(self, container: str, name: str) -> None:
        """Forget the blocks of a blob that wait."""
        folder = self._folder(container, name)
        if folder.is_dir():
            folder.with_suffix(NAME).unlink(missing_ok=True)
            shutil.rmtree(folder, ignore_errors=True)

    def discard_container(self, container: str) -> None:
        """Forget the blocks of all blobs of a container."""
        shutil.rmtree(self._root / container, ignore_errors=True)

    def _record(self, container: str, name: str) -> Path:
        """The file that says which blocks a blob is made of."""
        return self._folder(container, name).with_suffix(".json")

    def _folder(self, container: str, name: str) -> Path:
        return self._root / container / hashlib.sha256(name.encode()).hexdigest()


def mark_of(blob: Path) -> list[int]:
    """What changes when a file is written again.

    :raises FileNotFoundError: there is none.
    """
    facts = blob.stat()
    return [facts.st_ino, facts.st_mtime_ns, facts.st_size]


def filename(block: str) -> str:
    """A block's id as a file's name."""
    return base64.b64decode(block).hex()


def block_id(name: str) -> str:
    """The id of a block from its file's name."""
    return base64.b64encode(bytes.fromhex(name)).decode()
