"""How requests travel: one list of azure-core policies, transports and limits for both colours.

A call that must not happen twice is sent with ``retry_total=0``: azure-core's own policy would repeat a POST on 500,
503 and 504, and every method on any failure that carries ``Retry-After``. Nothing follows redirects or logs bodies.
"""

from __future__ import annotations

import asyncio
import logging
import os
import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple
from urllib.parse import quote, urlencode, urlsplit

import aiohttp
import requests
from azure.core.pipeline import AsyncPipeline, Pipeline
from azure.core.pipeline.policies import (
    AsyncBearerTokenCredentialPolicy,
    AsyncRetryPolicy,
    BearerTokenCredentialPolicy,
    HeadersPolicy,
    RequestIdPolicy,
    RetryPolicy,
    UserAgentPolicy,
)
from azure.core.pipeline.transport import AioHttpTransport, RequestsTransport
from azure.core.rest import HttpRequest
from requests.adapters import HTTPAdapter

from airflow_azureml import __version__
from airflow_azureml.client.transport_errors import RETRIED_STATUSES, nobody_listens
from airflow_azureml.client.trust import TOKENLESS, check_address, check_token
from airflow_azureml.rest.clouds import ControlPlane
from airflow_azureml.rest.errors import SettingsError
from airflow_azureml.rest.flow import Call, Plane, Reply
from airflow_azureml.rest.redaction import without_query
from airflow_azureml.rest.settings import Settings

USER_AGENT = f"airflow-provider-azureml/{__version__}"
CONNECTIONS = 32
"""Connections that a synchronous client keeps open per host: as many as a transfer's threads may use."""

# azure-core and azure-identity write a line per request and token at INFO, Airflow's level: noise in every task log.
if logging.getLogger("azure").level == logging.NOTSET:
    logging.getLogger("azure").setLevel(logging.ERROR)


QUERY_SAFE = "!$'()*,/:?@"
"""What a query may hold as it is: aiohttp takes the escapes of these back, and both colours shall send the same."""


@dataclass(frozen=True)
class Limits:
    """How long a request may take and how often it is repeated.

    :param connect: seconds to establish a connection.
    :param read: seconds of silence while an answer is awaited.
    :param retries: how often a repeatable request is sent again.
    :param throttled: seconds for which a login service that is throttled or out of order is asked again.
    """

    connect: float = 10
    read: float = 60
    retries: int = 3
    throttled: float = 120


LONGEST_DELAY = 120.0
"""Seconds of ``Retry-After`` that the pipeline sits out, azure-core's own longest delay. A longer one is for the flow
to decide about: it knows its deadline, and gets the answer with its header."""


class Patience:
    """What both retry policies of azure-core are taught about ``Retry-After``, and about emulators that do not run."""

    def is_retry(self, settings: Any, response: Any) -> bool:
        """Whether to send again: not when the service asks for a long wait."""
        asked = self.get_retry_after(response)
        if asked is not None and asked > LONGEST_DELAY:
            return False
        again: bool = super().is_retry(settings, response)  # type: ignore[misc]
        return again

    def increment(self, settings: Any, response: Any = None, error: Any = None) -> bool:
        """Whether any retry is left: none for an emulator that is not running."""
        if error is not None and response is not None and nobody_listens(error, response.http_request.url):
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
    """azure-core's policy with that."""


class AsyncPatientRetry(Patience, AsyncRetryPolicy[Any, Any]):
    """Its twin for coroutines."""


class Colour(NamedTuple):
    """The classes of azure-core that differ between sync and async."""

    pipeline: Any
    retry: Any
    bearer: Any


SYNC = Colour(Pipeline, PatientRetry, BearerTokenCredentialPolicy)
ASYNC = Colour(AsyncPipeline, AsyncPatientRetry, AsyncBearerTokenCredentialPolicy)


