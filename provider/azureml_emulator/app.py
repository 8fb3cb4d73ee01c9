"""The application: the parts of the emulator, and how they are put together.

``Emulator`` makes the parts of the core and the backend of each room, the lower rooms first, hands each backend what
it needs, and binds the routes of each room to its backend; ``core/routing.py`` describes what a room looks like. No
room imports this module: it is the only one that sees them all.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Iterator
from functools import partial

from aiohttp import web

from azureml_emulator.assets import (
    feature_routes,
    index_routes,
    publish_routes,
    registry_routes,
    resolved_routes,
)
from azureml_emulator.assets import (
    neighbour_routes as registry_neighbour_routes,
)
from azureml_emulator.assets import routes as assets_routes
from azureml_emulator.assets.backend import Assets
from azureml_emulator.assets.registry import RegistryAssets
from azureml_emulator.assets.registry_resource import registries
from azureml_emulator.batch import operation_routes, scoring_routes
from azureml_emulator.batch import routes as batch_routes
from azureml_emulator.batch.backend import Batch
from azureml_emulator.batch.batch_run import BATCH_RUNNER, BatchRun
from azureml_emulator.batch.models import Invocations
from azureml_emulator.batch.scoring_run import SCORING_RUNNER, ScoringRun
from azureml_emulator.capacity import routes as capacity_routes
from azureml_emulator.capacity.backend import Capacity
from azureml_emulator.connections import routes as connections_routes
from azureml_emulator.connections.backend import WorkspaceConnections
from azureml_emulator.control import routes as control_routes
from azureml_emulator.control.backend import Control
from azureml_emulator.control.faults import Faults
from azureml_emulator.control.journal import Journal
from azureml_emulator.core.routing import BoundRoute, Router, bind
from azureml_emulator.core.settings import Settings
from azureml_emulator.core.store import Store
from azureml_emulator.core.transitions import Transitions
from azureml_emulator.dispatcher import (
    Dispatcher,
    ServiceDispatcher,
    add_common_headers,
    write_down_before_it_goes_out,
)
from azureml_emulator.execution import image_routes
from azureml_emulator.execution.backend import Execution
from azureml_emulator.execution.command_type import command_type
from azureml_emulator.execution.image_builds import ImageBuilds
from azureml_emulator.history.all_routes import RUN_HISTORY
from azureml_emulator.history.backend import History
from azureml_emulator.identity import cloud_metadata
from azureml_emulator.identity import routes as identity_routes
from azureml_emulator.identity.backend import Authority
from azureml_emulator.jobs import operation_routes as job_operation_routes
from azureml_emulator.jobs import routes as jobs_routes
from azureml_emulator.jobs.artifacts import Artifacts, job_output
from azureml_emulator.jobs.backend import JobsBackend
from azureml_emulator.jobs.engine import Engine, Runner
from azureml_emulator.jobs.job_run import RunContext
from azureml_emulator.jobs.models import Jobs
from azureml_emulator.mlflow import routes as mlflow_routes
from azureml_emulator.mlflow import sdk1_models
from azureml_emulator.mlflow.aliases import Aliases
from azureml_emulator.mlflow.backend import Mlflow
from azureml_emulator.mlflow.models import Tracking
from azureml_emulator.mlflow.stages import Stages
from azureml_emulator.online import credential_routes
from azureml_emulator.online import operation_routes as online_operation_routes
from azureml_emulator.online import routes as online_routes
from azureml_emulator.online import scoring_routes as online_scoring_routes
from azureml_emulator.online.backend import Online
from azureml_emulator.pipelines.component_kind import component_kind
from azureml_emulator.pipelines.pipeline_type import pipeline_type
from azureml_emulator.pipelines.reuse import REUSED_RUNNER, ReusedRun
from azureml_emulator.schedules import operation_routes as schedule_operation_routes
from azureml_emulator.schedules import routes as schedule_routes
from azureml_emulator.schedules.backend import Schedules
from azureml_emulator.seeding import routes as seeding_routes
from azureml_emulator.seeding.backend import Seeding
from azureml_emulator.serverless import operation_routes as serverless_operation_routes
from azureml_emulator.serverless import routes as serverless_routes
from azureml_emulator.serverless.backend import Serverless
from azureml_emulator.spark.spark_type import spark_type
from azureml_emulator.storage import routes as storage_routes
from azureml_emulator.storage.backend import Storage
from azureml_emulator.storage.lake import routes as lake_routes
from azureml_emulator.studio import cancel_routes as studio_cancel_routes
from azureml_emulator.studio import file_routes as studio_file_routes
from azureml_emulator.studio import routes as studio_routes
from azureml_emulator.studio import trial_routes as studio_trial_routes
from azureml_emulator.studio.backend import Studio
from azureml_emulator.subscriptions import account_routes, resource_routes
from azureml_emulator.subscriptions import routes as subscriptions_routes
from azureml_emulator.subscriptions.backend import Subscriptions
from azureml_emulator.sweeps.sweep_type import sweep_type
from azureml_emulator.sweeps.trial_run import TRIAL_RUNNER, TrialRun
from azureml_emulator.workspace import (
    compute_routes,
    compute_settings_routes,
    front_end_routes,
    key_routes,
    neighbour_routes,
)
from azureml_emulator.workspace import routes as workspace_routes
from azureml_emulator.workspace.backend import Workspace
from azureml_emulator.workspace.neighbour_answers import workspaces


class Emulator:
    """One workspace: the backends of its rooms, and its life from ``start`` to ``stop``."""

    def __init__(self, settings: Settings, transitions: Transitions | None = None) -> None:
        self.settings = settings
        self.transitions = transitions or Transitions()
        self.store = Store(settings.state / "state.sqlite")
        self.journal = Journal(settings.state / "journal.sqlite")
        self.faults = Faults()
        self.authority = Authority(settings, lambda kind, name: self.workspace.is_neighbour(kind, name))
        self.control = Control(self.faults, self.transitions, self.authority.applications)
        tokens = self.authority.tokens
        self.storage = Storage(settings, tokens)
        self.workspace = Workspace(settings, self.store, self.transitions, self.storage, self.faults)
        self.capacity = Capacity(settings, self.store, self.workspace.computes)
        self.connections = WorkspaceConnections(settings, self.store)
        self.jobs = Jobs(self.store)
        self.tracking = Tracking(settings.state, self.store, self.jobs, settings.workspace_id)
        found = job_output(self.jobs, settings.artifact_container)
        self.assets = Assets(settings, self.store, self.storage, self.workspace.datastores, found)
        self.assets.add_kind(component_kind(self.assets.resolver, self.jobs))
        self.registry = RegistryAssets(self.assets, self.storage, self.workspace.registries, self.faults)
        self.subscriptions = Subscriptions(
            settings, partial(workspaces, self.workspace), partial(registries, self.registry)
        )
        self.artifacts = Artifacts(self.storage.blobs, settings.artifact_container)
        self.execution = Execution(settings, self.storage, tokens, self.assets, self.workspace.computes)
        self.image_builds = ImageBuilds(self.execution, self.storage, self.faults)
        invocations = Invocations(self.store)
        self.engine = self._engine(invocations)
        self.job_resources = JobsBackend(
            settings, self.jobs, self.engine, self.faults, tokens, self.tracking, self.workspace.computes
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
        self.online = Online(
            settings, self.store, self.transitions, self.faults, tokens, self.assets.resolver, self.execution
        )
        self.serverless = Serverless(settings, self.store, self.transitions, self.faults)
        self.schedules = Schedules(settings, self.store, self.transitions, self.faults, self.engine)
        self.mlflow = Mlflow(
            settings, self.storage.blobs, self.assets, self.jobs, self.tracking, Stages(self.store), Aliases(self.store)
        )
        self.history = History(
            settings,
            self.faults,
            tokens,
            self.storage,
            self.artifacts,
            self.engine,
            self.tracking,
        )
        self.seeding = Seeding(
            settings, self.storage, self.workspace, self.assets, self.batch, self.online, self.schedules
        )
        self.studio = Studio(self.engine, self.artifacts, self.tracking, self.assets.resolver, self.storage.blobs)
        self.service = Router(self._routes())
        self.pages = Router(
            bind(
                self.studio,
                studio_routes.ROUTES,
                studio_file_routes.ROUTES,
                studio_trial_routes.ROUTES,
                studio_cancel_routes.ROUTES,
            )
        )
        self._stopping = asyncio.Event()
        self._runners: list[web.AppRunner] = []

    def _engine(self, invocations: Invocations) -> Engine:
        """The engine, with a row for each type of job."""
        context = RunContext(self.jobs, self.transitions, self.faults, self.artifacts)
        types = [
            command_type(self.execution),
            sweep_type(self.tracking.values),
            spark_type(self.execution),
            pipeline_type(self.assets, self.storage.blobs, self.settings.default_container),
        ]
        runners: dict[str, Runner] = {
            BATCH_RUNNER: partial(BatchRun, invocations),
            SCORING_RUNNER: partial(ScoringRun, self.execution),
            TRIAL_RUNNER: partial(TrialRun, self.execution),
            REUSED_RUNNER: ReusedRun,
        }
        return Engine(context, types, runners, self.settings.client_id)

    def _routes(self) -> Iterator[BoundRoute]:
        """The routes of all rooms but Studio, each bound to the backend of its room."""
        yield from bind(self.control, control_routes.ROUTES)
        yield from bind(self.seeding, seeding_routes.ROUTES)
        yield from bind(self.authority, identity_routes.ROUTES, cloud_metadata.ROUTES)
        yield from bind(self.storage, storage_routes.ROUTES)
        yield from bind(self.storage, lake_routes.ROUTES)
        yield from bind(
            self.workspace,
            workspace_routes.ROUTES,
            neighbour_routes.ROUTES,
            front_end_routes.ROUTES,
            key_routes.ROUTES,
            compute_routes.ROUTES,
            compute_settings_routes.ROUTES,
        )
        yield from bind(self.capacity, capacity_routes.ROUTES)
        yield from bind(self.connections, connections_routes.ROUTES)
        yield from bind(self.subscriptions, subscriptions_routes.ROUTES, account_routes.ROUTES, resource_routes.ROUTES)
        yield from bind(
            self.assets, assets_routes.ROUTES, feature_routes.ROUTES, index_routes.ROUTES, resolved_routes.ROUTES
        )
        yield from bind(self.registry, registry_routes.ROUTES, registry_neighbour_routes.ROUTES, publish_routes.ROUTES)
        yield from bind(self.image_builds, image_routes.ROUTES)
        yield from bind(self.job_resources, jobs_routes.ROUTES, job_operation_routes.ROUTES)
        yield from bind(self.mlflow, mlflow_routes.ROUTES, sdk1_models.ROUTES)
        yield from bind(self.batch, batch_routes.ROUTES, operation_routes.ROUTES, scoring_routes.ROUTES)
        yield from bind(
            self.online,
            online_routes.ROUTES,
            credential_routes.ROUTES,
            online_operation_routes.ROUTES,
            online_scoring_routes.ROUTES,
        )
        yield from bind(self.serverless, serverless_routes.ROUTES, serverless_operation_routes.ROUTES)
        yield from bind(self.schedules, schedule_routes.ROUTES, schedule_operation_routes.ROUTES)
        yield from bind(self.history, RUN_HISTORY)

    async def start(self, tls: ssl.SSLContext) -> None:
        """Open both ports and begin to run jobs."""
        self.workspace.create_defaults()
        self.execution.remove_stages()
        await self.engine.recover()
        service = ServiceDispatcher(self.service, self.authority, self.journal, self.faults, self.jobs, self._stopping)
        await self._listen(service, self.settings.host, self.settings.port, tls)
        self.engine.resume()
        pages = Dispatcher(self.pages, self.authority)
        await self._listen(pages, "127.0.0.1", self.settings.identity.studio_port, None)
        await self.online.start()
        await self.schedules.start()

    async def stop(self) -> None:
        """Take no more connections, end running jobs, answer what is under way, close the files."""
        self._stopping.set()
        for runner in self._runners:
            for site in runner.sites:
                await site.stop()
        self.transitions.release()
        await self.schedules.stop()
        await self.online.stop()
        await self.engine.stop()
        for runner in self._runners:
            await runner.cleanup()
        self.tracking.close()
        self.store.close()
        self.storage.blobs.close()
        self.journal.close()

    async def _listen(self, dispatcher: Dispatcher, host: str, port: int, tls: ssl.SSLContext | None) -> None:
        app = web.Application(client_max_size=0)
        app.router.add_route("*", r"/{path:[\s\S]*}", dispatcher.dispatch)
        app.on_response_prepare.extend((add_common_headers, write_down_before_it_goes_out))
        # Bodies stay as they are sent: what a blob's Content-Encoding says is a property of its content.
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=2, auto_decompress=False)
        await runner.setup()
        self._runners.append(runner)
        await web.TCPSite(runner, host, port, ssl_context=tls).start()
