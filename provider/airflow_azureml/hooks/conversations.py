"""What the hook's methods ask the service: flows that submit by name and find an output's place."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from airflow_azureml.lifecycle.missing import explained
from airflow_azureml.lifecycle.provide import provide
from airflow_azureml.lifecycle.result import result
from airflow_azureml.rest import jobs, workspace
from airflow_azureml.rest.errors import NotFoundError, Problem, SpecError, TransientError
from airflow_azureml.rest.flow import LocalFolder, Steps, StorageLocation, Transfer, Transferred
from airflow_azureml.rest.ids import Workspace, parse_datastore_path
from airflow_azureml.rest.storage import parse_https

if TYPE_CHECKING:
    from airflow_azureml.jobspec.document.requirements import Translation


NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_-]{0,254}")
"""A job's name. Source: azure-ai-ml 1.26, ``jobs.build_create_or_update_request``; the service answers another with an
error of its own (Azure/azureml-previews#36)."""


def submit(ws: Workspace, name: str, translation: Translation) -> Steps[jobs.Job]:
    """Provide what a translated job needs and submit it under a name; a PUT that got no answer is looked after.

    :raises SpecError: the name is none that a job may have.
    """
    if not isinstance(name, str) or not NAME.fullmatch(name):
        accepted = "up to 255 letters, digits, - and _, a letter or digit first"
        raise SpecError([Problem("name", f"{name!r} is not a name of a job. Accepted: {accepted}.")])
    return explained(ws, translation.body, _submit(ws, name, translation))


def _submit(ws: Workspace, name: str, translation: Translation) -> Steps[jobs.Job]:
    body = yield from provide(ws, translation)
    sending = jobs.create(ws, name, body, user_token=translation.user_token, api_version=translation.api_version)
    try:
        return (yield from sending)
    except TransientError as error:
        try:
            return (yield from jobs.get(ws, name))
        except NotFoundError:
            raise error from None


def download(ws: Workspace, name: str, output: str, target: LocalFolder) -> Steps[Transferred]:
    """Fetch what a job left in one of its outputs.

    :raises SpecError: the job has no such output, or its data is in a kind of storage that cannot be read here.
    """
    job = yield from jobs.get(ws, name)
    outputs = (yield from result(ws, job)).outputs
    if output not in outputs:
        known = ", ".join(outputs) or "it has none"
        raise SpecError([Problem("output", f"{output!r} is not an output of job {name}. Accepted: {known}.")])
    location = yield from enter(ws, outputs[output].path, outputs[output].https_url)
    moved: Transferred = yield Transfer(location, target)
    return moved


def enter(ws: Workspace, path: str, https_url: str | None) -> Steps[StorageLocation]:
    """Find the means to enter the place that an output's path names.

    :raises SpecError: it is in no blob storage.
    """
    found = parse_datastore_path(path)
    if found is not None:
        home = found.workspace or ws
        store = yield from workspace.datastore(home, found.datastore)
        address = store.address(found.path)
        if address is not None and address.service != "file":
            secret = workspace.Secret()
            if store.credentials != "None":
                secret = yield from workspace.secret(home, store.name)
            return secret.location(address)
    if https_url and parse_https(https_url) is not None:
        return StorageLocation(https_url)
    raise SpecError([Problem("output", f"{path} is in no blob storage; it cannot be downloaded.")])
