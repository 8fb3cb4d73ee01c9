"""Local folders to upload: which files belong to one, under which names, and the two hashes that name its content.

The rules are those of Microsoft's client, so that both find what the other has uploaded. Source: azure-ai-ml 1.35.2,
``_utils/_asset_utils.py``; run side by side on the same folders.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import pathspec.util

try:
    from pathspec.patterns.gitignore.spec import GitIgnoreSpecPattern as Pattern
except ImportError:  # pathspec before 1.0 has the same pattern under another name
    from pathspec.patterns import GitWildMatchPattern as Pattern  # type: ignore[attr-defined]

IGNORE_FILES = (".amlignore", ".gitignore")
"""The first of these in the root of a folder counts, alone; deeper ones have no effect."""

DATA_SEED = b"Initialize for october 2021 AML CLI version"
"""What the hash of data starts from."""

CHUNK = 1024 * 1024
"""Bytes read at once while hashing."""


class FolderError(ValueError):
    """There is nothing to upload, or a link leads nowhere."""


class _Ignore:
    """The patterns of a folder's ignore file, later ones overruling earlier ones."""

    def __init__(self, folder: str) -> None:
        self.base = os.path.realpath(folder)
        self.patterns: list[Pattern] = []
        for name in IGNORE_FILES:
            path = os.path.join(self.base, name)
            if os.path.exists(path):
                self.patterns = self._read(path)
                break

    @staticmethod
    def _read(path: str) -> list[Pattern]:
        try:
            with open(path, encoding="utf-8-sig") as lines:
                return [Pattern(line.rstrip()) for line in lines]
        except (ValueError, OSError) as error:
            raise FolderError(f"{path} cannot be read as an ignore file: {error}") from None

    def excludes(self, path: str) -> bool:
        """Tell whether a file or folder is left out."""
        if not self.patterns:
            return False
        name = pathspec.util.normalize_file(os.path.relpath(path, self.base))
        matched = False
        for pattern in self.patterns:
            if pattern.include is not None and pattern.match_file(name) is not None:
                matched = pattern.include
        return matched


@dataclass(frozen=True)
class Folder:
    """A folder, or a single file, and the files that an upload of it consists of.

    :param source: absolute path.
    :param files: pairs of absolute path (links followed) and name below the source.
    :param strays: names of files that links bring in from outside of the source.
    """

    source: str
    is_folder: bool
    files: tuple[tuple[str, str], ...]
    strays: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The last part of the path."""
        return os.path.basename(self.source)

    @cached_property
    def content_hash(self) -> str:
        """Hash the content as code is known by, hash version 202208."""
        ordered = sorted(self.files, key=lambda file: (file[1].lower(), file[1]))
        digest = hashlib.sha256(str(len(ordered)).encode())
        for path, name in ordered:
            digest.update(f"#{name}#".encode())
            digest.update(str(os.path.getsize(path)).encode())
        for path, _ in ordered:
            _hash_file(path, digest)
        return digest.hexdigest()

    @cached_property
    def object_hash(self) -> str:
        """Hash the content as uploads of data are named."""
        digest = hashlib.sha256(DATA_SEED)
        if self.is_folder:
            _hash_folder(self.source, digest, _Ignore(self.source))
        else:
            _hash_file(self.source, digest)
        return digest.hexdigest()


def scan(source: str) -> Folder:
    """List the files of an upload, without reading them.

    :param source: absolute path of a folder or file.
    :raises FolderError: for an empty folder, a broken link, or a link that leads back to a folder around it.
    """
    source = os.path.normpath(source)
    if not os.path.isdir(source):
        return Folder(source, False, ((os.path.realpath(source), os.path.basename(source)),))
    found = list(_walk(source, source, _Ignore(source), (os.path.realpath(source),)))
    if not found:
        raise FolderError(f"{source} has no files to upload")
    inside = os.path.realpath(source) + os.sep
    strays = tuple(name for path, name in found if not path.startswith(inside))
    return Folder(source, True, tuple(found), strays)


def _walk(source: str, folder: str, ignore: _Ignore, around: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """Go through a folder, links followed; whether a file is ignored goes by where its folder really lies."""
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError as error:
        raise FolderError(f"{folder} cannot be read: {error.strerror}") from None
    deeper = []
    for entry in entries:
        if entry.is_dir():
            deeper.append(entry.path)
        elif not ignore.excludes(os.path.join(around[-1], entry.name)):
            if not os.path.exists(entry.path):
                raise FolderError(f"{entry.path} is a link to {os.readlink(entry.path)}, which does not exist")
            if not os.path.isfile(entry.path):
                raise FolderError(f"{entry.path} is neither a file nor a folder")
            name = os.path.relpath(entry.path, source).replace(os.sep, "/")
            yield os.path.realpath(entry.path), _encodable(name)
    for path in deeper:
        real = os.path.realpath(path)
        if real in around:
            raise FolderError(f"{path} is a link to {real}, a folder around it")
        yield from _walk(source, path, ignore, (*around, real))


def _encodable(name: str) -> str:
    try:
        name.encode()
    except UnicodeEncodeError:
        raise FolderError(f"the file name {name!r} is not UTF-8") from None
    return name


def _hash_folder(folder: str, digest: hashlib._Hash, ignore: _Ignore) -> None:
    names = sorted(os.listdir(folder), key=lambda name: (os.path.join(folder, name).lower(), name))
    for name in names:
        path = os.path.join(folder, name)
        if ignore.excludes(path):
            continue
        digest.update(name.encode())
        path = os.path.realpath(path) if os.path.islink(path) else path
        if os.path.isfile(path):
            _hash_file(path, digest)
        elif os.path.isdir(path):
            _hash_folder(path, digest, ignore)


def _hash_file(path: str, digest: hashlib._Hash) -> None:
    with open(path, "rb") as file:
        while chunk := file.read(CHUNK):
            digest.update(chunk)
