"""The download of a job's output: its location in storage, and the credentials for it."""

from __future__ import annotations

from dataclasses import replace

from airflow_azureml.lifecycle.result import result
from airflow_azureml.rest import jobs, workspace
from airflow_azureml.rest.errors import Problem, SpecError, UnfinishedJobError
from airflow_azureml.rest.flow import LocalFolder, Steps, StorageLocation, Transfer, Transferred
from airflow_azureml.rest.ids import Workspace, parse_datastore_path
from airflow_azureml.rest.storage import parse_https

READABLE = ("NotResponding", "Paused")
"""States besides the ends in which outputs may be downloaded. Source: azure-ai-ml 1.35.2,
``operations/_run_history_constants.py`` (``TERMINAL_STATUSES``), which ``JobOperations.download`` goes by."""


def download(ws: Workspace, name: str, output: str, target: LocalFolder) -> Steps[Transferred]:
    """Fetch what a job left in one of its outputs.

    :raises UnfinishedJobError: the job goes on, and what is there is a part at best.
    :raises SpecError: the job has no such output, or its data is in a kind of storage that cannot be read here.
    """
    job = yield from jobs.get(ws, name)
    if not job.phase.is_terminal and job.status not in READABLE:
        raise UnfinishedJobError(
            f'Azure ML job {name} is {job.status}: its output "{output}" is downloaded when it has ended. '
            "AzureMLJobSensor waits for it, as the task that submits it does with wait_for_completion=True."
        )
    outputs = (yield from result(ws, job)).outputs
    if output not in outputs:
        names = ", ".join(outputs) or "none, the job has no outputs"
        raise SpecError([Problem("output", f"{output!r} is not an output of job {name}. Accepted: {names}.")])
    found = outputs[output]
    order = Transfer(StorageLocation(""), target)
    moved: Transferred = yield from workspace.move(
        lambda anew: enter(ws, found.path, found.https_url, anew=anew), lambda location: replace(order, source=location)
    )
    return moved


def enter(ws: Workspace, path: str, https_url: str | None, *, anew: bool = False) -> Steps[StorageLocation]:
    """Find the means to enter the place that an output's path names.

    :param anew: other means than those that were found before.
    :raises SpecError: it is in no blob storage.
    """
    place = parse_datastore_path(path)
    if place is not None:
        home = place.workspace or ws
        store = yield from workspace.datastore(home, place.datastore)
        address = store.address(place.path)
        if address is not None and address.service != "file":
            return (yield from workspace.secret_of(home, store, anew=anew)).location(address)
    if https_url and parse_https(https_url) is not None:
        return StorageLocation(https_url)
    raise SpecError([Problem("output", f"{path} is not in blob storage: it cannot be downloaded.")])
