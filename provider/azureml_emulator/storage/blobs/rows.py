"""Rows of what is known of blobs and containers, in an SQLite file.

A blob's file and its row change one after the other. So that a killed emulator never leaves a new content with what
was said of the old one, the row goes first, with what was there before and the name of the file that is about to take
the blob's place: whoever starts next sees by that file whether it has.
"""

from __future__ import annotations

import json
import os
import re
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timezone
from itertools import takewhile
from pathlib import Path
from typing import Any

from azureml_emulator.core.store import connect
from azureml_emulator.storage.blobs.policies import Policy
from azureml_emulator.storage.blobs.records import Container, Record

SCHEMA = """
CREATE TABLE IF NOT EXISTS blobs (
    container TEXT NOT NULL, name TEXT NOT NULL, kind TEXT NOT NULL, headers TEXT NOT NULL, metadata TEXT NOT NULL,
    revision INTEGER NOT NULL, created REAL, copied TEXT, appended INTEGER, tier TEXT, lake INTEGER,
    folder INTEGER, tiered REAL, tags TEXT, incoming TEXT, before TEXT,
    PRIMARY KEY (container, name)
) WITHOUT ROWID
"""
CONTAINERS = """
CREATE TABLE IF NOT EXISTS containers (
    name TEXT PRIMARY KEY, metadata TEXT NOT NULL, modified REAL NOT NULL, policies TEXT
) WITHOUT ROWID
"""
UNFINISHED = """
CREATE TABLE IF NOT EXISTS unfinished (container TEXT NOT NULL, name TEXT NOT NULL, what TEXT NOT NULL,
    PRIMARY KEY (container, name)) WITHOUT ROWID
"""
FOLDERS = "CREATE INDEX IF NOT EXISTS folders ON blobs (container, name) WHERE folder = 1"
"""Every page of a listing asks for the folders among thousands of blobs."""
TAGGED = "CREATE INDEX IF NOT EXISTS tagged ON blobs (container, name) WHERE tags IS NOT NULL"
ADDED = {
    "created": "REAL",
    "copied": "TEXT",
    "appended": "INTEGER",
    "tier": "TEXT",
    "lake": "INTEGER",
    "folder": "INTEGER",
    "tiered": "REAL",
    "tags": "TEXT",
    "incoming": "TEXT",
    "before": "TEXT",
}
"""Columns that files of an earlier state do not have."""

FIELDS = "kind, headers, metadata, revision, created, copied, appended, tier, lake, folder, tiered, tags"
"""The columns of a record, in the order of ``written`` and ``read``."""
INSERT = (
    f"INSERT OR REPLACE INTO blobs (container, name, incoming, before, {FIELDS})"
    f" VALUES (?, ?, ?, ?{', ?' * len(FIELDS.split(','))})"
)


