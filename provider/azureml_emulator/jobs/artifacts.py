"""Artifacts: where the files that belong to jobs are in storage, their logs among them, and where their outputs are."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from azureml_emulator.assets.references import JobOutput, Place, UnresolvedError
from azureml_emulator.jobs.models import Job, Jobs
from azureml_emulator.storage.blobs.models import BlobNameError, BlobStore


class JobError(Exception):
    """A job fails because of its definition; the text is the job's error message."""


class Artifacts:
    """The files that belong to jobs.

    :param container: the container of the datastore of artifacts.
    """

    def __init__(self, blobs: BlobStore, container: str) -> None:
        self._blobs = blobs
        self._container = container

    def place(self, job: Job, name: str = "") -> Place:
        """Where one of a job's artifacts is; its whole folder without a name."""
        return artifact_place(self._container, job, name)

    def path(self, job: Job, name: str) -> Path:
        """The file, or folder, of an artifact.

        :raises BlobNameError: it would not be a file of the storage account.
        """
        place = self.place(job, name)
        return self._blobs.path(place.container, place.path)

    def names(self, job: Job, prefix: str) -> list[str]:
        """The names of the artifacts that begin with a prefix."""
        folder = self.place(job)
        paths = self._blobs.names(folder.container, folder.path + prefix)
        return [name.removeprefix(folder.path) for name in paths]

    def write(self, job: Job, name: str, content: bytes) -> None:
        """Write an artifact."""
        place = self.place(job, name)
        self._blobs.put_bytes(place.container, place.path, content)

    def begin_log(self, job: Job, name: str) -> Path:
        """Make an empty log, unless it is there; its path.

        :raises JobError: the job's name cannot be part of a blob's.
        """
        try:
            log = self.path(job, name)
        except BlobNameError as error:
            raise JobError(str(error)) from None
        log.parent.mkdir(parents=True, exist_ok=True)
        log.touch()
        return log


def artifact_place(container: str, job: Job, name: str = "") -> Place:
    """The place of an artifact in the container of artifacts."""
    return Place(container, f"ExperimentRun/{job.data_container}/{name}")


def default_output(name: str) -> dict[str, str]:
    """The job's artifacts, as GET of a command job shows them: without a ``/paths/`` segment."""
    uri = f"azureml://datastores/workspaceartifactstore/ExperimentRun/dcid.{name}"
    return {"jobOutputType": "uri_folder", "mode": "ReadWriteMount", "uri": uri}


def job_output(jobs: Jobs, container: str) -> JobOutput:
    """What finds the outputs of these jobs.

    :param container: the container of the datastore of artifacts, which are the output ``default``.
    """
    return partial(find_output, jobs, container)


def find_output(jobs: Jobs, container: str, job_name: str, output: str) -> Place | str:
    """The place of a job's artifacts, or the address of one of its other outputs.

    :raises UnresolvedError: no such job or output.
    """
    job = jobs.get(job_name)
    if job is None:
        raise UnresolvedError(f"The job {job_name!r} was not found in the workspace.")
    if output in ("artifacts", "default"):
        return artifact_place(container, job)
    row = job.outputs.get(output)
    if row is None:
        raise UnresolvedError(f"The job {job_name!r} has no output {output!r} (its status is {job.status}).")
    return row["uri"]
