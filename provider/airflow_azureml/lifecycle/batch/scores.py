"""Where a batch deployment of a model has put its scores: the predictions file where there is one, else its folder.

Such a job is a pipeline with one child, and the scores are the child's output ``score`` (azure-ai-ml 1.35.2,
``_get_batch_job_scoring_output_uri``). Rows are appended to one file in it, or only summarised, as the deployment says.
"""

from __future__ import annotations

import json
from dataclasses import replace

from airflow_azureml.lifecycle.batch.job_search import BATCH_TAG, DEPLOYMENT_TAG
from airflow_azureml.lifecycle.outputs import Outputs
from airflow_azureml.lifecycle.records import OutputRecord
from airflow_azureml.rest import endpoints, history, workspace
from airflow_azureml.rest.errors import AzureMLError, NotFoundError, ServiceError, TransientError
from airflow_azureml.rest.flow import Call, Plane, Steps
from airflow_azureml.rest.history import Run
from airflow_azureml.rest.ids import DatastorePath, Workspace, parse_datastore_path
from airflow_azureml.rest.jobs import Job, JobOutput
from airflow_azureml.rest.json_values import get_any_case

SCORE = "score"
KIND_TAG = "azureml.jobtype"
PIPELINE = "azureml.pipelinejob"
PARAMETERS = "azureml.parameters"
"""The property with what a batch job runs with, as JSON text (recorded answers of invocations)."""


def scores_a_model(job: Job) -> bool:
    """Whether a job is one of a model deployment; services until 2023 do not report the kind (recorded answers)."""
    return job.tags.get(BATCH_TAG, "").lower() == "true" and job.tags.get(KIND_TAG) != PIPELINE


def read(ws: Workspace, job: Job, children: tuple[Run, ...] | None = None) -> Steps[OutputRecord | None]:
    """Find the scores of a job of a model deployment; None where it has left none.

    :param children: the job's, where they were read already.

    :raises TransientError: they could not be looked up for now.
    """
    child = yield from _child(ws, job, children)
    if child is None:
        return None
    alone = replace(child, outputs={name: output for name, output in child.outputs.items() if name == SCORE})
    outputs = Outputs(ws, replace(job, name=child.id, kind="Command", outputs={SCORE: _declared(child)}), alone)
    record = (yield from outputs.read()).get(SCORE)
    if record is None or record.type != "uri_folder":
        return record
    file = yield from _file_name(ws, job)
    place = parse_datastore_path(record.path)
    if file is None or place is None:
        return record
    inside = DatastorePath(place.datastore, f"{place.path}{file}", place.workspace)
    if (yield from _is_missing(ws, outputs, inside)):
        return record
    return (yield from outputs.record(SCORE, JobOutput("uri_file"), inside.long(ws)))


def _declared(child: Run) -> JobOutput:
    output = child.outputs.get(SCORE)
    return JobOutput(output.kind if output is not None else "uri_folder")


def _child(ws: Workspace, job: Job, children: tuple[Run, ...] | None) -> Steps[Run | None]:
    """Read the child that scores, with its outputs: the first that has the output, else the only one there is."""
    try:
        if children is None:
            children = yield from history.children(ws, job.name)
        first: Run | None = None
        for child in children:
            run = yield from history.run_data(ws, child.id)
            if SCORE in run.outputs:
                return run
            first = first or run
    except TransientError:
        raise
    except ServiceError:
        return None
    # Old services do not distinguish a pipeline's job from a model's; several children are a pipeline's.
    return first if len(children) == 1 and KIND_TAG in job.tags else None


def _file_name(ws: Workspace, job: Job) -> Steps[str | None]:
    """The file that rows are appended to; None where they are only summarised, or the service does not say.

    What the job runs with goes before what the deployment says, for an invocation may change it.
    """
    try:
        parameters = json.loads(job.properties.get(PARAMETERS, ""))
    except ValueError:
        parameters = None
    file_name = get_any_case(parameters, "append_row_file_name")
    if isinstance(file_name, str) and file_name:
        return file_name
    deployment = job.tags.get(DEPLOYMENT_TAG)
    if parameters is not None or not deployment or not job.experiment_name:
        return None
    try:
        # The experiment of a model deployment's jobs is the endpoint's name.
        resource = yield from endpoints.deployment(ws, job.experiment_name, deployment)
    except TransientError:
        raise
    except ServiceError:
        return None
    return resource.output_file_name if (resource.output_action or "").lower() == "appendrow" else None


def _is_missing(ws: Workspace, outputs: Outputs, place: DatastorePath) -> Steps[bool]:
    """Whether a file is certainly not there, where its datastore lets us look."""
    try:
        store = yield from outputs.datastore(place)
        address = store.address(place.path) if store is not None else None
        if store is None or address is None or store.credentials == "None":
            return False
        sas = (yield from workspace.secret(place.workspace or ws, store.name)).sas
        if sas:
            yield Call("HEAD", f"{address.https_url}?{sas}", lambda reply: None, plane=Plane.SIGNED, ok=(200,))
    except NotFoundError:
        return True
    except AzureMLError:
        return False
    return False
