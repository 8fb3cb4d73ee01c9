"""What is known of blobs and containers beyond files and folders, as the emulator's rooms see it."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timezone

from azureml_emulator.storage.blobs.policies import Policy

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
    :param tiered: epoch seconds of when it was given another tier than it was made with.
    :param tags: its index tags.
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
    tiered: float | None = None
    tags: Mapping[str, str] = field(default_factory=dict)


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
    :param tiered: when it was given its tier.
    :param tags: its index tags.
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
    tiered: datetime | None = None
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Container:
    """The properties of one container.

    :param modified: when it was made, or its metadata or policies were changed; blobs do not count.
    """

    name: str
    modified: datetime
    metadata: Mapping[str, str] = field(default_factory=dict)
    policies: Sequence[Policy] = ()


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
        tiered=datetime.fromtimestamp(record.tiered or created, timezone.utc) if record.tier else None,
        tags=record.tags,
    )
