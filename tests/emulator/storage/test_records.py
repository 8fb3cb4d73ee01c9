"""What is known of blobs beyond their files, in the file that keeps it."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path

from azureml_emulator.storage.blobs.models import BlobStore
from azureml_emulator.storage.blobs.records import Record
from azureml_emulator.storage.blobs.rows import Records

BEFORE = """
CREATE TABLE blobs (
    container TEXT NOT NULL, name TEXT NOT NULL, kind TEXT NOT NULL, headers TEXT NOT NULL, metadata TEXT NOT NULL,
    revision INTEGER NOT NULL, PRIMARY KEY (container, name)
) WITHOUT ROWID
"""


def test_a_file_of_an_earlier_state_is_read_and_written(tmp_path: Path) -> None:
    """Blobs were once kept without the time of their making, copies and tiers."""
    path = tmp_path / "blobs.sqlite"
    with sqlite3.connect(path) as connection:
        connection.execute(BEFORE)
        row = ("c", "b", "AppendBlob", '{"Content-Type": "x"}', '{"m": "1"}', 3)
        connection.execute("INSERT INTO blobs VALUES (?, ?, ?, ?, ?, ?)", row)
    connection.close()
    for _ in range(2):
        records = Records(path)
        found = records.get("c", "b")
        assert found == Record("AppendBlob", {"Content-Type": "x"}, {"m": "1"}, found.revision)
        records.change("c", "b", found)
        records.close()
    assert found.revision == 4


def test_a_row_comes_back_as_it_was_written(tmp_path: Path) -> None:
    records = Records(tmp_path / "blobs.sqlite")
    full = Record("AppendBlob", {"a": "1"}, {"b": "2"}, 0, 5.5, {"x-ms-copy-id": "3"}, 6, "Cool", tags={"c": "4"})
    assert records.change("c", "b", full) == replace(full, revision=1)
    assert records.change("c", "b", full, silently=True) == records.get("c", "b") == replace(full, revision=1)
    records.forget("c", "b")
    assert records.get("c", "b") == Record()
    records.close()


def test_no_blob_is_modified_before_it_is_made(tmp_path: Path) -> None:
    store = BlobStore(tmp_path)
    store.create_container("c")
    blobs = [store.put_bytes("c", str(number), b"content") for number in range(20)]
    store.close()
    assert [blob.created for blob in blobs] == [blob.modified for blob in blobs]


def test_when_a_blob_was_given_its_tier(tmp_path: Path) -> None:
    store = BlobStore(tmp_path)
    store.create_container("con")
    made = store.put_bytes("con", "x", b"", tier="Cool")
    assert made.tiered == made.created
    store.records.change("con", "x", replace(store.records.get("con", "x"), created=5.0))
    before = datetime.now(timezone.utc)
    store.set_tier("con", "x", "Cold")
    store.close()
    store = BlobStore(tmp_path)
    found = store.get("con", "x")
    assert found
    assert found.tiered
    assert found.tiered >= before
    assert store.put_bytes("con", "x", b"").tiered is None
    store.close()


def test_folders_are_found_in_order_between_blobs(tmp_path: Path) -> None:
    records = Records(tmp_path / "blobs.sqlite")
    for name in ("a/z", "a/b", "a0", "a"):
        records.change("c", name, Record(folder=True))
    records.change("c", "a/c", Record())
    records.change("d", "a/b", Record(folder=True))
    assert records.folders("c", "a/") == ["a/b", "a/z"]
    assert records.folders("c", "a", "a/c") == ["a/z", "a0"]
    assert records.folders("c", "a/", "a/\udcff") == ["a/b", "a/z"]
    records.close()
