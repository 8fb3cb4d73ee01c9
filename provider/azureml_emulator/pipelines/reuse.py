"""Reuse: a step whose component, inputs and settings are those of an earlier one does not run; it takes over the
earlier one's results.

Source: azure-ai-ml 1.35.2 (``PipelineConstants.REUSED_FLAG_FIELD`` and ``REUSED_JOB_ID``), a recorded reused step, and
Microsoft's YAML reference of pipelines (``force_rerun``) and components (``is_deterministic``, true by default). What
exactly the service compares is not published. Here it is the component, the definition of the job but for its names and
tags, and the data of its inputs by address, size and time of change, so that a step with other data at the same place
runs.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from azureml_emulator.assets.references import Page, Resolver, UnresolvedError
from azureml_emulator.jobs.engine import Engine
from azureml_emulator.jobs.job_run import JobRun
from azureml_emulator.storage.blobs.models import BlobNameError, BlobStore

REUSED_RUNNER = "ReusedStep"
"""The runner that records of reused steps name: their type is that of the job that they would have been."""

NAMES = frozenset({"displayName", "description", "experimentName", "properties", "tags", "services"})
"""What of a job does not change its results."""


class ReusedRun(JobRun):
    """A step that takes over the results of an earlier one."""

    def __init__(self, engine: Engine, name: str) -> None:
        super().__init__(engine.context, name)

    async def work(self) -> None:
        """Pass through the states with the outputs of the earlier step, and of a sweep with its best trial."""
        job, earlier = self._job, self._jobs.get(self._job.reuses or "")
        assert earlier is not None
        for status in ("Preparing", "Running", "Finalizing"):
            self._advance(status)
        properties = {**earlier.definition["properties"], **job.definition["properties"]}
        definition = {**job.definition, "properties": properties}
        self._jobs.change(self.name, status="Completed", outputs=dict(earlier.outputs), definition=definition)

    def say(self, *lines: str) -> None:
        """Write nothing: the log that shows is the earlier step's."""


def is_deterministic(spec: Mapping[str, Any]) -> bool:
    """Whether a component has the same results whenever it runs with the same inputs."""
    return str(spec.get("is_deterministic", True)).lower() != "false"


def fingerprint(resolver: Resolver, blobs: BlobStore, component: str, properties: Mapping[str, Any]) -> str:
    """What two steps have in common of which one can take the other's results. File work: call it in a thread.

    :param component: the id of the step's component.
    :param properties: those of its job.
    """
    definition = {key: value for key, value in properties.items() if key not in NAMES}
    data = {
        name: list(contents(resolver, blobs, row))
        for name, row in (properties.get("inputs") or {}).items()
        if row["jobInputType"] != "literal"
    }
    text = json.dumps([component.lower(), definition, data], sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def contents(resolver: Resolver, blobs: BlobStore, row: Mapping[str, Any]) -> Iterator[tuple[str, int, int]]:
    """The files of an input: name, size and time of change; none of what lies outside of the workspace."""
    try:
        place = resolver.place(row["uri"], "models" if row["jobInputType"].endswith("_model") else "data")
        top = None if isinstance(place, Page) else blobs.path(place.container, place.path)
    except (UnresolvedError, BlobNameError):
        top = None
    if top is None:
        return
    if top.is_file():
        yield described(top, top.name)
    for folder, _, files in sorted(os.walk(top)):
        for file in sorted(files):
            path = Path(folder, file)
            yield described(path, str(path.relative_to(top)))


def described(path: Path, name: str) -> tuple[str, int, int]:
    """One file by its name."""
    state = path.stat()
    return name, state.st_size, state.st_mtime_ns
