"""The HTTP pipeline: one list of azure-core policies, transports and limits, for threads and for coroutines.

A call that must not happen twice is sent with ``retry_total=0``: azure-core's own policy would repeat a POST on 500,
503 and 504, and every method on any failure that carries ``Retry-After``. Nothing follows redirects or logs bodies.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any, NamedTuple

from azure.core.pipeline import AsyncPipeline, Pipeline
from azure.core.pipeline.policies import (
    AsyncBearerTokenCredentialPolicy,
    AsyncRetryPolicy,
    BearerTokenCredentialPolicy,
    HeadersPolicy,
    RequestIdPolicy,
    RetryPolicy,
    SansIOHTTPPolicy,
    UserAgentPolicy,
)
from azure.core.pipeline.transport import RequestsTransport

from airflow_azureml import __version__
from airflow_azureml.client.adapter import Adapter, Session, ca_bundle, loaded
from airflow_azureml.client.answers import AsyncBoundedAnswers
from airflow_azureml.client.session import LOOKS_PER_SECOND, PLANE, OutgoingRequest, scope
from airflow_azureml.client.transport_errors import RETRIED_STATUSES, is_unbounded, refuses_connections
from airflow_azureml.rest.flow import Reply
from airflow_azureml.rest.settings import Settings

if TYPE_CHECKING:
    from azure.core.pipeline.transport import AioHttpTransport

USER_AGENT = f"airflow-provider-azureml/{__version__}"
CONNECTIONS = 32
"""Connections that a synchronous client keeps open per host: as many as a transfer's threads may use."""

# azure-core and azure-identity write a line per request and token at INFO, Airflow's level: noise in every task log.
if logging.getLogger("azure").level == logging.NOTSET:
    logging.getLogger("azure").setLevel(logging.ERROR)


@dataclass(frozen=True)
class Limits:
    """How long a request may take and how often it is repeated.

    :param connect: seconds to establish a connection.
    :param read: seconds of silence while an answer is awaited.
    :param retries: how often a repeatable request is sent again.
    :param throttled: seconds for which a login service that is throttled or out of order is asked again.
    :param looks_per_second: requests for the status of jobs that are waited for, on the average.
    """

    connect: float = 10
    read: float = 60
    retries: int = 3
    throttled: float = 120
    looks_per_second: float = LOOKS_PER_SECOND


LONGEST_DELAY = 120.0
"""Seconds of ``Retry-After`` that the pipeline sits out, azure-core's own longest delay. A longer one is for the flow
to decide about: it knows its deadline, and gets the answer with its header."""


class Patience:
    """What both retry policies of azure-core add: a limit for ``Retry-After``, and no retries without an emulator."""

    def is_retry(self, settings: Any, response: Any) -> bool:
        """Whether to send again: not when the service asks for a long wait."""
        asked = self.get_retry_after(response)
        if asked is not None and asked > LONGEST_DELAY:
            return False
        again: bool = super().is_retry(settings, response)  # type: ignore[misc]
        return again

    def increment(self, settings: Any, response: Any = None, error: Any = None) -> bool:
        """Whether any retry is left: none for an emulator that is not running, nor for an answer without an end."""
        if error is not None and is_unbounded(error):
            return False
        if error is not None and response is not None and refuses_connections(error, response.http_request.url):
            return False
        again: bool = super().increment(settings, response, error)  # type: ignore[misc]
        return again

    def get_retry_after(self, response: Any) -> float | None:
        """Seconds asked for; a value that cannot be read asks for nothing, where azure-core itself would break."""
        try:
            asked: float | None = super().get_retry_after(response)  # type: ignore[misc]
        except (ValueError, TypeError, OverflowError):
            return None
        return asked


class PatientRetry(Patience, RetryPolicy[Any, Any]):
    """azure-core's policy for threads, with that."""


class AsyncPatientRetry(Patience, AsyncRetryPolicy[Any, Any]):
    """azure-core's policy for coroutines, with that."""


RequestCounter = Callable[[str, "int | None"], None]
"""What is told of each request that was sent: the plane, and the status of the answer or None where none came."""


class CountingPolicy(SansIOHTTPPolicy[Any, Any]):
    """Tells of each request that leaves, repeated ones and those of both drivers alike.

    :param count: None where nobody counts.
    """

    def __init__(self, count: RequestCounter | None) -> None:
        self._count = count

    def on_request(self, request: Any) -> None:
        """Take the plane out of what the transport is given; a repeated request has only the context left."""
        request.context.setdefault(PLANE, request.context.options.pop(PLANE, None))

    def on_response(self, request: Any, response: Any) -> None:
        """Tell of an answer."""
        if self._count is not None:
            self._count(request.context[PLANE], response.http_response.status_code)

    def on_exception(self, request: Any) -> None:
        """Tell that none came."""
        if self._count is not None:
            self._count(request.context[PLANE], None)


