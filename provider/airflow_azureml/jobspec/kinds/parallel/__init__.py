"""Parallel nodes: one script over many mini batches, or a flow of Prompt flow over the rows of its data."""

from __future__ import annotations

from airflow_azureml.jobspec.kinds.parallel.component import parallel_component
from airflow_azureml.jobspec.kinds.parallel.flow import is_flow
from airflow_azureml.jobspec.kinds.parallel.node import parallel_node
from airflow_azureml.jobspec.nodes.kind import Kind

KIND = Kind(
    word="parallel",
    node=parallel_node,
    component=parallel_component,
    component_files={"a flow": is_flow},
    component_says_type=True,
    inline=True,
    is_node=lambda node: "task" in node,
)
