"""Distillation: jobs that train a model further by what another one answers."""

from __future__ import annotations

from airflow_azureml.jobspec.kinds.distillation.job import distillation
from airflow_azureml.jobspec.nodes.kind import Kind

KIND = Kind(word="distillation", job=distillation)
