"""Builds of images that a client asks for without a job, and the images that came of them.

Only what was built in this way since the emulator started counts as an image that is there.
"""

from __future__ import annotations

import asyncio
import uuid
from dataclasses import dataclass
from typing import Any

from azureml_emulator.assets.versions import Version
from azureml_emulator.control.faults import Faults, subject
from azureml_emulator.control.kinds import IMAGE_BUILD_FAILS
from azureml_emulator.execution import images, job_faults
from azureml_emulator.execution.backend import Execution
from azureml_emulator.execution.environments.build import BuildError
from azureml_emulator.storage.backend import Storage

RUNNING, SUCCEEDED, FAILED = "Running", "Succeeded", "Failed"
PAUSE = 0.5
"""Seconds that a build takes which makes nothing."""


@dataclass
class Build:
    """A build.

    :param log: the blob that holds its log.
    """

    log: str
    status: str = RUNNING


class ImageBuilds:
    """The builds that clients have asked for."""

    def __init__(self, execution: Execution, storage: Storage, faults: Faults) -> None:
        self.settings = execution.settings
        self.assets = execution.assets
        self.signer = storage.signer
        self.builds: dict[str, Build] = {}
        self._execution = execution
        self._faults = faults
        self._there: set[tuple[str, str]] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    def exists(self, environment: Version) -> bool:
        """Whether an image is there."""
        return (environment.name, environment.version) in self._there

    def begin(self, request: str, environment: Version) -> str:
        """Begin a build; its id.

        :param request: method and path of the request that asks for it.
        """
        number = uuid.uuid4().hex
        build = self.builds[number] = Build(f"ImageLogs/{number}/build.log")
        fails = self._faults.take(IMAGE_BUILD_FAILS, subject(request)) is not None
        task = asyncio.create_task(self._run(build, environment, fails=fails))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return number

    def log_address(self, build: Build) -> str:
        """The address of a build's log, with the right to read it."""
        return self.signer.url(self.settings.artifact_container, build.log)

    async def _run(self, build: Build, environment: Version, *, fails: bool) -> None:
        self._say(build, f"Building the image of {environment.name}:{environment.version}")
        properties = dict(environment.properties)
        reason = images.build_failure(self._execution.resolver, self._execution.blobs, properties)
        reason = reason or (job_faults.BUILD_SAID if fails else None)
        await asyncio.sleep(PAUSE)
        if reason is None:
            reason = await self._made(build, properties)
        if reason is not None:
            self._say(build, reason)
            build.status = FAILED
            return
        self._there.add((environment.name, environment.version))
        build.status = SUCCEEDED

    async def _made(self, build: Build, properties: dict[str, Any]) -> str | None:
        """Make the environment where that was asked for; why it cannot be made, or None."""
        if self._execution.environments is None:
            return None
        try:
            conda = images.conda_of(properties)
            await self._execution.environments.python(properties, conda, lambda line: self._say(build, line))
        except BuildError as error:
            return str(error)
        return None

    def _say(self, build: Build, text: str) -> None:
        self._execution.blobs.append(self.settings.artifact_container, build.log, f"{text}\n".encode())
