"""What Airflow loads of us in each of its processes: next to nothing, and a listener in the API server alone."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from airflow_azureml.plugin import REST_API, AzureMLPlugin, listener
from airflow_azureml.plugin.marks import Mark, MarkedTasks

REPOSITORY = Path(__file__).resolve().parents[2]
NAME = "AIRFLOW__AZUREML__CANCEL_JOBS_OF_MARKED_TASKS"


class Noted:
    """What the listener has noted."""

    def __init__(self) -> None:
        self.seen: list[Any] = []
        self.marks = MarkedTasks(self._settle, (0.0,))

    def _settle(self, mark: Mark) -> bool:
        self.seen.append(mark.instance_id or (mark.dag_id, mark.run_id))
        return True

    def all(self) -> list[Any]:
        """The ids of task instances, and of runs, once they are there."""
        self.marks.join(5)
        return self.seen


@pytest.fixture
def noted(monkeypatch: pytest.MonkeyPatch) -> Noted:
    """What the listener notes in a test."""
    noted = Noted()
    monkeypatch.setattr(listener, "MARKED", noted.marks)
    return noted


@pytest.fixture
def hook() -> Iterator[Any]:
    """Airflow's own calls of listeners."""
    from airflow.listeners.listener import get_listener_manager

    manager: Any = get_listener_manager()
    manager.add_listener(listener.LISTENER)
    yield manager.hook
    manager.pm.unregister(listener.LISTENER)


TI = SimpleNamespace(id="id", dag_id="d", run_id="r")


def test_the_project_names_the_plugin() -> None:
    # What ``plugins`` of a provider info names is loaded only where ``[core] lazy_load_providers`` is off.
    project = (REPOSITORY / "pyproject.toml").read_text()
    assert f'[project.entry-points."airflow.plugins"]\nazureml = "{AzureMLPlugin.__module__}:AzureMLPlugin"' in project


def test_airflow_takes_the_plugin() -> None:
    from airflow import plugins_manager

    assert vars(plugins_manager)["is_valid_plugin"](AzureMLPlugin)
    assert AzureMLPlugin().name == "azureml"


def test_only_where_the_rest_api_is_there_is_a_listener(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, REST_API, raising=False)
    assert AzureMLPlugin().listeners == []
    monkeypatch.setitem(sys.modules, REST_API, ModuleType(REST_API))
    assert AzureMLPlugin().listeners == [listener.LISTENER]


@pytest.mark.parametrize("state", ["failed", "success", "skipped"])
def test_airflow_tells_of_marked_tasks(hook: Any, noted: Noted, state: str) -> None:
    more = {"error": "set by hand"} if state == "failed" else {}
    getattr(hook, f"on_task_instance_{state}")(previous_state=None, task_instance=TI, **more)
    assert noted.all() == ["id"]


@pytest.mark.parametrize("state", ["failed", "success"])
def test_airflow_tells_of_marked_runs(hook: Any, noted: Noted, state: str) -> None:
    getattr(hook, f"on_dag_run_{state}")(dag_run=TI, msg="")
    assert noted.all() == [("d", "r")]


def test_a_task_that_ends_by_itself_is_not_noted(noted: Noted) -> None:
    listener.LISTENER.on_task_instance_failed("running", TI)
    listener.LISTENER.on_task_instance_success("running", TI)
    assert noted.all() == []


def test_it_can_be_switched_off(noted: Noted, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(NAME, "False")
    listener.LISTENER.on_task_instance_failed(None, TI)
    listener.LISTENER.on_dag_run_failed(TI)
    assert noted.all() == []
    monkeypatch.setenv(NAME, "True")
    listener.LISTENER.on_task_instance_failed(None, TI)
    assert noted.all() == ["id"]


def test_a_mark_returns_at_once(noted: Noted) -> None:
    began = time.thread_time()
    for _ in range(100):
        listener.LISTENER.on_task_instance_failed(None, TI)
    assert time.thread_time() - began < 0.1
    assert noted.all() == ["id"] * 100
