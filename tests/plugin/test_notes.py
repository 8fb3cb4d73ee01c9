"""Notes of jobs, written in the API server when their XComs pass: on a database of Airflow's own."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import sqlalchemy as sa
from airflow.providers.common.io.xcom import backend
from airflow.providers.common.io.xcom.backend import XComObjectStorageBackend
from sqlalchemy import orm

from airflow_azureml import version_compat
from airflow_azureml.plugin import AzureMLPlugin, instances, notes
from airflow_azureml.plugin.instances import kept_value, recorded
from airflow_azureml.plugin.notes import Place


class Base(orm.DeclarativeBase):
    """Tables like Airflow's, as far as notes need them."""


class XComModel(Base):
    """An XCom."""

    __tablename__ = "xcom"
    number: orm.Mapped[int] = orm.mapped_column(primary_key=True)
    dag_id: orm.Mapped[str]
    run_id: orm.Mapped[str]
    task_id: orm.Mapped[str]
    map_index: orm.Mapped[int]
    key: orm.Mapped[str]
    value: orm.Mapped[Any] = orm.mapped_column(sa.JSON)
    timestamp: orm.Mapped[datetime] = orm.mapped_column(server_default=sa.func.now())

    @staticmethod
    def deserialize_value(row: XComModel) -> Any:
        """What the database has."""
        return row.value


TASK = {"dag_id": "d", "run_id": "r", "task_id": "t", "map_index": -1}


@pytest.fixture
def session(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[orm.Session]:
    """A database in whose process notes are written."""
    import airflow.models.xcom

    monkeypatch.setattr(airflow.models.xcom, "XComModel", XComModel)
    monkeypatch.setattr(notes, "LOOKS", (0.0, 0.01))
    notes.listen.cache_clear()
    assert len(AzureMLPlugin().fastapi_apps) == 1
    engine = sa.create_engine(f"sqlite:///{tmp_path}/x.db")
    Base.metadata.create_all(engine)
    with orm.Session(engine) as session:
        yield session
    sa.event.remove(XComModel, "after_insert", vars(notes)["_stored"])
    notes.listen.cache_clear()


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Place, str]]:
    """What would be written; the first look is too early."""
    seen: list[tuple[Place, str]] = []

    def put(place: Place, text: str) -> bool:
        seen.append((place, text))
        return len(seen) > 1

    monkeypatch.setattr(notes, "put", put)
    return seen


def settle() -> None:
    """Wait until all notes are written."""
    vars(notes)["_writer"]().submit(time.sleep, 0).result(10)


@pytest.mark.parametrize("stored", ["a note", '"a note"'])
def test_a_note_is_seen_among_the_xcoms_and_looked_for_until_it_is_committed(
    session: orm.Session, written: list[tuple[Place, str]], stored: str
) -> None:
    session.add(XComModel(**TASK, key="return_value", value="x"))
    session.add(XComModel(**TASK, key="azureml_note", value=stored))
    session.commit()
    settle()
    assert written == [(Place(**TASK), "a note")] * 2  # type: ignore[arg-type]


@pytest.fixture
def keep(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Any]]:
    """With a threshold of nothing, Airflow's database has the address of a file in place of each XCom."""
    settings = [vars(backend)[f"_get_{name}"] for name in ("base_path", "threshold", "compression")]
    monkeypatch.setattr(version_compat, "XCom", XComObjectStorageBackend)
    monkeypatch.setenv("AIRFLOW__COMMON_IO__XCOM_OBJECTSTORAGE_PATH", f"file://{tmp_path}")
    monkeypatch.setenv("AIRFLOW__COMMON_IO__XCOM_OBJECTSTORAGE_THRESHOLD", "0")
    for setting in settings:
        setting.cache_clear()
    yield XComObjectStorageBackend.serialize_value
    for setting in settings:
        setting.cache_clear()


def test_a_note_is_read_where_a_backend_keeps_it(
    session: orm.Session, written: list[tuple[Place, str]], keep: Callable[..., Any]
) -> None:
    kept = keep("a note", key="azureml_note", **TASK)
    assert "a note" not in str(kept)
    session.add(XComModel(**TASK, key="azureml_note", value=kept))
    session.commit()
    settle()
    assert written == [(Place(**TASK), "a note")] * 2  # type: ignore[arg-type]
    job = keep("a-job-1", key="azureml_job_name", **TASK)
    assert kept_value(str(job), "azureml_job_name", "t") == "a-job-1"


def test_the_job_of_a_task_is_read_where_a_backend_keeps_it(session: orm.Session, keep: Callable[..., Any]) -> None:
    kept = keep("a-job-1", key="azureml_job_name", **TASK)
    session.add(XComModel(**TASK, key="azureml_job_name", value=kept))
    session.commit()
    assert recorded(SimpleNamespace(**TASK), session, ["azureml_job_name"]) == {"azureml_job_name": "a-job-1"}


def test_what_a_backend_cannot_read_is_told(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    class Broken:
        """A backend whose storage is away."""

        @staticmethod
        def deserialize_value(result: Any) -> Any:
            raise OSError(f"no {result.value}")

    monkeypatch.setattr(version_compat, "XCom", Broken)
    assert kept_value("s3://x", "azureml_job_name", "t") is None
    assert kept_value({"in": "the database"}, "return_value", "t") == {"in": "the database"}
    assert [record.getMessage() for record in caplog.records if record.name == instances.__name__] == [
        "XCom azureml_job_name of task t cannot be read (OSError)."
    ]


def test_trouble_with_a_note_is_no_trouble_of_the_xcom(
    session: orm.Session, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: Any) -> bool:
        raise RuntimeError("database is away")

    monkeypatch.setattr(notes, "put", broken)
    session.add(XComModel(**TASK, key="azureml_note", value="a note"))
    session.add(XComModel(**TASK, key="azureml_note", value={"no": "text"}))
    session.commit()
    settle()
    assert [record.getMessage() for record in caplog.records if record.name == notes.__name__] == [
        "The note of task t in run r could not be written: database is away"
    ]
