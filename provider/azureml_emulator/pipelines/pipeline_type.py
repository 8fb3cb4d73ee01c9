"""The job type ``Pipeline``: what is checked of such a job, its defaults, and how it shows."""

from __future__ import annotations

from functools import partial

from azureml_emulator.assets.backend import Assets
from azureml_emulator.assets.references import Resolver
from azureml_emulator.core.errors import ServiceError, invalid_field
from azureml_emulator.jobs.checks import check_inputs
from azureml_emulator.jobs.definitions import Properties
from azureml_emulator.jobs.engine import Engine, JobType
from azureml_emulator.jobs.views import JobView, RunView
from azureml_emulator.pipelines.control_nodes import planned
from azureml_emulator.pipelines.graph import CONTROL
from azureml_emulator.pipelines.pipeline_run import EXECUTION_LOG, PipelineRun
from azureml_emulator.pipelines.plans import APART, Plan, default_datastore, located, read_plan
from azureml_emulator.pipelines.schemas import PIPELINE_JOB
from azureml_emulator.storage.blobs.models import BlobStore

DEEPEST = 10
"""How deep pipelines may lie in each other; the service's own limit is unproven."""

RUN = "azureml.PipelineRun"
"""The ``runType`` of a pipeline. That of a pipeline inside of another is unproven."""

ABSENT = (
    "description",
    "computeId",
    "componentId",
    "notificationSetting",
    "secretsConfiguration",
    "sourceJobId",
)


def pipeline_type(assets: Assets, blobs: BlobStore, container: str) -> JobType:
    """The row for pipeline jobs.

    :param container: the container of the default datastore.
    """
    resolver = assets.resolver
    return JobType(
        name="Pipeline",
        schema=PIPELINE_JOB,
        check=partial(check_pipeline, resolver),
        complete=complete,
        run=partial(PipelineRun, assets, blobs, container),
        job_view=JobView(ABSENT, lambda definition, parameters: {}, system_properties),
        run_view=RunView(RUN, RUN, lambda job: system_properties(job.definition), target, EXECUTION_LOG),
        needs_user_token=True,
    )


def target(definition: Properties) -> str:
    """The name of the compute that a pipeline's nodes run on unless they name another."""
    settings = definition.get("settings") or {}
    return str(settings.get("default_compute") or "").rpartition("/")[2].removeprefix("azureml:")


def check_pipeline(resolver: Resolver, engine: Engine, properties: Properties, depth: int) -> Properties:
    """Every node of a pipeline, and of the pipelines inside of it, would make a job that can run.

    :raises ServiceError: 400 for what does not fit or does not exist, 501 for what is not emulated.
    """
    if depth > DEEPEST:
        raise invalid_field("componentId", f"Pipelines lie more than {DEEPEST} deep in each other.", "PipelineTooDeep")
    check_inputs(resolver, properties)
    datastore = default_datastore(properties)
    if resolver.datastore(datastore) is None:
        message = f"The datastore {datastore!r} was not found in the workspace."
        raise invalid_field("settings.default_datastore", message, "DatastoreNotFound")
    plan = read_plan(resolver, properties)
    check_apart(plan, properties)
    for name, given in planned(plan):
        job = plan.job(name, plan.declared, given)
        try:
            engine.check(job, depth + 1)
        except ServiceError as error:
            raise located(error, f"jobs.{name}") from None
    return properties


def check_apart(plan: Plan, properties: Properties) -> None:
    """The nodes that run before and after all others exist, are two, and exchange no data with others.

    Source: azure-ai-ml 1.35.2 ``PipelineJob._validate_init_finalize_job``, whose words these are.

    :raises ServiceError: 400 where they do not.
    """
    settings, graph = properties.get("settings") or {}, plan.graph
    named = {side: settings[side] for side in APART if settings.get(side)}
    for side, name in named.items():
        word = side.capitalize()
        if properties.get("componentId"):
            raise refused(side, f"{word} is not supported for pipeline component.")
        if name not in graph.nodes:
            raise refused(side, f"{word} job name {name} not exists in jobs.")
        if graph.nodes[name]["type"] in CONTROL or name in graph.bodies or name in graph.gates:
            raise refused(side, f"{word} job should not be a control flow node.")
        if graph.needs[name] or any(name in needs for needs in graph.needs.values()):
            raise refused(side, f"{word} job should not have connection to other execution node.")
    if len(named) > len(set(named.values())):
        raise refused("on_init", f"Invalid on_init job {named['on_init']}, it should be different from on_finalize.")
    if named and not set(graph.nodes) - set(named.values()):
        raise invalid_field("jobs", "No other job except for on_init/on_finalize job.", "InvalidValue")


def refused(side: str, message: str) -> ServiceError:
    """A 400 for a setting."""
    return invalid_field(f"settings.{side}", message, "InvalidValue")


def complete(definition: Properties) -> Properties:
    """The definition with the defaults of pipelines. Source: recorded answers to GET of pipeline jobs; that the modes
    of a pipeline's data stay open is unproven."""
    return {**{key: {} for key in ("inputs", "outputs", "jobs", "settings")}, **definition}


def system_properties(definition: Properties) -> dict[str, str]:
    """The properties that the service gives a pipeline. Source: recorded answers to Jobs - Get."""
    settings, compute = definition.get("settings") or {}, target(definition)
    return {
        "azureml.runsource": RUN,
        "runSource": "MFE",
        "runType": "HTTP",
        "azureml.parameters": "{}",
        "azureml.continue_on_step_failure": str(bool(settings.get("continue_on_step_failure"))),
        "azureml.continue_on_failed_optional_input": "True",
        **({"azureml.defaultComputeName": compute} if compute else {}),
        "azureml.defaultDataStoreName": "workspaceblobstore",
        "azureml.enforceRerun": str(bool(settings.get("force_rerun"))),
        "azureml.pipelineComponent": "pipelinerun",
    }
