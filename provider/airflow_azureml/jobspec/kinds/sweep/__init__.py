"""Sweeps: one command, tried with many parameters."""

from __future__ import annotations

from airflow_azureml.jobspec.kinds.sweep.job import sweep
from airflow_azureml.jobspec.kinds.sweep.node import sweep_node
from airflow_azureml.jobspec.nodes.kind import Kind

KIND = Kind(
    word="sweep",
    job=sweep,
    job_keys=frozenset({"trial", "search_space", "sampling_algorithm"}),
    node=sweep_node,
    component_key="trial",
    runs="command",
    is_node=lambda node: "trial" in node,
)
