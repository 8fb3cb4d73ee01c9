"""Operators for Azure Machine Learning. Each is loaded when it is first asked for: DAG files pay for what they use."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
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

_MODULES = {
    "assets": (
        "AzureMLCreateDataAssetOperator",
        "AzureMLRegisterModelOperator",
    ),
    "batch": ("AzureMLInvokeBatchEndpointOperator",),
    "cancel_job": ("AzureMLCancelJobOperator",),
    "cancel_orphans": ("AzureMLCancelOrphansOperator",),
    "infrastructure": (
        "AzureMLCreateBatchDeploymentOperator",
        "AzureMLCreateBatchEndpointOperator",
        "AzureMLDeleteBatchEndpointOperator",
    ),
    "jobs": (
        "AzureMLCommandJobOperator",
        "AzureMLJobOperator",
    ),
    "outputs": ("AzureMLDownloadJobOutputOperator",),
    "resources.computes": (
        "AzureMLCreateComputeOperator",
        "AzureMLDeleteComputeOperator",
        "AzureMLScaleComputeOperator",
        "AzureMLStartComputeInstanceOperator",
        "AzureMLStopComputeInstanceOperator",
    ),
    "resources.definitions": (
        "AzureMLCreateComponentOperator",
        "AzureMLCreateEnvironmentOperator",
    ),
    "resources.models": (
        "AzureMLDownloadModelOperator",
        "AzureMLShareModelOperator",
    ),
    "resources.online": (
        "AzureMLCreateOnlineEndpointOperator",
        "AzureMLDeleteOnlineEndpointOperator",
        "AzureMLSetOnlineTrafficOperator",
    ),
    "resources.online_deployments": ("AzureMLCreateOnlineDeploymentOperator",),
    "resources.online_scoring": ("AzureMLInvokeOnlineEndpointOperator",),
}
"""Where each lies, below this package."""


def __getattr__(name: str) -> Any:
    module = next((module for module, names in _MODULES.items() if name in names), None)
    if module is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = globals()[name] = getattr(importlib.import_module(f"{__name__}.{module}"), name)
    return found
