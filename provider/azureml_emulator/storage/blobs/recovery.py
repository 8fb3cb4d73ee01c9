"""What an emulator left undone that was killed: files and rows are made to fit each other before anybody asks."""

from __future__ import annotations

import os
from pathlib import Path

from azureml_emulator.storage.blobs.rows import Records


def recover(records: Records, root: Path, incoming: Path) -> None:
    """Finish or take back what was begun.

    :param root: the folder of the containers.
    :param incoming: the folder of the files that are on their way to places there.
    """
    left = [file.name for file in incoming.iterdir()] if incoming.is_dir() else []
    for container, name in records.announced(left) if left else []:
        records.take_back(container, name)
    for container, name, what in records.unfinished():
        place = root / container / name
        if "size" in what:
            if place.is_file() and place.stat().st_size > what["size"]:
                os.truncate(place, what["size"])
        else:
            other, new = what["to"]
            there = root / other / new
            if there.exists() and not place.exists():
                records.rename(container, name, other, new, folder=there.is_dir())
        records.finish(container, name)
    if records.was_killed:
        for container, name in records.everything():
            # A blob's file, or a folder, is removed before its row is.
            if not os.path.lexists(root / container / name):
                records.forget(container, name)
