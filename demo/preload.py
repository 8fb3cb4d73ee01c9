"""What the components and their tasks load, the provider's modules too, in the interpreter that they are forks of.

Loaded in an Airflow of its own. Nothing here may start a thread or open the database: neither outlives a fork.
"""

from __future__ import annotations

import importlib
import pkgutil

import airflow

import airflow_azureml

PARTS = {
    "3": ("dag_processing.dagbag", "dag_processing.processor", "sdk.execution_time.supervisor"),
    "2": ("models.dagbag", "executors.local_executor"),
}
"""What of Airflow reads DAG files and runs tasks, by its major version."""

for part in PARTS[airflow.__version__[0]]:
    importlib.import_module(f"airflow.{part}")
for module in pkgutil.walk_packages(airflow_azureml.__path__, "airflow_azureml."):
    if not module.name.endswith("__main__"):
        importlib.import_module(module.name)
