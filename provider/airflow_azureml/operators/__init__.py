"""Operators for Azure Machine Learning (v2)."""

from airflow_azureml.operators.assets import AzureMLCreateDataAssetOperator
from airflow_azureml.operators.jobs import AzureMLCancelJobOperator, AzureMLCommandJobOperator, AzureMLJobOperator

__all__ = [
    "AzureMLCancelJobOperator",
    "AzureMLCommandJobOperator",
    "AzureMLCreateDataAssetOperator",
    "AzureMLJobOperator",
]