class PipelineClasses(NamedTuple):
    """The classes of azure-core that differ between sync and async."""

    pipeline: Any
    retry: Any
    bearer: Any
    last: tuple[Any, ...]
    """Further policies, next to the transport; in threads the adapter of ``requests`` does what they do."""


SYNC = PipelineClasses(Pipeline, PatientRetry, BearerTokenCredentialPolicy, ())
ASYNC = PipelineClasses(AsyncPipeline, AsyncPatientRetry, AsyncBearerTokenCredentialPolicy, (AsyncBoundedAnswers,))


class Pipelines:
    """A client's pipelines, one for each audience of tokens. Threads may share them.

    :param count: told of each request.
    """

    def __init__(self, classes: PipelineClasses, limits: Limits, count: RequestCounter | None = None) -> None:
        self._classes, self._limits, self._count = classes, limits, count
        self._by_audience: dict[str | None, Any] = {}

    def of(self, audience: str | None, transport: Any, tokens: Any) -> Any:
        """The pipeline for an audience, None for requests without a token; made when it is first asked for."""
        pipeline = self._by_audience.get(audience)
        if pipeline is None:
            # Of two threads that make one at the same time both get the first: it keeps the token.
            pipeline = self._by_audience.setdefault(audience, self._make(audience, transport, tokens))
        return pipeline

    def _make(self, audience: str | None, transport: Any, tokens: Any) -> Any:
        retries = self._limits.retries
        policies = [
            RequestIdPolicy(),
            HeadersPolicy({"Accept": "application/json"}),
            UserAgentPolicy(base_user_agent=USER_AGENT),
            self._classes.retry(
                retry_total=retries,
                retry_connect=retries,
                retry_read=retries,
                retry_status=retries,
                retry_on_status_codes=RETRIED_STATUSES,
            ),
        ]
        if audience:
            policies.append(self._classes.bearer(tokens, scope(audience)))
        policies += [CountingPolicy(self._count), *(policy() for policy in self._classes.last)]
        return self._classes.pipeline(transport, policies)


class SyncTransport(RequestsTransport):  # type: ignore[misc]  # azure-core hands it out lazily, untyped
    """requests' transport whose pauses between retries the owner can cut short."""

    def __init__(self, *, pause: Callable[[float], None], **options: Any) -> None:
        super().__init__(**options)
        self._pause = pause

    def sleep(self, duration: float) -> None:
        """Wait before a retry."""
        self._pause(duration)


def sync_transport(settings: Settings, limits: Limits, pause: Callable[[float], None] = time.sleep) -> SyncTransport:
    """A transport with a connection pool wide enough for parallel transfers."""
    session = Session()
    session.mount("https://", Adapter(CONNECTIONS))
    return SyncTransport(
        pause=pause,
        session=session,
        session_owner=False,
        connection_timeout=limits.connect,
        read_timeout=limits.read,
        connection_verify=ca_bundle(settings) or True,
    )


async def async_transport(settings: Settings, limits: Limits) -> AioHttpTransport:
    """The same with aiohttp.

    The roots are given to the connector once: azure-core would build a new TLS context for each request, and aiohttp
    keeps no connection open across contexts. They are read on a thread, and the libraries for coroutines are loaded
    there: hundreds of certificates take their time.
    """
    context = await asyncio.to_thread(_load_for_coroutines, settings)
    import aiohttp
    from azure.core.pipeline.transport import AioHttpTransport

    session = aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(ssl=context),
        trust_env=True,
        auto_decompress=False,
        cookie_jar=aiohttp.DummyCookieJar(),
    )
    return AioHttpTransport(
        session=session, session_owner=False, connection_timeout=limits.connect, read_timeout=limits.read
    )


def _load_for_coroutines(settings: Settings) -> ssl.SSLContext:
    """Load what only coroutines need, which a worker's processes are spared; answers with the trusted roots."""
    for library in ("aiohttp", "azure.core.pipeline.transport._aiohttp", "azure.identity.aio"):
        import_module(library)
    with loaded(roots := ca_bundle(settings)):
        return ssl.create_default_context(cafile=roots)


def reply(request: OutgoingRequest, response: Any, body: bytes) -> Reply:
    """Turn azure-core's response into ours."""
    return Reply(response.status_code, dict(response.headers), body, request.http.method, request.url)
