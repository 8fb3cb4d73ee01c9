"""Blocks: parts of blobs that were sent and wait for the list that puts them together."""

from __future__ import annotations

import base64
import hashlib
import os
import shutil
from collections.abc import Iterable
from pathlib import Path


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
        folder.mkdir(parents=True, exist_ok=True)
        os.replace(file, folder / filename(block))

    def staged(self, container: str, name: str) -> dict[str, int]:
        """Size in bytes by block id."""
        folder = self._folder(container, name)
        if not folder.is_dir():
            return {}
        return {block_id(place.name): place.stat().st_size for place in sorted(folder.iterdir())}

    def join(self, container: str, name: str, blocks: Iterable[str]) -> Path:
        """A new file that holds the named blocks in this order.

        :raises KeyError: a block of this id was not staged.
        """
        folder = self._folder(container, name)
        places = [(block, folder / filename(block)) for block in blocks]
        for block, place in places:
            if not place.is_file():
                raise KeyError(block)
        joined = self._incoming / f"joined-{os.urandom(16).hex()}"
        with joined.open("wb") as out:
            for _, place in places:
                with place.open("rb") as part:
                    shutil.copyfileobj(part, out, 1024 * 1024)
        return joined

    def discard(self, container: str, name: str) -> None:
        """Forget the blocks of a blob."""
        shutil.rmtree(self._folder(container, name), ignore_errors=True)

    def discard_container(self, container: str) -> None:
        """Forget the blocks of all blobs of a container."""
        shutil.rmtree(self._root / container, ignore_errors=True)

    def _folder(self, container: str, name: str) -> Path:
        return self._root / container / hashlib.sha256(name.encode()).hexdigest()


def filename(block: str) -> str:
    """A block's id as a file's name."""
    return base64.b64decode(block).hex()


def block_id(name: str) -> str:
    """The id of a block from its file's name."""
    return base64.b64encode(bytes.fromhex(name)).decode()
