"""The journal: every request that was received, without bodies, queries and tokens.

A request is written down once, just before its answer goes out: whoever has an answer finds the request in the file,
also after the emulator was killed. One that takes longer than ``UNANSWERED`` is written down before, without a status.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import sqlite3
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from azureml_emulator.core.store import connect

SCHEMA = """
CREATE TABLE IF NOT EXISTS requests (
    number INTEGER PRIMARY KEY,
    time TEXT NOT NULL, method TEXT NOT NULL, path TEXT NOT NULL, status INTEGER,
    client_request_id TEXT, job TEXT, caller TEXT
)
"""


COLUMNS = "time, method, path, status, client_request_id, job, caller"
WRITE = f"INSERT INTO requests (number, {COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
UNANSWERED = 0.05
"""Seconds after which a request without an answer is written down."""


@dataclass(frozen=True)
class Entry:
    """One request.

    :param time: ISO 8601, UTC, when it arrived.
    :param path: percent-decoded, without the query.
    :param status: None when the connection was cut without an answer, or no answer has come yet.
    :param client_request_id: the header ``x-ms-client-request-id``.
    :param job: the job that the request is about; None where its path and body name none.
    :param caller: the client id of the application that asked; None where the request showed no token, or a job's own.
    """

    time: str
    method: str
    path: str
    status: int | None
    client_request_id: str | None
    job: str | None
    caller: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """Plain values, as ``journal --json`` prints them."""
        values = dict(vars(self))
        del values["caller"]
        return values


def printable(text: str | None) -> str | None:
    """A text from outside without control characters and broken code points, so that it fits a line and a file."""
    return text if text is None or text.isprintable() else UNPRINTABLE.sub("\ufffd", text)


class Journal:
    """Requests in the order of their arrival, kept in a file that other processes may read meanwhile."""

    def __init__(self, path: Path) -> None:
        self._connection = connect(path)
        self._connection.execute(SCHEMA)
        with contextlib.suppress(sqlite3.OperationalError):  # a file of an earlier version lacks it
            self._connection.execute("ALTER TABLE requests ADD COLUMN caller TEXT")
        self._lock = threading.Lock()
        self._number: int = self._connection.execute("SELECT coalesce(max(number), 0) FROM requests").fetchone()[0]
        self._unwritten: dict[int, Entry] = {}
        self._timer: asyncio.TimerHandle | None = None

    def begin(self, entry: Entry) -> int:
        """Take note of a request when it arrives; returns its number. The running event loop writes it down in time."""
        self._number += 1
        self._unwritten[self._number] = entry
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(UNANSWERED, self._write_unanswered)
        return self._number

    def end(self, number: int, status: int | None, job: str | None, caller: str | None) -> None:
        """Write down how it was answered, and whom."""
        entry = self._unwritten.pop(number, None)
        if entry:
            self._write(number, entry, status, job, caller)
            return
        with self._lock:
            values = (status, printable(job), caller, number)
            self._connection.execute("UPDATE requests SET status = ?, job = ?, caller = ? WHERE number = ?", values)

    def entries(self, path: str) -> Iterator[Entry]:
        """The requests whose path contains a text, the oldest first; all of them when it is empty."""
        query = f"SELECT {COLUMNS} FROM requests WHERE instr(path, ?) OR ? = '' ORDER BY number"
        with self._lock:
            rows = self._connection.execute(query, (path, path)).fetchall()
        return (Entry(*row) for row in rows)

    def close(self) -> None:
        """Write down what has no answer, and close the file."""
        if self._timer:
            self._timer.cancel()
        self._write_unanswered()
        with self._lock:
            self._connection.close()

    def _write_unanswered(self) -> None:
        self._timer = None
        entries, self._unwritten = self._unwritten, {}
        for number, entry in entries.items():
            self._write(number, entry, entry.status, entry.job, entry.caller)

    def _write(self, number: int, entry: Entry, status: int | None, job: str | None, caller: str | None) -> None:
        texts = (printable(text) for text in (entry.client_request_id, job, caller))
        row = (number, entry.time, entry.method, printable(entry.path), status, *texts)
        with self._lock:
            self._connection.execute(WRITE, row)
