"""The application: what the emulator consists of, and the one dispatcher that every request passes.

``Emulator`` makes the parts of the core and the backend of each room, the lower rooms first, hands each backend what
it needs, and binds the routes of each room to its backend; ``core/routing.py`` tells what a room looks like. No room
imports this module: it is the only one that sees them all.
"""

from __future__ import annotations

import asyncio
import logging
import re
import ssl
import uuid
from collections.abc import Iterator
from functools import partial
from typing import Any
from urllib.parse import unquote

import aiohttp
from aiohttp import web

from azureml_emulator.assets import resolved_routes
from azureml_emulator.assets import routes as assets_routes
from azureml_emulator.assets.backend import Assets
from azureml_emulator.batch import operation_routes, scoring_routes
from azureml_emulator.batch import routes as batch_routes
from azureml_emulator.batch.backend import Batch
from azureml_emulator.batch.batch_run import BATCH_RUNNER, BatchRun
from azureml_emulator.batch.models import Invocations
from azureml_emulator.control import routes as control_routes
from azureml_emulator.control.backend import Control
from azureml_emulator.control.faults import Fault, Faults
from azureml_emulator.control.journal import Entry, Journal
from azureml_emulator.core.clock import now, stamp
from azureml_emulator.core.errors import Envelope, ServiceError, respond
from azureml_emulator.core.routing import BoundRoute, Match, Plane, Router, bind, raw_path
from azureml_emulator.core.settings import Settings
from azureml_emulator.core.store import Store
from azureml_emulator.core.transitions import Transitions
from azureml_emulator.execution.backend import Execution
from azureml_emulator.execution.command_type import command_type
from azureml_emulator.history import artifact_routes, metric_routes
from azureml_emulator.history import routes as history_routes
from azureml_emulator.history.backend import History
from azureml_emulator.identity import authorization, cloud_metadata
from azureml_emulator.identity import routes as identity_routes
from azureml_emulator.identity.backend import Authority
from azureml_emulator.jobs import operation_routes as job_operation_routes
from azureml_emulator.jobs import routes as jobs_routes
from azureml_emulator.jobs.artifacts import Artifacts, job_output
from azureml_emulator.jobs.backend import JobsBackend
from azureml_emulator.jobs.engine import Engine
from azureml_emulator.jobs.job_run import RunContext
from azureml_emulator.jobs.models import Jobs
from azureml_emulator.mlflow import routes as mlflow_routes
from azureml_emulator.mlflow.backend import Mlflow
from azureml_emulator.mlflow.models import Tracking
from azureml_emulator.pipelines.component_kind import component_kind
from azureml_emulator.pipelines.pipeline_type import pipeline_type
from azureml_emulator.storage import routes as storage_routes
from azureml_emulator.storage.backend import Storage
from azureml_emulator.studio import routes as studio_routes
from azureml_emulator.studio.backend import Studio
from azureml_emulator.workspace import compute_routes
from azureml_emulator.workspace import routes as workspace_routes
from azureml_emulator.workspace.backend import Workspace

logger = logging.getLogger(__name__)

CLIENT_GONE = 499
"""What is answered, for nobody to read, when the connection was cut meanwhile."""


