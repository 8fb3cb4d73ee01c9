"""The backend of MLflow's tracking server and registry."""

from __future__ import annotations

from azureml_emulator.assets.backend import Assets
from azureml_emulator.core.settings import Settings
from azureml_emulator.jobs.models import Jobs
from azureml_emulator.mlflow.aliases import Aliases
from azureml_emulator.mlflow.models import Tracking
from azureml_emulator.mlflow.stages import Stages
from azureml_emulator.storage.blobs.models import BlobStore


class Mlflow:
    """MLflow as the workspace serves it: runs, among them the jobs; and the registry, whose models are assets."""

    def __init__(
        self,
        settings: Settings,
        blobs: BlobStore,
        assets: Assets,
        jobs: Jobs,
        tracking: Tracking,
        stages: Stages,
        aliases: Aliases,
    ) -> None:
        self.settings = settings
        self.blobs = blobs
        self.assets = assets
        self.jobs = jobs
        self.tracking = tracking
        self.stages = stages
        self.aliases = aliases
