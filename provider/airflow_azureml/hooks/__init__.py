"""The hook: from an Airflow connection to a client of Azure ML."""

from airflow_azureml.hooks.azureml import AzureMLHook

__all__ = ["AzureMLHook"]
