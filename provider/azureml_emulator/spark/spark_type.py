"""The job type ``Spark``: what is checked of such a job, its defaults, how it shows, and its run: a command that hands
its entry to the Spark of the job's interpreter.

What is Spark's own of the service (pools, executors, their logs) has no counterpart here: the driver is the whole
cluster. The ``runType`` of run history and the name of the log are assumptions.
"""

from __future__ import annotations

import json
import shlex
from functools import partial
from pathlib import Path

from azureml_emulator.assets.reference_checks import check_reference, environment_id
from azureml_emulator.core.errors import invalid_field, not_emulated
from azureml_emulator.execution.backend import Execution
from azureml_emulator.execution.command_run import LOG, CommandRun
from azureml_emulator.execution.command_type import STEP, completed_input
from azureml_emulator.jobs.bindings import unknown_bindings
from azureml_emulator.jobs.checks import check_compute, check_inputs
from azureml_emulator.jobs.definitions import Properties
from azureml_emulator.jobs.engine import Engine, JobType
from azureml_emulator.jobs.models import Job
from azureml_emulator.jobs.views import JobView, RunView
from azureml_emulator.spark import injob
from azureml_emulator.spark.schemas import SPARK_JOB

SUBMIT = Path(injob.__file__).with_name("submit.py")

RUNTIME = "azureml://registries/azureml/environments/spark/versions/1"
"""What stands for the runtime of a job that names no environment; its name can be mapped to an interpreter."""

LISTS = {"--py-files": "pyFiles", "--jars": "jars", "--files": "files", "--archives": "archives"}
"""Lists of files of a job, by the option of ``spark-submit`` that takes them."""

ABSENT = (
    "description",
    "computeId",
    "environmentId",
    "args",
    "archives",
    "files",
    "jars",
    "pyFiles",
    "resources",
    "queueSettings",
    "componentId",
    "notificationSetting",
    "secretsConfiguration",
)


def spark_type(execution: Execution) -> JobType:
    """The row for Spark jobs."""
    return JobType(
        name="Spark",
        schema=SPARK_JOB,
        check=partial(check_spark_job, execution),
        complete=complete,
        run=partial(SparkRun, execution),
        job_view=JobView(ABSENT, lambda definition, parameters: {}, lambda definition: {}),
        run_view=RunView("azureml.scriptrun", STEP, run_properties, target, LOG),
        default_output=True,
        end_leftovers=execution.end_leftovers,
    )


def run_properties(job: Job) -> dict[str, str]:
    """What is added to the properties of the run."""
    return {"azureml.runsource": STEP, "azureml.pipelinerunid": job.parent or ""} if job.node else {}


def target(definition: Properties) -> str:
    """The name of the compute; ``serverless`` where there are resources alone."""
    return str(definition.get("computeId") or "serverless").rpartition("/")[2]


def check_spark_job(execution: Execution, engine: Engine, properties: Properties, depth: int) -> Properties:
    """The properties with their references in the service's spelling.

    :raises ServiceError: 400 ``UserError`` for what does not exist or does not fit, 501 for a class as entry.
    """
    if properties["entry"]["sparkJobEntryType"] != "SparkJobPythonEntry" or not properties["entry"].get("file"):
        raise not_emulated("entry: Spark jobs whose entry is a class are not emulated")
    args = properties.get("args") or ""
    unknown = unknown_bindings(args, properties.get("inputs") or {}, properties.get("outputs") or {})
    if unknown:
        message = f"The arguments name {', '.join(unknown)}, which the job does not have."
        raise invalid_field("args", message, "BindingNotFound")
    check_compute(execution.settings, execution.computes, properties)
    check_reference(execution.resolver, "codeId", properties["codeId"], "codes")
    check_inputs(execution.resolver, properties)
    if properties.get("environmentId"):
        return {**properties, "environmentId": environment_id(execution.resolver, properties["environmentId"])}
    return properties


def complete(definition: Properties) -> Properties:
    """The definition with its defaults."""
    definition.setdefault("environmentVariables", {})
    definition.setdefault("conf", {})
    definition["inputs"] = {key: completed_input(value) for key, value in (definition.get("inputs") or {}).items()}
    outputs = definition.get("outputs") or {}
    definition["outputs"] = {key: {"mode": "Direct", **value} for key, value in outputs.items()}
    return definition


class SparkRun(CommandRun):
    """One Spark job while it runs."""

    @property
    def _definition(self) -> Properties:
        return as_command(self._job.definition)


def as_command(definition: Properties) -> Properties:
    """The command that a Spark job is here. Data whose address Spark would be given is a copy, or the place itself."""
    more = {option: definition.get(key) or [] for option, key in LISTS.items()}
    words = [
        f"--entry={shlex.quote(definition['entry']['file'])}",
        f"--conf={shlex.quote(json.dumps(definition['conf']))}",
        f"--more={shlex.quote(json.dumps(more))}",
    ]
    return {
        **definition,
        "command": f"exec python {shlex.quote(str(SUBMIT))} {' '.join(words)} -- {definition.get('args') or ''}",
        "environmentId": definition.get("environmentId") or RUNTIME,
        "resources": {"instanceCount": 1},
        "inputs": {name: with_mode(row, "ReadOnlyMount") for name, row in definition["inputs"].items()},
        "outputs": {name: with_mode(row, "ReadWriteMount") for name, row in definition["outputs"].items()},
    }


def with_mode(row: Properties, mode: str) -> Properties:
    """Data in another mode where its own is an address."""
    return {**row, "mode": mode} if row.get("mode") == "Direct" else row
