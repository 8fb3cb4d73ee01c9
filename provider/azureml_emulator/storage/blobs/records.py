"""What is known of blobs and containers beyond files and folders: rows of an SQLite file."""

from __future__ import annotations

import json
import os
import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone
from itertools import takewhile
from pathlib import Path
from typing import Any

from azureml_emulator.core.store import connect

SCHEMA = """
CREATE TABLE IF NOT EXISTS blobs (
    container TEXT NOT NULL, name TEXT NOT NULL, kind TEXT NOT NULL, headers TEXT NOT NULL, metadata TEXT NOT NULL,
    revision INTEGER NOT NULL, created REAL, copied TEXT, appended INTEGER, tier TEXT, lake INTEGER,
    folder INTEGER,
    PRIMARY KEY (container, name)
) WITHOUT ROWID
"""
CONTAINERS = """
CREATE TABLE IF NOT EXISTS containers (name TEXT PRIMARY KEY, metadata TEXT NOT NULL, modified REAL NOT NULL)
WITHOUT ROWID
"""
FOLDERS = "CREATE INDEX IF NOT EXISTS folders ON blobs (container, name) WHERE folder = 1"
"""Every page of a listing asks for the folders among thousands of blobs."""
ADDED = {
    "created": "REAL",
    "copied": "TEXT",
    "appended": "INTEGER",
    "tier": "TEXT",
    "lake": "INTEGER",
    "folder": "INTEGER",
}
"""Columns that files of an earlier state do not have."""

BLOCK, APPEND = "BlockBlob", "AppendBlob"


@dataclass(frozen=True)
class Record:
    """One row.

    :param revision: counts the row's changes.
    :param created: epoch seconds at which the blob was written; None: by a process, into its folder.
    :param copied: the ``x-ms-copy-`` headers of the copy that made the blob.
    :param appended: how many blocks were appended to it.
    :param tier: the access tier that it was given; None: the account's own.
    :param lake: it was made through the Data Lake endpoint.
    :param folder: it stands for a folder.
    """

    kind: str = BLOCK
    headers: Mapping[str, str] = field(default_factory=dict)
    metadata: Mapping[str, str] = field(default_factory=dict)
    revision: int = 0
    created: float | None = None
    copied: Mapping[str, str] = field(default_factory=dict)
    appended: int = 0
    tier: str | None = None
    lake: bool = False
    folder: bool = False


@dataclass(frozen=True)
class Blob:
    """The properties of one blob.

    :param etag: without quotes; changes with the content and with the metadata.
    :param headers: the content headers that were sent with it, such as ``Content-Type``.
    :param copied: the ``x-ms-copy-`` headers of the copy that made it.
    :param appended: how many blocks were appended to it.
    :param tier: the access tier that it was given; None: the account's own.
    :param lake: it was made through the Data Lake endpoint.
    :param folder: it stands for a folder.
    """

    name: str
    size: int
    modified: datetime
    created: datetime
    etag: str
    kind: str = BLOCK
    headers: Mapping[str, str] = field(default_factory=dict)
    metadata: Mapping[str, str] = field(default_factory=dict)
    copied: Mapping[str, str] = field(default_factory=dict)
    appended: int = 0
    tier: str | None = None
    lake: bool = False
    folder: bool = False


@dataclass(frozen=True)
class Container:
    """The properties of one container.

    :param modified: when it was made or its metadata was changed; blobs do not count.
    """

    name: str
    modified: datetime
    metadata: Mapping[str, str] = field(default_factory=dict)


