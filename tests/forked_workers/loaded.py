"""Loads what nearly all tests import: provider, emulator, and what they and the tests stand on.

An environment may lack some of it, as those of other Airflows do: whichever test needs that says so.
"""

from __future__ import annotations

import contextlib
import importlib
import pkgutil

import airflow_azureml
import azureml_emulator

OTHERS = (
    "airflow.dag_processing.dagbag",
    "airflow.jobs.triggerer_job_runner",
    "airflow.sdk.execution_time.task_runner",
    "azure.identity.aio",
    "cadwyn",
    "grimp",
    "hypothesis.strategies",
    "jsonschema",
    "markdown_it",
    "playwright.sync_api",
    "pytest_asyncio.plugin",
    "pytest_mock",
    "pytest_timeout",
    "xdist.remote",
)

for package in (airflow_azureml, azureml_emulator):
    for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        if not module.name.endswith("__main__"):
            with contextlib.suppress(ImportError):
                importlib.import_module(module.name)
for name in OTHERS:
    with contextlib.suppress(ImportError):
        importlib.import_module(name)
