"""The journal: every request that was received, without bodies, queries and tokens."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from azureml_emulator.core.store import connect

SCHEMA = """
CREATE TABLE IF NOT EXISTS requests (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    time TEXT NOT NULL, method TEXT NOT NULL, path TEXT NOT NULL, status INTEGER,
    client_request_id TEXT, job TEXT
)
"""


@dataclass(frozen=True)
class Entry:
    """One request.

    :param time: ISO 8601, UTC, when it arrived.
    :param path: percent-decoded, without the query.
    :param status: None when the connection was cut without an answer, or no answer has come yet.
    :param client_request_id: the header ``x-ms-client-request-id``.
    :param job: the job that the request is about; None where its path and body name none.
    """

    time: str
    method: str
    path: str
    status: int | None
    client_request_id: str | None
    job: str | None

    def to_dict(self) -> dict[str, Any]:
        """Plain values, as ``journal --json`` prints them."""
        return asdict(self)


def printable(text: str | None) -> str | None:
    """A text from outside without control characters and broken code points, so that it fits a line and a file."""
    return None if text is None else re.sub("[\x00-\x1f\x7f-\x9f\ud800-\udfff]", "\ufffd", text)


class Journal:
    """Requests in the order of their arrival, kept in a file that other processes may read meanwhile."""

    def __init__(self, path: Path) -> None:
        self._connection = connect(path)
        self._connection.execute(SCHEMA)
        self._lock = threading.Lock()

    def begin(self, entry: Entry) -> int:
        """Write down a request when it arrives; returns its number."""
        texts = (printable(text) for text in (entry.client_request_id, entry.job))
        row = (entry.time, entry.method, printable(entry.path), entry.status, *texts)
        query = "INSERT INTO requests (time, method, path, status, client_request_id, job) VALUES (?, ?, ?, ?, ?, ?)"
        with self._lock:
            return int(self._connection.execute(query, row).lastrowid or 0)

    def end(self, number: int, status: int | None, job: str | None) -> None:
        """Write down how it was answered."""
        with self._lock:
            values = (status, printable(job), number)
            self._connection.execute("UPDATE requests SET status = ?, job = ? WHERE number = ?", values)

    def entries(self, path: str) -> Iterator[Entry]:
        """The requests whose path contains a text, the oldest first; all of them when it is empty."""
        columns = "time, method, path, status, client_request_id, job"
        query = f"SELECT {columns} FROM requests WHERE instr(path, ?) OR ? = '' ORDER BY number"
        with self._lock:
            rows = self._connection.execute(query, (path, path)).fetchall()
        return (Entry(*row) for row in rows)

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._connection.close()
