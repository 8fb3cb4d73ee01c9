"""Run in an Airflow of its own: stores events of a watcher as a triggerer does, and prints what was stored.

The second event fails after it was written, so that its transaction is taken back.
"""

from __future__ import annotations

import contextlib
import json
import sqlite3
import sys
from typing import Any

import airflow.jobs.triggerer_job_runner
from airflow import settings
from airflow.assets.manager import AssetManager
from airflow.models.asset import AssetModel
from airflow.models.trigger import Trigger
from airflow.models.variable import Variable
from airflow.triggers.base import TriggerEvent
from airflow.utils.session import create_session
from sqlalchemy import text

from airflow_azureml.triggers import AzureMLModelTrigger
from airflow_azureml.version_compat import AIRFLOW_V_3_3_PLUS, AIRFLOW_V_3_4_PLUS

NAMES = ("credit", "copy")


def payload(trigger: Any, version: int) -> dict[str, Any]:
    """What the trigger fires."""
    at = f"2025-01-31T12:0{version}:00+00:00"
    return {"version": str(version), "watcher": {"memory": trigger.memory_key(), "key": f"{version} {at}", "at": at}}


def stored(memory: str) -> dict[str, Any]:
    """Events and records, by asset."""
    with create_session() as session:
        events = session.execute(
            text(
                "SELECT name, event.extra FROM asset_event AS event JOIN asset ON asset.id = asset_id ORDER BY event.id"
            )
        ).all()
        if AIRFLOW_V_3_3_PLUS:
            query = "SELECT name, value FROM asset_state_store JOIN asset ON asset.id = asset_id WHERE key = :memory"
            records = [tuple(row) for row in session.execute(text(query), {"memory": memory})]
        else:
            rows = session.query(Variable).filter_by(key=memory)
            records = [("variable", row.get_val()) for row in rows]
        newest = "(SELECT max(timestamp) FROM asset_event WHERE asset_event.asset_id = queue.asset_id)"
        query = f"SELECT count(*) FROM asset_dag_run_queue AS queue WHERE created_at < {newest}"
        missed = session.execute(text(query)).scalar()
    return {
        "missed": missed,
        "events": [[name, json.loads(extra)["payload"]["version"]] for name, extra in events],
        "records": {name: sorted(json.loads(value)["keys"]) for name, value in records},
    }


def main() -> None:
    """Store three events, of which one fails."""
    settings.configure_vars()  # type: ignore[no-untyped-call]
    settings.configure_orm()  # type: ignore[no-untyped-call]
    trigger = AzureMLModelTrigger("credit")
    path, arguments = trigger.serialize()
    with create_session() as session:
        row = Trigger(classpath=path, kwargs=arguments)
        session.add(row)
        session.flush()
        number = row.id
        for name in NAMES:
            session.add(AssetModel(name=name, uri=name, group="asset", extra={}))
            session.flush()
            watch(session, number, name)
    if not AIRFLOW_V_3_4_PLUS:
        queue(settings.engine.url.database)  # type: ignore[union-attr]
    Trigger.submit_event(number, TriggerEvent(payload(trigger, 1)))  # type: ignore[no-untyped-call]
    given = AssetManager._queue_dagruns

    def fails(*_: Any, **__: Any) -> None:
        raise OSError("the database is gone")

    AssetManager._queue_dagruns = fails  # type: ignore[method-assign,assignment]
    with contextlib.suppress(OSError):
        Trigger.submit_event(number, TriggerEvent(payload(trigger, 2)))  # type: ignore[no-untyped-call]
    AssetManager._queue_dagruns = given  # type: ignore[method-assign]
    Trigger.submit_event(number, TriggerEvent(payload(trigger, 3)))  # type: ignore[no-untyped-call]
    print(json.dumps(stored(trigger.memory_key())))


def queue(database: str) -> None:
    """Have a DAG wait for a run since an earlier event of each asset; there is no such DAG, which SQLite lets pass."""
    with contextlib.closing(sqlite3.connect(database)) as connection:
        connection.execute(
            "INSERT INTO asset_dag_run_queue (asset_id, target_dag_id, created_at) "
            "SELECT id, 'd', '2025-01-01 00:00:00.000000' FROM asset"
        )
        connection.commit()


def watch(session: Any, trigger: int, name: str) -> None:
    """Have a trigger watch for an asset: in a table that has had two names."""
    asset = session.execute(text("SELECT id FROM asset WHERE name = :name"), {"name": name}).scalar()
    tables = {row[0] for row in session.execute(text("SELECT name FROM sqlite_master"))}
    if "asset_watcher" in tables:
        query = "INSERT INTO asset_watcher (name, asset_id, trigger_id) VALUES ('w', :asset, :trigger)"
    else:
        query = "INSERT INTO asset_trigger (asset_id, trigger_id) VALUES (:asset, :trigger)"
    session.execute(text(query), {"asset": asset, "trigger": trigger})


if __name__ == "__main__":
    assert airflow.jobs.triggerer_job_runner.__name__ in sys.modules
    main()
