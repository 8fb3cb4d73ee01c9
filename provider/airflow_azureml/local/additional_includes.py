"""The code of a component together with its additional includes, as one folder to upload.

Files are taken from where they lie; nothing is copied but folders that are asked for as a zip. The rules are those of
Microsoft's client, which copies all to a temporary folder: what comes later takes the place of what is there, ignore
files of inner folders count while it copies, and that of the root once more when all is there. Source: azure-ai-ml
1.35.2, ``entities/_component/_additional_includes.py``.
"""

from __future__ import annotations

import os
import tempfile
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from airflow_azureml.local import ignore_files
from airflow_azureml.local.folders import Folder, FolderError, encodable, scan
from airflow_azureml.local.ignore_files import Ignore

STORED_AS = "code_with_additional_includes"
"""What the folder is called in storage."""

BEGINNING = (1980, 1, 1, 0, 0, 0)
"""The time of everything in a zip: equal folders make equal zips, wherever and whenever they were checked out."""


@dataclass(frozen=True)
class _Zips:
    """A place for zips that lasts as long as the folder that they belong to."""

    place: tempfile.TemporaryDirectory[str] = field(
        default_factory=lambda: tempfile.TemporaryDirectory(prefix="azureml-includes-")
    )


@dataclass(frozen=True)
class Merged(Folder):
    """A folder whose files come from several places."""

    zips: _Zips | None = field(default=None, repr=False, compare=False)


def merge(code: str | None, includes: Sequence[str], folder: str) -> Merged:
    """List what code and additional includes consist of together.

    :param code: absolute path of a folder or file; None where only includes are uploaded.
    :param includes: absolute paths; ``x.zip`` stands for the folder ``x`` where there is no such file.
    :param folder: where the component is written: without code its ignore file counts.
    :raises FolderError: an include does not exist, or the code already has a file of its name.
    """
    merging = _Merging()
    try:
        root = merging.code(code, folder)
        for include in includes:
            merging.include(include, code, root.of(os.path.dirname(include)))
        files = merging.taken()
    except ValueError as error:
        raise FolderError(str(error)) from None
    if not files:
        raise FolderError(f"{code or folder} has no files to upload")
    return Merged(code or folder, True, files, tuple(merging.outside_links), stored_as=STORED_AS, zips=merging.zips)


class _Merging:
    """The files of one folder, as they are collected."""

    def __init__(self) -> None:
        self.files: dict[str, str] = {}
        self.outside_links: list[str] = []
        self.zips: _Zips | None = None

    def code(self, code: str | None, folder: str) -> Ignore:
        """Add the code; gives back what is left out of the includes."""
        if code is None:
            return ignore_files.read(folder, component=True)
        if not os.path.isdir(code):
            ignore = ignore_files.patterns(os.path.dirname(code), None, ignore_files.COMPONENT)
            self.take(code, os.path.basename(code), (ignore,))
            return ignore
        ignore = ignore_files.read(code, component=True)
        self.take(code, "", (ignore,))
        return ignore

    def include(self, path: str, code: str | None, root: Ignore) -> None:
        """Take an include: a file, a folder, or a folder as a zip."""
        name = os.path.basename(path)
        stem, ending = os.path.splitext(path)
        packed = ending == ".zip" and not os.path.exists(path) and os.path.isdir(stem)
        if not packed and not os.path.exists(path):
            raise FolderError(f"there is no file or folder {path} to include")
        if not name:
            raise FolderError("the root folder cannot be included")
        there = os.path.join(code, name) if code else ""
        same = os.path.islink(there) and os.path.realpath(there) == os.path.realpath(path)
        if there and os.path.lexists(there) and not same:
            raise FolderError(f"{path} cannot be included: {there} has the same name")
        if packed:
            self.files[name] = self.pack(stem, name, root)
        else:
            self.take(path, name, (root, *self.inner(path)))

    def take(
        self, path: str, name: str, ignores: tuple[Ignore, ...], top: str = "", around: tuple[str, ...] = ()
    ) -> None:
        """Take a file, or a folder with what is in it.

        :param top: the real path that all of it should lie in.
        :param around: the real paths of the folders that it lies in.
        """
        if any(ignore.excludes(path) for ignore in ignores):
            return
        real = os.path.realpath(path)
        top = top or real
        if not os.path.exists(real):
            raise FolderError(f"{path} is a link to {real}, which does not exist")
        if os.path.islink(path) and os.path.commonpath((real, top)) != top:
            self.outside_links.append(f"{name} -> {real}")
        if os.path.isfile(real):
            self.files[encodable(name)] = real
            return
        if not os.path.isdir(real):
            raise FolderError(f"{path} is neither a file nor a folder")
        if real in around:
            raise FolderError(f"{path} is a link to {real}, a folder that contains it")
        for entry in sorted(_names(path)):
            inner = os.path.join(path, entry)
            below = f"{name}/{entry}" if name else entry
            self.take(inner, below, (*ignores, *self.inner(inner)), top, (*around, real))

    def inner(self, path: str) -> tuple[Ignore, ...]:
        """Read the ignore file of an inner folder."""
        return (ignore_files.read(path, component=True),) if os.path.isdir(path) else ()

    def pack(self, folder: str, name: str, root: Ignore) -> str:
        """Pack a folder, its own name first in all names."""
        self.zips = self.zips or _Zips()
        target = os.path.join(self.zips.place.name, name)
        folder_to_pack = scan(folder, component=True)
        self.outside_links += folder_to_pack.outside_links
        with zipfile.ZipFile(target, "w") as packed:
            _add(packed, folder, f"{folder_to_pack.name}/")
            for path, inner in sorted(folder_to_pack.files):
                if not root.excludes(path):
                    _add(packed, path, f"{folder_to_pack.name}/{inner}")
        return target

    def taken(self) -> tuple[tuple[str, str], ...]:
        """Leave out once more what the ignore file in the root of it all says."""
        file = next((self.files[name] for name in ignore_files.IGNORE_FILES if name in self.files), None)
        ignore = ignore_files.patterns(os.sep, file, ignore_files.COMPONENT)
        return tuple((path, name) for name, path in self.files.items() if not ignore.excludes(os.sep + name))


def _names(folder: str) -> Iterable[str]:
    try:
        return os.listdir(folder)
    except OSError as error:
        raise FolderError(f"{folder} cannot be read: {error.strerror}") from None


def _add(packed: zipfile.ZipFile, path: str, name: str) -> None:
    info = zipfile.ZipInfo(name, BEGINNING)
    try:
        mode = 0o040755 if os.path.isdir(path) else 0o100755 if os.access(path, os.X_OK) else 0o100644
        info.external_attr = mode << 16 | (0x10 if os.path.isdir(path) else 0)
        if os.path.isdir(path):
            packed.writestr(info, b"")
            return
        info.file_size = os.path.getsize(path)
        with open(path, "rb") as source, packed.open(info, "w") as target:
            while chunk := source.read(1 << 20):
                target.write(chunk)
    except OSError as error:
        raise FolderError(f"{path} cannot be read: {error.strerror}") from None
