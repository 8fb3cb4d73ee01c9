"""One server: the processes that serve a deployment, from their start to their end, and requests to them."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from azureml_emulator.execution import processes
from azureml_emulator.execution.staging import Stage
from azureml_emulator.online.server_stage import SOCKET, Command

HEALTHY = b"Healthy"
PATIENCE = 0.02
"""Seconds between two looks for a socket that is not there yet."""


class UnreachableError(Exception):
    """The server does not answer: it has ended, or is being started."""


@dataclass(frozen=True)
class Reply:
    """What a server answered."""

    status: int
    headers: Mapping[str, str]
    content: bytes
    milliseconds: int


class Server:
    """The processes of one deployment.

    :param stage: its files, which are removed with it.
    :param log: the file that what it prints goes to.
    """

    def __init__(self, stage: Stage, command: Command, log: Path) -> None:
        self._stage = stage
        self._command = command
        self._log = log
        # A socket's path has to be short, which that of a state directory need not be.
        self._folder = Path(tempfile.mkdtemp(prefix="azureml-"))
        self._session: aiohttp.ClientSession | None = None
        self._tree: processes.Tree | None = None

    @property
    def runs(self) -> bool:
        """Whether its processes have not ended."""
        return self._tree is not None and self._tree.supervisor.returncode is None

    async def start(self) -> None:
        """Start its processes; ``answers`` says when they can be asked."""
        socket = self._folder / "s"
        socket.unlink(missing_ok=True)
        words = [str(socket) if word == SOCKET else word for word in self._command.words]
        self._tree = await processes.start(words, self._command.folder, self._command.variables, self._log)
        if self._session is None:
            connector = aiohttp.UnixConnector(str(socket), force_close=True, limit=0)
            self._session = aiohttp.ClientSession(connector=connector, auto_decompress=False)

    async def answers(self, patience: float) -> bool:
        """Wait until it says that it is healthy; False when it has ended before, or did not say so in time.

        :param patience: seconds.
        """
        deadline = time.monotonic() + patience
        while self.runs and time.monotonic() < deadline:
            if await self.healthy(deadline - time.monotonic()):
                return True
            await asyncio.sleep(PATIENCE)
        return False

    async def healthy(self, timeout: float) -> bool:
        """Whether it answers a probe in time.

        :param timeout: seconds.
        """
        with contextlib.suppress(UnreachableError, asyncio.TimeoutError):
            return (await self.request("GET", "/", {}, b"", timeout)).content == HEALTHY
        return False

    async def request(
        self, method: str, target: str, headers: Mapping[str, str], content: bytes, timeout: float
    ) -> Reply:
        """Hand a request on.

        :param target: path and query.
        :param timeout: seconds.
        :raises asyncio.TimeoutError: the answer did not come in time.
        :raises UnreachableError: it does not answer.
        """
        if self._session is None:
            raise UnreachableError
        limit = aiohttp.ClientTimeout(total=timeout)
        began = time.monotonic()
        try:
            async with self._session.request(
                method, f"http://localhost{target}", headers=headers, data=content, timeout=limit
            ) as answer:
                body = await answer.read()
                return Reply(answer.status, dict(answer.headers), body, int((time.monotonic() - began) * 1000))
        except asyncio.TimeoutError:
            raise
        except (aiohttp.ClientError, OSError):
            raise UnreachableError from None

    async def restart(self) -> None:
        """End its processes and start them anew, as a container is started again."""
        await self._end_tree()
        await self.start()

    async def end(self) -> None:
        """End its processes and remove its files."""
        await self._end_tree()
        if self._session:
            await self._session.close()
        await asyncio.to_thread(self._stage.remove)
        shutil.rmtree(self._folder, ignore_errors=True)

    async def _end_tree(self) -> None:
        if self._tree and self.runs:
            self._tree.end()
            await self._tree.wait()
