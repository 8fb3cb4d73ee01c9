"""The backend of the Studio pages."""

from __future__ import annotations

from pathlib import Path

from azureml_emulator.jobs.artifacts import Artifacts
from azureml_emulator.jobs.engine import Engine
from azureml_emulator.jobs.models import Job
from azureml_emulator.mlflow.models import Tracking

LOG_FOLDERS = ("user_logs/", "logs/", "system_logs/", "azureml-logs/")


class Studio:
    """The workspace's jobs as the pages show them, with their logs and what they logged with MLflow."""

    def __init__(self, engine: Engine, artifacts: Artifacts, tracking: Tracking) -> None:
        self.jobs = engine.jobs
        self.tracking = tracking
        self._engine = engine
        self._artifacts = artifacts

    def compute(self, job: Job) -> str:
        """The name of the compute that a job runs on; empty for a pipeline without a default compute."""
        return self._engine.type_of(job).run_view.target(job.definition)

    def logs(self, job: Job) -> list[str]:
        """The names of a job's logs."""
        return [name for folder in LOG_FOLDERS for name in self._artifacts.names(job, folder)]

    def log_file(self, job: Job, name: str | None = None) -> Path:
        """The file of one of a job's logs; without a name of its main log."""
        return self._artifacts.path(job, name or self._engine.type_of(job).run_view.log)
