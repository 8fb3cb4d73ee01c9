"""Views: how a type of job shows, as a job and as a run of run history."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from azureml_emulator.jobs.definitions import Properties
from azureml_emulator.jobs.models import Job
from azureml_emulator.workspace.computes import DEDICATED

MODULE_NAME = "azureml.moduleName"
"""The property of a step's run that names its component.

Source: Microsoft's notebook on scoring with preprocessing in azureml-examples (``sdk/python/endpoints/batch/
deploy-pipelines``), which finds steps by it, and earlier releases of azure-ai-ml, which so find a batch job's scores.
"""


@dataclass(frozen=True)
class JobView:
    """How a type of job shows as a job.

    :param absent: properties that are shown as null when they were not given.
    :param shown: ``shown(definition, parameters)``: properties that are shown beside those of the definition; the
        parameters are those that the job logged with MLflow.
    :param system_properties: ``system_properties(definition)``: what the service adds to the job's own properties.
    """

    absent: tuple[str, ...]
    shown: Callable[[Properties, Mapping[str, str]], Properties]
    system_properties: Callable[[Properties], dict[str, str]]


def dedicated(definition: Properties) -> str:
    """The priority of nodes that nobody asked to be cheap."""
    return DEDICATED


@dataclass(frozen=True)
class RunView:
    """How a type of job shows as a run.

    :param run_type: the ``runType`` of run history.
    :param step_type: the ``runType`` of a step of a pipeline.
    :param system_properties: ``system_properties(job)``: what the service adds to the run's own properties.
    :param target: ``target(definition)``: the name of the compute.
    :param log: the name of the artifact that is the job's main log.
    :param priority: ``priority(definition)``: that of its nodes, ``Dedicated`` or ``LowPriority``.
    """

    run_type: str
    step_type: str
    system_properties: Callable[[Job], dict[str, str]]
    target: Callable[[Properties], str]
    log: str
    priority: Callable[[Properties], str] = dedicated
