"""The two drivers: they carry a flow's effects out and its answers in. Twins that differ by ``async`` and ``await``."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Any, TypeVar

from azure.core.exceptions import AzureError

from airflow_azureml.client import storage
from airflow_azureml.client.credentials import AsyncTokens, Tokens
from airflow_azureml.client.interruption import STOP, check_stop, pause
from airflow_azureml.client.pipeline import (
    ASYNC,
    SYNC,
    Limits,
    Outgoing,
    async_transport,
    build,
    outgoing,
    reply,
    scope,
    sync_transport,
)
from airflow_azureml.client.transport_errors import transport_error
from airflow_azureml.client.trust import TOKENLESS, data_plane_of
from airflow_azureml.rest import clouds, jobs, workspace
from airflow_azureml.rest.clouds import ControlPlane
from airflow_azureml.rest.errors import AzureMLError, check
from airflow_azureml.rest.flow import Call, Effect, Flow, Look, News, Pause, Peek, Plane, Reply, Transfer
from airflow_azureml.rest.ids import Workspace
from airflow_azureml.rest.settings import Settings

T = TypeVar("T")

log = logging.getLogger(__name__)

Listener = Callable[[Any], None]
"""What ``News`` is handed to: a plain function, called in the caller's own task or coroutine."""

BELOW_DATA_PLANE = frozenset({Plane.DATA, Plane.DATA_ML})


def read(call: Call[T], answer: Reply) -> T:
    """Make an answer into the call's value, or raise what it says."""
    if answer.status not in call.ok:
        log.debug("%s %s was answered with status %s.", answer.method, answer.url, answer.status)
        check(answer)
    return call.parse(answer)


def carry(transfer: Transfer | Peek, settings: Settings, limits: Limits) -> Any:
    """Do a transfer with a client of its own: on a thread, for azure-storage-blob works in parallel by threads here."""
    with MLClient(settings, limits) as client:
        return client.perform(transfer)


def tell(news: News, listener: Listener | None) -> None:
    """Hand news to the one who listens to this run, if anybody does."""
    if listener is not None:
        listener(news.record)


