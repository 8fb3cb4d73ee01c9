"""Conditions: nodes that run other nodes if a value is true, and others if it is not. A private preview of Microsoft's:
taken only where `AZURE_ML_CLI_PRIVATE_FEATURES_ENABLED` is `true`."""

from __future__ import annotations

from airflow_azureml.jobspec.kinds.if_else.node import if_else_node
from airflow_azureml.jobspec.nodes.kind import Kind

KIND = Kind(
    word="if_else",
    node=if_else_node,
    inline=True,
    says_type=True,
    runs_without_compute=lambda node: True,
    is_preview=True,
)
