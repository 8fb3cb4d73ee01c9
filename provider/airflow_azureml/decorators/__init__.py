"""Decorators that make tasks of functions, also found by Airflow as ``@task.azureml_command``."""

from airflow_azureml.decorators.command import azureml_command

__all__ = ["azureml_command"]
