"""The backend of the Studio pages."""

from __future__ import annotations

import hashlib
import hmac
import math
import secrets
from pathlib import Path

from azureml_emulator.assets.references import Resolver
from azureml_emulator.core.errors import ServiceError
from azureml_emulator.jobs.artifacts import Artifacts
from azureml_emulator.jobs.engine import Engine
from azureml_emulator.jobs.models import STOPPABLE, Job
from azureml_emulator.mlflow.models import Metric, Tracking
from azureml_emulator.pipelines.plans import read_plan
from azureml_emulator.storage.blobs.models import BlobStore
from azureml_emulator.studio.files import Files

LOG_FOLDERS = ("user_logs/", "logs/", "system_logs/", "azureml-logs/")


class Studio:
    """The workspace's jobs as the pages show them, with their files and what they logged with MLflow."""

    def __init__(
        self, engine: Engine, artifacts: Artifacts, tracking: Tracking, resolver: Resolver, blobs: BlobStore
    ) -> None:
        self.jobs = engine.jobs
        self.tracking = tracking
        self.files = Files(artifacts, resolver, blobs)
        self._engine = engine
        self._artifacts = artifacts
        self._resolver = resolver
        self._secret = secrets.token_bytes(32)

    def compute(self, job: Job) -> str:
        """The name of the compute that a job runs on; empty for a pipeline without a default compute."""
        return self._engine.type_of(job).run_view.target(job.definition)

    def main_log(self, job: Job) -> str:
        """The name of a job's main log."""
        return self._engine.type_of(job).run_view.log

    def logs(self, job: Job) -> list[str]:
        """The names of a job's logs."""
        return [name for folder in LOG_FOLDERS for name in self._artifacts.names(job, folder)]

    def log_file(self, job: Job, name: str | None = None) -> Path:
        """The file of one of a job's logs; without a name of its main log."""
        return self._artifacts.path(job, name or self.main_log(job))

    def metrics(self, job: Job) -> dict[str, list[Metric]]:
        """The points of a job's metrics by their names, in the order in which they were logged."""
        found: dict[str, list[Metric]] = {}
        for point in self.tracking.points(job.name):
            found.setdefault(point.name, []).append(point)
        return found

    def tables(self, job: Job) -> dict[str, list[dict[str, object]]]:
        """What a job logged with the SDK of version 1 and is no number, by name: its rows, by column."""
        rows = {name: self.tracking.rows(job.name, name) for name in self.tracking.schemas(job.name)}
        return {name: [row.data for row in found] for name, found in sorted(rows.items()) if found}

    def needs(self, pipeline: Job) -> dict[str, frozenset[str]]:
        """The nodes of a pipeline, each with those it takes data from; none where its components are gone."""
        try:
            return read_plan(self._resolver, pipeline.definition).graph.steps
        except ServiceError:
            return {}

    def score(self, sweep: Job, trial: Job) -> float | None:
        """The best value of a sweep's primary metric that a trial has logged, of those that are numbers."""
        objective = sweep.definition["objective"]
        values = [
            value for value in self.tracking.values(trial.name, objective["primaryMetric"]) if math.isfinite(value)
        ]
        if not values:
            return None
        return max(values) if objective["goal"] == "Maximize" else min(values)

    # canceling ---------------------------------------------------------------------------------------

    def can_be_canceled(self, job: Job) -> bool:
        """Whether a job takes a cancel in its present status."""
        return job.status in STOPPABLE

    def cancel(self, job: Job) -> None:
        """Ask a job to end.

        :raises ServiceError: it is finalizing or has ended.
        """
        self._engine.cancel(job)

    def token(self, job: Job) -> str:
        """What a request to cancel a job must bring along: it stands on the job's pages, which other sites cannot
        read, and is good for this job until the emulator stops."""
        return hmac.new(self._secret, job.name.encode(), hashlib.sha256).hexdigest()

    def is_token(self, job: Job, presented: str) -> bool:
        """Whether a token is the one for this job."""
        return hmac.compare_digest(self.token(job).encode(), presented.encode("utf-8", "replace"))
