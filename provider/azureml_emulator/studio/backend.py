"""The backend of the Studio pages."""

from __future__ import annotations

from pathlib import Path

from azureml_emulator.jobs.artifacts import Artifacts
from azureml_emulator.jobs.models import Job, Jobs
from azureml_emulator.mlflow.models import Tracking

MAIN_LOGS = {"Pipeline": "logs/azureml/executionlogs.txt"}
"""The log that a page shows, by type of job; ``user_logs/std_log.txt`` for others."""

LOG_FOLDERS = ("user_logs/", "logs/", "system_logs/", "azureml-logs/")


class Studio:
    """The workspace's jobs as the pages show them, with their logs and what they logged with MLflow."""

    def __init__(self, jobs: Jobs, artifacts: Artifacts, tracking: Tracking) -> None:
        self.jobs = jobs
        self.tracking = tracking
        self._artifacts = artifacts

    def logs(self, job: Job) -> list[str]:
        """The names of a job's logs."""
        return [name for folder in LOG_FOLDERS for name in self._artifacts.names(job, folder)]

    def log_file(self, job: Job, name: str | None = None) -> Path:
        """The file of one of a job's logs; without a name of the one that says how the job is doing."""
        default = MAIN_LOGS.get(job.definition["jobType"], "user_logs/std_log.txt")
        return self._artifacts.path(job, name or default)
