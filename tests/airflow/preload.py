"""What runs by ``dag.test()`` load, and Airflow 3.3's API for workers, which each of them asks: made once for all runs.

Loaded in an Airflow of its own, 3.3 or 2.11, before its interpreter forks. Nothing here may start a thread or open the
database: neither outlives a fork.
"""

from __future__ import annotations

import importlib
import pkgutil

import airflow

import airflow_azureml

if airflow.__version__.startswith("3"):
    from airflow.sdk.execution_time import supervisor

    for name in ("airflow.dag_processing.dagbag", "airflow.dag_processing.collection", "a2wsgi", "httpx"):
        importlib.import_module(name)
    supervisor.in_process_api_server().app  # noqa: B018 - it is kept
else:
    importlib.import_module("airflow.models.dagbag")

for module in pkgutil.walk_packages(airflow_azureml.__path__, "airflow_azureml."):
    if not module.name.endswith("__main__"):
        importlib.import_module(module.name)
