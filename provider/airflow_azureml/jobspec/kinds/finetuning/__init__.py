"""Fine-tuning: jobs that train a model further."""

from __future__ import annotations

from airflow_azureml.jobspec.kinds.finetuning.job import finetuning
from airflow_azureml.jobspec.nodes.kind import Kind

KIND = Kind(word="finetuning", job=finetuning)
