"""What the hook does to submit a job that its caller describes and names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from airflow_azureml.hooks.checkout import own_checkout
from airflow_azureml.jobspec.document.load import load
from airflow_azureml.jobspec.translate import translate
from airflow_azureml.lifecycle.repair.request import repairing
from airflow_azureml.lifecycle.submission import submit

if TYPE_CHECKING:
    from datetime import datetime

    from airflow_azureml.jobspec.document.requirements import Translation
    from airflow_azureml.rest.flow import Flow
    from airflow_azureml.rest.ids import Workspace
    from airflow_azureml.rest.jobs import Job


def read_job(
    spec: Any,
    workspace: Workspace,
    log: Any,
    *,
    set: str | Mapping[str, Any] | Sequence[str] | None,
    inputs: Mapping[str, Any] | None,
    outputs: Mapping[str, Any] | None,
) -> Translation:
    """Read a job as it is to be sent.

    :param log: gets the warnings about it.
    :raises rest.errors.SpecError: lists everything that is wrong with it.
    """
    document = load(spec, checkout=own_checkout(), field="spec").merged(inputs=inputs, outputs=outputs)
    document = document if set is None else document.with_values(set)
    translation = translate(document, workspace)
    translation.check_accepted()
    for warning in translation.warnings:
        log.warning("%s", warning)
    return translation


def submission(ws: Workspace, name: str, translation: Translation, repairs: str | None, began: datetime) -> Flow[Job]:
    """Submit a job under a name.

    :param repairs: the job whose finished steps it takes over; None for none.
    :param began: when this submission began.
    """
    change = None if repairs is None else lambda prepared: repairing(ws, prepared, repairs)
    return submit(ws, name, translation, began, change=change)
