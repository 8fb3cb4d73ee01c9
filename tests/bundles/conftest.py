"""An Airflow whose DAGs come from Git bundles and a folder, and whose connection is in its database alone."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from airflow_azureml.hooks.azureml import AzureMLHook
from tests.airflow_harness import SETTINGS
from tests.bundles.repository import Repository
from tests.real_airflow import BIN, DATABASE, PATIENT, RealAirflow, Service

VERSIONED, NEWEST, SPARSE = "bundle_versioned", "bundle_newest", "bundle_sparse"
GIT = "airflow.providers.git.bundles.git.GitDagBundle"
LOCAL = "airflow.dag_processing.bundles.local.LocalDagBundle"
DAGS = Path(__file__).with_name("dags")


class Ground:
    """An Airflow whose DAGs come from three repositories."""

    def __init__(self, airflow: RealAirflow, repositories: dict[str, Repository], commits: dict[str, str]) -> None:
        self.airflow, self.repositories, self.commits = airflow, repositories, commits
        self.gates = airflow.home / "gates"

    def begin(self, name: str, run: str) -> None:
        """Start a run of a repository's DAG."""
        self.gates_of(name, run).mkdir(parents=True)
        self.airflow.trigger(name, run, conf={"gates": str(self.gates_of(name, run))})

    def gates_of(self, name: str, run: str) -> Path:
        """Where the jobs of a run look for what they may do."""
        return self.gates / name / run

    def move_on(self, name: str, version: str) -> None:
        """Commit another version, and wait until Airflow knows of it."""
        self.commits[version] = commit = self.repositories[name].commit(version)
        query = "SELECT 1 FROM dag_bundle WHERE name = ? AND version = ?"
        self.airflow.until(f"version {version} of {name}", lambda: self.airflow.sql(query, name, commit))

    def known(self, name: str, version: str) -> bool:
        """Whether Airflow has read a version's DAG."""
        query = "SELECT bundle_version FROM dag WHERE dag_id = ?"
        return self.airflow.sql(query, name) == [(self.commits[version],)]

    def jobs(self, name: str, task: str) -> list[str]:
        """The jobs of a task, the oldest first."""
        made = [job["name"] for job in self.airflow.service.made(name)]
        return [job for job in made if f"-{task}-" in job]

    def folder(self) -> Path:
        """The folder of the bundle that is none of git."""
        return self.airflow.home.parent / "dags"

    def properties(self, job: str) -> dict[str, str]:
        """What a job's properties say of git."""
        return {key: value for key, value in AzureMLHook().get_job(job).properties.items() if "git" in key}


@pytest.fixture(scope="session")
def ground(service: Service, databases: Path) -> Iterator[Ground]:
    """An Airflow with the first versions of its repositories."""
    home = Path(tempfile.mkdtemp(prefix="airflow-bundles-"))
    try:
        repositories = {
            VERSIONED: Repository(home / "a repository", VERSIONED),
            NEWEST: Repository(home / "newest", NEWEST, unversioned=True),
            SPARSE: Repository(home / "sparse", SPARSE),
        }
        commits = {name: repository.commit("one") for name, repository in repositories.items()}
        further: dict[str, dict[str, Any]] = {SPARSE: {"sparse_dirs": ["pipelines"]}}
        bundles = [
            {
                "name": name,
                "classpath": GIT,
                "kwargs": {
                    "repo_url": str(repository.folder),
                    "tracking_ref": repository.branch,
                    "subdir": "pipelines",
                    "refresh_interval": 2,
                    **further.get(name, {}),
                },
            }
            for name, repository in repositories.items()
        ]
        shutil.copytree(DAGS, home / "dags", ignore=shutil.ignore_patterns("__pycache__"))
        bundles.append(
            {"name": "folder", "classpath": LOCAL, "kwargs": {"path": str(home / "dags"), "refresh_interval": 2}}
        )
        # The surrounding checkout must not answer for what Airflow has pruned.
        decoy = Repository(home / "around", "decoy")
        decoy.commit("decoy")
        settings = {
            **SETTINGS,
            "AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_CONFIG_LIST": json.dumps(bundles),
            "AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": "2",
            "AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_STORAGE_PATH": str(decoy.folder / "bundles"),
        }
        airflow = RealAirflow(BIN, home / "home", home, settings=settings)
        airflow.service, airflow.forked = service, True
        airflow.prepare(databases / "3.db")
        airflow.environment[DATABASE] += PATIENT
        try:
            airflow.start()
            airflow.until("answer of the REST API", lambda: airflow.find("/monitor/health"))
            airflow.add_connection("azureml_default", service.wait()["airflow_connection"])
            yield Ground(airflow, repositories, commits)
        finally:
            airflow.stop()
    finally:
        shutil.rmtree(home, ignore_errors=True)


@pytest.fixture(autouse=True)
def connection(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    """The tests ask for jobs through the same connection."""
    monkeypatch.setenv("AIRFLOW_CONN_AZUREML_DEFAULT", service.wait()["airflow_connection"])
