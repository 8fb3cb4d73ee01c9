"""Groups of Airflow tasks that are made of Azure ML's own files."""

from airflow_azureml.task_groups.pipeline import AzureMLPipelineTaskGroup

__all__ = ["AzureMLPipelineTaskGroup"]
