"""Has triggerers that are forks of an interpreter use the API that ``tests.airflow.preload`` has made ready there.

Each triggerer of Airflow 3.3 makes one of its own at its first question: 12 s of a processor, and a minute on a busy
machine. Its supervisor does nothing else meanwhile, sends no heartbeat, and loses its triggers to another one, or has
those taken back that a test has just moved to it.
"""

from __future__ import annotations

from functools import partial

from airflow.api_fastapi.execution_api.app import InProcessExecutionAPI
from airflow.jobs import triggerer_job_runner
from airflow.sdk.execution_time import supervisor

if hasattr(triggerer_job_runner, "in_process_api_server"):  # on 3.4 a triggerer has one of its own, made for its id
    application = supervisor.in_process_api_server().app
    triggerer_job_runner.in_process_api_server = partial(InProcessExecutionAPI, app=application)
