"""Triggers that wait for Azure ML jobs, for operations on its resources, and for resources, and those that watch it."""

from airflow_azureml.triggers.jobs import AzureMLJobTrigger
from airflow_azureml.triggers.operations import AzureMLOperationTrigger
from airflow_azureml.triggers.resources import AzureMLResourceTrigger
from airflow_azureml.triggers.watchers import (
    AzureMLDataAssetTrigger,
    AzureMLExperimentJobTrigger,
    AzureMLModelTrigger,
)

__all__ = [
    "AzureMLDataAssetTrigger",
    "AzureMLExperimentJobTrigger",
    "AzureMLJobTrigger",
    "AzureMLModelTrigger",
    "AzureMLOperationTrigger",
    "AzureMLResourceTrigger",
]
