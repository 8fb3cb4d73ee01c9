"""The two drivers: they carry out what a ``Session`` asks for, in threads and in coroutines.

Twins that differ by ``async`` and ``await`` and by the libraries below them; every decision is in ``session``.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import closing
from types import TracebackType
from typing import Any, TypeVar

from azure.core.exceptions import AzureError

from airflow_azureml.client import storage
from airflow_azureml.client.answers import BODY
from airflow_azureml.client.credentials import AsyncTokens, Tokens
from airflow_azureml.client.files.blob_files import BlobFiles
from airflow_azureml.client.interruption import STOP, pause
from airflow_azureml.client.pipeline import (
    ASYNC,
    SYNC,
    Limits,
    Pipelines,
    RequestCounter,
    async_transport,
    reply,
    sync_transport,
)
from airflow_azureml.client.session import (
    Authenticate,
    Discovery,
    GetToken,
    Listener,
    Once,
    OutgoingRequest,
    Run,
    Send,
    Session,
    Step,
)
from airflow_azureml.client.transport_errors import transport_error
from airflow_azureml.rest.errors import AzureMLError
from airflow_azureml.rest.flow import Effect, Flow, Look, Pause, Peek, Reply, StorageLocation, Transfer, Turn
from airflow_azureml.rest.ids import Workspace
from airflow_azureml.rest.jobs import Job
from airflow_azureml.rest.settings import Settings

T = TypeVar("T")

MOST_CONTAINERS = 32
"""Containers that one client keeps open; each new secret opens its container once more."""


class MLClient:
    """Runs flows one request after the other, in the calling thread.

    Nothing is asked before the first effect. Close it, or use it as a context manager.

    :param count: told of each request to the service; those of logins and of blob storage are not counted.

    ``reread``, where it is set, reads the settings anew: when the login service refuses who they name.
    """

    reread: Callable[[], Settings] | None = None

    def __init__(
        self, settings: Settings, limits: Limits | None = None, *, count: RequestCounter | None = None
    ) -> None:
        self.settings = settings
        self.limits = limits or Limits()
        self._session = Session(settings, self.limits.looks_per_second)
        self._discovering = {discovery: threading.Lock() for discovery in Discovery}
        self._tokens: Tokens | None = None
        self._files: dict[StorageLocation, BlobFiles] = {}
        self._transport = sync_transport(settings, self.limits, pause)
        self._pipelines = Pipelines(SYNC, self.limits, count)

    @property
    def workspace(self) -> Workspace:
        """The workspace that the settings name."""
        return self.settings.workspace

    def run(self, flow: Flow[T], *, news: Listener | None = None, stop: threading.Event | None = None) -> T:
        """Carry a conversation through and give back its value.

        :param news: called with the record of each ``News``.
        :param stop: ends pauses, and with them the run, when it is set; nothing new is begun then, but what is asked to
            end is.
        :raises Interrupted: ``stop`` was set.
        """
        stopped = STOP.set(stop)
        try:
            return self._drive(self._session.run(flow, news, stop))
        finally:
            STOP.reset(stopped)

    def perform(self, effect: Effect) -> Any:
        """Do one thing that a flow could ask for, and give back its answer."""
        return self._drive(self._session.perform(effect))

    def files(self, location: StorageLocation) -> BlobFiles:
        """The files of the container that a location is in.

        :raises UntrustedHostError: a token would be sent to a host that is not trusted, or the address is not https.
        """
        found = self._files.get(location)
        if found is None:
            control = self._drive(self._session.control_plane())
            found = BlobFiles(storage.Store(location, self._transport, control, self._tokens))
            if len(self._files) >= MOST_CONTAINERS:
                self._files.clear()
            self._files[location] = found
        return found

    def _drive(self, steps: Run[T]) -> T:
        with closing(steps):
            try:
                step = next(steps)
                while True:
                    try:
                        answer = self._do(step)
                    except AzureMLError as error:
                        step = steps.throw(error)
                    else:
                        step = steps.send(answer)
            except StopIteration as end:
                result: T = end.value
                return result

    def _do(self, step: Step) -> Any:
        if isinstance(step, Send):
            return self._send(step.request)
        if isinstance(step, GetToken):
            assert self._tokens is not None
            return self._tokens.get_token(step.scope).token
        if isinstance(step, Once):
            with self._discovering[step.discovery]:
                return self._drive(step.steps)
        if isinstance(step, Authenticate):
            self._tokens = Tokens(self.settings, step.control, self.limits, self._transport, self.reread)
            return None
        if isinstance(step, Pause):
            return pause(step.seconds)
        if isinstance(step, Turn):
            return None
        if isinstance(step, Look):
            return self._drive(self._session.look(step))
        control = self._drive(self._session.control_plane())
        return storage.transfer(step, self._transport, control, self._tokens)

    def _send(self, request: OutgoingRequest) -> Reply:
        pipeline = self._pipelines.of(request.audience, self._transport, self._tokens)
        try:
            response = pipeline.run(request.http, stream=False, **request.options)
        except AzureError as error:
            raise transport_error(error, request.url) from None
        return reply(request, response.http_response, response.http_response.content)

    def close(self) -> None:
        """Close all connections."""
        if self._tokens is not None:
            self._tokens.close()
        if self._transport.session is not None:
            self._transport.session.close()

    def __enter__(self) -> MLClient:
        """Give back the client itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close all connections."""
        self.close()


class AsyncMLClient:
    """The same for coroutines; one client serves any number of them at once. Cancel a coroutine to stop its run."""

    reread: Callable[[], Awaitable[Settings]] | None = None

    def __init__(
        self, settings: Settings, limits: Limits | None = None, *, count: RequestCounter | None = None
    ) -> None:
        self.settings = settings
        self.limits = limits or Limits()
        self._session = Session(settings, self.limits.looks_per_second)
        self._discovering = {discovery: asyncio.Lock() for discovery in Discovery}
        self._tokens: AsyncTokens | None = None
        self._transport: Any = None
        self._transport_lock = asyncio.Lock()
        self._pipelines = Pipelines(ASYNC, self.limits, count)

    @property
    def workspace(self) -> Workspace:
        """The workspace that the settings name."""
        return self.settings.workspace

    # Thousands wait in these coroutines at the same time, so none stands where a plain function will do.

    def run(self, flow: Flow[T], *, news: Listener | None = None) -> Coroutine[Any, Any, T]:
        """Carry a conversation through and give back its value.

        :param news: called with the record of each ``News``, in the caller's own task.
        """
        return self._drive(self._session.run(flow, news))

    def perform(self, effect: Effect) -> Coroutine[Any, Any, Any]:
        """Do one thing that a flow could ask for, and give back its answer."""
        return self._drive(self._session.perform(effect))

    async def _drive(self, steps: Run[T]) -> T:
        try:
            step = next(steps)
            while True:
                try:
                    answer = await (self._look(step) if isinstance(step, Look) else self._do(step))
                except AzureMLError as error:
                    step = steps.throw(error)
                else:
                    step, answer = steps.send(answer), None  # nobody keeps an answer while waiting for the next one
        except StopIteration as end:
            result: T = end.value
            return result
        finally:
            steps.close()

    async def _do(self, step: Step) -> Any:
        if isinstance(step, Send):
            return await self._send(step.request)
        if isinstance(step, GetToken):
            assert self._tokens is not None
            return (await self._tokens.get_token(step.scope)).token
        if isinstance(step, Once):
            async with self._discovering[step.discovery]:
                return await self._drive(step.steps)
        if isinstance(step, Authenticate):
            self._tokens = AsyncTokens(self.settings, step.control, self.limits, await self._open(), self.reread)
            return None
        if isinstance(step, Pause):
            return await asyncio.sleep(step.seconds)
        if isinstance(step, Turn):
            return await self._turn(step)
        assert not isinstance(step, Look)
        return await asyncio.to_thread(transfer_in_thread, step, self.settings, self.limits)

    def _look(self, look: Look) -> Awaitable[Job]:
        return self._drive(self._session.look(look))

    async def _turn(self, turn: Turn) -> None:
        """Nobody shares this client's budget."""

    async def _send(self, request: OutgoingRequest) -> Reply:
        pipeline = self._pipelines.of(request.audience, await self._open(), self._tokens)
        try:
            response = await pipeline.run(request.http, stream=True, **request.options)
        except AzureError as error:
            raise transport_error(error, request.url) from None
        return reply(request, response.http_response, response.context[BODY])

    async def _open(self) -> Any:
        async with self._transport_lock:
            if self._transport is None:
                self._transport = await async_transport(self.settings, self.limits)
            return self._transport

    async def close(self) -> None:
        """Close all connections."""
        if self._tokens is not None:
            await self._tokens.close()
        if self._transport is not None:
            await self._transport.session.close()

    async def __aenter__(self) -> AsyncMLClient:
        """Give back the client itself."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close all connections."""
        await self.close()


def transfer_in_thread(order: Transfer | Peek, settings: Settings, limits: Limits) -> Any:
    """Do a transfer with a client of its own: azure-storage-blob's parallel transfers need threads."""
    with MLClient(settings, limits) as client:
        return client.perform(order)
