"""Durable state: one JSON text per resource in a SQLite file, written at once, read by key."""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from azureml_emulator.core.settings import SettingsError

SCHEMA = """
CREATE TABLE IF NOT EXISTS resources (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL,
    UNIQUE (kind, key)
)
"""


PAGES = 256
"""KB of its file that a connection keeps in memory. SQLite's own 2,000 fill up only after thousands of finished jobs,
as if each of them stayed in memory; the operating system has the file at hand anyway."""


def connect(path: Path, *, alone: bool = False) -> sqlite3.Connection:
    """Open a database in the mode that survives a killed process.

    :param alone: no other process may open it meanwhile, which spares the locks of every statement.
    :raises SettingsError: it is damaged, or no database at all.
    """
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=10)
    if alone:
        connection.execute("PRAGMA locking_mode=EXCLUSIVE")
    try:
        connection.execute("PRAGMA journal_mode=WAL")
    except sqlite3.DatabaseError as error:
        connection.close()
        said = f"{path} cannot be opened as the emulator's database: {error}."
        raise SettingsError(f"{said} `azureml-emulator reset` removes what the directory holds.") from None
    connection.execute("PRAGMA synchronous=NORMAL")
    connection.execute(f"PRAGMA cache_size=-{PAGES}")
    return connection


class Store:
    """Resources by kind and key. Calls are synchronous, take microseconds, and may come from any thread."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._connection = connect(path)
        self._connection.execute(SCHEMA)
        self._lock = threading.RLock()
        self._depth = 0

    def put(self, kind: str, key: str, value: Any) -> None:
        """Write a resource; one that exists is replaced and keeps its place in the order."""
        text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
        self._execute(
            "INSERT INTO resources (kind, key, value) VALUES (?, ?, ?)"
            " ON CONFLICT (kind, key) DO UPDATE SET value = excluded.value",
            (kind, key, text),
        )

    def get(self, kind: str, key: str) -> Any:
        """A resource, or None."""
        row = self._execute("SELECT value FROM resources WHERE kind = ? AND key = ?", (kind, key)).fetchone()
        return json.loads(row[0]) if row else None

    def delete(self, kind: str, key: str) -> bool:
        """Remove a resource; True if there was one."""
        return self._execute("DELETE FROM resources WHERE kind = ? AND key = ?", (kind, key)).rowcount > 0

    def keys(self, kind: str, prefix: str = "") -> list[str]:
        """Keys that begin with ``prefix``, in the order in which they were first put."""
        return [key for key, _ in self._rows(kind, prefix)]

    def list(self, kind: str, prefix: str = "") -> list[tuple[str, Any]]:
        """Keys and values whose key begins with ``prefix``, in the order in which they were first put."""
        return [(key, json.loads(text)) for key, text in self._rows(kind, prefix)]

    def having(self, kind: str, place: str, text: str) -> Sequence[Any]:
        """The values that hold this text at a place in them, such as ``$.definition.name``, the oldest first."""
        query = "SELECT value FROM resources WHERE kind = ? AND json_extract(value, ?) = ? ORDER BY number"
        return [json.loads(row[0]) for row in self._execute(query, (kind, place, text)).fetchall()]

    def having_key(self, kind: str, place: str, key: str) -> Sequence[Any]:
        """The values that hold this key in a mapping at a place in them, the oldest first."""
        held = "EXISTS (SELECT 1 FROM json_each(resources.value, ?) AS held WHERE held.key = ?)"
        query = f"SELECT value FROM resources WHERE kind = ? AND {held} ORDER BY number"
        return [json.loads(row[0]) for row in self._execute(query, (kind, place, key)).fetchall()]

    def texts(self, kind: str, place: str) -> Sequence[str]:
        """The different texts at a place in the values, in the order in which they first came."""
        query = "SELECT json_extract(value, ?) AS text FROM resources WHERE kind = ? GROUP BY text ORDER BY min(number)"
        return [row[0] for row in self._execute(query, (place, kind)).fetchall()]

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All writes inside happen, or none; may be nested."""
        with self._lock:
            outermost = self._depth == 0
            if outermost:
                self._connection.execute("BEGIN IMMEDIATE")
            self._depth += 1
            try:
                yield
            except BaseException:
                if outermost:
                    self._connection.execute("ROLLBACK")
                raise
            else:
                if outermost:
                    self._connection.execute("COMMIT")
            finally:
                self._depth -= 1

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._connection.close()

    def _rows(self, kind: str, prefix: str) -> Sequence[tuple[str, str]]:
        query = "SELECT key, value FROM resources WHERE kind = ? AND substr(key, 1, ?) = ? ORDER BY number"
        return self._execute(query, (kind, len(prefix), prefix)).fetchall()

    def _execute(self, query: str, values: tuple[Any, ...]) -> sqlite3.Cursor:
        with self._lock:
            return self._connection.execute(query, values)
