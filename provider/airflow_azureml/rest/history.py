"""Run history and the asset planes: what a run produced, why it failed, why it waits.

The job's name is the run's id. These routes answer on the workspace's data plane and take ARM tokens (azure-ai-ml
1.35.2 passes the ARM scope to these clients). Microsoft documents none of them: they rest on what its clients send,
each named at its request. Only ``rundata`` shows a run's outputs; ``runs/{id}`` and ``children``
leave them null (recorded answers). ``token`` of a run is a secret and is never kept.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import NamedTuple, TypeVar
from urllib.parse import quote

from airflow_azureml.rest import error_payloads, times
from airflow_azureml.rest.error_payloads import ErrorPayload
from airflow_azureml.rest.flow import Call, Json, Plane, Reply, Steps
from airflow_azureml.rest.ids import Workspace, data_kind
from airflow_azureml.rest.json_values import get_any_case, get_text
from airflow_azureml.rest.links import collect
from airflow_azureml.rest.status import phase

T = TypeVar("T")

API_VERSION = {"api-version": "v1.0"}
PAGE = 500
"""Runs per page, as azureml-core asks for."""

MODEL_KINDS = frozenset({"custom_model", "mlflow_model", "triton_model"})
"""Output types whose place the model plane knows; the data plane knows all others."""


@dataclass(frozen=True)
class RunOutput:
    """An output as run history knows it: the asset that stands for it, and its type in snake case."""

    asset_id: str
    kind: str


@dataclass(frozen=True)
class Run:
    """A run, as far as a client needs it.

    :param error: the reason of a failure; None when the service gives none.
    :param warnings: the service's further remarks.
    :param queue_message: why it is queued, or None.
    :param cancel_reason: why it was canceled, or None.
    :param outputs: filled by ``run_data`` only.
    :param compute: ``target``, ``vmSize``, ``instanceCount``, ``priority`` (azure-ai-ml 1.35.2, model ``Compute``).
    """

    id: str
    status: str = "Unknown"
    kind: str | None = None
    display_name: str | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    error: ErrorPayload | None = None
    warnings: tuple[str, ...] = ()
    queue_message: str | None = None
    cancel_reason: str | None = None
    created_at: datetime | None = None
    parent_id: str | None = None
    container: str | None = None
    properties: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    outputs: Mapping[str, RunOutput] = field(default_factory=dict)
    compute: Json = None

    @classmethod
    def from_json(cls, value: Json) -> Run:
        """Read a run, or the details of one, which name its creation otherwise."""
        error = error_payloads.read(get_any_case(value, "error"))
        return cls(
            id=get_text(value, "runId") or "",
            status=get_text(value, "status") or "Unknown",
            kind=get_text(value, "runType"),
            display_name=get_text(value, "displayName"),
            started_at=times.parse_optional(get_any_case(value, "startTimeUtc")),
            ended_at=times.parse_optional(get_any_case(value, "endTimeUtc")),
            error=error if error.message or error.codes else None,
            warnings=_messages(get_any_case(value, "warnings")),
            queue_message=get_text(value, "queueingInfo", "message"),
            cancel_reason=get_text(value, "cancelationReason"),
            created_at=times.parse_optional(get_text(value, "createdUtc") or get_text(value, "createdTimeUtc")),
            parent_id=get_text(value, "parentRunId"),
            container=get_text(value, "dataContainerId"),
            properties=_words(get_any_case(value, "properties")),
            tags=_words(get_any_case(value, "tags")),
            outputs=_outputs(get_any_case(value, "outputs")),
            compute=get_any_case(value, "compute"),
        )


class RunStatus(NamedTuple):
    """What those who wait for a run need of it: it is read thousands of times a minute."""

    status: str
    created_at: datetime | None = None
    ended_at: datetime | None = None
    queue_message: str | None = None

    @classmethod
    def from_json(cls, value: Json) -> RunStatus:
        """Read a run that has a status; its end and why it is queued only where it has one."""
        status = sys.intern(get_text(value, "status") or "Unknown")  # one text for all who keep it
        ended_at = times.parse_optional(get_any_case(value, "endTimeUtc")) if phase(status).is_terminal else None
        message = get_text(value, "queueingInfo", "message") if status == "Queued" else None
        return cls(status, times.parse_optional(get_any_case(value, "createdUtc")), ended_at, message)


@dataclass(frozen=True)
class Details:
    """A run with its log files: relative name → address that carries its own signature (a secret)."""

    run: Run
    log_files: Mapping[str, str] = field(default_factory=dict, repr=False)

    @classmethod
    def from_reply(cls, reply: Reply) -> Details:
        """Read the answer to ``details``."""
        value = reply.json()
        return cls(Run.from_json(value), _words(get_any_case(value, "logFiles")))


def run(ws: Workspace, name: str) -> Call[Run]:
    """Read a run.

    Undocumented. Source: azure-ai-ml 1.35.2, ``_restclient/runhistory``, Runs - Get by id.
    """
    return _ask(f"{_runs(ws, name)}", lambda reply: Run.from_json(reply.json()))


def details(ws: Workspace, name: str) -> Call[Details]:
    """Read a run with its log files and its error.

    Undocumented. Source: azure-ai-ml 1.35.2, ``_restclient/runhistory``, Runs - Get details by id.
    """
    return _ask(f"{_runs(ws, name)}/details", Details.from_reply)


def run_data(ws: Workspace, name: str) -> Call[Run]:
    """Read a run with its outputs.

    Undocumented. Source: azure-ai-ml 1.35.2, ``operations/_run_operations.py``, sends this with all three flags set.
    """
    body = {"runId": name, "selectRunMetadata": True, "selectRunDefinition": True, "selectJobSpecification": True}
    path = f"/history/v1.0{ws.path}/rundata"
    return _post(path, body, lambda reply: Run.from_json(get_any_case(reply.json(), "runMetadata")))


def children(ws: Workspace, name: str) -> Steps[tuple[Run, ...]]:
    """Read the runs that a run has started: a pipeline's steps, a sweep's trials.

    Undocumented. Source: azure-ai-ml 1.35.2, ``_restclient/runhistory``, Runs - Get child.
    """
    rows = yield from collect(_ask(f"{_runs(ws, name)}/children", Reply.json))
    return tuple(Run.from_json(row) for row in rows)


def some_children(ws: Workspace, name: str) -> Call[tuple[Run, ...]]:
    """Read those runs that a run has started which come on the first page, by one request.

    How many the service puts on a page is unproven.
    Undocumented. Source: azure-ai-ml 1.35.2, ``_restclient/runhistory``, Runs - Get child.
    """

    def parse(reply: Reply) -> tuple[Run, ...]:
        rows = get_any_case(reply.json(), "value")
        return tuple(Run.from_json(row) for row in rows) if isinstance(rows, list) else ()

    return _ask(f"{_runs(ws, name)}/children", parse)


def created_since(ws: Workspace, experiment: str, moment: datetime | None) -> Steps[tuple[Run, ...]]:
    """Read the runs of an experiment that were created since a moment, children among them; None reads all.

    Undocumented. Source: azureml-core 1.61 (``_restclient/experiment_client.py``) for route, paging and filter; that a
    time is written like this in a filter is unproven.
    """
    condition = None if moment is None else f"(CreatedUtc ge {moment.astimezone(timezone.utc):%Y-%m-%dT%H:%M:%SZ})"
    rows = yield from _query(ws, experiment, condition, None)
    return tuple(Run.from_json(row) for row in rows)


def tagged(ws: Workspace, experiment: str, *wanted: Mapping[str, object]) -> Steps[tuple[Run, ...]]:
    """Read the runs of an experiment that have all tags of one of these mappings, with values of letters and digits.

    Undocumented. Source: azureml-core 1.61 (``_restclient/experiment_client.py``, ``_restclient/_odata/runs.py``).
    """
    condition = " or ".join(" and ".join(f"(Tags/{key} eq {value})" for key, value in tags.items()) for tags in wanted)
    return tuple(Run.from_json(row) for row in (yield from _query(ws, experiment, condition, None)))


def read_many(ws: Workspace, names: Sequence[str]) -> Call[dict[str, RunStatus]]:
    """Read runs of any experiment by one request: name → status; what the answer does not show is left out.

    Left out is a run that is not there (yet) as well as one that cannot be read just now: ``jobs.get`` shows which.
    How many names one request may have is unproven.

    Undocumented. Source: azure-ai-ml 1.35.2, ``_restclient/runhistory``, Runs - Batch get run data; no client is known
    to call it.
    """
    asked = {name: {"runId": name, "selectRunMetadata": True, "selectRunDefinition": False} for name in names}

    def parse(reply: Reply) -> dict[str, RunStatus]:
        shown = get_any_case(reply.json(), "successfulResults")
        runs = {name: get_any_case(get_any_case(shown, name), "runMetadata") for name in asked}
        return {name: RunStatus.from_json(run) for name, run in runs.items() if get_text(run, "status")}

    return _post(f"/history/v1.0{ws.path}/batchrundata", {"requests": asked}, parse, repeatable=False)


def read_many_in(ws: Workspace, experiment: str, names: Sequence[str]) -> Steps[dict[str, RunStatus]]:
    """Read runs of one experiment: name → status; what is not there is left out. The second choice after ``read_many``.

    Undocumented. Source: azureml-core 1.61 (``get_runs_by_run_ids`` in ``_restclient/experiment_client.py``).
    """
    condition = " or ".join(f"(RunId eq {name})" for name in names)
    rows = yield from _query(ws, experiment, condition, "RunId desc", repeatable=False)
    found = {get_text(row, "runId"): row for row in rows if get_text(row, "status")}
    return {name: RunStatus.from_json(found[name]) for name in names if name in found}


def _query(
    ws: Workspace, experiment: str, condition: str | None, order: str | None, *, repeatable: bool = True
) -> Steps[list[Json]]:
    path = f"/history/v1.0{ws.path}/experiments/{quote(experiment, safe='')}/runs:query"
    rows: list[Json] = []
    token, seen = None, set[str]()
    while True:
        body = {"filter": condition, "top": PAGE, "orderBy": order, "continuationToken": token}
        page = yield from _post(path, body, Reply.json, repeatable=repeatable)
        value = get_any_case(page, "value")
        rows += [row for row in (value if isinstance(value, list) else []) if isinstance(row, Mapping)]
        token = get_text(page, "continuationToken")
        if token is None or token in seen:
            return rows
        seen.add(token)


def resolve(ws: Workspace, outputs: Iterable[RunOutput]) -> Steps[dict[str, str]]:
    """Find where outputs are: asset id → datastore URI, by one request per plane; unknown ones are left out.

    Undocumented. Sources: azure-ai-ml 1.35.2, ``_restclient/dataset_dataplane`` and ``_restclient/model_dataplane``;
    recorded answers for data. Models answer ``path``, not ``uri``; of these no answer is recorded.
    """
    every = tuple(outputs)
    data = [output.asset_id for output in every if output.kind not in MODEL_KINDS]
    models = [output.asset_id for output in every if output.kind in MODEL_KINDS]
    uris: dict[str, str] = {}
    if data:
        uris |= yield from _resolved(f"/data/v1.0{ws.path}/dataversion/batchGetResolvedUris", data, "uri")
    if models:
        uris |= yield from _resolved(f"/modelregistry/v1.0{ws.path}/models/batchGetResolvedUris", models, "path")
    return uris


def _resolved(path: str, asset_ids: list[str], key: str) -> Call[dict[str, str]]:
    def parse(reply: Reply) -> dict[str, str]:
        values = get_any_case(reply.json(), "values")
        rows = values.items() if isinstance(values, Mapping) else ()
        return {asset_id: place for asset_id, row in rows if (place := get_text(row, key))}

    return _post(path, {"values": list(dict.fromkeys(asset_ids))}, parse)


def _runs(ws: Workspace, name: str) -> str:
    return f"/history/v1.0{ws.path}/runs/{quote(name, safe='')}"


def _ask(path: str, parse: Callable[[Reply], T]) -> Call[T]:
    return Call("GET", path, parse, plane=Plane.DATA, query=API_VERSION, ok=(200,))


def _post(path: str, body: Json, parse: Callable[[Reply], T], *, repeatable: bool = True) -> Call[T]:
    """A question asked by POST: it changes nothing, so it may be repeated, unless who asks does so."""
    return Call("POST", path, parse, plane=Plane.DATA, query=API_VERSION, body=body, repeatable=repeatable, ok=(200,))


def _outputs(value: Json) -> Mapping[str, RunOutput]:
    rows = value.items() if isinstance(value, Mapping) else ()
    return {
        name: RunOutput(asset_id, data_kind(get_text(row, "type") or "uri_folder"))
        for name, row in rows
        if (asset_id := get_text(row, "assetId"))
    }


def _messages(value: Json) -> tuple[str, ...]:
    return tuple(message for row in (value if isinstance(value, list) else ()) if (message := get_text(row, "message")))


def _words(value: Json) -> Mapping[str, str]:
    rows = value.items() if isinstance(value, Mapping) else ()
    return {key: item for key, item in rows if isinstance(item, str)}
