"""The listener of the triggerer: what an event of a watcher has told is written with the event, or not at all.

Airflow calls it inside of the transaction that stores the event (``assets/manager.py: register_asset_change``), whose
session is the thread's (``utils/session.py: create_session``). So whatever kills the triggerer, and whenever: there are
both, or none. 3.2 and later hand over the event (``on_asset_event_emitted``), 3.0 and 3.1 its asset alone; there the
event is the asset's newest, for it is in the session already.

An event that comes after another one, but before the scheduler has made a run of that, would start no run: Airflow
keeps the time of the first in its queue, gives the run what had happened by then, and forgets the queue
(``jobs/scheduler_job_runner.py: _create_dag_runs_asset_triggered`` of 3.3.2). So the time in the queue is moved on: the
run gets both events. The queue of 3.4 has a row for each event.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timezone
from importlib import import_module
from typing import Any

from airflow_azureml.lifecycle.watching.told import MEMORY, Told
from airflow_azureml.rest.times import parse_optional
from airflow_azureml.version_compat import AIRFLOW_V_3_2_PLUS, AIRFLOW_V_3_3_PLUS, AIRFLOW_V_3_4_PLUS, hookimpl


class WatchListener:
    """Hears of asset events; the names of its methods are Airflow's."""

    @hookimpl
    def on_asset_event_emitted(self, asset_event: Any) -> None:
        """An event of an asset is about to be stored (3.2 and later)."""
        _note(asset_event.asset, asset_event.extra)

    @hookimpl
    def on_asset_changed(self, asset: Any) -> None:
        """The same (on all lines)."""
        if not AIRFLOW_V_3_2_PLUS:
            _note(asset, _newest_extra(asset))


def _note(asset: Any, extra: Any) -> None:
    payload = extra.get("payload") if isinstance(extra, Mapping) and extra.get("from_trigger") else None
    watcher = payload.get("watcher") if isinstance(payload, Mapping) else None
    if not isinstance(watcher, Mapping) or not str(watcher.get("memory")).startswith(MEMORY):
        return
    session, at = _session(), parse_optional(watcher["at"])
    # What goes wrong here must not take the event along.
    with session.begin_nested():
        keep = _keep_with_asset if AIRFLOW_V_3_3_PLUS else _keep_as_variable
        keep(session, asset, watcher["memory"], Told(at, {watcher["key"]: at}))
    if not AIRFLOW_V_3_4_PLUS:
        with session.begin_nested():
            _move_queue_on(session, asset)


def _session() -> Any:
    from airflow import settings

    found: Any = settings.Session
    return found()


def _move_queue_on(session: Any, asset: Any) -> None:
    from airflow.models.asset import AssetDagRunQueue, AssetModel
    from sqlalchemy import select, update

    mine = select(AssetModel.id).where(AssetModel.name == asset.name, AssetModel.uri == asset.uri)
    queued = update(AssetDagRunQueue).where(AssetDagRunQueue.asset_id.in_(mine))
    session.execute(queued.values(created_at=datetime.now(timezone.utc)).execution_options(synchronize_session=False))


def _newest_extra(asset: Any) -> Any:
    from airflow.models.asset import AssetEvent, AssetModel
    from sqlalchemy import select

    query = select(AssetEvent.extra).join(AssetModel, AssetModel.id == AssetEvent.asset_id)
    query = query.where(AssetModel.name == asset.name, AssetModel.uri == asset.uri)
    return _session().scalar(query.order_by(AssetEvent.id.desc()).limit(1))


def _keep_with_asset(session: Any, asset: Any, memory: str, told: Told) -> None:
    from airflow.models.asset import AssetModel
    from airflow.state import get_state_backend
    from sqlalchemy import select

    backend, metastore = get_state_backend(), import_module("airflow.state.metastore")
    query = select(AssetModel.id).where(AssetModel.name == asset.name, AssetModel.uri == asset.uri)
    scope = metastore.AssetScope(asset_id=session.scalar(query))
    text = _joined(backend.get(scope, memory, session=session), told)
    if isinstance(backend, metastore.MetastoreBackend):
        kind = metastore.AssetStateStoreWriterKind.WATCHER
        backend.set_asset_state_store(scope, memory, text, kind=kind, session=session)
    else:
        backend.set(scope, memory, text, session=session)


def _keep_as_variable(session: Any, asset: Any, memory: str, told: Told) -> None:
    from airflow.models.variable import Variable
    from sqlalchemy import select

    found = session.scalar(select(Variable).where(Variable.key == memory))
    if found is None:
        session.add(Variable(key=memory, val=_joined(None, told)))  # type: ignore[no-untyped-call]
    else:
        found.set_val(_joined(found.get_val(), told))


def _joined(kept: str | None, told: Told) -> str:
    return json.dumps((told if kept is None else Told.from_dict(json.loads(kept)).joined(told)).to_dict())


WATCH_LISTENER = WatchListener()
