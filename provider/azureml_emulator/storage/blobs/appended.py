"""Data that was appended to files of the Data Lake and waits for the flush that writes it."""

from __future__ import annotations

import hashlib
import os
import shutil
from pathlib import Path

from azureml_emulator.storage.blobs.blocks import Part


class Appends:
    """Uploaded data by file system, path and position, kept as files."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def keep(self, container: str, name: str, position: int, file: Path) -> None:
        """Keep a received file; data that came for the same position before is replaced."""
        folder = self._folder(container, name)
        folder.mkdir(parents=True, exist_ok=True)
        os.replace(file, folder / f"{position:020}")

    def parts(self, container: str, name: str, start: int, end: int) -> list[Part] | None:
        """What waits from one position to another, in order; None when there is a gap, or the end lies elsewhere."""
        folder, parts = self._folder(container, name), []
        while start < end:
            place = folder / f"{start:020}"
            if not place.is_file() or not (size := place.stat().st_size):
                return None
            parts.append(Part(place, 0, size))
            start += size
        return parts if start == end else None

    def written(self, container: str, name: str, end: int, *, all_of_it: bool) -> None:
        """Forget what was written.

        :param end: the position up to which it was.
        :param all_of_it: what waits beyond it, too.
        """
        folder = self._folder(container, name)
        if all_of_it:
            shutil.rmtree(folder, ignore_errors=True)
        elif folder.is_dir():
            for place in folder.iterdir():
                if int(place.name) < end:
                    place.unlink(missing_ok=True)

    def discard(self, container: str, name: str) -> None:
        """Forget all that waits for a file."""
        self.written(container, name, 0, all_of_it=True)

    def discard_container(self, container: str) -> None:
        """Forget all that waits in a file system."""
        shutil.rmtree(self._root / container, ignore_errors=True)

    def _folder(self, container: str, name: str) -> Path:
        return self._root / container / hashlib.sha256(name.encode()).hexdigest()
