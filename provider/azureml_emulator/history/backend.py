"""The backend of run history, its artifacts and its metrics."""

from __future__ import annotations

from azureml_emulator.control.faults import Faults
from azureml_emulator.core.settings import Settings
from azureml_emulator.identity.tokens import Tokens
from azureml_emulator.jobs.artifacts import Artifacts
from azureml_emulator.jobs.engine import Engine
from azureml_emulator.jobs.models import Job, experiment_id
from azureml_emulator.mlflow.models import Tracking
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

    def experiment_id(self, job: Job) -> str:
        """The id of a job's experiment."""
        return experiment_id(self.settings.workspace_id, job.experiment)
