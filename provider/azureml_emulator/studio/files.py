"""The files of jobs: their artifacts and outputs, folder by folder, as far as they lie in the emulator's storage."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path

from azureml_emulator.assets.references import Place, Resolver, UnresolvedError
from azureml_emulator.jobs.artifacts import Artifacts
from azureml_emulator.jobs.models import Job
from azureml_emulator.storage.blobs.models import BlobNameError, BlobStore

ARTIFACTS = "default"
"""What a job's artifacts, its logs among them, are called as one of its outputs."""


@dataclass(frozen=True)
class Entry:
    """One line of a folder.

    :param size: bytes; None for a folder.
    """

    name: str
    size: int | None
    modified: datetime


class Files:
    """Where the files of jobs are, and what is in their folders."""

    def __init__(self, artifacts: Artifacts, resolver: Resolver, blobs: BlobStore) -> None:
        self._artifacts = artifacts
        self._resolver = resolver
        self._blobs = blobs

    def outputs(self, job: Job) -> list[str]:
        """The names of the outputs that there is something of: the artifacts first."""
        names = [ARTIFACTS, *(name for name in job.outputs if name != ARTIFACTS)]
        return [name for name in names if self.find(job, name, "") is not None]

    def find(self, job: Job, output: str, path: str) -> Path | None:
        """A file or folder of one of a job's outputs; None where there is none, or where a link leads elsewhere.

        :param path: relative to the output's folder; empty: the output itself.
        """
        place = self._place(job, output)
        if place is None:
            return None
        name = "/".join(filter(None, (place.path.rstrip("/"), path.rstrip("/"))))
        try:
            found = self._blobs.path(place.container, name)
        except BlobNameError:
            return None
        root = self._blobs.path(place.container).resolve()
        return found if found.exists() and found.resolve() == (root / name if name else root) else None

    def _place(self, job: Job, output: str) -> Place | None:
        if output == ARTIFACTS:
            return self._artifacts.place(job)
        try:
            place = self._resolver.place(job.outputs[output]["uri"])
        except (KeyError, UnresolvedError):
            return None
        return place if isinstance(place, Place) else None


def entries(folder: Path) -> list[Entry]:
    """What is in a folder: folders first, each in the order of their names. Links are no files of storage."""
    found = []
    with os.scandir(folder) as rows:
        for row in rows:
            if row.is_symlink():
                continue
            facts = row.stat()
            modified = datetime.fromtimestamp(facts.st_mtime, timezone.utc)
            found.append(Entry(row.name, None if row.is_dir() else facts.st_size, modified))
    return sorted(found, key=lambda entry: (entry.size is not None, entry.name))
