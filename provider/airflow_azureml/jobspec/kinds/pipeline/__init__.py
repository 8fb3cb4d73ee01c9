"""Pipelines: the kind that contains others, as a job, as a node and as a component."""

from __future__ import annotations

from airflow_azureml.jobspec.kinds.pipeline.component import pipeline_component
from airflow_azureml.jobspec.kinds.pipeline.job import pipeline
from airflow_azureml.jobspec.kinds.pipeline.node import pipeline_node
from airflow_azureml.jobspec.nodes.kind import Kind

KIND = Kind(
    word="pipeline",
    job=pipeline,
    job_keys=frozenset({"jobs"}),
    node=pipeline_node,
    component=pipeline_component,
    component_inline=False,
)
