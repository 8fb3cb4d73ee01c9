"""A job file on a fresh machine: the emulator makes its environment from packages that an index has."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.emulator_fixture import RunningEmulator
from tests.real_airflow import RealAirflow

pytestmark = [pytest.mark.timeout(1500), pytest.mark.long]

DAG, TASK, RUN = "fresh_machine", "train", "run"
OF_PIP = {"index-url": "UV_DEFAULT_INDEX", "extra-index-url": "UV_INDEX", "find-links": "UV_FIND_LINKS"}
"""Settings of pip, and uv's variables for the same."""


def places_of_packages() -> dict[str, str]:
    """Where pip is told on this machine that packages are, in uv's words; what uv itself was told comes first."""
    shown = subprocess.run(
        [sys.executable, "-m", "pip", "config", "list"], capture_output=True, text=True, check=True
    ).stdout
    given = [line.partition("=")[::2] for line in shown.splitlines()]
    told = {key.rpartition(".")[2]: value.strip("'\"") for key, value in given}
    found = {variable: told[key] for key, variable in OF_PIP.items() if key in told}
    return {variable: value for variable, value in found.items() if variable not in os.environ}


@pytest.fixture
def fresh_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[RunningEmulator]:
    """An emulator without any environment, and with an empty cache of packages."""
    for name, value in places_of_packages().items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}:{os.environ['PATH']}")
    running = RunningEmulator(tmp_path / "state", "--environments", "build")
    yield running
    running.stop()


def test_a_job_file_runs_in_the_environment_that_its_conda_file_describes(
    airflow: RealAirflow, fresh_machine: RunningEmulator
) -> None:
    airflow.until("answer of the REST API", lambda: airflow.find("/monitor/health"))
    airflow.add_connection("fresh_machine", fresh_machine["airflow_connection"])
    airflow.trigger(DAG, RUN)

    assert airflow.wait_run(DAG, RUN, timeout=1200) == "success", airflow.log(DAG, RUN, TASK)[-5000:]
    result = airflow.xcom(DAG, RUN, TASK)
    assert result["metrics"] == {"slope": pytest.approx(3)}
    model = fresh_machine.state / "storage" / result["outputs"]["model"]["https_url"].split("/", 4)[4]
    assert (model / "MLmodel").is_file()
    log = airflow.log(DAG, RUN, TASK)
    assert "An environment is made from the conda file" in log
    assert "The environment is made: " in log
