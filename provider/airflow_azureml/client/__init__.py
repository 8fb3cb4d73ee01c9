"""The door to Azure: the only package that imports azure-core, azure-identity, azure-storage-blob and aiohttp.

``MLClient(settings).run(flow)`` in a thread, ``await AsyncMLClient(settings).run(flow)`` in an event loop.
``share(settings)`` gives all coroutines of a loop one client per workspace, ``lend(settings)`` all threads of a
process. Nothing here knows Airflow.
"""

from airflow_azureml.client.drivers import AsyncMLClient, MLClient
from airflow_azureml.client.interruption import Interrupted
from airflow_azureml.client.kept_client import lend
from airflow_azureml.client.pipeline import Limits
from airflow_azureml.client.shared_client import share

__all__ = ["AsyncMLClient", "Interrupted", "Limits", "MLClient", "lend", "share"]
