"""Dispatching: what happens to every request, from the search for its route to the answer of its handler."""

from __future__ import annotations

import asyncio
import json
import logging
import random
import re
import uuid
from typing import Any
from urllib.parse import unquote

import aiohttp
from aiohttp import web

from azureml_emulator.control.faults import Fault, Faults, Subject, subject
from azureml_emulator.control.journal import Entry, Journal
from azureml_emulator.control.kinds import TOKEN_EXPIRED, TRANSPORT
from azureml_emulator.core.callers import CALLER
from azureml_emulator.core.clock import now, stamp
from azureml_emulator.core.errors import Envelope, ServiceError, not_emulated, respond
from azureml_emulator.core.request_body import read_body
from azureml_emulator.core.routing import Match, Plane, Router, raw_path
from azureml_emulator.identity import authorization
from azureml_emulator.identity.backend import Authority
from azureml_emulator.identity.routes import TOKEN_LIFETIME
from azureml_emulator.identity.tokens import is_of_run
from azureml_emulator.jobs.fault_subjects import subject_of
from azureml_emulator.jobs.models import Jobs

logger = logging.getLogger(__name__)

CLIENT_GONE = 499
"""The status of a request whose client closed the connection before the answer; it is only recorded."""

STORAGE_VERSION = re.compile(r"\d{4}-\d{2}-\d{2}")
CLIENT_ID = re.compile(r"[\w.:-]{1,128}")


WRITE_DOWN = "write_down"
"""The key of a request, while it is handled, under which its entry of the journal is written, given the status."""

DATA_PLANE = re.compile(r"/(?!mlflow/)[a-z-]+/v\d", re.I)
"""How paths of the services beside ARM begin, such as ``/history/v1.0``."""


class Dispatcher:
    """Answers requests by the routes of one port."""

    def __init__(self, router: Router, authority: Authority) -> None:
        self._router = router
        self._authority = authority

    async def dispatch(self, request: web.Request) -> web.StreamResponse:
        """Answer one request."""
        return await self._handle(request, self._router.match(request.method, raw_path(request)))

    async def _handle(self, request: web.Request, match: Match | None) -> web.StreamResponse:
        """Check who asks, and call the handler; every refusal and every failure becomes an answer."""
        region = self._authority.settings.region
        try:
            if match is None:
                raise not_emulated(f"{line_of(request)} is not emulated", envelope_of(request))
            await self._admit(request, match)
            return await match.answer(request)
        except ServiceError as error:
            return respond(error, region)
        except (ConnectionError, aiohttp.ClientError, asyncio.CancelledError):
            raise
        except Exception:
            logger.exception("%s could not be answered.", line_of(request))
            message = "An internal error occurred in the emulator; see its own output."
            return respond(ServiceError(500, "ServiceError", message, ("InternalServerError",)), region)

    async def _admit(self, request: web.Request, match: Match) -> None:
        """Let a request through to its handler, or raise the service's refusal."""
        authorization.check(self._authority, request, match)


