"""Folders that were made by themselves: blobs of no bytes that stand for folders, beside what lies in them.

An account without a hierarchical namespace has such blobs in the place of folders: with the metadata ``hdi_isfolder``
of the Data Lake endpoint and of Hadoop, or with a slash at the end of the name, as Arrow makes them. Each is a row
here, and a real folder, so that jobs find one, too.
"""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timezone

from azureml_emulator.storage.blobs.models import BlobConflictError, BlobNameError, BlobStore
from azureml_emulator.storage.blobs.records import Blob, Record

MARK = "hdi_isfolder"


def is_place(store: BlobStore, container: str, name: str) -> bool:
    """Whether there is a folder of this name, marked or not."""
    return not name or made_at(store, container, name) is not None


def made_at(store: BlobStore, container: str, name: str) -> float | None:
    """When something was last put into a folder, or taken out; None where there is no such folder."""
    try:
        facts = os.lstat(store.place(container, name))
    except (BlobNameError, OSError):
        return None
    return facts.st_mtime if stat.S_ISDIR(facts.st_mode) else None


def find_folder(store: BlobStore, container: str, name: str) -> Blob | None:
    """The mark of a folder, or None; folders that are there only because something lies in them have none."""
    if not name or made_at(store, container, name) is None:
        return None
    record = store.records.get(container, name)
    return mark_of(name, record) if record.folder else None


def shown_folder(store: BlobStore, container: str, name: str) -> Blob | None:
    """A folder as the Data Lake endpoint shows it, marked or not; None where there is none."""
    moment = made_at(store, container, name) if name else None
    if moment is None:
        return None
    record = store.records.get(container, name)
    return mark_of(name, record if record.folder else Record(created=moment))


def mark_of(name: str, record: Record) -> Blob:
    """The blob that stands for a folder. What happens to things in it does not change it."""
    made = record.created or 0.0
    moment = datetime.fromtimestamp(made, timezone.utc)
    return Blob(
        name,
        0,
        moment,
        moment,
        f"0x{int(made * 1e9) + record.revision:X}",
        headers=record.headers,
        metadata=record.metadata,
        lake=True,
        folder=True,
        tags=record.tags,
    )


def is_blob(store: BlobStore, container: str, name: str) -> bool:
    """Whether there is a blob of this name, be it the mark of a folder."""
    return store.exists(container, name) or find_folder(store, container, name) is not None


def make_folder(
    store: BlobStore,
    container: str,
    name: str,
    headers: Mapping[str, str],
    metadata: Mapping[str, str],
    tags: Mapping[str, str] | None = None,
) -> Blob:
    """Make a folder, or give one that is there other properties; what lies in it stays.

    :raises BlobConflictError: a blob of this name, or of one of its folders' names, is there.
    """
    try:
        os.makedirs(store.place(container, name), exist_ok=True)
    except (NotADirectoryError, FileExistsError):
        raise BlobConflictError(f"{name!r} is a blob here, or lies below one.") from None
    made = Record(headers=headers, metadata=metadata, created=time.time(), lake=True, folder=True, tags=tags or {})
    return mark_of(name, store.records.change(container, name, made))


def change_folder(
    store: BlobStore,
    container: str,
    name: str,
    *,
    headers: Mapping[str, str] | None = None,
    metadata: Mapping[str, str] | None = None,
) -> Blob:
    """Replace the headers or the metadata of a folder, which stays one."""
    record = replace(store.records.get(container, name), created=time.time(), lake=True, folder=True)
    record = replace(record, headers=record.headers if headers is None else headers)
    record = replace(record, metadata=record.metadata if metadata is None else metadata)
    return mark_of(name, store.records.change(container, name, record))


def marked(metadata: Mapping[str, str]) -> dict[str, str]:
    """Metadata with the mark of a folder."""
    return {**metadata, MARK: "true"}


def unmark_folder(store: BlobStore, container: str, name: str) -> None:
    """Remove the blob that stands for a folder, and the folder where nothing lies in it."""
    store.records.forget(container, name)
    store.prune(container, f"{name.rstrip('/')}/")


def marked_folders(store: BlobStore, container: str, prefix: str, start: str = "") -> Iterator[str]:
    """The names of blobs that stand for folders, begin with a prefix and do not come before another name, sorted."""
    names = store.records.folders(container, prefix, start)
    return (name for name in names if is_place(store, container, name))
