"""Triggers that wait for Azure ML jobs."""

from airflow_azureml.triggers.jobs import AzureMLJobTrigger

__all__ = ["AzureMLJobTrigger"]
