"""Process environment: the interpreter, the environment variables and the words of a job's command, none of which are
the emulator's own."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from pathlib import Path

from azureml_emulator.assets.references import Resolver, UnresolvedError
from azureml_emulator.core.settings import CLOUD, Settings
from azureml_emulator.jobs.bindings import BINDING, OPTIONAL
from azureml_emulator.jobs.models import Job

SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def environment_name(resolver: Resolver, environment_id: str) -> str:
    """The name of a job's environment, as it stands in its id."""
    try:
        reference = resolver.reference(environment_id, "environments")
    except UnresolvedError:
        reference = None
    return reference.name if reference else environment_id


def interpreter(settings: Settings, name: str) -> Path:
    """The Python of an environment: the one mapped to its name, else to ``*``, else the emulator's own."""
    interpreters = settings.environments
    return Path(interpreters.get(name) or interpreters.get("*") or sys.executable)


def program_folder(python: Path, shims: Path) -> Path:
    """A folder in which the command finds ``python``: the interpreter's own, or one made for it where that has no
    such name."""
    if (python.parent / "python").exists() and python.name.startswith("python"):
        return python.parent
    shims.mkdir(parents=True, exist_ok=True)
    for name in ("python", "python3"):
        shim = shims / name
        shim.write_text(f'#!/bin/sh\nexec "{python}" "$@"\n')
        shim.chmod(0o755)
    return shims


def base_variables(programs: Path, python: Path, home: Path, scratch: Path) -> dict[str, str]:
    """The system's variables: paths and language. Output is unbuffered, so that the log can be followed.

    MLflow, where it runs, reports nothing of how it is used to its makers: what gives that up, where there is no way to
    them, takes a variable out of the environment on a thread of its own, and a request that reads the environment at
    that moment fails (MLflow 3.13, ``KeyError``).
    """
    path = f"{programs}:{SYSTEM_PATH}" if programs == python.parent else f"{programs}:{python.parent}:{SYSTEM_PATH}"
    return {
        "PATH": path,
        "HOME": str(home),
        "TMPDIR": str(scratch),
        "LANG": "C.UTF-8",
        "PYTHONUNBUFFERED": "1",
        "MLFLOW_DISABLE_TELEMETRY": "true",
    }


def identity_marks(settings: Settings, job_name: str) -> dict[str, str]:
    """The variables by which a job's processes can be distinguished from all others on this machine."""
    return {"AZUREML_RUN_ID": job_name, "AZUREML_WORKSPACE_ID": settings.workspace_id}


def service_variables(settings: Settings, job: Job, token: str, expires_at: int, experiment_id: str) -> dict[str, str]:
    """The variables in which Azure ML describes a job to its own code. Source: Microsoft's in-job code reads them
    (azure-ai-ml, azureml-core)."""
    return {
        **identity_marks(settings, job.name),
        "AZUREML_ROOT_RUN_ID": job.root or job.name,
        "AZUREML_ARM_SUBSCRIPTION": settings.subscription_id,
        "AZUREML_ARM_RESOURCEGROUP": settings.resource_group,
        "AZUREML_ARM_WORKSPACE_NAME": settings.workspace_name,
        "AZUREML_ARM_PROJECT_NAME": job.experiment,
        "AZUREML_EXPERIMENT_ID": experiment_id,
        "AZUREML_RUN_TOKEN": token,
        "AZUREML_RUN_TOKEN_EXPIRY": str(expires_at),
        "AZUREML_SERVICE_ENDPOINT": settings.api,
        "AZUREML_DISCOVERY_SERVICE_ENDPOINT": f"{settings.api}/discovery",
    }


