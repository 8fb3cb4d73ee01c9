"""The submission of a translated job: its requirements are met, then it is created under a name.

Tasks go it under names of their own, which ``lifecycle.resume`` chooses, the hook under a name that its caller gives.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING

from airflow_azureml.lifecycle.computes.named import uses
from airflow_azureml.lifecycle.computes.readiness import check_computes
from airflow_azureml.lifecycle.missing_references import REFUSALS, explain
from airflow_azureml.lifecycle.needs.fulfilment import Fulfilment
from airflow_azureml.lifecycle.needs.precedents import month_of, precedents
from airflow_azureml.lifecycle.news import Submitting
from airflow_azureml.rest import error_payloads, failures, jobs
from airflow_azureml.rest.errors import (
    BadRequestError,
    ConflictError,
    NoCapacityError,
    Problem,
    ServiceError,
    SpecError,
    TransientError,
)
from airflow_azureml.rest.flow import Flow, Json, News, Pause, Steps
from airflow_azureml.rest.ids import Workspace
from airflow_azureml.rest.jobs import Job, PutJob

if TYPE_CHECKING:
    from airflow_azureml.jobspec.document.requirements import Translation

PAUSES = (1.0, 2.0, 4.0, 8.0, 16.0)
"""Seconds between the tries to submit a task's job; what still fails then is left to the task's own retries."""

NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_-]{0,254}")
"""A job's name. Source: azure-ai-ml 1.26, ``jobs.build_create_or_update_request``; the service answers another with an
error of its own (Azure/azureml-previews#36)."""


QUOTED_NAME = re.compile(r"'[^'\s]*'")
"""A name that a message repeats, such as that of a compute."""


@dataclass(frozen=True)
class Prepared:
    """A request that is ready to be sent.

    :param body: ``{"properties": {...}}``; a task's tags are added to it.
    :param user_token: the request needs the caller's own token beside the bearer token.
    :param api_version: the only version that models what the body uses, or None for the connection's.
    :param tags: what the job's tags say of the request beside whose job it is.
    :param follows: what an earlier job had was taken to be there, and not looked at.
    """

    body: Mapping[str, Json] = field(repr=False)
    user_token: bool = False
    api_version: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    follows: bool = False


@dataclass(frozen=True)
class Attempt:
    """A job that is about to be put.

    :param number: among the jobs of one generation of a task, from 1.
    :param tags: say whose job it is; without any, a job that has the name already is somebody else's.
    """

    name: str
    number: int = 1
    tags: Mapping[str, str] = field(default_factory=dict)


def submit(
    ws: Workspace,
    name: str,
    translation: Translation,
    began: datetime | None = None,
    *,
    change: Callable[[Prepared], Flow[Prepared]] | None = None,
) -> Steps[Job]:
    """Submit a translated job under a given name; a PUT that got no answer is followed by a look.

    :param began: as for ``prepare``.
    :param change: makes another request of the one that is ready.
    :raises SpecError: the name is none that a job may have.
    """
    if not isinstance(name, str) or not NAME.fullmatch(name):
        accepted = "up to 255 letters, digits, - and _, a letter or digit first"
        raise SpecError([Problem("name", f"{name!r} is not a valid job name. Accepted: {accepted}.")])
    trusting = True
    while True:
        follows = False
        try:
            prepared = yield from prepare(ws, translation, began, trusting=trusting)
            follows = prepared.follows
            if change is not None:
                prepared = yield from change(prepared)
            return (yield from put(ws, Attempt(name), prepared, lambda: jobs.find(ws, name), pauses=())).job
        except REFUSALS as error:
            if not follows:
                raise (yield from explain(ws, translation.body, error)) from None
            trusting = False


def prepare(
    ws: Workspace, translation: Translation, began: datetime | None = None, *, trusting: bool = True, beside: int = 0
) -> Steps[Prepared]:
    """Look at the computes of a translated job, upload and register what it needs, and fill in its body.

    :param began: when this submission began, or the DAG run that it is for; None: no earlier job is asked for.
    :param trusting: what an earlier job with the same needs had is there still.
    :param beside: further requests that the submission costs.
    :raises UnfitComputeError: a compute does not exist, or cannot run the job.
    :raises SpecError: a datastore that cannot take uploads.
    """
    named = tuple(uses(ws, translation.body["properties"]))
    yield from check_computes(ws, named)
    # All of them are looked at by one request.
    earlier = precedents(translation.body, month_of(began), beside + min(1, len(named))) if began else None
    needs, follows = Fulfilment(ws), False
    if earlier is not None and trusting:
        for label in earlier.labels:
            yield from needs.answer(label)
        known = yield from earlier.find(ws, needs.answers)
        needs.answers.update(known)
        follows = bool(known)
    body: Mapping[str, Json] = yield from needs.fill(translation.body)
    if earlier is not None:
        body = _tagged(body, earlier.tags(needs.answers))
    return Prepared(body, translation.user_token, translation.api_version, follows=follows)


def put(
    ws: Workspace,
    attempt: Attempt,
    prepared: Prepared,
    find: Callable[[], Flow[Job | None]],
    *,
    pauses: Iterable[float] = PAUSES,
) -> Steps[PutJob]:
    """Put the job; after an answer that is not clear, look before anything else.

    :param find: reads the job of this attempt, None where there is none.
    :param pauses: seconds before each further try.
    :return: the job. It counts as new also where it is there after an answer that was not clear.
    :raises ConflictError: the name is taken.
    :raises NoCapacityError: it was refused for want of quota or nodes.
    :raises TransientError: there was no clear answer to the very end.
    """
    call = jobs.create(
        ws,
        attempt.name,
        _tagged(prepared.body, attempt.tags),
        user_token=prepared.user_token,
        api_version=prepared.api_version,
    )
    left = iter(pauses)
    unclear = False
    while True:
        yield News(Submitting(attempt.name, attempt.number))
        try:
            answer = yield from call
            return replace(answer, is_new=answer.is_new or unclear)
        except BadRequestError as error:
            if _lacks_capacity(error):
                raise NoCapacityError(attempt.name, error) from None
            raise
        except (ConflictError, TransientError) as error:
            failure = error
        if isinstance(failure, ConflictError) and not attempt.tags:
            raise failure from None
        unclear = unclear or not isinstance(failure, ConflictError)
        job = yield from _find_after(failure, find, left)
        if job is not None:
            return PutJob(job, unclear)
        if isinstance(failure, ConflictError):
            raise failure from None
        yield from back_off(failure, left)


def _lacks_capacity(refusal: BadRequestError) -> bool:
    """Whether a request was refused for want of quota or nodes, and not for what is wrong with it.

    That submissions are refused so: https://learn.microsoft.com/azure/machine-learning/how-to-use-serverless-compute.
    In which words is documented nowhere; ``rest.failures`` has those of jobs. Names that the service quotes are left
    out.
    """
    said = error_payloads.from_reply(refusal.reply)
    return failures.kind(said.codes, QUOTED_NAME.sub("", said.message)) == "capacity"


def _find_after(
    failure: ServiceError | TransientError, find: Callable[[], Flow[Job | None]], pauses: Iterator[float]
) -> Steps[Job | None]:
    """Look whether a PUT that failed has made the job all the same, for as long as there are pauses left."""
    while True:
        try:
            return (yield from find())
        except TransientError as error:
            yield from back_off(error if isinstance(failure, ConflictError) else failure, pauses)


def back_off(failure: ServiceError | TransientError, pauses: Iterator[float]) -> Steps[None]:
    """Pause before the next request, as long as the service asks and at least as long as the next pause.

    :raises TransientError: no pause is left; the failure itself.
    """
    seconds = next(pauses, None)
    if seconds is None:
        raise failure from None
    yield Pause(max(seconds, failure.retry_after or 0.0))


def _tagged(body: Mapping[str, Json], tags: Mapping[str, str]) -> Mapping[str, Json]:
    """The body with tags of ours, which no tag of the user's can replace."""
    if not tags:
        return body
    properties = body.get("properties") or {}
    return {**body, "properties": {**properties, "tags": {**(properties.get("tags") or {}), **tags}}}
