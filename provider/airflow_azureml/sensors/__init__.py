"""Sensors: for jobs, online deployments and computes that somebody else makes."""

from airflow_azureml.sensors.jobs import AzureMLJobSensor
from airflow_azureml.sensors.resources import AzureMLComputeSensor, AzureMLOnlineDeploymentSensor

__all__ = ["AzureMLComputeSensor", "AzureMLJobSensor", "AzureMLOnlineDeploymentSensor"]
