"""Sensors for Azure ML jobs."""

from airflow_azureml.sensors.jobs import AzureMLJobSensor

__all__ = ["AzureMLJobSensor"]
