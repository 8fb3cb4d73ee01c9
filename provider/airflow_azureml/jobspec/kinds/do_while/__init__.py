"""Loops: nodes that run another node until it says that there is no other round. A private preview of Microsoft's:
taken only where `AZURE_ML_CLI_PRIVATE_FEATURES_ENABLED` is `true`."""

from __future__ import annotations

from airflow_azureml.jobspec.kinds.do_while.node import do_while_node
from airflow_azureml.jobspec.nodes.kind import Kind

KIND = Kind(
    word="do_while",
    node=do_while_node,
    inline=True,
    says_type=True,
    runs_without_compute=lambda node: True,
    keeps_empty=True,
    is_preview=True,
)
