"""Jobs: get, create, begin to cancel, list.

Sources: https://learn.microsoft.com/rest/api/azureml/jobs; recorded answers of the service.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from airflow_azureml.rest import times
from airflow_azureml.rest.errors import NotFoundError
from airflow_azureml.rest.flow import Call, Json, Reply, Steps
from airflow_azureml.rest.ids import Workspace, data_kind, segment
from airflow_azureml.rest.json_values import get_any_case, get_text
from airflow_azureml.rest.links import collect
from airflow_azureml.rest.status import Phase, is_being_canceled, phase


@dataclass(frozen=True)
class JobOutput:
    """One output as the job resource shows it.

    :param kind: ``uri_folder`` or another data type, in snake case.
    :param uri: where the data is; None where the job names no place for it (the service never fills it in for
        a pipeline).
    :param asset_name: the asset that the output is registered as, or None.
    """

    kind: str
    uri: str | None = None
    asset_name: str | None = None
    asset_version: str | None = None

    @classmethod
    def from_json(cls, value: Json) -> JobOutput:
        """Read one entry of ``properties.outputs``."""
        kind = get_any_case(value, "jobOutputType")
        return cls(
            data_kind(kind) if isinstance(kind, str) else "uri_folder",
            get_text(value, "uri"),
            get_text(value, "assetName"),
            get_text(value, "assetVersion"),
        )


@dataclass(frozen=True)
class Job:
    """A job as the service shows it; unknown and missing fields do no harm.

    :param kind: ``Command``, ``Pipeline``, ``Sweep`` ...
    :param studio_url: the service's own link, without a tenant; None when it gives none.
    :param ended_at: when it ended, where run history has told; a job's own resource does not say.
    :param queue_message: why it is queued, where that is known without asking run history: empty for no reason given.
    :param raw: the whole answer.
    """

    name: str
    status: str
    kind: str | None = None
    experiment_name: str | None = None
    display_name: str | None = None
    studio_url: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    properties: Mapping[str, str] = field(default_factory=dict)
    outputs: Mapping[str, JobOutput] = field(default_factory=dict)
    created_at: datetime | None = None
    ended_at: datetime | None = None
    compute_id: str | None = None
    queue_message: str | None = None
    raw: Mapping[str, Json] = field(default_factory=dict, repr=False, compare=False)

    @property
    def phase(self) -> Phase:
        """What the status means."""
        return phase(self.status)

    @property
    def is_being_canceled(self) -> bool:
        """Still active, but on its way to ``Canceled``."""
        return is_being_canceled(self.status)

    @classmethod
    def from_json(cls, value: Json) -> Job:
        """Read a job resource; a pipeline's child comes without ``properties`` and reads as status ``Unknown``."""
        inner = _mapping(get_any_case(value, "properties"))
        studio = get_any_case(inner.get("services"), "Studio", "endpoint")
        return cls(
            name=get_text(value, "name") or (get_text(value, "id") or "").rpartition("/")[2],
            status=get_text(inner.get("status")) or "Unknown",
            kind=get_text(inner.get("jobType")),
            experiment_name=get_text(inner.get("experimentName")),
            display_name=get_text(inner.get("displayName")),
            studio_url=get_text(studio),
            tags=_words(inner.get("tags")),
            properties=_words(inner.get("properties")),
            outputs={
                name: JobOutput.from_json(output)
                for name, output in _mapping(inner.get("outputs")).items()
                if isinstance(output, Mapping)
            },
            created_at=times.parse_optional(get_any_case(value, "systemData", "createdAt")),
            compute_id=get_text(inner.get("computeId")),
            raw=_mapping(value),
        )

    @classmethod
    def from_reply(cls, reply: Reply) -> Job:
        """Read the answer to a call that gives one job back."""
        return cls.from_json(reply.json())


@dataclass(frozen=True)
class PutJob:
    """The answer to the PUT of a job.

    :param is_new: the job was made just now; else an equal one was there.
    """

    job: Job
    is_new: bool


def get(ws: Workspace, name: str) -> Call[Job]:
    """Read a job. Source: https://learn.microsoft.com/rest/api/azureml/jobs/get"""
    return Call("GET", f"{ws.path}/jobs/{segment(name)}", lambda reply: _named(name, reply))


