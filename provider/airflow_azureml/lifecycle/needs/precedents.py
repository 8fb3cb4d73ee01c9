"""Precedents: an earlier job with the same needs, whose request holds the answers, so that one look finds all of them.

Local data, environments that are written out, and components cost a request and more each, only to hear that all is
there. A job that needs many such things carries a tag whose key is a hash of what they are, and the next one asks for
jobs with that key. Only what is known by its content is answered so; what is behind a label is asked for each time, and
before.

*What is trusted.* The value of the tag is a hash of the answers: a copy of a job that was changed in Studio keeps its
tags, and is none. Where the last such job has failed, maybe for want of what it needed, everything is looked at again;
so it is for a retry, after a refusal, and by the first job of a month.

Sources: https://learn.microsoft.com/rest/api/azureml/jobs/list, whose ``tag`` is the key of a tag, and whose answer
holds whole jobs. Half a minute passes until it knows a job (azure-ai-ml's own tests wait for that).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

from airflow_azureml.jobspec.document.requirements import Address, Placeholder, Register, Requirement, Resolve, Upload
from airflow_azureml.rest import jobs
from airflow_azureml.rest.errors import ServiceError
from airflow_azureml.rest.flow import Steps
from airflow_azureml.rest.ids import Workspace, parse_datastore_path
from airflow_azureml.rest.jobs import Job
from airflow_azureml.rest.json_values import get_any_case
from airflow_azureml.rest.status import Phase

TAG = "airflow_needs_"
"""What the key of the tag begins with; 32 hexadecimal digits follow."""

MOST = 3
"""Requests that a job may cost beside its PUT; one that needs no more has no use for a precedent."""

LONG_AGO = datetime(1970, 1, 1, tzinfo=timezone.utc)

Path = tuple["str | int", ...]
"""Keys and indices that lead to a place in a request."""

Answers = Mapping[Requirement, str]
"""What was answered to what is required, in ids and addresses."""


@dataclass(frozen=True)
class Precedents:
    """The jobs that had the same needs.

    :param month: in which they were submitted.
    :param places: where in the body of the request the answers stand.
    """

    month: str
    places: tuple[tuple[Path, Placeholder], ...]

    @property
    def labels(self) -> tuple[Resolve, ...]:
        """What must be answered first: labels of what goes into something that is registered."""
        every = _closure(one for _, one in self.places)
        return tuple(sorted((one for one in every if isinstance(one, Resolve)), key=lambda one: (one.kind, one.name)))

    def find(self, ws: Workspace, labels: Answers) -> Steps[Answers]:
        """The answers that the last such job had; empty where there is none, or it has failed.

        A service that does not list jobs is no obstacle.

        :param labels: the answers to ``labels``.
        """
        tag = self._tag(labels)
        try:
            found = yield from jobs.first_page(ws, tag)
        except ServiceError:
            return {}
        for job in sorted(found, key=lambda job: job.created_at or LONG_AGO, reverse=True):
            answers = self._answers(ws, job)
            if answers is not None and job.tags.get(tag) == self._seal(answers):
                return {} if job.phase is Phase.FAILED else answers
        return {}

    def tags(self, answers: Answers) -> Mapping[str, str]:
        """The tag of a job whose needs were met by these answers."""
        return {self._tag(answers): self._seal(answers)}

    def _tag(self, labels: Answers) -> str:
        return TAG + _hash([self.month, [[path, _meaning(one, labels)] for path, one in self.places]])

    def _answers(self, ws: Workspace, job: Job) -> Answers | None:
        """What a job has in the places; None where it has nothing in one."""
        answers: dict[Requirement, str] = {}
        for path, placeholder in self.places:
            text = _in_short(ws, _at(job.raw, path))
            before, _, after = placeholder.template.rpartition("{}")
            if not (text.startswith(before) and text.endswith(after)):
                return None
            answers[placeholder.requirement] = text[len(before) : len(text) - len(after)]
        return answers

    def _seal(self, answers: Answers) -> str:
        return _hash([answers[placeholder.requirement].lower() for _, placeholder in self.places])


def precedents(body: Any, month: str, beside: int = 0) -> Precedents | None:
    """The jobs that had the same needs as this one; None where a look for them would not pay.

    :param body: of the request, with placeholders.
    :param month: in which they were submitted.
    :param beside: requests that the job costs besides what it needs.
    :raises SpecError: a local file cannot be read.
    """
    every = tuple(_placeholders(body))
    places = tuple((path, one) for path, one in every if _is_settled(one.requirement))
    needed = _closure(one for _, one in every)
    left = _closure(one for _, one in every if not _is_settled(one.requirement))
    saved = {one for one in needed - left if not isinstance(one, Resolve)}
    if _cost(saved) < 2 or beside + _cost(needed) <= MOST:
        return None
    return Precedents(month, places)


def month_of(moment: datetime) -> str:
    """The month of a moment, such as ``2026-11``, in UTC."""
    return f"{moment.astimezone(timezone.utc):%Y-%m}"


def _cost(requirements: Collection[Requirement]) -> int:
    """The requests that it takes to hear that all is there: data also need the place and the secret of their store."""
    uploads = [one for one in requirements if isinstance(one, Upload) and one.kind != "code"]
    return len(requirements) + 2 * len({upload.datastore for upload in uploads})


def _placeholders(value: Any, path: Path = ()) -> Iterator[tuple[Path, Placeholder]]:
    """The placeholders of a body, and where they stand."""
    if isinstance(value, Placeholder):
        yield path, value
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from _placeholders(item, (*path, str(key)))
    elif isinstance(value, (list, tuple)):
        for index, item in enumerate(value):
            yield from _placeholders(item, (*path, index))


def _closure(placeholders: Iterable[Placeholder]) -> frozenset[Requirement]:
    """What is required there, with what that requires itself."""
    found: set[Requirement] = set()
    for placeholder in placeholders:
        requirement = placeholder.requirement
        if requirement not in found:
            found |= {requirement, *_closure(_inner(requirement))}
    return frozenset(found)


def _inner(requirement: Requirement) -> tuple[Placeholder, ...]:
    """What a requirement requires itself."""
    if isinstance(requirement, Address):
        return (Placeholder(requirement.code),)
    if isinstance(requirement, Register):
        return tuple(one for _, one in _placeholders(requirement.body))
    return ()


def _is_settled(requirement: Requirement) -> bool:
    """Whether a requirement is known by its content, that behind labels in it included, and met once for all."""
    if isinstance(requirement, Resolve):
        return False
    if isinstance(requirement, Register) and (requirement.version is not None or requirement.kind == "data"):
        return False
    inner = (one.requirement for one in _inner(requirement))
    return all(isinstance(one, Resolve) or _is_settled(one) for one in inner)


def _meaning(value: Any, labels: Answers) -> Any:
    """A body as JSON in which what is required stands in the place of each placeholder."""
    if isinstance(value, Placeholder):
        return [value.template, _meaning_of(value.requirement, labels)]
    if isinstance(value, Mapping):
        return {str(key): _meaning(item, labels) for key, item in value.items()}
    return [_meaning(item, labels) for item in value] if isinstance(value, (list, tuple)) else value


def _meaning_of(requirement: Requirement, labels: Answers) -> Any:
    if isinstance(requirement, Upload):
        bundle = requirement.bundle
        return [requirement.kind, requirement.digest(), requirement.datastore, bundle.name, bundle.is_folder]
    if isinstance(requirement, Address):
        return ["address", _meaning_of(requirement.code, labels)]
    if isinstance(requirement, Register):
        return [requirement.kind, requirement.name, _meaning(requirement.body, labels)]
    return [requirement.kind, requirement.name, labels[requirement]]


def _hash(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:32]


def _at(value: Any, path: Path) -> str:
    """The text at a place of a job; empty where there is none."""
    for step in path:
        if isinstance(step, str):
            value = get_any_case(value, step)
        else:
            value = value[step] if isinstance(value, list) and step < len(value) else None
    return value if isinstance(value, str) else ""


def _in_short(ws: Workspace, text: str) -> str:
    """A path in a datastore of the workspace in the form in which it is sent; every other text as it is."""
    found = parse_datastore_path(text)
    if found is None or (found.workspace is not None and not found.workspace.same_as(ws)):
        return text
    return found.short
