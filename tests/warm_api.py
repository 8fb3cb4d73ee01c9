"""Makes Airflow 3's API ready in an interpreter whose forks are API server and triggerers.

Each would make it for itself: the API server when it starts, a triggerer of 3.3 that for workers at its first question,
and either the versions of that at the first request, which together take a minute on a busy machine. A triggerer's
supervisor does nothing else meanwhile, sends no heartbeat, and loses its triggers to another one, or has those taken
back that a test has just moved to it. Airflow's own gunicorn mode loads the application before it forks, too.
"""

from __future__ import annotations

import asyncio
from functools import partial

import httpx
from airflow.api_fastapi.execution_api.app import InProcessExecutionAPI
from airflow.api_fastapi.main import app
from airflow.jobs import triggerer_job_runner
from airflow.sdk.execution_time import supervisor

if hasattr(triggerer_job_runner, "in_process_api_server"):  # on 3.4 a triggerer has one of its own, made for its id
    application = supervisor.in_process_api_server().app  # tests.airflow.preload has made it ready
    triggerer_job_runner.in_process_api_server = partial(InProcessExecutionAPI, app=application)


async def ask_the_api_for_workers() -> None:
    """Ask for what is not there: the versions are made before that is known."""
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://in-process") as client:
        await client.get("/execution/nothing")


asyncio.run(ask_the_api_for_workers())