ELSEWHERE = frozenset(
    {
        "ResourceNotFound",
        "ParentResourceNotFound",
        "ResourceGroupNotFound",
        "SubscriptionNotFound",
        "InvalidSubscriptionId",
    }
)
"""Codes of a 404 for the workspace or what it lies in, not for the job (general ARM behaviour)."""


def find(ws: Workspace, name: str) -> Steps[Job | None]:
    """Read a job, or None when there is none of that name. Source: https://learn.microsoft.com/rest/api/azureml/jobs/get

    :raises NotFoundError: the workspace itself is not there.
    """
    try:
        return (yield from get(ws, name))
    except NotFoundError as error:
        if error.code in ELSEWHERE:
            raise
        return None


def create(
    ws: Workspace, name: str, body: Json, *, user_token: bool = False, api_version: str | None = None
) -> Call[PutJob]:
    """Submit a job: answers 201, or 200 where an equal job was there, which goes on as it was.

    Sources: https://learn.microsoft.com/rest/api/azureml/jobs/create-or-update; a recording of azure-ai-ml,
    ``test_command_job_local``, for the second PUT.

    Never repeated by the pipeline: a second PUT of a body that the service has normalised in the meantime is refused
    ("A job with this name already exists"), so look for the job first.

    :param body: ``{"properties": {...}}``.
    :param user_token: pipelines and jobs with user identity need the caller's own token beside the bearer token.
    :param api_version: the only version that models what the body uses; None for the connection's.
    """
    return Call(
        "PUT",
        f"{ws.path}/jobs/{segment(name)}",
        lambda reply: PutJob(_named(name, reply), reply.status == 201),
        query={"api-version": api_version} if api_version else {},
        body=body,
        user_token=user_token,
        repeatable=False,
        ok=(200, 201),
    )


def begin_cancel(ws: Workspace, name: str) -> Call[None]:
    """Ask for the end of a job; it is over when its status says so.

    The operation that a 202 points to ends before the job is ``Canceled`` (recorded answers), so it is not followed.
    Cancelling twice does no harm.

    Source: https://learn.microsoft.com/rest/api/azureml/jobs/cancel
    """
    return Call("POST", f"{ws.path}/jobs/{segment(name)}/cancel", _nothing, repeatable=True)


def list(
    ws: Workspace, *, tag: str | None = None, kind: str | None = None, view: str = "ActiveOnly"
) -> Steps[tuple[Job, ...]]:
    """List jobs, newest state up to half a minute late. Source: https://learn.microsoft.com/rest/api/azureml/jobs/list

    :param tag: only jobs that carry this tag key.
    :param kind: only jobs of this type, such as ``Command``.
    :param view: ``ActiveOnly``, ``ArchivedOnly`` or ``All``.
    """
    query = {"listViewType": view}
    if tag is not None:
        query["tag"] = tag
    if kind is not None:
        query["jobType"] = kind
    rows = yield from collect(Call("GET", f"{ws.path}/jobs", Reply.json, query=query))
    return tuple(Job.from_json(row) for row in rows)


def first_page(ws: Workspace, tag: str) -> Call[tuple[Job, ...]]:
    """Jobs that carry a tag key, as many as the service puts on one page, in its order; half a minute late.

    Source: https://learn.microsoft.com/rest/api/azureml/jobs/list
    """

    def parse(reply: Reply) -> tuple[Job, ...]:
        rows = get_any_case(reply.json(), "value")
        return tuple(Job.from_json(row) for row in rows) if isinstance(rows, Sequence) else ()

    return Call("GET", f"{ws.path}/jobs", parse, query={"listViewType": "ActiveOnly", "tag": tag})


def _named(name: str, reply: Reply) -> Job:
    """Read the answer about the job of a name, which the job has whatever the answer says."""
    job = Job.from_reply(reply)
    return job if job.name.lower() == name.lower() else replace(job, name=name)


def _nothing(reply: Reply) -> None:
    """Read nothing from an answer whose status says it all."""


def _mapping(value: Json) -> Mapping[str, Json]:
    return value if isinstance(value, Mapping) else {}


def _words(value: Json) -> Mapping[str, str]:
    return {key: str(item) for key, item in _mapping(value).items() if item is not None}
