"""What the hook's methods ask the service: flows that submit by name and find an output's place."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from airflow_azureml.lifecycle.fulfilment import provide
from airflow_azureml.lifecycle.missing_references import explained
from airflow_azureml.rest import jobs
from airflow_azureml.rest.errors import NotFoundError, Problem, SpecError, TransientError
from airflow_azureml.rest.flow import Steps
from airflow_azureml.rest.ids import Workspace

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
