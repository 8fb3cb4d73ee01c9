"""Local folders to upload: which files belong to one, under which names, and the two hashes that name its content.

The rules are those of Microsoft's client, so that both find what the other has uploaded. Source: azure-ai-ml 1.35.2,
``_utils/_asset_utils.py``; run side by side on the same folders.
"""

from __future__ import annotations

import hashlib
import logging
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

from airflow_azureml.local import ignore_files
from airflow_azureml.local.ignore_files import Ignore

DATA_SEED = b"Initialize for october 2021 AML CLI version"
"""What the hash of data starts from."""

CHUNK = 1024 * 1024
"""Bytes read at once while hashing."""

PROGRESS_EVERY = 10.0
"""Seconds between two lines about a folder that takes long to list or to read."""

log = logging.getLogger(__name__)


class FolderError(ValueError):
    """There is nothing to upload, a link leads nowhere, or a file cannot be read."""


class Progress:
    """Says from time to time how far a long reading is.

    :param doing: what a line begins with.
    :param total: how many files there are, where that is known.
    """

    def __init__(self, doing: str, total: int | None = None) -> None:
        self.doing, self.total = doing, total
        self.files = self.bytes = 0
        self.reported_at = time.monotonic()

    def add(self, files: int = 0, size: int = 0) -> None:
        """Count what was done."""
        self.files += files
        self.bytes += size
        if time.monotonic() - self.reported_at >= PROGRESS_EVERY:
            self.reported_at = time.monotonic()
            of = "" if self.total is None else f" of {self.total}"
            read = f", {self.bytes / 1e6:.0f} MB" if self.bytes else ""
            log.info("%s: %d%s files%s", self.doing, self.files, of, read)


@dataclass(frozen=True)
class Folder:
    """A folder, or a single file, and the files that an upload of it consists of.

    :param source: absolute path.
    :param files: pairs of absolute path (links followed) and name below the source.
    :param outside_links: links that bring in files from outside of the source, and where they lead.
    :param ignore: what is left out.
    :param stored_as: what the folder is called in storage, where that is not its own name.
    """

    source: str
    is_folder: bool
    files: tuple[tuple[str, str], ...]
    outside_links: tuple[str, ...] = ()
    ignore: Ignore = field(default=Ignore(""), repr=False)
    stored_as: str = ""

    @property
    def name(self) -> str:
        """The last part of the path."""
        return self.stored_as or os.path.basename(self.source)

    @cached_property
    def content_hash(self) -> str:
        """Hash the content as code is known by, hash version 202208.

        :raises FolderError: a file cannot be read.
        """
        ordered = sorted(self.files, key=lambda file: (file[1].lower(), file[1]))
        digest = hashlib.sha256(str(len(ordered)).encode())
        progress = Progress(f"Reading {self.source}", len(ordered))
        for path, name in ordered:
            digest.update(f"#{name}#{_size(path)}".encode())
        for path, _ in ordered:
            _hash_file(path, digest, progress)
        return digest.hexdigest()

    @cached_property
    def object_hash(self) -> str:
        """Hash the content as uploads of data are named.

        :raises FolderError: a file cannot be read.
        """
        digest = hashlib.sha256(DATA_SEED)
        progress = Progress(f"Reading {self.source}", len(self.files))
        if self.is_folder:
            _hash_folder(self.source, digest, self.ignore, progress)
        else:
            _hash_file(self.source, digest, progress)
        return digest.hexdigest()


def scan(source: str, component: bool = False) -> Folder:
    """List the files of an upload, without reading them.

    :param source: absolute path of a folder or file.
    :param component: it is the code of a component, from which more is left out.
    :raises FolderError: for an empty folder, a broken link, or a link that leads back to a folder that contains it.
    """
    source = os.path.normpath(source)
    if not os.path.isdir(source):
        return Folder(source, False, ((os.path.realpath(source), encodable(os.path.basename(source))),))
    real = os.path.realpath(source)
    try:
        ignore = ignore_files.read(source, component, real)
    except ValueError as error:
        raise FolderError(str(error)) from None
    walk = _Walk(source, real, ignore)
    files = list(walk.through(source, (real,)))
    if not files:
        raise FolderError(f"{source} has no files to upload")
    return Folder(source, True, tuple(files), tuple(walk.outside_links), ignore)


