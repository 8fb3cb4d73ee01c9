"""Triggers that wait for Azure ML jobs and for operations on its resources."""

from airflow_azureml.triggers.jobs import AzureMLJobTrigger
from airflow_azureml.triggers.operations import AzureMLOperationTrigger

__all__ = ["AzureMLJobTrigger", "AzureMLOperationTrigger"]
