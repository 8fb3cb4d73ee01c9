"""The backend of execution: what the commands of jobs run with on this machine."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

from azureml_emulator.assets.backend import Assets
from azureml_emulator.assets.references import Reference
from azureml_emulator.core.settings import BUILD, Settings
from azureml_emulator.execution import process_environment, processes
from azureml_emulator.execution.environments.shared import Environments
from azureml_emulator.execution.requirements import Interpreters
from azureml_emulator.execution.slots import Slots
from azureml_emulator.execution.staging import Stage, Stager
from azureml_emulator.identity.tokens import Tokens
from azureml_emulator.jobs.models import Job
from azureml_emulator.storage.backend import Storage
from azureml_emulator.workspace.computes import Computes


class Execution:
    """What commands run with: interpreters, places for their files, slots.

    :ivar environments: those that are made from definitions; None where that was not asked for.
    """

    def __init__(
        self, settings: Settings, storage: Storage, tokens: Tokens, assets: Assets, computes: Computes
    ) -> None:
        self.settings = settings
        self.blobs = storage.blobs
        self.tokens = tokens
        self.assets = assets
        self.resolver = assets.resolver
        self.computes = computes
        self.stages = settings.state / "jobs"
        self.stager = Stager(assets.resolver, storage.blobs)
        self.interpreters = Interpreters()
        self.environments: Environments | None = None
        if settings.environments_mode == BUILD:
            self.environments = Environments(settings.state / "environments", assets.resolver, storage.blobs)
        self.slots = Slots(computes, max(8, 2 * (os.cpu_count() or 1)))

    def remove_stages(self) -> None:
        """Remove the scratch folders that a former emulator left."""
        for folder in self.stages.glob("*"):
            Stage(folder).remove()

    async def end_leftovers(self, jobs: Sequence[Job]) -> None:
        """End the processes that a former emulator left of some jobs, which are looked for once for all of them."""
        environments = processes.environments() if jobs else {}
        for job in jobs:
            marks = process_environment.identity_marks(self.settings, job.name)
            if job.process or processes.marked_processes(marks, environments):
                await processes.end_leftovers(job.process, marks)

    def environment(self, environment_id: str) -> tuple[Reference | None, dict[str, Any]]:
        """A job's environment and its properties, which are empty for those of Microsoft's registry."""
        reference = self.resolver.reference(environment_id, "environments")
        if reference is None or not reference.version:
            return reference, {}
        environment = self.resolver.find_version(reference)
        return reference, dict(environment.properties) if environment else {}
