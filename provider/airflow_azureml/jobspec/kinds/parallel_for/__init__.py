"""Loops side by side: nodes that run another node once for each item. A private preview of Microsoft's: taken only
where `AZURE_ML_CLI_PRIVATE_FEATURES_ENABLED` is `true`."""

from __future__ import annotations

from airflow_azureml.jobspec.kinds.parallel_for.node import parallel_for_node
from airflow_azureml.jobspec.nodes.kind import Kind

KIND = Kind(
    word="parallel_for",
    node=parallel_for_node,
    inline=True,
    says_type=True,
    runs_without_compute=lambda node: True,
    is_preview=True,
)
