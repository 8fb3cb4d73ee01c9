"""Keys that the nodes of a pipeline have whatever their kind.

Names inside of a node are in snake case, ``componentId`` and ``computeId`` are not. A binding may stand in the place of
nearly every value. Source: azure-ai-ml 1.35.2, ``entities/_builders/`` and ``_schema/pipeline/component_job.py``.
"""

from __future__ import annotations

from collections.abc import Mapping

from airflow_azureml.jobspec.document.document import Located
from airflow_azureml.jobspec.grammar.computes import compute_id
from airflow_azureml.jobspec.grammar.environments import environment
from airflow_azureml.jobspec.grammar.shared import TAGS
from airflow_azureml.jobspec.nodes.component import any_mapping
from airflow_azureml.jobspec.table.field import Field, Table
from airflow_azureml.jobspec.table.json_values import anything
from airflow_azureml.jobspec.table.translator import OMIT, Invalid, Omit, Translator
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


def _environment(located: Located, ctx: Translator) -> Omit:
    """Take an environment that is not used: it may lack an image, and any name will do."""
    written = located.value
    if isinstance(written, Mapping):
        located = located.within(written if "build" in written else {"image": "none", **written})
    if not (isinstance(written, str) and written.startswith("azureml:")) and not located.document.from_python:
        environment(located, ctx.unbound())
    return OMIT


def _code(located: Located, ctx: Translator) -> str | Omit | Invalid:
    """Take code that is not used."""
    return OMIT if located.value is None else text(located, ctx)


SUPERSEDED = (
    Field("environment", None, _environment, unsent=True),
    Field("code", None, _code, unsent=True),
)
"""What the component of a node says itself. Microsoft's client looks whether it is one, and does not send it."""

COMPONENT_KEYS = ("inputs", "outputs", "component")
"""Keys of such a node that are read on their own."""


def rows(table: Table, *names: str) -> tuple[Field, ...]:
    """Take the rows of some keys from a table, in its order.

    :raises KeyError: it has no row for one of them.
    """
    if missing := set(names) - {row.name for row in table}:
        raise KeyError(", ".join(sorted(missing)))
    return tuple(row for row in table if row.name in names)
