"""The job type ``Sweep``: what is checked of such a job, its defaults, how it shows, and what chooses its values."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import partial
from typing import Any

from azureml_emulator.core.errors import ServiceError, invalid_field, not_emulated
from azureml_emulator.jobs.definitions import Properties
from azureml_emulator.jobs.engine import Engine, JobType
from azureml_emulator.jobs.views import JobView, RunView
from azureml_emulator.sweeps.bayesian import Bayesian, is_installed
from azureml_emulator.sweeps.sampling import Drawn, Grid, Sampler, random_points, size_of, sobol_points
from azureml_emulator.sweeps.schemas import SWEEP_JOB
from azureml_emulator.sweeps.sweep_run import LOG, Reported, SweepRun
from azureml_emulator.sweeps.trials import is_conditional, space_of, trial_job, unknown_parameters

RUN = "hyperdrive"
"""The ``runType`` of a sweep. Source: azureml-train-core, ``HyperDriveRun.RUN_TYPE``; that of a step is unproven."""

ABSENT = (
    "description",
    "componentId",
    "computeId",
    "earlyTermination",
    "limits",
    "notificationSetting",
    "queueSettings",
)

TAKES = {"Grid": ("choice",), "Bayesian": ("choice", "uniform", "quniform")}
"""The distributions that an algorithm takes, if not all. Source: Microsoft's *Hyperparameter tuning a model*."""

OF_TRIAL = ("command", "codeId", "environmentId")


def sweep_type(reported: Reported) -> JobType:
    """The row for sweep jobs.

    Whether the service shows a sweep's artifacts among its outputs is unknown; here it does not. Where it does,
    azure-ai-ml 1.35.2 downloads those of all trials with them, whose folders' names begin with that of the sweep's.

    :param reported: what a job has logged of a metric.
    """
    return JobType(
        name="Sweep",
        schema=SWEEP_JOB,
        check=check_sweep,
        complete=complete,
        run=partial(SweepRun, sampler_for, reported),
        job_view=JobView(ABSENT, lambda definition, parameters: {}, system_properties),
        run_view=RunView(RUN, RUN, lambda job: system_properties(job.definition), target, LOG),
    )


def target(definition: Properties) -> str:
    """The name of the compute of a sweep's trials."""
    return str(definition.get("computeId") or "serverless").rpartition("/")[2]


def sampler_for(definition: Mapping[str, Any]) -> Sampler:
    """What chooses the values of a sweep's trials."""
    algorithm, space = definition["samplingAlgorithm"], space_of(definition)
    if algorithm["samplingAlgorithmType"] == "Grid":
        return Grid(space)
    if algorithm["samplingAlgorithmType"] == "Bayesian":
        return Bayesian(space, definition["objective"]["goal"])
    points = sobol_points if algorithm.get("rule") == "Sobol" else random_points
    return Drawn(space, points(len(space), algorithm.get("seed")))


def check_sweep(engine: Engine, properties: Properties, depth: int) -> Properties:
    """The properties of a sweep with the references of its trial in the service's spelling.

    :raises ServiceError: 400 for what does not fit or does not exist, 501 for what is not emulated.
    """
    space, algorithm = space_of(properties), properties["samplingAlgorithm"]["samplingAlgorithmType"]
    for name, distribution in space.items():
        accepted = TAKES.get(algorithm)
        if accepted and distribution.kind not in accepted:
            message = f"{algorithm} sampling takes {', '.join(accepted)}, not {distribution.kind}."
            raise invalid_field(f"searchSpace.{name}", message, "UnsupportedDistribution")
        if is_conditional(distribution):
            raise not_emulated(f"searchSpace.{name}: distributions inside of a choice: not emulated")
    if algorithm == "Bayesian" and not is_installed():
        extra = "pip install 'airflow-provider-azureml[emulator,emulator-sweep]'"
        raise not_emulated(f"samplingAlgorithm: Bayesian sampling without Optuna ({extra}): not emulated")
    unknown = unknown_parameters(properties["trial"]["command"], space)
    if unknown:
        message = f"The command names {', '.join(unknown)}, which the search space does not have."
        raise invalid_field("trial.command", message, "BindingNotFound")
    example = {name: distribution.at(0.5) for name, distribution in space.items()}
    try:
        checked = engine.check(trial_job(properties, example), depth)
    except ServiceError as error:
        raise of_trial(error) from None
    return {**properties, "trial": {**properties["trial"], "environmentId": checked["environmentId"]}}


def of_trial(error: ServiceError) -> ServiceError:
    """A refusal of a trial, which names the field of the sweep."""
    field = error.parameters.get("field", "").partition(".")[0]
    if field in OF_TRIAL:
        error.message = f"trial.{error.message}"
        error.parameters = {**error.parameters, "field": f"trial.{error.parameters['field']}"}
    return error


def complete(definition: Properties) -> Properties:
    """The definition with the defaults of sweeps: the modes of data stay open, as the trials have them. Unproven."""
    return {**{key: {} for key in ("inputs", "outputs")}, **definition}


def system_properties(definition: Properties) -> dict[str, str]:
    """The properties that the service gives a sweep. Source: public records of ``get_details()``."""
    objective, size = definition["objective"], size_of(space_of(definition))
    metric = {"name": objective["primaryMetric"], "goal": objective["goal"].lower()}
    return {
        "primary_metric_config": json.dumps(metric, separators=(",", ":")),
        "resume_from": "null",
        "runTemplate": "HyperDrive",
        "azureml.runsource": RUN,
        "platform": "AML",
        **({"space_size": str(size)} if size is not None else {}),
    }