class _Walk:
    """Goes through a folder, links followed; whether a file is ignored goes by where its folder really lies."""

    def __init__(self, source: str, real: str, ignore: Ignore) -> None:
        self.source, self.real, self.ignore = source, real, ignore
        self.progress = Progress(f"Listing {source}")
        self.outside_links: list[str] = []

    def through(self, folder: str, around: tuple[str, ...]) -> Iterator[tuple[str, str]]:
        """Go through a folder, its files first.

        :param around: the real paths of the folders that it lies in, itself last.
        """
        deeper = []
        for entry in _entries(folder):
            if _is_folder(entry):
                deeper.append(entry)
            elif not self.ignore.excludes(os.path.join(around[-1], entry.name)):
                yield self.file(entry, around)
        for entry in deeper:
            real = os.path.realpath(entry.path) if entry.is_symlink() else os.path.join(around[-1], entry.name)
            if real in around:
                if self.takes_any(real):
                    raise FolderError(f"{entry.path} is a link to {real}, a folder that contains it")
                continue
            before = self.progress.files
            yield from self.through(entry.path, (*around, real))
            if entry.is_symlink() and (brought := self.progress.files - before):
                self.note(entry, f"{real}{os.sep}", around, f" ({brought} file{'s' if brought > 1 else ''})")

    def takes_any(self, folder: str) -> bool:
        """Whether a folder has any file that is not left out; without them a circle of links does no harm."""
        return any(
            not self.ignore.excludes(os.path.join(above, name)) for above, _, names in os.walk(folder) for name in names
        )

    def file(self, entry: os.DirEntry[str], around: tuple[str, ...]) -> tuple[str, str]:
        """Take a file."""
        real = os.path.join(around[-1], entry.name)
        if entry.is_symlink():
            real = os.path.realpath(entry.path)
            if not os.path.exists(real):
                raise FolderError(f"{entry.path} is a link to {os.readlink(entry.path)}, which does not exist")
            self.note(entry, real, around)
        if not os.path.isfile(real):
            raise FolderError(f"{entry.path} is neither a file nor a folder")
        self.progress.add(1)
        return real, encodable(self.name(entry))

    def note(self, entry: os.DirEntry[str], real: str, around: tuple[str, ...], more: str = "") -> None:
        """Remember a link that leads outside of the source; below another such link only what leads further away."""
        if not any(os.path.commonpath((real, inside)) == inside for inside in (self.real, *around)):
            self.outside_links.append(f"{self.name(entry)} -> {real}{more}")

    def name(self, entry: os.DirEntry[str]) -> str:
        """How a file is called below the source."""
        return entry.path[len(self.source.rstrip(os.sep)) + 1 :].replace(os.sep, "/")


def _entries(folder: str) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return sorted(entries, key=lambda entry: entry.name)
    except OSError as error:
        raise FolderError(f"{folder} cannot be read: {error.strerror}") from None


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link that leads to itself
        return False


def encodable(name: str) -> str:
    """A file's name, if storage can hold it."""
    try:
        name.encode()
    except UnicodeEncodeError:
        raise FolderError(f"the file name {name!r} is not UTF-8") from None
    return name


def _size(path: str) -> int:
    try:
        return os.path.getsize(path)
    except OSError as error:
        raise FolderError(f"{path} cannot be read: {error.strerror}") from None


def _hash_folder(folder: str, digest: hashlib._Hash, ignore: Ignore, progress: Progress) -> None:
    try:
        names = sorted(os.listdir(folder), key=lambda name: (os.path.join(folder, name).lower(), name))
    except OSError as error:
        raise FolderError(f"{folder} cannot be read: {error.strerror}") from None
    for name in names:
        path = os.path.join(folder, name)
        if ignore.excludes(path):
            continue
        digest.update(encodable(name).encode())
        path = os.path.realpath(path) if os.path.islink(path) else path
        if os.path.isfile(path):
            _hash_file(path, digest, progress)
        elif os.path.isdir(path):
            _hash_folder(path, digest, ignore, progress)


def _hash_file(path: str, digest: hashlib._Hash, progress: Progress) -> None:
    try:
        with open(path, "rb") as file:
            while chunk := file.read(CHUNK):
                digest.update(chunk)
                progress.add(size=len(chunk))
    except OSError as error:
        raise FolderError(f"{path} cannot be read: {error.strerror}") from None
    progress.add(1)
