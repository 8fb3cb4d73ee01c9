"""Computes that jobs, nodes and deployments name, and the ids that they become.

Source: azure-ai-ml 1.35.2, ``operations/_operation_orchestrator.py``.
"""

from __future__ import annotations

import re

from airflow_azureml.jobspec.document.document import Located
from airflow_azureml.jobspec.document.messages import show
from airflow_azureml.jobspec.grammar.references import ARM_ID, is_binding
from airflow_azureml.jobspec.table.form import Form
from airflow_azureml.jobspec.table.translator import OMIT, Converted, Invalid, Translator

VIRTUAL_CLUSTER = re.compile(
    r"/subscriptions/.*/resourceGroups/.*/providers/Microsoft\.MachineLearningServices/virtualclusters/.*",
    re.IGNORECASE,
)


def compute(located: Located, ctx: Translator) -> Converted[str]:
    """Turn the compute of a job that stands alone into its id; ``serverless`` sends nothing: it is not a resource."""
    arm_id = named_compute(located, ctx)
    if isinstance(arm_id, str) and arm_id.lower() == f"{ctx.workspace.path}/computes/serverless".lower():
        return OMIT if arm_id.endswith("serverless") else arm_id
    return arm_id


def named_compute(located: Located, ctx: Translator) -> str | Invalid:
    """Turn a compute into its id where nothing is bound: Microsoft's client takes a binding for a name."""
    arm_id = compute_id(located, ctx)
    return f"{ctx.workspace.path}/computes/{arm_id}" if is_binding(arm_id) else arm_id


def compute_id(located: Located, ctx: Translator) -> str | Invalid:
    """Turn a compute into its id, that of serverless included; ``local`` is kept as a word, though not in a node."""
    if not isinstance(located.value, str) or not located.value.removeprefix("azureml:"):
        return ctx.error(
            located, f"{show(located.value)} is not a compute. Accepted: NAME, azureml:NAME, an ARM id, serverless."
        )
    text = located.value.removeprefix("azureml:")
    path = ctx.workspace.path
    if text.lower() == "local":
        return f"{path}/computes/local" if ctx.form is Form.NODE else "local"
    if is_binding(text) or VIRTUAL_CLUSTER.match(text):
        return text
    if (arm_id := ARM_ID.fullmatch(text)) and text.startswith("/"):
        if arm_id[1].lower() != "computes":
            return ctx.error(
                located, f"{show(located.value)} is the id of something in {show(arm_id[1])}, not of a compute."
            )
        return text
    if text.lower().startswith("virtualclusters/"):
        return f"{path.rpartition('/workspaces/')[0]}/virtualclusters/{text.partition('/')[2]}"
    if "/" in text:
        return ctx.error(
            located, f"{show(located.value)} is not a compute. Accepted: NAME, azureml:NAME, an ARM id, serverless."
        )
    return f"{path}/computes/{text}"
