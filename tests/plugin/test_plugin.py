"""What Airflow loads of us in each of its processes: next to nothing; listeners in API server and triggerer, a tab."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from airflow_azureml import plugin
from airflow_azureml.plugin import REST_API, TRIGGERER, AzureMLPlugin, listener
from airflow_azureml.plugin.marks import Mark, MarkedTasks
from airflow_azureml.plugin.watch_listener import WATCH_LISTENER
from tests import REPOSITORY

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


def test_only_api_server_and_triggerer_have_a_listener(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (REST_API, TRIGGERER):
        monkeypatch.delitem(sys.modules, module, raising=False)
    assert AzureMLPlugin().listeners == []
    monkeypatch.setitem(sys.modules, TRIGGERER, ModuleType(TRIGGERER))
    assert AzureMLPlugin().listeners == [WATCH_LISTENER]
    monkeypatch.delitem(sys.modules, TRIGGERER)
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


def test_the_tab_is_brought_where_airflow_has_a_place_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    (app,), (tab,) = AzureMLPlugin().fastapi_apps, AzureMLPlugin().react_apps
    assert (app["url_prefix"], tab["destination"], tab["url_route"]) == ("/azureml", "task_instance", "azureml")
    assert tab["bundle_url"].startswith("/azureml/static/tab.js?v=")
    monkeypatch.setattr(plugin, "AIRFLOW_V_3_1_PLUS", False)
    assert (AzureMLPlugin().fastapi_apps, AzureMLPlugin().react_apps) == ([], [])


def test_the_tabs_addresses_begin_with_the_path_of_airflow_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW__API__BASE_URL", "https://example.com/team/airflow/")
    (tab,) = AzureMLPlugin().react_apps
    assert {tab[name].partition("static/")[0] for name in ("bundle_url", "icon", "icon_dark_mode")} == {
        "/team/airflow/azureml/"
    }


def test_airflow_takes_the_tab(monkeypatch: pytest.MonkeyPatch) -> None:
    from airflow import plugins_manager
    from airflow.api_fastapi.core_api.datamodels.plugins import ReactAppResponse

    monkeypatch.setattr(plugins_manager, "_get_plugins", lambda: ([AzureMLPlugin()], {}))
    vars(plugins_manager)["_get_ui_plugins"].cache_clear()
    views, tabs = vars(plugins_manager)["_get_ui_plugins"]()
    vars(plugins_manager)["_get_ui_plugins"].cache_clear()
    assert views == []
    assert [ReactAppResponse.model_validate(tab).name for tab in tabs] == ["Azure ML"]