class ServiceDispatcher(Dispatcher):
    """Answers requests to the service: each is recorded in the journal and gets the faults that were injected for it.

    :param stopping: set when the emulator stops, which ends requests that are never answered.
    """

    def __init__(
        self,
        router: Router,
        authority: Authority,
        journal: Journal,
        faults: Faults,
        jobs: Jobs,
        stopping: asyncio.Event,
    ) -> None:
        super().__init__(router, authority)
        self._journal = journal
        self._faults = faults
        self._jobs = jobs
        self._stopping = stopping

    async def dispatch(self, request: web.Request) -> web.StreamResponse:
        """Answer one request: journal, fault before, authentication, handler, fault after."""
        path = raw_path(request)
        match = self._router.match(request.method, path)
        job = match.job if match else None
        client_id = request.headers.get("x-ms-client-request-id")
        number = self._journal.begin(Entry(stamp(now()), request.method, unquote(path), None, client_id, job))
        status: int | None = None
        CALLER.set(None)

        def write_down(status: int | None) -> None:
            by_a_job = "claims" in request and is_of_run(request["claims"])
            self._journal.end(number, status, request.get("job", job), None if by_a_job else CALLER.get())

        request[WRITE_DOWN] = write_down
        try:
            response = await self._answer(request, match)
            status = response.status
            return response
        except (ConnectionError, aiohttp.ClientError):
            if request.transport and not request.transport.is_closing():
                raise
            return web.Response(status=CLIENT_GONE)
        finally:
            del request[WRITE_DOWN]
            write_down(status)

    async def _answer(self, request: web.Request, match: Match | None) -> web.StreamResponse:
        if match is not None and match.route.plane is Plane.CONTROL:
            return await self._handle(request, match)
        who: Subject | None = None
        if self._faults.has(TRANSPORT):
            who = await self._subject(request, match)
            fault = self._faults.take_transport("before", who)
            early = await self._misbehave(request, fault) if fault else None
            if early is not None:
                return early
        response = await self._handle(request, match)
        if self._faults.has(TRANSPORT):
            fault = self._faults.take_transport("after", who or await self._subject(request, match))
            late = await self._misbehave(request, fault) if fault else None
            # Not by its truth: with aiohttp 3.10.0 a response that holds no values of ours is false.
            return response if late is None else late
        return response

    async def _admit(self, request: web.Request, match: Match) -> None:
        """Refuse a token that has expired by a fault, after the service's own checks; let one that is asked for live as
        long as a fault says."""
        await super()._admit(request, match)
        CALLER.set(await self._caller(request, match))
        if not self._faults.has(TOKEN_EXPIRED):
            return
        who, tokens, claims = await self._subject(request, match), self._authority.tokens, request.get("claims")
        if match.route.path.endswith("/token") and match.route.plane is Plane.OPEN:
            fault = self._faults.take(TOKEN_EXPIRED, who, lambda fault: fault.delay is not None)
            if fault:
                request[TOKEN_LIFETIME] = int(fault.seconds(0))
        elif claims:
            fault = self._faults.take(
                TOKEN_EXPIRED, who, lambda fault: fault.delay is None and tokens.is_older(claims, fault.since)
            )
            if fault:
                raise authorization.expired_token(self._authority, match.route.plane, fault.since)

    async def _subject(self, request: web.Request, match: Match | None) -> Subject:
        """A request as the subject of faults. Its scopes are those of the job that its path names or its body makes,
        and the client id of the application that asks."""
        scopes: frozenset[str] = frozenset()
        if match and self._faults.has({*TRANSPORT, TOKEN_EXPIRED}, scoped=True):
            caller = await self._caller(request, match)
            job = self._jobs.get(match.job) if match.job else None
            if job:
                scopes = subject_of(self._jobs, job).scopes
            elif match.job or match.route.plane is Plane.SCORING:
                scopes = subject(tags=tags_in(await read_body(request))).scopes
            scopes |= {caller} if caller else set()
        return Subject((line_of(request),), scopes)

    async def _caller(self, request: web.Request, match: Match) -> str | None:
        """The application that asks: the one that its token was issued to, or that asks for a token."""
        if match.route.path.endswith("/oauth2/v2.0/token") and match.route.plane is Plane.OPEN:
            form = await request.post()
            return str(form.get("client_id", "")).lower() or None
        if "claims" in request:
            return str(request["claims"]["appid"])
        token = authorization.bearer(request)
        return self._authority.tokens.application(token) if token else None

    async def _misbehave(self, request: web.Request, fault: Fault) -> web.StreamResponse | None:
        """Do what the fault asks; None: carry on."""
        if fault.kind == "delay":
            await asyncio.sleep(fault.seconds(1))
            return None
        if fault.kind == "timeout":
            await self._stopping.wait()
        if fault.kind in ("timeout", "drop"):
            if request.transport:
                request.transport.abort()
            raise ConnectionResetError("an injected fault closed the connection")
        headers = {"x-ms-error-code": fault_code(fault.status)}
        if fault.status == 429 or fault.delay is not None:
            headers["Retry-After"] = f"{fault.seconds(1):.0f}"
        message = f"This error is an injected fault ({fault.kind} {fault.status})."
        error = ServiceError(fault.status, fault_code(fault.status), message, envelope=Envelope.ARM, headers=headers)
        return respond(error, self._authority.settings.region)


def envelope_of(request: web.Request) -> Envelope:
    """The envelope for what has no route. azureml-core cannot print an error without ``details``, which ARM's lacks."""
    return Envelope.HISTORY if DATA_PLANE.match(raw_path(request)) else Envelope.ARM


def line_of(request: web.Request) -> str:
    """What the routes of faults are searched in: ``METHOD /path``, percent-decoded."""
    return f"{request.method} {unquote(raw_path(request))}"


def tags_in(body: bytes) -> dict[str, Any]:
    """The tags of the job that a request makes; none where its body has no such thing."""
    try:
        tags = json.loads(body)["properties"]["tags"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return {}
    return tags if isinstance(tags, dict) else {}


def fault_code(status: int) -> str:
    """ARM's error code for a status."""
    words = {429: "TooManyRequests", 500: "InternalServerError", 503: "ServiceUnavailable", 504: "GatewayTimeout"}
    return words.get(status, f"Http{status}")


async def write_down_before_it_goes_out(request: web.Request, response: web.StreamResponse) -> None:
    """Have the journal name a request whose answer is sent piece by piece before its handler has returned."""
    if WRITE_DOWN in request:
        request[WRITE_DOWN](response.status)


async def add_common_headers(request: web.Request, response: web.StreamResponse) -> None:
    """Give every answer the ids that Azure's front ends send."""
    number = str(uuid.UUID(int=random.getrandbits(128), version=4))
    for name in ("x-ms-request-id", "x-ms-correlation-request-id"):
        response.headers.setdefault(name, number)
    version = request.headers.get("x-ms-version") or request.query.get("sv", "")
    if STORAGE_VERSION.fullmatch(version):
        response.headers.setdefault("x-ms-version", version)
    client_id = request.headers.get("x-ms-client-request-id", "")
    if CLIENT_ID.fullmatch(client_id):
        response.headers.setdefault("x-ms-client-request-id", client_id)
