"""Commands: jobs, nodes and components that run one command line."""

from __future__ import annotations

from airflow_azureml.jobspec.kinds.command.component import command_component
from airflow_azureml.jobspec.kinds.command.job import command
from airflow_azureml.jobspec.kinds.command.node import command_node
from airflow_azureml.jobspec.nodes.kind import Kind

KIND = Kind(word="command", job=command, node=command_node, component=command_component, inline=True)
