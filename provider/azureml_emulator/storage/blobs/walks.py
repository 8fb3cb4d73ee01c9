"""What lies in a container, in the order of names and only as far as it is asked for: listings come in pages."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass

LONGEST_NAME = 1024
"""Characters of a blob's name. Source: Azure Storage REST reference, Naming and referencing containers, blobs, and
metadata."""

LAST = chr(0x10FFFF)
"""The last code point: behind a prefix it comes after all names that begin with it."""


@dataclass
class Position:
    """Where a walk is to go on. Who takes names from it may set this forward, past what is of no interest.

    :param start: names before this one are passed over, with the folders that hold no other.
    """

    start: str = ""

    def leave(self, prefix: str) -> None:
        """Go on behind all names that begin with a prefix."""
        self.start = prefix + LAST


def walk(top: str, lead: str, prefix: str, position: Position) -> Iterator[str]:
    """Names of files and of folders, each folder with a slash at its end and before what lies in it.

    That is the order of code points of all that it yields. Links are nothing here, and what is removed meanwhile is
    passed over.

    :param top: the folder, in the file system.
    :param lead: what stands in front of the names in it: its own name and a slash, or nothing.
    :param prefix: what all names begin with.
    """
    for name in children(top, lead):
        if not name.endswith("/"):
            if name.startswith(prefix) and name >= position.start:
                yield name
        elif (name.startswith(prefix) or prefix.startswith(name)) and len(name) <= LONGEST_NAME:
            if name.startswith(prefix) and name >= position.start:
                yield name
            if position.start < name + LAST:
                yield from walk(f"{top}/{name[len(lead) :]}", name, prefix, position)


def children(top: str, lead: str) -> list[str]:
    """The names of files and folders right in a folder, sorted; folders with a slash at their end."""
    names = []
    try:
        with os.scandir(top) as found:
            for entry in found:
                if entry.is_dir(follow_symlinks=False):
                    names.append(f"{lead}{entry.name}/")
                elif entry.is_file(follow_symlinks=False):
                    names.append(lead + entry.name)
    except OSError:
        return []
    return sorted(names)
