"""Where artifacts of runs are: folders on this machine, which scripts and jobs write to in place."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from azureml_emulator.app import Emulator


def folder_of(run: str) -> str:
    """The folder of a run's artifacts in the container of artifacts."""
    return f"ExperimentRun/dcid.{run}"


def artifact_uri(em: Emulator, run: str) -> str:
    """Where a run's artifacts are: a folder on this machine, which scripts write to in place."""
    name = folder_of(run) if run else "ExperimentRun"
    return em.blobs.path(em.settings.artifact_container, name).as_uri()
