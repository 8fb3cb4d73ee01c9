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
    # The tab of a task's page is made of what the API server of Airflow 3 has.
    elsewhere = airflow.__version__[0] == "2" and module.name.startswith("airflow_azureml.plugin.page.")
    if not module.name.endswith("__main__") and not elsewhere:
        importlib.import_module(module.name)
