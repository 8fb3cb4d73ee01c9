"""Interactive services of AutoML jobs and nodes, which are sent in YAML's words.

Source: azure-ai-ml 1.35.2, ``_schema/automl/automl_job.py``, ``entities/_job/automl/automl_job.py``.
"""

from __future__ import annotations

from typing import Any

from airflow_azureml.jobspec.document.document import Located
from airflow_azureml.jobspec.grammar.shared import SERVICES, service_type
from airflow_azureml.jobspec.table.convert import nested
from airflow_azureml.jobspec.table.field import Field
from airflow_azureml.jobspec.table.translator import INVALID, Invalid, Translator
from airflow_azureml.jobspec.table.values import choice, mapped, text, whole

_OWN = (Field("ssh_public_keys", "ssh_public_keys", text), Field("log_dir", "log_dir", text))
_KIND = Field("type", "type", choice({word: word for word in SERVICES}, "a type of service"))
_SERVICE = nested((_KIND, Field("port", "port", whole), Field("nodes", "nodes", text), *_OWN))


def _service(located: Located, ctx: Translator) -> dict[str, Any] | Invalid:
    body = _SERVICE(located, ctx)
    return body if body is INVALID or "type" in body else {"type": service_type(located, ctx), **body}


services = mapped(_service)
