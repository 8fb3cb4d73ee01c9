"""What the components and their tasks load, the provider's modules too, in the interpreter that they are forks of.

Loaded in an Airflow of its own. Nothing here may start a thread or open the database: neither outlives a fork.
"""

from __future__ import annotations

import importlib
import pkgutil

import airflow
from sqlalchemy.orm import configure_mappers

import airflow_azureml

PARTS = {
    "3": (
        *("dag_processing.bundles.local", "dag_processing.dagbag", "dag_processing.processor", "jobs.job"),
        *("models.db_callback_request", "models.renderedtifields", "providers.common.compat.assets"),
        *("providers.standard.decorators.python", "providers.standard.operators.empty"),
        *("providers.standard.operators.trigger_dagrun", "providers.standard.sensors.external_task"),
        *("sdk.definitions.asset.metadata", "sdk.definitions.decorators", "sdk.execution_time.cache"),
        *("sdk.execution_time.supervisor", "sdk.execution_time.task_runner"),
    ),
    "2": (
        *("datasets.metadata", "executors.local_executor", "jobs.triggerer_job_runner", "listeners.listener"),
        *("models.dagbag", "models.errors", "models.serialized_dag", "models.taskinstancehistory", "operators.empty"),
        *("operators.python", "sensors.external_task", "serialization.json_schema", "triggers.external_task"),
    ),
}
"""What of Airflow reads DAG files, runs tasks, and is in most DAG files, by its major version."""

LIBRARIES = (
    *("aiohttp", "azure.core.pipeline.transport._aiohttp", "azure.core.rest._aiohttp"),
    *("azure.core.rest._requests_basic", "azure.identity.aio", "azure.storage.blob"),
    *("cryptography.fernet", "jinja2.ext", "jsonschema", "msal_extensions"),
)
"""What a task loads only once it needs it, and most do: half a second of a processor for each."""

for part in PARTS[airflow.__version__[0]]:
    importlib.import_module(f"airflow.{part}")
for library in LIBRARIES:
    importlib.import_module(library)
# All tables' classes get to know each other; else each fork has them do it at its first question to the database.
configure_mappers()
for module in pkgutil.walk_packages(airflow_azureml.__path__, "airflow_azureml."):
    # The tab of a task's page is made of what the API server of Airflow 3 has.
    elsewhere = airflow.__version__[0] == "2" and module.name.startswith("airflow_azureml.plugin.page.")
    if not module.name.endswith("__main__") and not elsewhere:
        importlib.import_module(module.name)
