"""The kinds of YAML file that Azure ML's CLI v2 takes, and how each is known: by its ``$schema``, else by its shape.

Sources: Microsoft Learn, *CLI (v2) YAML schemas* (``reference-yaml-overview``), for the names of schemas; azure-ai-ml
1.35.2, ``_schema/``, for the keys of each kind. Files of other programs must never be taken for one of these.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class FileKind:
    """One kind of file.

    :param title: what a message calls one: ``a schedule``.
    :param schemas: the last parts of its ``$schema`` addresses, in lower case, without their endings.
    :param place: where such a file belongs here; a complete sentence.
    """

    title: str
    schemas: tuple[str, ...] = ()
    place: str = "No operator takes one."


def _spec(operator: str) -> str:
    return f"{operator} takes it as spec=."


FILE_KINDS: Mapping[str, FileKind] = {
    "job": FileKind("a job", place="AzureMLJobOperator takes it as job=."),
    "batch inputs": FileKind(
        "inputs of a batch endpoint", place="AzureMLInvokeBatchEndpointOperator takes them as file=."
    ),
    "data": FileKind("a data asset", ("data",), _spec("AzureMLCreateDataAssetOperator")),
    "model": FileKind("a model", ("model",), _spec("AzureMLRegisterModelOperator")),
    "environment": FileKind(
        "an environment",
        ("environment",),
        "A job takes its content as environment; AzureMLCreateEnvironmentOperator registers it.",
    ),
    "component": FileKind(
        "a component",
        place="A node of a pipeline job takes it as component; AzureMLCreateComponentOperator registers it.",
    ),
    "batch endpoint": FileKind("a batch endpoint", ("batchendpoint",), _spec("AzureMLCreateBatchEndpointOperator")),
    "batch deployment": FileKind(
        "a batch deployment",
        ("batchdeployment", "modelbatchdeployment", "pipelinecomponentbatchdeployment"),
        _spec("AzureMLCreateBatchDeploymentOperator"),
    ),
    "online endpoint": FileKind(
        "an online endpoint",
        ("onlineendpoint", "managedonlineendpoint", "kubernetesonlineendpoint"),
        _spec("AzureMLCreateOnlineEndpointOperator"),
    ),
    "online deployment": FileKind(
        "an online deployment",
        ("onlinedeployment", "managedonlinedeployment", "kubernetesonlinedeployment"),
        _spec("AzureMLCreateOnlineDeploymentOperator"),
    ),
    "serverless endpoint": FileKind("a serverless endpoint", ("serverlessendpoint",)),
    "marketplace subscription": FileKind("a marketplace subscription", ("marketplacesubscription",)),
    "deployment template": FileKind("a deployment template", ("deploymenttemplate",)),
    "compute": FileKind(
        "a compute",
        ("computeinstance", "synapsesparkpool", "attachedspark", "attachedsynapsespark"),
        _spec("AzureMLCreateComputeOperator"),
    ),
    "schedule": FileKind(
        "a schedule", ("schedule", "jobschedule"), "Airflow schedules by itself; AzureMLJobOperator takes its job."
    ),
    "monitor": FileKind("a monitor", ("monitor", "monitorschedule", "modelmonitor")),
    "import schedule": FileKind("a schedule of data imports", ("importschedule", "dataimportschedule")),
    "data import": FileKind("a data import", ("dataimport",)),
    "datastore": FileKind(
        "a datastore", ("azureblob", "azurefile", "azuredatalakegen1", "azuredatalakegen2", "onelake", "hdfs")
    ),
    "connection": FileKind("a connection"),
    "workspace": FileKind("a workspace", ("workspace",)),
    "hub": FileKind("a hub", ("hub", "workspacehub")),
    "project": FileKind("a project", ("project",)),
    "capability host": FileKind("a capability host", ("capabilityhost",)),
    "registry": FileKind("a registry", ("registry",)),
    "feature set": FileKind("a feature set", ("featureset",)),
    "feature set specification": FileKind("a feature set specification", ("featuresetspec", "featuresetspecification")),
    "feature store": FileKind("a feature store", ("featurestore",)),
    "feature store entity": FileKind("a feature store entity", ("featurestoreentity",)),
    "index": FileKind("an index", ("index", "dataindex")),
    "prompt": FileKind("a prompt", ("prompt", "assetprompt")),
    "flow": FileKind("a flow", ("flow",)),
    "run of a flow": FileKind("a run of a flow", ("run",)),
    "model package": FileKind("a model package", ("modelpackage", "modelversionpackage")),
    "table": FileKind("a table", ("mltable",)),
    "conda file": FileKind("a conda file", place="An environment takes it as conda_file."),
    "other": FileKind("an Azure ML file of an unknown kind"),
}
"""All kinds by the words that name them."""

ENDINGS = {"job": "job", "component": "component", "connection": "connection", "compute": "compute"}
"""How the names of schemas end of which there are many: ``autoMLImageClassificationJob``, ``vmCompute``."""

HOSTS = re.compile(r"azuremlschemas|azuremlsdk|^https?://azureml/|componentsdk\.|azureml[.\w-]*\.(?:net|com)/", re.I)
"""Hosts of Azure ML's schemas. Elsewhere a name such as ``environment`` may mean anything."""

PLAIN = {
    *("data", "model", "environment", "schedule", "monitor", "workspace", "hub", "project", "registry", "index"),
    *("prompt", "flow", "run", "connection", "compute", "component", "job"),
}
"""Names of schemas that other programs have as well."""


def by_schema(schema: str, value: Mapping[Any, Any]) -> str | None:
    """Find the kind of a file by its ``$schema``; None for a schema of other programs."""
    ours = bool(HOSTS.search(schema))
    last = re.split(r"[/\\#?]", schema.rstrip("/#"))[-1].lower()
    word = re.sub(r"[^a-z0-9]", "", re.sub(r"(\.schema)?\.json$", "", last))
    if not ours and (word in PLAIN or not last.endswith(".schema.json")):
        return None
    name = next((name for name, kind in FILE_KINDS.items() if word in kind.schemas), None)
    name = name or next((name for ending, name in ENDINGS.items() if word.endswith(ending)), None)
    if name == "schedule":  # monitors and imports of data are schedules to the CLI
        name = "monitor" if "create_monitor" in value else "import schedule" if "import_data" in value else name
    return name or ("other" if ours else None)