def build(colour: Colour, transport: Any, limits: Limits, tokens: Any = None, scope: str | None = None) -> Any:
    """Make a pipeline for one token scope, or for requests without a token."""
    policies = [
        RequestIdPolicy(),
        HeadersPolicy({"Accept": "application/json"}),
        UserAgentPolicy(base_user_agent=USER_AGENT),
        colour.retry(
            retry_total=limits.retries,
            retry_connect=limits.retries,
            retry_read=limits.retries,
            retry_status=limits.retries,
            retry_on_status_codes=RETRIED_STATUSES,
        ),
    ]
    if scope:
        policies.append(colour.bearer(tokens, scope))
    return colour.pipeline(transport, policies)


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
    session = requests.Session()
    session.mount("https://", HTTPAdapter(pool_maxsize=CONNECTIONS))
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
    keeps no connection open across contexts. They are read on a thread: hundreds of certificates take their time.
    """
    context = await asyncio.to_thread(ssl.create_default_context, cafile=ca_bundle(settings))
    session = aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(ssl=context),
        trust_env=True,
        auto_decompress=False,
        cookie_jar=aiohttp.DummyCookieJar(),
    )
    return AioHttpTransport(
        session=session, session_owner=False, connection_timeout=limits.connect, read_timeout=limits.read
    )


def ca_bundle(settings: Settings, environment: Mapping[str, str] = os.environ) -> str | None:
    """The file of trusted roots; None leaves the choice to the libraries.

    requests listens to ``REQUESTS_CA_BUNDLE`` only, aiohttp to ``SSL_CERT_FILE`` only; here both colours take either.
    """
    if settings.verify:
        if not os.path.isfile(settings.verify):
            raise SettingsError(f"verify: {settings.verify!r} is not a file. Accepted: the path of a CA bundle (PEM).")
        return settings.verify
    named = (environment.get(name) for name in ("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"))
    return next((path for path in named if path and os.path.isfile(path)), None)


@dataclass(frozen=True)
class Outgoing:
    """One request, ready to travel.

    :param audience: what its bearer token is for; None sends none.
    :param options: what the pipeline is told for this request alone.
    """

    request: HttpRequest
    audience: str | None
    options: Mapping[str, Any]

    @property
    def url(self) -> str:
        """Where it goes, without the query."""
        return without_query(self.request.url)


def outgoing(call: Call[Any], settings: Settings, control: ControlPlane | None, data_plane: str | None) -> Outgoing:
    """Give a call its address, audience and options.

    :param control: the control plane; None only for planes that take no token.
    :param data_plane: the data plane's address, for the planes that live there.
    :raises UntrustedHostError: the address must not be asked, or must not see a token.
    """
    arm = control.arm if control else None
    base = {Plane.ARM: arm, Plane.DATA: data_plane, Plane.DATA_ML: data_plane}.get(call.plane)
    url = (base or "").rstrip("/") + call.path if call.path.startswith("/") else call.path
    check_address(url, call.plane)
    if control is not None:
        check_token(url, control, base, settings)
    content: dict[str, Any] = {} if call.body is None else {"json": call.body}
    request = HttpRequest(call.method, addressed(url, call, settings), headers=dict(call.headers), **content)
    repeats = {"retry_on_methods": frozenset({call.method})} if call.may_repeat else {"retry_total": 0}
    return Outgoing(request, audience(call.plane, control), repeats)


def addressed(url: str, call: Call[Any], settings: Settings) -> str:
    """The address with the call's query; ARM wants a version, which an address from an answer may carry already."""
    query = dict(call.query)
    if call.plane is Plane.ARM and "api-version=" not in urlsplit(url).query:
        query.setdefault("api-version", settings.api_version)
    if not query:
        return url
    return url + ("&" if "?" in url else "?") + urlencode(query, quote_via=quote, safe=QUERY_SAFE)


def audience(plane: Plane, control: ControlPlane | None) -> str | None:
    """What the token of a plane is for."""
    if control is None or plane in TOKENLESS:
        return None
    return control.ml_audience if plane in (Plane.DATA_ML, Plane.SCORING) else control.arm_audience


def scope(audience: str) -> str:
    """A token scope: the audience, one slash, ``.default``. Source: azure-ai-ml 1.35.2, ``_azure_environments``."""
    return audience.rstrip("/") + "/.default"


def reply(call: Call[Any], sent: Outgoing, response: Any) -> Reply:
    """Turn azure-core's response into ours."""
    return Reply(response.status_code, dict(response.headers), response.content, call.method, sent.url)
