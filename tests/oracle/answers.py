"""What Microsoft's client has answered before: to the same case the same version says the same again."""

from __future__ import annotations

import hashlib
import json
import sqlite3
import zlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any


class Answers:
    """Answers in a file, each under the hash of its question and of all that it rests on.

    A run that ends early leaves what it has heard; several may share the file.

    :param file: made where it is not there.
    :param rests_on: files whose change makes all answers void.
    """

    def __init__(self, file: Path, rests_on: Iterable[Path]) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        self.database = sqlite3.connect(file, timeout=60, isolation_level=None)
        # An answer that is lost can be asked for again, and the disk takes longer than Microsoft's client.
        self.database.execute("PRAGMA synchronous = OFF")
        self.database.execute("CREATE TABLE IF NOT EXISTS answers (question TEXT PRIMARY KEY, answer BLOB)")
        self.ground = b"".join(hashlib.sha256(path.read_bytes()).digest() for path in rests_on)

    def _key(self, question: object, folder: str) -> str:
        text = json.dumps(question, sort_keys=True, default=str).replace(folder, FOLDER)
        return hashlib.sha256(self.ground + text.encode()).hexdigest()

    def get(self, question: object, folder: str) -> Mapping[str, Any] | None:
        """Look up an answer.

        :param question: all that the answer depends on, for JSON.
        :param folder: where the case is laid out; it may lie elsewhere the next time.
        """
        found = self.database.execute("SELECT answer FROM answers WHERE question = ?", [self._key(question, folder)])
        row = found.fetchone()
        answer: Mapping[str, Any] | None
        answer = json.loads(zlib.decompress(row[0]).decode().replace(FOLDER, folder)) if row else None
        return answer

    def put(self, question: object, folder: str, answer: Mapping[str, Any]) -> None:
        """Keep an answer."""
        text = json.dumps(answer).replace(folder, FOLDER)
        row = (self._key(question, folder), zlib.compress(text.encode()))
        self.database.execute("INSERT OR REPLACE INTO answers VALUES (?, ?)", row)


FOLDER = "<the folder of the case>"
"""Stands in what is kept for a folder that is another one in each run."""