def tracking_variables(settings: Settings, job: Job, token: str, experiment_id: str) -> dict[str, str]:
    """What MLflow needs to log to the job itself: address, run, experiment, token and trusted roots.

    Cloud and metadata are for the plugin ``azureml-mlflow``: it downloads artifacts only from addresses that have the
    storage suffix of its cloud, and would otherwise ask the public cloud which clouds there are.
    """
    bundle = str(settings.ca_bundle)
    return {
        "MLFLOW_TRACKING_URI": tracking_uri(settings),
        "MLFLOW_TRACKING_TOKEN": token,
        "MLFLOW_RUN_ID": job.name,
        "MLFLOW_EXPERIMENT_NAME": job.experiment,
        "MLFLOW_EXPERIMENT_ID": experiment_id,
        "AZUREML_CURRENT_CLOUD": CLOUD,
        "ARM_CLOUD_METADATA_URL": f"{settings.base_url}/metadata/endpoints",
        "REQUESTS_CA_BUNDLE": bundle,
        "SSL_CERT_FILE": bundle,
    }


def tracking_uri(settings: Settings) -> str:
    """The address that jobs get as ``MLFLOW_TRACKING_URI``.

    It is ``azureml://…``, which only the plugin ``azureml-mlflow`` understands, or https where plain MLflow shall be
    enough. Source: https://learn.microsoft.com/azure/machine-learning/how-to-use-mlflow-configure-tracking
    """
    place = f"{settings.api}/mlflow/v1.0{settings.workspace_arm_id}"
    return place if settings.mlflow_direct else place.replace("https://", "azureml://", 1)


def node_variables(instances: int, folder: Path, logs: Path) -> dict[str, str]:
    """Facts of the node, of which the emulator runs one, the first. Source: public job scripts that read them."""
    return {
        "AZUREML_NODE_COUNT": str(instances),
        "AZUREML_CR_NODE_RANK": "0",
        "NODE_RANK": "0",
        "AZUREML_CR_EXECUTION_WORKING_DIR_PATH": str(folder),
        "AZUREML_CR_HT_CAP_user_logs_PATH": str(logs),
        "AZUREML_CR_COMPUTE_CONTEXT": "{}",
    }


def distribution_variables(distribution: Mapping[str, object] | None) -> dict[str, str]:
    """What a PyTorch job needs to form a group of the one process that runs, for any requested number.

    Source of the names: Microsoft's guide to distributed training; ``torch.distributed`` reads them.
    """
    if not distribution or distribution["distributionType"] != "PyTorch":
        return {}
    return {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": "6105", "WORLD_SIZE": "1", "RANK": "0", "LOCAL_RANK": "0"}


def data_variables(inputs: Mapping[str, str], outputs: Mapping[str, str]) -> dict[str, str]:
    """The places of the job's data, under their names as they are and in capitals, by which clients ask for them.

    Source of the capitals: microsoft/physical-ai-toolchain#856, which is tried in Azure ML, and ZenML 0.98.0, whose
    steps wait for each other by an output ``completed`` that is written to ``AZURE_ML_OUTPUT_COMPLETED``. Of the names
    as they are: recordings of Microsoft's client. The service is not known to set both.
    """
    given = {
        **{f"AZURE_ML_INPUT_{name}": place for name, place in inputs.items()},
        **{f"AZURE_ML_OUTPUT_{name}": place for name, place in outputs.items()},
    }
    return {**{name.upper(): place for name, place in given.items()}, **given}


def bound_command(command: str, inputs: Mapping[str, str], outputs: Mapping[str, str]) -> str:
    """The command with its values in place; an optional part that names a missing input is dropped.

    Values are put in as they are, without quotes for the shell: Microsoft's own components put them into quotes
    (https://github.com/Azure/azureml-assets/pull/1833).
    """
    values = {"inputs": inputs, "outputs": outputs}

    def part(match: re.Match[str]) -> str:
        names = BINDING.findall(match[1])
        return match[1] if all(name in values[side] for side, name in names) else ""

    def value(match: re.Match[str]) -> str:
        return values[match[1]].get(match[2], match[0])

    return BINDING.sub(value, OPTIONAL.sub(part, command))
