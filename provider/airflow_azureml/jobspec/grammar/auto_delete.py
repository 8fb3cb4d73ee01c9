"""When an asset is deleted by itself: ``auto_delete_setting`` of data assets; environments have it, and it is not sent.

Source: azure-ai-ml 1.35.2, ``_schema/core/auto_delete_setting.py``; Microsoft Learn, *Manage imported data assets*: the
service does it for data in the datastore that it manages itself.
"""

from __future__ import annotations

from airflow_azureml.jobspec.document.document import Located
from airflow_azureml.jobspec.table.convert import nested
from airflow_azureml.jobspec.table.field import Field
from airflow_azureml.jobspec.table.form import snake
from airflow_azureml.jobspec.table.translator import Body, Invalid, Translator
from airflow_azureml.jobspec.table.values import choice, text

CONDITIONS = {
    "created_greater_than": "createdGreaterThan",
    "last_accessed_greater_than": "lastAccessedGreaterThan",
}
SETTING = (
    Field("condition", "condition", choice(CONDITIONS, "a condition", fold=snake)),
    Field("value", "value", text),
)


def auto_delete(located: Located, ctx: Translator) -> Body | Invalid:
    """Take after how long an asset is deleted; counted from its creation where no condition is given."""
    body = nested(SETTING)(located, ctx)
    return {"condition": CONDITIONS["created_greater_than"], **body} if isinstance(body, dict) else body