class Records:
    """The rows, by container and name."""

    def __init__(self, path: Path) -> None:
        # SQLite removes this file when a database is closed as it should be.
        self.was_killed = path.with_name(f"{path.name}-wal").exists()
        self._connection = connect(path, alone=True)
        for table in (SCHEMA, CONTAINERS, UNFINISHED):
            self._connection.execute(table)
        for table, added in (("blobs", ADDED), ("containers", {"policies": "TEXT"})):
            present = {row[1] for row in self._connection.execute(f"PRAGMA table_info({table})")}
            for column in added.keys() - present:
                self._connection.execute(f"ALTER TABLE {table} ADD COLUMN {column} {added[column]}")
        self._connection.execute(FOLDERS)
        self._connection.execute(TAGGED)
        self._lock = threading.RLock()

    def get(self, container: str, name: str) -> Record:
        """The row of a blob; an empty one where there is none."""
        with self._lock:
            query = f"SELECT {FIELDS} FROM blobs WHERE container = ? AND name = ?"
            row = self._connection.execute(query, (container, as_key(name))).fetchone()
        return read(row) if row else Record()

    def change(
        self, container: str, name: str, record: Record, *, silently: bool = False, incoming: str | None = None
    ) -> Record:
        """Write a row; answers it with its new revision.

        :param silently: the revision, and so the ETag, stays.
        :param incoming: the name of the file that is moved to the blob's place now; see ``take_back``.
        """
        with self._lock:
            present = self.get(container, name)
            changed = replace(record, revision=present.revision + (not silently))
            before = json.dumps(written(present)) if incoming and present != Record() else None
            self._connection.execute(INSERT, (container, as_key(name), incoming, before, *written(changed)))
        return changed

    def take_back(self, container: str, name: str) -> None:
        """Write the row again that was there before one whose file was not moved to its place after all."""
        with self._lock:
            query = "SELECT before FROM blobs WHERE container = ? AND name = ?"
            row = self._connection.execute(query, (container, as_key(name))).fetchone()
            if row and row[0]:
                self._connection.execute(INSERT, (container, as_key(name), None, None, *json.loads(row[0])))
            else:
                self.forget(container, name)

    def announced(self, files: Sequence[str]) -> list[tuple[str, str]]:
        """Container and name of the blobs whose places files were about to take."""
        query = "SELECT container, name FROM blobs WHERE incoming IN (SELECT value FROM json_each(?))"
        with self._lock:
            return [(row[0], as_name(row[1])) for row in self._connection.execute(query, (json.dumps(files),))]

    def everything(self) -> list[tuple[str, str]]:
        """Container and name of each row."""
        with self._lock:
            rows = self._connection.execute("SELECT container, name FROM blobs").fetchall()
        return [(row[0], as_name(row[1])) for row in rows]

    @contextmanager
    def together(self) -> Iterator[None]:
        """Let changes be kept all or not at all."""
        with self._lock:
            self._connection.execute("BEGIN")
            try:
                yield
            except BaseException:
                self._connection.execute("ROLLBACK")
                raise
            self._connection.execute("COMMIT")

    def begin(self, container: str, name: str, what: Mapping[str, Any]) -> None:
        """Note what is about to be done to a file, until ``finish``; see ``recovery``."""
        with self._lock:
            row = (container, as_key(name), json.dumps(what))
            self._connection.execute("INSERT OR REPLACE INTO unfinished VALUES (?, ?, ?)", row)

    def finish(self, container: str, name: str) -> None:
        """It is done."""
        with self._lock:
            query = "DELETE FROM unfinished WHERE container = ? AND name = ?"
            self._connection.execute(query, (container, as_key(name)))

    def unfinished(self) -> list[tuple[str, str, Any]]:
        """What an emulator began that did not live to finish it: container, name, and what it was."""
        with self._lock:
            rows = self._connection.execute("SELECT container, name, what FROM unfinished").fetchall()
        return [(row[0], as_name(row[1]), json.loads(row[2])) for row in rows]

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

    def tagged(self, container: str) -> list[tuple[str, str, dict[str, str]]]:
        """Container, name and tags of the rows that have tags, in order.

        :param container: empty: any.
        """
        query = "SELECT container, name, tags FROM blobs WHERE tags IS NOT NULL AND ? IN ('', container)"
        with self._lock:
            rows = self._connection.execute(f"{query} ORDER BY container, name", (container,)).fetchall()
        return [(row[0], as_name(row[1]), json.loads(row[2])) for row in rows]

    def rename(self, container: str, name: str, other: str, new: str, *, folder: bool) -> list[str]:
        """Give the row of a file, or those of a folder and of what lies in it, to another name; those that are there
        are replaced. What was begun is finished by it. Returns the names that the rows had.
        """
        with self.together():
            names = [name, *(self.below(container, f"{name}/") if folder else [])]
            for row in names:
                key = (other, as_key(new + row.removeprefix(name)))
                # What a job wrote has no row to move: the row of what it replaces must not become its own.
                self._connection.execute("DELETE FROM blobs WHERE container = ? AND name = ?", key)
                query = "UPDATE blobs SET container = ?, name = ? WHERE container = ? AND name = ?"
                self._connection.execute(query, (*key, container, as_key(row)))
            self.finish(container, name)
        return names

    def container(self, name: str, otherwise: float) -> Container:
        """The row of a container, which is made where there is none.

        :param otherwise: epoch seconds of its making, for a folder that has no row yet.
        """
        with self._lock:
            query = "SELECT metadata, modified, policies FROM containers WHERE name = ?"
            row = self._connection.execute(query, (name,)).fetchone()
            if row is None:
                return self.change_container(Container(name, datetime.fromtimestamp(otherwise, timezone.utc)))
        policies = [Policy(id, terms) for id, terms in json.loads(row[2] or "[]")]
        return Container(name, datetime.fromtimestamp(row[1], timezone.utc), json.loads(row[0]), policies)

    def change_container(self, container: Container) -> Container:
        """Write the row of a container."""
        policies = [[each.id, dict(each.terms)] for each in container.policies]
        kept = (json.dumps(dict(container.metadata)), container.modified.timestamp(), json.dumps(policies))
        query = "INSERT OR REPLACE INTO containers (name, metadata, modified, policies) VALUES (?, ?, ?, ?)"
        with self._lock:
            self._connection.execute(query, (container.name, *kept))
        return container

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


def as_name(key: str | bytes) -> str:
    """The name that a row keeps."""
    return key if isinstance(key, str) else os.fsdecode(key)


def written(record: Record) -> tuple[Any, ...]:
    """A record as its columns."""
    headers, metadata, copied = (json.dumps(dict(each)) for each in (record.headers, record.metadata, record.copied))
    first = (record.kind, headers, metadata, record.revision, record.created, copied, record.appended, record.tier)
    tags = json.dumps(dict(record.tags)) if record.tags else None
    return (*first, record.lake, record.folder, record.tiered, tags)


def read(row: Sequence[Any]) -> Record:
    """The record of its columns."""
    kind, headers, metadata, revision, created, copied, appended, tier, lake, folder, tiered, tags = row
    return Record(
        kind,
        json.loads(headers),
        json.loads(metadata),
        revision,
        created,
        json.loads(copied or "{}"),
        appended or 0,
        tier,
        bool(lake),
        bool(folder),
        tiered,
        json.loads(tags or "{}"),
    )
