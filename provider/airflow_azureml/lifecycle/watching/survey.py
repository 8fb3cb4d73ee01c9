"""Looks for news of all that is watched in one workspace, by as few requests as will do.

One list tells which versions are the latest of all data assets, another one of all models; only names with another
latest version than before are asked for theirs. An experiment costs one request for the jobs that were made lately, and
one more while older ones go on.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, TypeVar

from airflow_azureml.lifecycle.asset_versions import long_form
from airflow_azureml.lifecycle.watching.told import OVERLAP, Sighting, Watch
from airflow_azureml.rest import history, times
from airflow_azureml.rest.errors import AzureMLError, NotFoundError, ServiceError, TransientError
from airflow_azureml.rest.flow import Call, Effect, Flow, Steps, Turn
from airflow_azureml.rest.ids import Workspace
from airflow_azureml.rest.json_values import get_text
from airflow_azureml.rest.resources import asset_lists
from airflow_azureml.rest.resources.asset_lists import DatedVersion
from airflow_azureml.rest.status import phase

T = TypeVar("T")

LONGEST_JOB = timedelta(days=30)
"""How long before a watch begins, or goes on, a job may have been made whose end is still noticed."""

CHUNK = 100
"""Jobs that one request asks for."""

PLACES = {"data": "dataUri", "models": "modelUri"}
"""The service's names for where a version lies."""

Found = dict[Watch, tuple[Sighting, ...]]


@dataclass
class _Experiment:
    """Jobs of one experiment: when the newest was made, and which had not ended."""

    newest: datetime
    open: set[str] = field(default_factory=set)


class Survey:
    """The rounds of one workspace, with what is remembered from one to the next.

    :param complain: told of a watch that the service refuses, and why; the others go on.
    """

    def __init__(self, complain: Callable[[str, AzureMLError], None]) -> None:
        self._complain = complain
        self._latest: dict[tuple[str, str], str | None] = {}
        self._one_by_one: set[str] = set()
        self._experiments: dict[str, _Experiment] = {}

    def round(
        self, ws: Workspace, wanted: Mapping[Watch, datetime | None], fresh: set[Watch], now: datetime, found: Found
    ) -> Steps[None]:
        """Look once; each request waits for its turn.

        :param wanted: each watch, and the time before which nothing is news to it.
        :param fresh: those that have not been answered yet.
        :param found: filled with what there is of each watch that may have news, also where the round then fails.
        """
        for kind in PLACES:
            watches = [watch for watch in wanted if watch.kind == kind]
            if watches:
                yield from paced(self._assets(ws, kind, watches, wanted, fresh, found))
        for name in dict.fromkeys(watch.name for watch in wanted if watch.kind == "jobs"):
            watches = [watch for watch in wanted if watch.kind == "jobs" and watch.name == name]
            yield from paced(self._jobs(ws, name, watches, bool(fresh.intersection(watches)), now, found))

    def _assets(
        self,
        ws: Workspace,
        kind: str,
        watches: list[Watch],
        wanted: Mapping[Watch, datetime | None],
        fresh: set[Watch],
        found: Found,
    ) -> Steps[None]:
        names: dict[str, list[Watch]] = {}
        for watch in watches:
            names.setdefault(watch.name, []).append(watch)
        latest = yield from self._latest_of(ws, kind, set(names))
        for name, own in names.items():
            # A version that changes its stage is not a new one.
            due = latest is None or fresh.intersection(own) or any(watch.stage is not None for watch in own)
            known = None if latest is None else latest.get(name, "")
            if not due and known is not None and known == self._latest.get((kind, name)):
                continue
            horizons = [None if watch.stage is not None else wanted[watch] for watch in own]
            since = min((at for at in horizons if at is not None), default=None) if None not in horizons else None
            try:
                rows = () if known == "" else (yield from asset_lists.versions(ws, kind, name, since))
            except NotFoundError:
                rows = ()
            except ServiceError as error:
                if isinstance(error, TransientError):
                    raise
                self._complain(f"{kind}/{name}", error)
                continue
            self._latest[kind, name] = known
            found |= {
                watch: tuple(_of_version(ws, watch, row) for row in rows if _is_wanted(watch, row)) for watch in own
            }

    def _latest_of(self, ws: Workspace, kind: str, names: set[str]) -> Steps[dict[str, str | None] | None]:
        """What tells of the latest versions, by one list for all; None where asking each by its name costs less."""
        if len(names) == 1 or kind in self._one_by_one:
            return None
        latest = yield from asset_lists.latest_versions(ws, kind, names, len(names))
        if latest is None:
            self._one_by_one.add(kind)
        return latest

    def _jobs(
        self, ws: Workspace, name: str, watches: list[Watch], is_fresh: bool, now: datetime, found: Found
    ) -> Steps[None]:
        known = None if is_fresh else self._experiments.get(name)
        since = now - LONGEST_JOB if known is None else known.newest - OVERLAP
        try:
            runs = yield from history.created_since(ws, name, since)
            recent = {run.id: run for run in runs if run.parent_id is None}
            older = sorted((known.open if known else set()) - recent.keys())
            ended: dict[str, Any] = {**recent}
            for start in range(0, len(older), CHUNK):
                ended |= yield from history.read_many_in(ws, name, older[start : start + CHUNK])
        except NotFoundError:
            recent, ended = {}, {}
        except ServiceError as error:
            if isinstance(error, TransientError):
                raise
            self._complain(f"experiment {name}", error)
            return
        made = [run.created_at for run in recent.values() if run.created_at is not None]
        is_open = {job for job, run in ended.items() if not phase(run.status).is_terminal}
        self._experiments[name] = _Experiment(max(made, default=since + OVERLAP), is_open)
        for watch in watches:
            own = ((job, run) for job, run in ended.items() if run.status in watch.statuses)
            found[watch] = tuple(_of_job(name, job, run) for job, run in own if job not in is_open)


def paced(flow: Flow[T]) -> Steps[T]:
    """The same conversation, each request in its turn."""
    steps = iter(flow)
    try:
        effect: Effect = next(steps)
        while True:
            if isinstance(effect, Call):
                yield Turn(effect.plane)
            try:
                answer = yield effect
            except AzureMLError as error:
                effect = steps.throw(error)
            else:
                effect = steps.send(answer)
    except StopIteration as end:
        result: T = end.value
        return result


def _is_wanted(watch: Watch, row: DatedVersion) -> bool:
    return watch.stage is None or (get_text(row.asset.properties, "stage") or "").lower() == watch.stage.lower()


def _of_version(ws: Workspace, watch: Watch, row: DatedVersion) -> Sighting:
    asset = row.asset
    created = None if row.created_at is None else times.iso(row.created_at)
    facts: dict[str, Any] = {
        "asset_id": asset.id,
        "name": asset.name or watch.name,
        "version": asset.version,
        "path": long_form(get_text(asset.properties, PLACES[watch.kind]) or "", ws),
        "created_at": created,
    }
    if watch.kind == "models":
        facts["stage"] = get_text(asset.properties, "stage")
    # Made anew under the same number it is another version. Into a stage versions come long after they were made.
    return Sighting(f"{asset.version} {created or ''}".strip(), row.created_at if watch.stage is None else None, facts)


def _of_job(experiment: str, job: str, run: Any) -> Sighting:
    ended = None if run.ended_at is None else times.iso(run.ended_at)
    facts = {"job_name": job, "experiment_name": experiment, "status": run.status, "ended_at": ended}
    return Sighting(job, run.ended_at, facts)
