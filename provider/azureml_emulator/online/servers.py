"""The servers of all deployments: started with them, watched, ended with them and with the emulator, and started again
with the next one."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import shutil
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Any

from azureml_emulator.control.faults import Faults, subject
from azureml_emulator.control.kinds import IMAGE_BUILD_FAILS
from azureml_emulator.core.clock import now, stamp
from azureml_emulator.core.errors import ServiceError
from azureml_emulator.core.operations import Record
from azureml_emulator.core.schema import seconds
from azureml_emulator.execution import processes
from azureml_emulator.execution.backend import Execution
from azureml_emulator.execution.runtime import Runtime
from azureml_emulator.execution.staging import Stage, StagingError
from azureml_emulator.jobs.artifacts import JobError
from azureml_emulator.online import server_stage
from azureml_emulator.online.server import Server
from azureml_emulator.storage.blobs.models import BlobNameError

logger = logging.getLogger(__name__)

SERVER_LOG, STORAGE_LOG, BUILD_LOG = "inference-server.log", "storage-initializer.log", "image-build.log"
TAIL = 20
"""Lines of the log that an error quotes."""

NOT_READY = "ResourceNotReady: User container has crashed or terminated: {reason}"
"""Source: https://github.com/Azure/mlops-v2/issues/120; what follows in ours are the last lines of the log."""

NO_IMAGE = "ImageBuildFailure: {reason}"
NO_MODEL = "BadArgument: {reason}"
"""The words before the colon are those of Microsoft's page on troubleshooting online endpoints."""


Explain = Callable[[], Awaitable[None]]
"""Says in a server's log what would help it."""


class StartError(Exception):
    """A deployment could not be started; the text is the operation's error message."""


