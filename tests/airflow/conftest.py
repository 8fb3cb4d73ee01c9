"""Airflow 3.3 and 2.11, each with a connection to the session's emulator."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from airflow.sdk.execution_time.task_runner import RuntimeTaskInstance

from airflow_azureml.hooks.azureml import AzureMLHook
from airflow_azureml.task.job_task import JobTask
from tests.airflow.installs import AirflowInstall
from tests.emulator_fixture import RunningEmulator

Say = Callable[..., list[str]]
"""Takes what Airflow is to answer, and gives back what it was asked for."""


@pytest.fixture(scope="session")
def airflow3(emulator: RunningEmulator, databases: Path, tmp_path_factory: pytest.TempPathFactory) -> AirflowInstall:
    """Airflow 3.3, the one that the tests themselves run in."""
    settings = {"AIRFLOW_CONN_AZUREML_DEFAULT": emulator["airflow_connection"]}
    return AirflowInstall(
        Path(sys.executable), tmp_path_factory.mktemp("airflow3") / "home", settings, databases / "3.db"
    )


@pytest.fixture(scope="session")
def airflow2(
    emulator: RunningEmulator, databases: Path, airflow2_python: Path, tmp_path_factory: pytest.TempPathFactory
) -> AirflowInstall:
    """Airflow 2.11."""
    settings = {"AIRFLOW_CONN_AZUREML_DEFAULT": emulator["airflow_connection"]}
    return AirflowInstall(airflow2_python, tmp_path_factory.mktemp("airflow2") / "home", settings, databases / "2.db")


@pytest.fixture(scope="session", params=["airflow3", "airflow2"])
def install(request: pytest.FixtureRequest) -> AirflowInstall:
    """Each of the two."""
    found: AirflowInstall = request.getfixturevalue(request.param)
    return found


@pytest.fixture
def hook(emulator: RunningEmulator, monkeypatch: pytest.MonkeyPatch) -> AzureMLHook:
    """A hook to the session's emulator, to ask what reached it."""
    monkeypatch.setenv("AIRFLOW_CONN_AZUREML_DEFAULT", emulator["airflow_connection"])
    return AzureMLHook()


@pytest.fixture
def submit(hook: AzureMLHook) -> Callable[[str], str]:
    """Submits a command and gives back the job's name."""

    def begin(command: str) -> str:
        spec = {"type": "command", "command": command, "environment": {"image": "docker.io/python"}}
        return hook.create_job(spec, f"trigger-{uuid4().hex[:12]}").name

    return begin


@pytest.fixture
def go_on(monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """Until this is set, a task on a worker does not look at the job that it has submitted."""
    wait, told = JobTask.wait, threading.Event()

    def wait_when_told(*given: Any) -> Any:
        assert told.wait(60)
        return wait(*given)

    monkeypatch.setattr(JobTask, "wait", wait_when_told)
    return told


@pytest.fixture
def airflow_says(monkeypatch: pytest.MonkeyPatch) -> Say:
    """Has Airflow answer with the given states in turn, the last one for ever, when it is asked for the task's.

    An exception is raised instead of an answer; a number of seconds passes before there is none.
    """

    def say(*answers: Any) -> list[str]:
        asked: list[str] = []

        def answer(**question: Any) -> dict[str, Any]:
            said = answers[min(len(asked), len(answers) - 1)]
            asked.append(str(said))
            if isinstance(said, Exception):
                raise said
            if isinstance(said, float):
                time.sleep(said)
                raise OSError("too late")
            return {question["run_ids"][0]: {"t": said}}

        monkeypatch.setattr(RuntimeTaskInstance, "get_task_states", answer)
        return asked

    return say
