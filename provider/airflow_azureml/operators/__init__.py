"""Operators for Azure Machine Learning (v2)."""

from airflow_azureml.operators.assets import AzureMLCreateDataAssetOperator, AzureMLRegisterModelOperator
from airflow_azureml.operators.batch import AzureMLInvokeBatchEndpointOperator
from airflow_azureml.operators.cancel_job import AzureMLCancelJobOperator
from airflow_azureml.operators.cancel_orphans import AzureMLCancelOrphansOperator
from airflow_azureml.operators.infrastructure import (
    AzureMLCreateBatchDeploymentOperator,
    AzureMLCreateBatchEndpointOperator,
    AzureMLDeleteBatchEndpointOperator,
)
from airflow_azureml.operators.jobs import AzureMLCommandJobOperator, AzureMLJobOperator
from airflow_azureml.operators.outputs import AzureMLDownloadJobOutputOperator
from airflow_azureml.operators.resources.computes import (
    AzureMLCreateComputeOperator,
    AzureMLDeleteComputeOperator,
    AzureMLScaleComputeOperator,
    AzureMLStartComputeInstanceOperator,
    AzureMLStopComputeInstanceOperator,
)
from airflow_azureml.operators.resources.definitions import (
    AzureMLCreateComponentOperator,
    AzureMLCreateEnvironmentOperator,
)
from airflow_azureml.operators.resources.models import AzureMLDownloadModelOperator, AzureMLShareModelOperator
from airflow_azureml.operators.resources.online import (
    AzureMLCreateOnlineEndpointOperator,
    AzureMLDeleteOnlineEndpointOperator,
    AzureMLSetOnlineTrafficOperator,
)
from airflow_azureml.operators.resources.online_deployments import AzureMLCreateOnlineDeploymentOperator
from airflow_azureml.operators.resources.online_scoring import AzureMLInvokeOnlineEndpointOperator

__all__ = [
    "AzureMLCancelJobOperator",
    "AzureMLCancelOrphansOperator",
    "AzureMLCommandJobOperator",
    "AzureMLCreateBatchDeploymentOperator",
    "AzureMLCreateBatchEndpointOperator",
    "AzureMLCreateComponentOperator",
    "AzureMLCreateComputeOperator",
    "AzureMLCreateDataAssetOperator",
    "AzureMLCreateEnvironmentOperator",
    "AzureMLCreateOnlineDeploymentOperator",
    "AzureMLCreateOnlineEndpointOperator",
    "AzureMLDeleteBatchEndpointOperator",
    "AzureMLDeleteComputeOperator",
    "AzureMLDeleteOnlineEndpointOperator",
    "AzureMLDownloadJobOutputOperator",
    "AzureMLDownloadModelOperator",
    "AzureMLInvokeBatchEndpointOperator",
    "AzureMLInvokeOnlineEndpointOperator",
    "AzureMLJobOperator",
    "AzureMLRegisterModelOperator",
    "AzureMLScaleComputeOperator",
    "AzureMLSetOnlineTrafficOperator",
    "AzureMLShareModelOperator",
    "AzureMLStartComputeInstanceOperator",
    "AzureMLStopComputeInstanceOperator",
]
