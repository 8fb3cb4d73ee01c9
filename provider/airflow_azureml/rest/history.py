"""Run history and the asset planes: what a run produced, why it failed, why it waits.

The job's name is the run's id. These routes answer on the workspace's data plane and take ARM tokens (azure-ai-ml
1.35.2 passes the ARM scope to these clients). Only ``rundata`` tells a run's outputs; ``runs/{id}`` and ``children``
leave them null (recorded answers). ``token`` of a run is a secret and is never kept.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import TypeVar
from urllib.parse import quote

from airflow_azureml.rest import faults, times
from airflow_azureml.rest.faults import Fault
from airflow_azureml.rest.faults import get as look_up
from airflow_azureml.rest.flow import Call, Json, Plane, Reply, Steps
from airflow_azureml.rest.ids import Workspace, data_kind
from airflow_azureml.rest.links import collect

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
    """A run, in as far as a client needs it.

    :param fault: the reason of a failure; None when the service gives none.
    :param warnings: the service's further remarks.
    :param queue_message: why it is queued, or None.
    :param cancel_reason: why it was canceled, or None.
    :param outputs: filled by ``run_data`` only.
    """

    id: str
    status: str = "Unknown"
    kind: str | None = None
    display_name: str | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    fault: Fault | None = None
    warnings: tuple[str, ...] = ()
    queue_message: str | None = None
    cancel_reason: str | None = None
    created_at: datetime | None = None
    parent_id: str | None = None
    container: str | None = None
    properties: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    outputs: Mapping[str, RunOutput] = field(default_factory=dict)

    @classmethod
    def from_json(cls, value: Json) -> Run:
        """Read a run, or the details of one: they share these fields."""
        fault = faults.read(look_up(value, "error"))
        return cls(
            id=_text(look_up(value, "runId")) or "",
            status=_text(look_up(value, "status")) or "Unknown",
            kind=_text(look_up(value, "runType")),
            display_name=_text(look_up(value, "displayName")),
            started_at=times.parse_optional(look_up(value, "startTimeUtc")),
            ended_at=times.parse_optional(look_up(value, "endTimeUtc")),
            fault=fault if fault.message or fault.codes else None,
            warnings=_messages(look_up(value, "warnings")),
            queue_message=_text(look_up(look_up(value, "queueingInfo"), "message")),
            cancel_reason=_text(look_up(value, "cancelationReason")),
            created_at=times.parse_optional(look_up(value, "createdUtc")),
            parent_id=_text(look_up(value, "parentRunId")),
            container=_text(look_up(value, "dataContainerId")),
            properties=_words(look_up(value, "properties")),
            tags=_words(look_up(value, "tags")),
            outputs=_outputs(look_up(value, "outputs")),
        )


@dataclass(frozen=True)
class Details:
    """A run with its log files: relative name → address that carries its own signature (a secret)."""

    run: Run
    log_files: Mapping[str, str] = field(default_factory=dict, repr=False)

    @classmethod
    def from_reply(cls, reply: Reply) -> Details:
        """Read the answer to ``details``."""
        value = reply.json()
        return cls(Run.from_json(value), _words(look_up(value, "logFiles")))


def run(ws: Workspace, name: str) -> Call[Run]:
    """Read a run. Source: RunHistory TypeSpec, Runs - Get by id."""
    return _ask(f"{_runs(ws, name)}", lambda reply: Run.from_json(reply.json()))


def details(ws: Workspace, name: str) -> Call[Details]:
    """Read a run with its log files and its error. Source: RunHistory TypeSpec, Runs - Get details by id."""
    return _ask(f"{_runs(ws, name)}/details", Details.from_reply)


def run_data(ws: Workspace, name: str) -> Call[Run]:
    """Read a run with its outputs. Source: azure-ai-ml 1.35.2 sends this request, all three flags set."""
    body = {"runId": name, "selectRunMetadata": True, "selectRunDefinition": True, "selectJobSpecification": True}
    return _post(
        f"/history/v1.0{ws.path}/rundata", body, lambda reply: Run.from_json(look_up(reply.json(), "runMetadata"))
    )


def children(ws: Workspace, name: str) -> Steps[tuple[Run, ...]]:
    """Read the runs that a run has started: a pipeline's steps, a sweep's trials. Source: azure-ai-ml 1.35.2."""
    rows = yield from collect(_ask(f"{_runs(ws, name)}/children", Reply.json))
    return tuple(Run.from_json(row) for row in rows)


def created_since(ws: Workspace, experiment: str, moment: datetime | None) -> Steps[tuple[Run, ...]]:
    """Read the runs of an experiment that were created since a moment, children among them; None reads all.

    Source: azureml-core 1.61 (``_restclient/experiment_client.py``) for route, paging and filter; that a time is
    written like this in a filter is unproven.
    """
    condition = None if moment is None else f"(CreatedUtc ge {moment.astimezone(timezone.utc):%Y-%m-%dT%H:%M:%SZ})"
    path = f"/history/v1.0{ws.path}/experiments/{quote(experiment, safe='')}/runs:query"
    rows: list[Run] = []
    token, seen = None, set[str]()
    while True:
        body = {"filter": condition, "top": PAGE, "orderBy": None, "continuationToken": token}
        page = yield from _post(path, body, Reply.json)
        value = look_up(page, "value")
        rows += [Run.from_json(row) for row in (value if isinstance(value, list) else []) if isinstance(row, Mapping)]
        token = _text(look_up(page, "continuationToken"))
        if token is None or token in seen:
            return tuple(rows)
        seen.add(token)


def resolve(ws: Workspace, outputs: Iterable[RunOutput]) -> Steps[dict[str, str]]:
    """Tell where outputs are: asset id → datastore URI, by one request per plane; unknown ones are left out.

    Sources: recorded answers for data; the generated model client of azure-ai-ml 1.26 for models (``path``, not
    ``uri``), of which no answer is recorded.
    """
    wanted = tuple(outputs)
    data = [output.asset_id for output in wanted if output.kind not in MODEL_KINDS]
    models = [output.asset_id for output in wanted if output.kind in MODEL_KINDS]
    found: dict[str, str] = {}
    if data:
        found |= yield from _resolved(f"/data/v1.0{ws.path}/dataversion/batchGetResolvedUris", data, "uri")
    if models:
        found |= yield from _resolved(f"/modelregistry/v1.0{ws.path}/models/batchGetResolvedUris", models, "path")
    return found


def _resolved(path: str, asset_ids: list[str], key: str) -> Call[dict[str, str]]:
    def parse(reply: Reply) -> dict[str, str]:
        values = look_up(reply.json(), "values")
        rows = values.items() if isinstance(values, Mapping) else ()
        return {asset_id: place for asset_id, row in rows if (place := _text(look_up(row, key)))}

    return _post(path, {"values": list(dict.fromkeys(asset_ids))}, parse)


def _runs(ws: Workspace, name: str) -> str:
    return f"/history/v1.0{ws.path}/runs/{quote(name, safe='')}"


def _ask(path: str, parse: Callable[[Reply], T]) -> Call[T]:
    return Call("GET", path, parse, plane=Plane.DATA, query=API_VERSION, ok=(200,))


def _post(path: str, body: Json, parse: Callable[[Reply], T]) -> Call[T]:
    """A question asked by POST: it changes nothing, so it may be repeated."""
    return Call("POST", path, parse, plane=Plane.DATA, query=API_VERSION, body=body, repeatable=True, ok=(200,))


def _outputs(value: Json) -> Mapping[str, RunOutput]:
    rows = value.items() if isinstance(value, Mapping) else ()
    return {
        name: RunOutput(asset_id, data_kind(_text(look_up(row, "type")) or "uri_folder"))
        for name, row in rows
        if (asset_id := _text(look_up(row, "assetId")))
    }


def _messages(value: Json) -> tuple[str, ...]:
    rows = value if isinstance(value, list) else []
    return tuple(message for row in rows if (message := _text(look_up(row, "message"))))


def _text(value: Json) -> str | None:
    return value if isinstance(value, str) and value else None


def _words(value: Json) -> Mapping[str, str]:
    rows = value.items() if isinstance(value, Mapping) else ()
    return {key: item for key, item in rows if isinstance(item, str)}