class MLClient:
    """Runs flows one request after the other, in the calling thread.

    Nothing is asked before the first effect. Close it, or use it as a context manager.
    """

    def __init__(self, settings: Settings, limits: Limits | None = None) -> None:
        self.settings = settings
        self.limits = limits or Limits()
        self._lock = threading.RLock()
        self._control: ControlPlane | None = None
        self._data_plane: str | None = None
        self._tokens: Tokens | None = None
        self._transport = sync_transport(settings, self.limits, pause)
        self._pipelines: dict[str | None, Any] = {}

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
        steps = iter(flow)
        try:
            effect = next(steps)
            while True:
                check_stop(stop, effect)
                try:
                    answer = self.perform(effect, news)
                except AzureMLError as error:
                    effect = steps.throw(error)
                else:
                    effect = steps.send(answer)
        except StopIteration as end:
            result: T = end.value
            return result
        finally:
            steps.close()
            STOP.reset(stopped)

    def perform(self, effect: Effect, news: Listener | None = None) -> Any:
        """Do one thing that a flow asked for."""
        if isinstance(effect, Call):
            return self._call(effect)
        if isinstance(effect, Pause):
            return pause(effect.seconds)
        if isinstance(effect, Look):
            return self._call(jobs.get(self.workspace, effect.job))
        if isinstance(effect, News):
            return tell(effect, news)
        return self._transfer(effect)

    def control_plane(self) -> ControlPlane:
        """Addresses and audiences, asked for once."""
        with self._lock:
            if self._control is None:
                control = self.run(clouds.control_plane(self.settings), stop=STOP.get())
                self._tokens = Tokens(self.settings, control, self.limits)
                self._control = control
            return self._control

    def data_plane(self) -> str:
        """The address of the workspace's data plane, asked for once."""
        with self._lock:
            if self._data_plane is None:
                found = self.run(workspace.data_plane(self.workspace), stop=STOP.get())
                self._control = data_plane_of(found, self.control_plane(), self.settings)
                self._data_plane = found
            return self._data_plane

    def _call(self, call: Call[T]) -> T:
        control = None if call.plane in TOKENLESS else self.control_plane()
        data_plane = self.data_plane() if call.plane in BELOW_DATA_PLANE else None
        sent = outgoing(call, self.settings, control, data_plane)
        if control is not None and call.user_token and self._tokens:
            token = self._tokens.get_token(scope(control.ml_audience))
            sent.request.headers["x-azureml-token"] = token.token
        try:
            response = self._pipeline(sent).run(sent.request, stream=False, **sent.options)
        except AzureError as error:
            raise transport_error(error, sent.url) from None
        return read(call, reply(call, sent, response.http_response))

    def _pipeline(self, sent: Outgoing) -> Any:
        with self._lock:
            if sent.audience not in self._pipelines:
                target = scope(sent.audience) if sent.audience else None
                self._pipelines[sent.audience] = build(SYNC, self._transport, self.limits, self._tokens, target)
            return self._pipelines[sent.audience]

    def _transfer(self, transfer: Transfer | Peek) -> Any:
        return storage.transfer(transfer, self._transport, self.control_plane(), self._tokens)

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

    def __init__(self, settings: Settings, limits: Limits | None = None) -> None:
        self.settings = settings
        self.limits = limits or Limits()
        self._control_lock, self._data_lock, self._transport_lock = asyncio.Lock(), asyncio.Lock(), asyncio.Lock()
        self._control: ControlPlane | None = None
        self._data_plane: str | None = None
        self._tokens: AsyncTokens | None = None
        self._transport: Any = None
        self._pipelines: dict[str | None, Any] = {}

    @property
    def workspace(self) -> Workspace:
        """The workspace that the settings name."""
        return self.settings.workspace

    async def run(self, flow: Flow[T], *, news: Listener | None = None) -> T:
        """Carry a conversation through and give back its value.

        :param news: called with the record of each ``News``, in the caller's own task.
        """
        steps = iter(flow)
        try:
            effect = next(steps)
            while True:
                try:
                    answer = await self.perform(effect, news)
                except AzureMLError as error:
                    effect = steps.throw(error)
                else:
                    effect = steps.send(answer)
        except StopIteration as end:
            result: T = end.value
            return result
        finally:
            steps.close()

    async def perform(self, effect: Effect, news: Listener | None = None) -> Any:
        """Do one thing that a flow asked for."""
        if isinstance(effect, Call):
            return await self._call(effect)
        if isinstance(effect, Pause):
            return await asyncio.sleep(effect.seconds)
        if isinstance(effect, Look):
            return await self._call(jobs.get(self.workspace, effect.job))
        if isinstance(effect, News):
            return tell(effect, news)
        return await self._transfer(effect)

    async def control_plane(self) -> ControlPlane:
        """Addresses and audiences, asked for once."""
        async with self._control_lock:
            if self._control is None:
                control = await self.run(clouds.control_plane(self.settings))
                self._tokens = AsyncTokens(self.settings, control, self.limits, await self._open())
                self._control = control
            return self._control

    async def data_plane(self) -> str:
        """The address of the workspace's data plane, asked for once."""
        async with self._data_lock:
            if self._data_plane is None:
                found = await self.run(workspace.data_plane(self.workspace))
                self._control = data_plane_of(found, await self.control_plane(), self.settings)
                self._data_plane = found
            return self._data_plane

    async def _call(self, call: Call[T]) -> T:
        control = None if call.plane in TOKENLESS else await self.control_plane()
        data_plane = await self.data_plane() if call.plane in BELOW_DATA_PLANE else None
        sent = outgoing(call, self.settings, control, data_plane)
        if control is not None and call.user_token and self._tokens:
            token = await self._tokens.get_token(scope(control.ml_audience))
            sent.request.headers["x-azureml-token"] = token.token
        try:
            response = await (await self._pipeline(sent)).run(sent.request, stream=False, **sent.options)
        except AzureError as error:
            raise transport_error(error, sent.url) from None
        return read(call, reply(call, sent, response.http_response))

    async def _pipeline(self, sent: Outgoing) -> Any:
        transport = await self._open()
        if sent.audience not in self._pipelines:
            target = scope(sent.audience) if sent.audience else None
            self._pipelines[sent.audience] = build(ASYNC, transport, self.limits, self._tokens, target)
        return self._pipelines[sent.audience]

    async def _open(self) -> Any:
        async with self._transport_lock:
            if self._transport is None:
                self._transport = await async_transport(self.settings, self.limits)
            return self._transport

    async def _transfer(self, transfer: Transfer | Peek) -> Any:
        return await asyncio.to_thread(carry, transfer, self.settings, self.limits)

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
