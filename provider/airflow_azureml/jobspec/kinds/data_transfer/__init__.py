"""Data transfer: nodes that copy, import or export data, and components that copy. There are no jobs of this kind."""

from __future__ import annotations

from airflow_azureml.jobspec.kinds.data_transfer.component import TASKS, transfer_component
from airflow_azureml.jobspec.kinds.data_transfer.node import transfer_node
from airflow_azureml.jobspec.nodes.kind import Kind

KIND = Kind(
    word="data_transfer",
    node=transfer_node,
    component=transfer_component,
    inline=True,
    is_node=lambda node: str(node.get("task")).lower() in TASKS,
    says_type=True,
)
