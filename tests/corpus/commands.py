"""The arguments of ``azure.ai.ml.command(...)`` as those of the operator: objects become mappings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from airflow_azureml.exceptions import AzureMLSpecError, translated
from airflow_azureml.jobspec.translate import translate
from airflow_azureml.lifecycle import submission
from airflow_azureml.operators.jobs import AzureMLCommandJobOperator
from airflow_azureml.rest.ids import Workspace
from tests.corpus.fake_azure import GROUP, SUBSCRIPTION, WORKSPACE

TYPES = {
    "MpiDistribution": "mpi",
    "PyTorchDistribution": "pytorch",
    "TensorFlowDistribution": "tensorflow",
    "RayDistribution": "ray",
    "AmlTokenConfiguration": "aml_token",
    "ManagedIdentityConfiguration": "managed",
    "UserIdentityConfiguration": "user_identity",
    "SshJobService": "ssh",
    "JupyterLabJobService": "jupyter_lab",
    "TensorBoardJobService": "tensor_board",
    "VsCodeJobService": "vs_code",
}
GROUPS = {
    "job_resources": ("locations",),
    "queue_settings": ("job_tier", "priority"),
}
RENAMED = {"resources": "job_resources"}
"""What Airflow itself has the name of."""


def plain(value: Any) -> Any:
    """Turn ``{"$": "ClassName", ...}`` into a mapping."""
    if isinstance(value, Mapping):
        word = TYPES.get(str(value.get("$")))
        if value.get("$") == "JobService" and not value.get("type"):
            word = "custom"
        body = {key: plain(item) for key, item in value.items() if key != "$"}
        return {"type": word, **body} if word else body
    return [plain(item) for item in value] if isinstance(value, list) else value


def keywords(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Make the operator's keywords of those of ``command``.

    The job's name is no keyword of an operator; whether a step repeats itself is for pipelines alone.
    """
    given: dict[str, Any] = {}
    groups = {key: group for group, keys in GROUPS.items() for key in keys}
    for key, value in arguments.items():
        if key in ("$env", "name", "is_deterministic"):
            continue
        if key in groups:
            given.setdefault(groups[key], {})[key] = plain(value)
        else:
            given[RENAMED.get(key, key)] = plain(value)
    return given


def submit(arguments: Mapping[str, Any], name: str) -> None:
    """Submit what the operator makes of the arguments of ``command``; relative paths belong to the working directory.

    :raises AzureMLSpecError: the job is refused.
    """
    try:
        operator = AzureMLCommandJobOperator(task_id="train", **keywords(arguments))
    except TypeError as error:  # a keyword that it cannot do without
        raise AzureMLSpecError(str(error)) from None
    with translated():
        translation = translate(operator.document({}), Workspace(SUBSCRIPTION, GROUP, WORKSPACE))
    with translated(), operator.hook().client() as client:
        client.run(submission.submit(client.workspace, name, translation))