class Emulator:
    """One workspace: its parts, and its life from ``start`` to ``stop``."""

    def __init__(self, settings: Settings, transitions: Transitions | None = None) -> None:
        self.settings = settings
        self.transitions = transitions or Transitions()
        self.store = Store(settings.state / "state.sqlite")
        self.journal = Journal(settings.state / "journal.sqlite")
        self.faults = Faults()
        self.control = Control(self.faults, self.transitions)
        self.authority = Authority(settings)
        self.tokens = self.authority.tokens
        self.storage = Storage(settings, self.tokens)
        self.blobs, self.signer = self.storage.blobs, self.storage.signer
        self.workspace = Workspace(settings, self.store, self.transitions, self.storage)
        self.jobs = Jobs(self.store)
        self.tracking = Tracking(settings.state, self.store, self.jobs, settings.workspace_id)
        found = job_output(self.jobs, settings.artifact_container)
        self.assets = Assets(settings, self.store, self.storage, self.workspace.datastores, found)
        self.assets.add_kind(component_kind(self.assets.resolver, self.jobs))
        self.artifacts = Artifacts(self.blobs, settings.artifact_container)
        self.execution = Execution(settings, self.storage, self.tokens, self.assets, self.workspace.computes)
        invocations = Invocations(self.store)
        self.engine = self._engine(invocations)
        self.job_resources = JobsBackend(
            settings, self.jobs, self.engine, self.transitions, self.faults, self.tokens, self.tracking
        )
        self.batch = Batch(
            settings,
            self.store,
            self.transitions,
            self.faults,
            invocations,
            self.assets.resolver,
            self.workspace.computes,
            self.engine,
        )
        self.mlflow = Mlflow(settings, self.storage.blobs, self.assets, self.jobs, self.tracking)
        self.history = History(
            settings,
            self.transitions,
            self.faults,
            self.tokens,
            self.storage,
            self.artifacts,
            self.engine,
            self.tracking,
        )
        self.studio = Studio(self.jobs, self.artifacts, self.tracking)
        self.router = Router(self._routes())
        self.studio_router = Router(bind(self.studio, studio_routes.ROUTES))
        self.stopping = asyncio.Event()
        self._runners: list[web.AppRunner] = []

    def _engine(self, invocations: Invocations) -> Engine:
        """The engine, with a row for each type of job."""
        context = RunContext(self.jobs, self.transitions, self.faults, self.artifacts)
        types = [
            command_type(self.execution),
            pipeline_type(self.assets.resolver, self.blobs, self.settings.default_container),
        ]
        runners = {BATCH_RUNNER: partial(BatchRun, invocations)}
        return Engine(context, types, runners, self.settings.client_id)

    def _routes(self) -> Iterator[BoundRoute]:
        """The routes of all rooms but Studio, each bound to the backend of its room."""
        yield from bind(self.control, control_routes.ROUTES)
        yield from bind(self.authority, identity_routes.ROUTES, cloud_metadata.ROUTES)
        yield from bind(self.storage, storage_routes.ROUTES)
        yield from bind(self.workspace, workspace_routes.ROUTES, compute_routes.ROUTES)
        yield from bind(self.assets, assets_routes.ROUTES, resolved_routes.ROUTES)
        yield from bind(self.job_resources, jobs_routes.ROUTES, job_operation_routes.ROUTES)
        yield from bind(self.mlflow, mlflow_routes.ROUTES)
        yield from bind(self.batch, batch_routes.ROUTES, operation_routes.ROUTES, scoring_routes.ROUTES)
        yield from bind(self.history, history_routes.ROUTES, artifact_routes.ROUTES, metric_routes.ROUTES)

    async def start(self, tls: ssl.SSLContext) -> None:
        """Open both ports and begin to run jobs."""
        self.workspace.furnish()
        self.execution.remove_stages()
        await self._listen(self.dispatch, self.settings.host, self.settings.port, tls)
        await self._listen(self.dispatch_page, "127.0.0.1", self.settings.identity.studio_port, None)
        await self.engine.start()

    async def stop(self) -> None:
        """Take no more connections, end running jobs, answer what is under way, close the files."""
        self.stopping.set()
        for runner in self._runners:
            for site in runner.sites:
                await site.stop()
        await self.engine.stop()
        for runner in self._runners:
            await runner.cleanup()
        self.tracking.close()
        self.store.close()
        self.blobs.close()
        self.journal.close()

    async def _listen(self, handler: Any, host: str, port: int, tls: ssl.SSLContext | None) -> None:
        app = web.Application(client_max_size=0)
        app.router.add_route("*", r"/{path:[\s\S]*}", handler)
        app.on_response_prepare.append(add_common_headers)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=2)
        await runner.setup()
        self._runners.append(runner)
        await web.TCPSite(runner, host, port, ssl_context=tls).start()

    async def dispatch(self, request: web.Request) -> web.StreamResponse:
        """Answer one request: journal, fault before, authentication, handler, fault after."""
        path = raw_path(request)
        match = self.router.match(request.method, path)
        subject = f"{request.method} {unquote(path)}"
        job = match.job if match else None
        client_id = request.headers.get("x-ms-client-request-id")
        entry = Entry(stamp(now()), request.method, unquote(path), None, client_id, job)
        number = self.journal.begin(entry)
        status: int | None = None
        try:
            response = await self._answer(request, match, subject)
            status = response.status
            return response
        except (ConnectionError, aiohttp.ClientError):
            if request.transport and not request.transport.is_closing():
                raise
            return web.Response(status=CLIENT_GONE)
        finally:
            self.journal.end(number, status, request.get("job", job))

    async def dispatch_page(self, request: web.Request) -> web.StreamResponse:
        """Answer one request for a Studio page; these are no requests to the service and not in the journal."""
        path = raw_path(request)
        match = self.studio_router.match(request.method, path)
        return await self._handle(request, match, f"{request.method} {unquote(path)}")

    async def _answer(self, request: web.Request, match: Match | None, subject: str) -> web.StreamResponse:
        control = match is not None and match.route.plane is Plane.CONTROL
        fault = None if control else self.faults.take_transport("before", subject)
        if fault:
            early = await self._misbehave(request, fault)
            if early is not None:
                return early
        response = await self._handle(request, match, subject)
        fault = None if control else self.faults.take_transport("after", subject)
        if fault:
            return await self._misbehave(request, fault) or response
        return response

    async def _handle(self, request: web.Request, match: Match | None, subject: str) -> web.StreamResponse:
        try:
            if match is None:
                raise ServiceError(
                    501, "NotEmulated", f"{subject}: see docs/emulator.md for what is here.", envelope=Envelope.ARM
                )
            authorization.check(self.authority, request, match)
            return await match.answer(request)
        except ServiceError as error:
            return respond(error, self.settings.region)
        except (ConnectionError, aiohttp.ClientError, asyncio.CancelledError):
            raise
        except Exception:
            logger.exception("%s could not be answered.", subject)
            message = "An internal error occurred in the emulator; its own output tells where."
            return respond(ServiceError(500, "ServiceError", message, ("InternalServerError",)), self.settings.region)

    async def _misbehave(self, request: web.Request, fault: Fault) -> web.StreamResponse | None:
        """Do what the fault asks; None: carry on."""
        if fault.kind == "delay":
            await asyncio.sleep(fault.seconds(1))
            return None
        if fault.kind == "timeout":
            await self.stopping.wait()
        if fault.kind in ("timeout", "drop"):
            if request.transport:
                request.transport.abort()
            raise ConnectionResetError("a fault was asked for")
        headers = {"x-ms-error-code": fault_code(fault.status)}
        if fault.status == 429 or fault.delay is not None:
            headers["Retry-After"] = f"{fault.seconds(1):.0f}"
        message = f"The emulator was asked for this fault ({fault.kind} {fault.status})."
        error = ServiceError(fault.status, fault_code(fault.status), message, envelope=Envelope.ARM, headers=headers)
        return respond(error, self.settings.region)


def fault_code(status: int) -> str:
    """ARM's word for a status."""
    words = {429: "TooManyRequests", 500: "InternalServerError", 503: "ServiceUnavailable", 504: "GatewayTimeout"}
    return words.get(status, f"Http{status}")


async def add_common_headers(request: web.Request, response: web.StreamResponse) -> None:
    """Give every answer the ids that Azure's front ends send."""
    for name in ("x-ms-request-id", "x-ms-correlation-request-id"):
        response.headers.setdefault(name, str(uuid.uuid4()))
    version = request.headers.get("x-ms-version") or request.query.get("sv", "")
    if re.fullmatch(r"\d{4}-\d{2}-\d{2}", version):
        response.headers.setdefault("x-ms-version", version)
    client_id = request.headers.get("x-ms-client-request-id", "")
    if re.fullmatch(r"[\w.:-]{1,128}", client_id):
        response.headers.setdefault("x-ms-client-request-id", client_id)
