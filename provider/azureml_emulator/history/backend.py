"""The backend of run history, its artifacts and its metrics."""

from __future__ import annotations

from azureml_emulator.control.faults import Faults
from azureml_emulator.core.clock import now
from azureml_emulator.core.settings import Settings
from azureml_emulator.identity.tokens import Tokens
from azureml_emulator.jobs.artifacts import Artifacts
from azureml_emulator.jobs.engine import Engine
from azureml_emulator.jobs.fault_subjects import take_for
from azureml_emulator.jobs.models import Job, experiment_id, moment
from azureml_emulator.mlflow.models import Tracking
from azureml_emulator.storage.backend import Storage

LAG = 5.0
"""Seconds for which a new job is missing from run history when the fault has no delay."""


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

    def lags(self, job: Job) -> bool:
        """Whether run history does not show a job yet, because it is younger than the delay of a fault ``run_lag``."""
        created = moment(job.created_at)
        age = (now() - created).total_seconds() if created else 0.0
        return take_for(self.faults, "run_lag", self.jobs, job, lambda fault: age < fault.seconds(LAG)) is not None

    def experiment_id(self, job: Job) -> str:
        """The id of a job's experiment."""
        return experiment_id(self.settings.workspace_id, job.experiment)
