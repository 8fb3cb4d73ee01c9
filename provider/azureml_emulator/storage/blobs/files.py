"""Copies of files that lie in storage."""

from __future__ import annotations

import os
import shutil
from pathlib import Path


def copy_tree(source: Path, target: Path) -> None:
    """Copy a folder's files, writable; links inside of storage are no blobs and stay behind."""
    target.mkdir(parents=True, exist_ok=True)
    for folder, _, files in os.walk(source):
        here = target / Path(folder).relative_to(source)
        here.mkdir(exist_ok=True)
        for file in files:
            path = Path(folder, file)
            if not path.is_symlink():
                copy_file(path, here / file)


def copy_file(source: Path, target: Path) -> Path:
    """Copy one file inside the kernel where it can."""
    shutil.copyfile(source, target)
    return target
