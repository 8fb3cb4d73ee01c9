"""AutoML jobs and nodes: ten tasks on tables, images and texts."""

from __future__ import annotations

from airflow_azureml.jobspec.kinds.automl.job import automl
from airflow_azureml.jobspec.kinds.automl.node import automl_node
from airflow_azureml.jobspec.nodes.kind import Kind

KIND = Kind(
    word="automl",
    job=automl,
    job_keys=frozenset({"training_data", "primary_metric", "target_column_name"}),
    node=automl_node,
    inline=True,
    keeps_empty=True,
    output_type="mltable",
)
