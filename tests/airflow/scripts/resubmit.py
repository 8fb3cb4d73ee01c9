"""Microsoft's client reads a job and submits it once more, under another name."""

import os

from azure.ai.ml import MLClient
from azure.identity import DefaultAzureCredential

credential = DefaultAzureCredential(disable_instance_discovery=True)
names = ("AZUREML_SUBSCRIPTION_ID", "AZUREML_RESOURCE_GROUP", "AZUREML_WORKSPACE_NAME")
client = MLClient(credential, *(os.environ[name] for name in names))
job = client.jobs.get(os.environ["JOB"])
job.name = os.environ["COPY"]
client.jobs.create_or_update(job)
