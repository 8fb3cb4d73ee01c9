"""What a deployment's server starts with: its code, its model, its interpreter and its variables. File work: call it in
a thread."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from azureml_emulator.assets.references import Place
from azureml_emulator.core.operations import Record
from azureml_emulator.core.settings import CLOUD, Settings
from azureml_emulator.execution import process_environment
from azureml_emulator.execution.backend import Execution
from azureml_emulator.execution.staging import Stage
from azureml_emulator.online import injob

INJOB = Path(injob.__file__).parent
SERVER = INJOB / "scoring_server.py"
MLFLOW_SCRIPT = INJOB / "mlflow_script.py"

MLFLOW_ENVIRONMENT = "azureml://registries/azureml/environments/mlflow/versions/1"
"""The environment of MLflow models that are deployed without one."""


@dataclass(frozen=True)
class Command:
    """A server's command.

    :param words: program and arguments; the address of its socket is still to be put in at ``SOCKET``.
    :param variables: all that it sees.
    """

    words: tuple[str, ...]
    folder: Path
    variables: Mapping[str, str]


SOCKET = "{socket}"


def marks(settings: Settings, key: str) -> dict[str, str]:
    """The variables by which a deployment's processes can be distinguished from all others on this machine."""
    return {"AZUREML_EMULATED_DEPLOYMENT": key, "AZUREML_WORKSPACE_ID": settings.workspace_id}


def environment_id(record: Record) -> str:
    """The environment of a deployment."""
    return str(record["properties"]["environmentId"] or MLFLOW_ENVIRONMENT)


def prepare(execution: Execution, root: Path, record: Record, python: Path) -> tuple[Stage, Command]:
    """Lay out a deployment's files below ``root``.

    :param python: the interpreter.

    :raises StagingError: its code or its model is not there.
    """
    properties = record["properties"]
    script = properties["codeConfiguration"]
    name, row = model_input(execution, properties["model"])
    stage = execution.stager.stage(root, {"codeId": script and script["codeId"], "inputs": row})
    entry = str(stage.code / script["scoringScript"]) if script else str(MLFLOW_SCRIPT)
    variables = {
        **process_environment.base_variables(
            process_environment.program_folder(python, root / "bin"), python, stage.home, stage.scratch
        ),
        **marks(execution.settings, f"{record['endpoint']}/{record['name']}".lower()),
        **service_variables(execution.settings, entry, stage),
        **({"AZUREML_MODEL_DIR": str(Path(stage.inputs[name]).parent)} if name else {}),
        **properties["environmentVariables"],
    }
    return stage, Command((str(python), str(SERVER), SOCKET, entry), stage.code, variables)


def model_input(execution: Execution, model: str | None) -> tuple[str, dict[str, Any]]:
    """The model as an input of a job's kind, named as its file or folder is called: the script finds it by this name in
    ``AZUREML_MODEL_DIR``. Source: Microsoft's page on deploying to online endpoints."""
    if not model:
        return "", {}
    place = execution.resolver.place(model, "models")
    name = place.path.rstrip("/").rpartition("/")[2] if isinstance(place, Place) else "model"
    return name, {name: {"jobInputType": "custom_model", "uri": model, "mode": "Download"}}


def service_variables(settings: Settings, entry: str, stage: Stage) -> dict[str, str]:
    """The variables of the inference server, and what leads clients in a script to this cloud.

    Source of the first ones: azureml-inference-server-http 1.5.1 ``config.py``.
    """
    bundle = str(settings.ca_bundle)
    return {
        "AML_APP_ROOT": str(stage.code),
        "AZUREML_ENTRY_SCRIPT": entry,
        "AZUREML_ARM_SUBSCRIPTION": settings.subscription_id,
        "AZUREML_ARM_RESOURCEGROUP": settings.resource_group,
        "AZUREML_ARM_WORKSPACE_NAME": settings.workspace_name,
        "AZUREML_CURRENT_CLOUD": CLOUD,
        "ARM_CLOUD_METADATA_URL": f"{settings.base_url}/metadata/endpoints",
        "REQUESTS_CA_BUNDLE": bundle,
        "SSL_CERT_FILE": bundle,
    }
