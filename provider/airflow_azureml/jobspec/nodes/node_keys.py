"""Keys that the nodes of a pipeline have whatever their kind.

Names inside of a node are in snake case, ``componentId`` and ``computeId`` are not. A binding may stand in the place of
nearly every value. Source: azure-ai-ml 1.35.2, ``entities/_builders/`` and ``_schema/pipeline/component_job.py``.
"""

from __future__ import annotations

from airflow_azureml.jobspec.grammar.computes import compute_id
from airflow_azureml.jobspec.grammar.shared import TAGS
from airflow_azureml.jobspec.nodes.component import any_mapping
from airflow_azureml.jobspec.table.field import Field, Table
from airflow_azureml.jobspec.table.json_values import anything
from airflow_azureml.jobspec.table.values import text

NODE = (
    Field("type", None, text, bindable=False),
    Field("name", None, anything),
    Field("display_name", "displayName", anything),
    Field("description", None, anything, unsent=True),
    Field("tags", "tags", any_mapping),
    Field("properties", "properties", TAGS),
    Field("comment", "comment", text),
    Field("experiment_name", None, anything, unsent=True),
    Field("services", None, anything, unsent=True),
    Field("compute", "computeId", compute_id),
)
"""What nodes with a component have; the description of one is not sent. Names, description and tags may be of any
kind. Source: azure-ai-ml 1.35.2, ``BaseNodeSchema`` names none of these and lets unknown keys pass."""

COMPONENT_KEYS = ("inputs", "outputs", "component")
"""Keys of such a node that are read on their own."""


def rows(table: Table, *names: str) -> tuple[Field, ...]:
    """Take the rows of some keys from a table, in its order.

    :raises KeyError: it has no row for one of them.
    """
    if missing := set(names) - {row.name for row in table}:
        raise KeyError(", ".join(sorted(missing)))
    return tuple(row for row in table if row.name in names)
