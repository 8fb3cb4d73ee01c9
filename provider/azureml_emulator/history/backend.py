"""The backend of run history, its artifacts and its metrics."""

from __future__ import annotations

from collections.abc import Iterator

from azureml_emulator.control.faults import Faults
from azureml_emulator.core.settings import Settings
from azureml_emulator.identity.tokens import Tokens
from azureml_emulator.jobs.artifacts import Artifacts
from azureml_emulator.jobs.engine import Engine
from azureml_emulator.jobs.models import Job, experiment_id
from azureml_emulator.mlflow.models import Run, Tracking
from azureml_emulator.storage.backend import Storage


class History:
    """The workspace's jobs as run history shows them, with their artifacts and metrics."""

    def __init__(
        self,
        settings: Settings,
        faults: Faults,
        tokens: Tokens,
        storage: Storage,
        artifacts: Artifacts,
        engine: Engine,
        tracking: Tracking,
    ) -> None:
        self.settings = settings
        self.faults = faults
        self.tokens = tokens
        self.blobs, self.signer = storage.blobs, storage.signer
        self.artifacts = artifacts
        self.engine = engine
        self.jobs = engine.jobs
        self.tracking = tracking

    def experiment_id(self, run: Job | Run) -> str:
        """The id of a run's experiment."""
        return experiment_id(self.settings.workspace_id, run.experiment)

    def jobs_of(self, experiment: str | None, experimentid: str | None) -> Iterator[Job]:
        """The jobs of an experiment, named by one of the two, the oldest first."""
        if experiment is not None:
            return self.jobs.of_experiment(experiment)
        own = self.settings.workspace_id
        names = (name for name in self.jobs.experiments() if experiment_id(own, name) == experimentid)
        return (job for name in names for job in self.jobs.of_experiment(name))