class Servers:
    """The servers by the keys of their deployments, which are an endpoint's name, a slash and their own.

    :ivar failed: called with a deployment's key and what ARM answers as its operation's error.
    """

    def __init__(self, execution: Execution, faults: Faults) -> None:
        self._execution = execution
        self._faults = faults
        self._root = execution.settings.state / "online"
        self._servers: dict[str, Server] = {}
        self._starts: dict[str, asyncio.Task[None]] = {}
        self._watches: dict[str, asyncio.Task[None]] = {}
        self._ends: set[asyncio.Task[None]] = set()
        self._number = 0
        self.failed: Callable[[str, dict[str, Any]], None] = untold

    def busy(self, key: str) -> bool:
        """Whether a deployment is being started."""
        return key.lower() in self._starts

    def server(self, key: str) -> Server | None:
        """The server of a deployment, where one was started."""
        return self._servers.get(key.lower())

    def logs(self, key: str, container: str) -> str:
        """What a container of a deployment has printed so far: ``InferenceServer`` or ``StorageInitializer``."""
        name = STORAGE_LOG if container == "StorageInitializer" else SERVER_LOG
        with contextlib.suppress(OSError):
            return (self._folder(key) / name).read_text(encoding="utf-8", errors="replace")
        return ""

    def begin(self, key: str, record: Record) -> None:
        """Start the server of a deployment; one that it has serves on until the new one answers."""
        key = key.lower()
        before = self._starts.pop(key, None)
        if before:
            before.cancel()
        self._starts[key] = asyncio.create_task(self._begun(key, record), name=f"deployment {key}")

    def forget(self, key: str) -> None:
        """End the server of a deployment that is gone, and remove its files."""
        key = key.lower()
        start = self._starts.pop(key, None)
        if start:
            start.cancel()
        end = asyncio.create_task(self._forgotten(key))
        self._ends.add(end)
        end.add_done_callback(self._ends.discard)

    async def recover(self, key: str, record: Record) -> None:
        """End what a former emulator left of a deployment, and start it anew."""
        await processes.end_leftovers(None, server_stage.marks(self._execution.settings, key.lower()))
        for folder in self._folder(key).glob("stage-*"):
            Stage(folder).remove()
        self.begin(key, record)

    async def stop(self) -> None:
        """End all servers."""
        for task in (*self._starts.values(), *self._watches.values()):
            task.cancel()
        await asyncio.gather(*self._starts.values(), *self._watches.values(), *self._ends, return_exceptions=True)
        await asyncio.gather(*(server.end() for server in self._servers.values()))

    # one deployment ----------------------------------------------------------------------------------

    def _folder(self, key: str) -> Path:
        return self._root / key.lower()

    async def _begun(self, key: str, record: Record) -> None:
        try:
            await self._start(key, record)
        except StartError as error:
            self.failed(key, {"code": None, "message": str(error)})
        except Exception as error:
            logger.exception("The deployment %s could not be started.", key)
            message = f"InternalServerError: {type(error).__name__}: {error}"
            self.failed(key, {"code": None, "message": message})
        finally:
            if self._starts.get(key) is asyncio.current_task():
                del self._starts[key]

    async def _start(self, key: str, record: Record) -> None:
        folder = self._folder(key)
        folder.mkdir(parents=True, exist_ok=True)
        log = folder / SERVER_LOG
        log.write_bytes(b"")
        python, explain = await self._runtime(key, record, folder, log)
        server = await self._staged(record, folder, log, python)
        try:
            await server.start()
            await self._until_ready(server, record, log, explain)
        except BaseException:
            await server.end()
            raise
        watch, former = self._watches.pop(key, None), self._servers.get(key)
        if watch:
            watch.cancel()
        self._servers[key] = server
        self._watches[key] = asyncio.create_task(self._watch(server, record, log))
        if former:
            await former.end()

    async def _runtime(self, key: str, record: Record, folder: Path, log: Path) -> tuple[Path, Explain]:
        """The deployment's interpreter, found or made as for jobs; and what says in the log why a server ended.

        :raises StartError: the service could not build the image.
        """
        runtime = Runtime(self._execution, server_stage.environment_id(record), "")
        tell = partial(say, log)
        who = subject(key)
        try:
            await runtime.prepare(
                tell, lambda: folder / BUILD_LOG, lambda: self._faults.take(IMAGE_BUILD_FAILS, who) is not None
            )
        except ServiceError as error:
            raise StartError(NO_IMAGE.format(reason=error.message)) from None
        if record["sku"]["capacity"] > 1:
            tell(f"{record['sku']['capacity']} instances were requested; one serves.")
        return runtime.python, lambda: runtime.explain(tell, 1, log, folder / "no-notes", folder)

    async def _staged(self, record: Record, folder: Path, log: Path, python: Path) -> Server:
        """The files of a server.

        :raises StartError: code or model are not there.
        """
        self._number += 1
        root = folder / f"stage-{self._number}"
        notes = folder / STORAGE_LOG
        try:
            stage, command = await asyncio.to_thread(server_stage.prepare, self._execution, root, record, python)
        except (StagingError, BlobNameError, JobError) as error:
            say(notes, f"The files could not be brought here: {error}")
            await asyncio.to_thread(Stage(root).remove)
            raise StartError(NO_MODEL.format(reason=error)) from None
        say(notes, f"Code and model are in place at {stamp(now())}.")
        return Server(stage, command, log)

    async def _until_ready(self, server: Server, record: Record, log: Path, explain: Explain) -> None:
        """Wait for the first answer to a probe.

        :raises StartError: it has not come within the readiness probe's patience.
        """
        probe = record["properties"]["readinessProbe"]
        patience = (seconds(probe["initialDelay"]) or 0) + probe["failureThreshold"] * (seconds(probe["period"]) or 0)
        if await server.answers(patience):
            return
        if server.runs:
            reason = f"Readiness probe failed: it did not answer within {patience:g} seconds."
        else:
            reason = "Liveness probe failed: HTTP probe failed with statuscode: 502."
            await explain()
        lines = log.read_text(encoding="utf-8", errors="replace").splitlines()[-TAIL:]
        raise StartError(NOT_READY.format(reason="\n".join((reason, *lines))))

    async def _watch(self, server: Server, record: Record, log: Path) -> None:
        """Probe a server as long as it is there; one that does not answer, or has ended, is started again."""
        probe = record["properties"]["livenessProbe"]
        period, timeout = seconds(probe["period"]) or 10.0, seconds(probe["timeout"]) or 2.0
        failures = 0
        while True:
            await self._pause(server, period)
            failures = 0 if server.runs and await server.healthy(timeout) else failures + 1
            if not server.runs or failures >= probe["failureThreshold"]:
                say(log, "The server has ended, or did not answer its liveness probe; it is started again.")
                failures = 0
                await server.restart()

    async def _pause(self, server: Server, period: float) -> None:
        """Wait for the next probe, or for the server's end."""
        for _ in range(max(1, int(period / 0.5))):
            await asyncio.sleep(min(period, 0.5))
            if not server.runs:
                return

    async def _forgotten(self, key: str) -> None:
        watch, server = self._watches.pop(key, None), self._servers.pop(key, None)
        if watch:
            watch.cancel()
        if server:
            await server.end()
        await asyncio.to_thread(shutil.rmtree, self._folder(key), ignore_errors=True)


def untold(key: str, error: dict[str, Any]) -> None:
    """Tell nobody that a deployment failed."""


def say(log: Path, *lines: str) -> None:
    """Write lines of the emulator's own to a log."""
    with log.open("a", encoding="utf-8") as file:
        file.writelines(f"[azureml-emulator] {line}\n" for line in lines)