class Records:
    """The rows, by container and name."""

    def __init__(self, path: Path) -> None:
        self._connection = connect(path, alone=True)
        self._connection.execute(SCHEMA)
        self._connection.execute(CONTAINERS)
        present = {row[1] for row in self._connection.execute("PRAGMA table_info(blobs)")}
        for column, kind in ADDED.items():
            if column not in present:
                self._connection.execute(f"ALTER TABLE blobs ADD COLUMN {column} {kind}")
        self._connection.execute(FOLDERS)
        self._lock = threading.RLock()

    def get(self, container: str, name: str) -> Record:
        """The row of a blob; an empty one where there is none."""
        with self._lock:
            row = self._connection.execute(
                "SELECT kind, headers, metadata, revision, created, copied, appended, tier, lake, folder FROM blobs"
                " WHERE container = ? AND name = ?",
                (container, as_key(name)),
            ).fetchone()
        if row is None:
            return Record()
        kind, headers, metadata, revision, created, copied, appended, tier, lake, folder = row
        texts = json.loads(headers), json.loads(metadata)
        return Record(
            kind, *texts, revision, created, json.loads(copied or "{}"), appended or 0, tier, bool(lake), bool(folder)
        )

    def change(self, container: str, name: str, record: Record, *, silently: bool = False) -> Record:
        """Write a row; answers it with its new revision.

        :param silently: the revision, and so the ETag, stays.
        """
        with self._lock:
            revision = self.get(container, name).revision + (not silently)
            changed = replace(record, revision=revision)
            texts = [json.dumps(dict(each)) for each in (changed.headers, changed.metadata, changed.copied)]
            row: tuple[Any, ...] = (container, as_key(name), changed.kind, texts[0], texts[1], changed.revision)
            row += (changed.created, texts[2], changed.appended, changed.tier, changed.lake, changed.folder)
            self._connection.execute(
                "INSERT OR REPLACE INTO blobs"
                " (container, name, kind, headers, metadata, revision, created, copied, appended, tier, lake, folder)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                row,
            )
        return changed

    def forget(self, container: str, name: str) -> None:
        """Remove the row of a blob."""
        with self._lock:
            self._connection.execute("DELETE FROM blobs WHERE container = ? AND name = ?", (container, as_key(name)))

    def below(self, container: str, folder: str) -> list[str]:
        """The names of all rows below a folder.

        :param folder: its name with a slash at the end.
        """
        with self._lock:
            # In the order of code points the slash is followed by the nought.
            query = "SELECT name FROM blobs WHERE container = ? AND name >= ? AND name < ?"
            return [row[0] for row in self._connection.execute(query, (container, folder, folder[:-1] + "0"))]

    def folders(self, container: str, prefix: str, start: str = "") -> list[str]:
        """The names of rows of folders that begin with a prefix, sorted; those before another name may be left out."""
        # A name of bytes that are no text, which only a job's file may have, cannot be asked for.
        first = re.split("[\ud800-\udfff]", max(prefix, start))[0]
        query = "SELECT name FROM blobs WHERE folder = 1 AND container = ? AND name >= ? ORDER BY name"
        with self._lock:
            rows = self._connection.execute(query, (container, first))
            return [row[0] for row in takewhile(lambda row: row[0].startswith(prefix), rows)]

    def move(self, container: str, name: str, other: str, new: str) -> None:
        """Give a row to another name; one that is there is replaced."""
        with self._lock:
            # What a job wrote has no row to move: the row of what it replaces must not become its own.
            self._connection.execute("DELETE FROM blobs WHERE container = ? AND name = ?", (other, as_key(new)))
            query = "UPDATE blobs SET container = ?, name = ? WHERE container = ? AND name = ?"
            self._connection.execute(query, (other, as_key(new), container, as_key(name)))

    def container(self, name: str, otherwise: float) -> Container:
        """The row of a container, which is made where there is none.

        :param otherwise: epoch seconds of its making, for a folder that has no row yet.
        """
        with self._lock:
            query = "SELECT metadata, modified FROM containers WHERE name = ?"
            row = self._connection.execute(query, (name,)).fetchone()
            if row is None:
                return self.change_container(name, {}, otherwise)
        return Container(name, datetime.fromtimestamp(row[1], timezone.utc), json.loads(row[0]))

    def change_container(self, name: str, metadata: Mapping[str, str], modified: float) -> Container:
        """Write the row of a container."""
        with self._lock:
            row = (name, json.dumps(dict(metadata)), modified)
            self._connection.execute("INSERT OR REPLACE INTO containers VALUES (?, ?, ?)", row)
        return Container(name, datetime.fromtimestamp(modified, timezone.utc), dict(metadata))

    def forget_container(self, container: str) -> None:
        """Remove the rows of a container and of all blobs in it."""
        with self._lock:
            self._connection.execute("DELETE FROM blobs WHERE container = ?", (container,))
            self._connection.execute("DELETE FROM containers WHERE name = ?", (container,))

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._connection.close()


def as_key(name: str) -> str | bytes:
    """A name as a row keeps it: that of a job's file may be bytes that are no text."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return os.fsencode(name)
    return name


def described(name: str, facts: os.stat_result, record: Record) -> Blob:
    """A blob of what the file system and its row say."""
    created = facts.st_mtime if record.created is None else record.created
    return Blob(
        name=name,
        size=facts.st_size,
        modified=datetime.fromtimestamp(facts.st_mtime, timezone.utc),
        created=datetime.fromtimestamp(created, timezone.utc),
        etag=f"0x{facts.st_mtime_ns + record.revision:X}",
        kind=record.kind,
        headers=record.headers,
        metadata=record.metadata,
        copied=record.copied,
        appended=record.appended,
        tier=record.tier,
        lake=record.lake,
    )
