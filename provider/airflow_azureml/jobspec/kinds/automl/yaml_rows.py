"""Rows that AutoML's jobs and nodes have in common, both in YAML's words.

Source: azure-ai-ml 1.35.2, ``_schema/automl/automl_job.py``, ``entities/_job/automl/automl_job.py``.
"""

from __future__ import annotations

from typing import Any

from airflow_azureml.jobspec.document.document import Located
from airflow_azureml.jobspec.grammar.shared import SERVICES, service_type
from airflow_azureml.jobspec.table.convert import nested
from airflow_azureml.jobspec.table.field import Field
from airflow_azureml.jobspec.table.translator import Translator
from airflow_azureml.jobspec.table.values import choice, mapped, text, whole


def services(located: Located, ctx: Translator) -> Any:
    """Take the interactive services, which are sent as they are written."""
    own = (Field("ssh_public_keys", "ssh_public_keys", text), Field("log_dir", "log_dir", text))
    kind = Field("type", "type", choice({word: word for word in SERVICES}, "a type of service"))
    plain = nested((kind, Field("port", "port", whole), Field("nodes", "nodes", text), *own))

    def one(item: Located, ctx: Translator) -> Any:
        body = plain(item, ctx)
        return {"type": service_type(item, ctx), **body} if isinstance(body, dict) and "type" not in body else body

    return mapped(one)(located, ctx)


_TIERS = {word: word for word in ("null", "spot", "basic", "standard", "premium")}
_PRIORITIES = {word: word for word in ("low", "medium", "high")}
QUEUE = nested(
    (
        Field("job_tier", "job_tier", choice(_TIERS, "a job tier")),
        Field("priority", "priority", choice(_PRIORITIES, "a priority")),
    )
)
