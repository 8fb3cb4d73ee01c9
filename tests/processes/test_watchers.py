"""DAGs that new versions of a model and of data start, on a real Airflow whose triggerer is killed meanwhile."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Iterator
from typing import Any

import pytest

from airflow_azureml.hooks.azureml import AzureMLHook
from airflow_azureml.operators import AzureMLCreateDataAssetOperator
from airflow_azureml.rest import assets
from airflow_azureml.rest.flow import Call, Reply
from azureml_emulator.console.inspection import requests_received
from tests import REPOSITORY
from tests.real_airflow import RealAirflow

pytestmark = [pytest.mark.timeout(900), pytest.mark.long]

CARDS = REPOSITORY / "dags_examples" / "credit_defaults" / "data" / "credit_card.csv"
EXAMPLE, WATCHED, QUIET = "retrain_on_new_data", "watched_model", "watched_quietly"
FILES = ("examples/retrain_on_new_data.py", "processes/watched.py")
MODEL, DATA = "watched-model", "credit-cards"
WATCHERS = 50
QUIET_SECONDS = 8


class Watched:
    """The DAGs with watchers, what is registered for them, and what has come of it."""

    def __init__(self, airflow: RealAirflow) -> None:
        self.airflow = airflow
        self.made = 0

    def begin(self) -> None:
        """Have Airflow watch, and wait until each watcher knows what there is."""
        self.register_model()
        self.register_cards(CARDS.read_text(encoding="utf-8"))
        for dag in (EXAMPLE, WATCHED, QUIET):
            self.airflow.unpause(dag)
        self.read_again()
        self.airflow.until("watchers", lambda: self.memories() == WATCHERS)

    def end(self) -> None:
        """Have nobody watch any more: Airflow takes the watchers of paused DAGs away when it reads their files."""
        for dag in (EXAMPLE, WATCHED, QUIET):
            self.airflow.command("dags", "pause", dag)
        self.read_again()
        self.airflow.until("end of the watchers", lambda: self.count("asset_watcher") == 0)

    def read_again(self) -> None:
        """Have Airflow read the DAG files: only then it sees whether a DAG with watchers is paused."""
        for file in FILES:
            (self.airflow.dags / file).touch()

    def memories(self) -> int:
        """How many watchers have begun."""
        return self.count("asset_state_store WHERE key LIKE 'azureml_watcher_%'")

    def count(self, of: str) -> int:
        """Count rows."""
        return int(self.airflow.sql(f"SELECT count(*) FROM {of}")[0][0])

    def register_model(self) -> None:
        """Register the next version of the model."""
        self.made += 1
        place = f"azureml://datastores/workspaceblobstore/paths/{MODEL}/{self.made}/"
        body = {"properties": {"modelUri": place, "modelType": "custom_model"}}
        with AzureMLHook().client() as client:
            client.run(assets.create(client.workspace, "models", MODEL, str(self.made), body))

    def register_cards(self, text: str) -> dict[str, Any]:
        """Register a version of the data."""
        file = self.airflow.home / "cards" / str(time.time_ns()) / "credit_card.csv"
        file.parent.mkdir(parents=True)
        file.write_text(text, encoding="utf-8")
        operator = AzureMLCreateDataAssetOperator(task_id="d", name=DATA, type="uri_file", path=file)
        return operator.execute({})

    def events(self, asset: str) -> list[dict[str, Any]]:
        """The payloads of an asset's events, oldest first."""
        joined = "asset_event AS event JOIN asset ON asset.id = asset_id"
        rows = self.airflow.sql(f"SELECT event.extra FROM {joined} WHERE name = ? ORDER BY event.id", asset)
        extras = [json.loads(row[0]) for row in rows]
        assert all(extra["from_trigger"] for extra in extras)
        return [extra["payload"] for extra in extras]

    def versions(self) -> list[int]:
        """The versions of the model that were told."""
        return [int(payload["version"]) for payload in self.events(MODEL)]

    def runs(self, dag: str) -> list[str]:
        """The runs that events have started."""
        query = "SELECT run_id FROM dag_run WHERE dag_id = ? AND run_type = 'asset_triggered' ORDER BY id"
        return [row[0] for row in self.airflow.sql(query, dag)]

    def started(self) -> list[int]:
        """The versions that runs of the DAG were given."""
        told = [self.airflow.xcom(WATCHED, run, "told") or [] for run in self.runs(WATCHED)]
        return sorted(int(version) for versions in told for version in versions)

    def settled(self) -> None:
        """Wait until each version has been told and given to a run, and for more rounds, which may tell nothing."""
        expected = list(range(2, self.made + 1))
        self.airflow.until(f"versions up to {self.made}", lambda: len(self.versions()) >= len(expected))
        self.airflow.until("their runs", lambda: len(self.started()) >= len(expected))
        time.sleep(5)
        assert self.versions() == expected
        assert self.started() == expected


@pytest.fixture(scope="module")
def watched(airflow: RealAirflow) -> Iterator[Watched]:
    """Watchers that are gone afterwards: all tests of a process share the emulator that they ask."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("AIRFLOW_CONN_AZUREML_DEFAULT", airflow.service.wait()["airflow_connection"])
        watching = Watched(airflow)
        watching.begin()
        try:
            yield watching
        finally:
            watching.end()


def test_fifty_watchers_cost_one_request_a_round(watched: Watched) -> None:
    state = watched.airflow.service.state

    def lists() -> list[str]:
        paths = [str(one["path"]) for one in requests_received(state, None) if one["method"] == "GET"]
        return [path for path in paths if path.endswith(("/models", "/versions"))]

    before = len(lists())
    time.sleep(QUIET_SECONDS)
    asked = lists()[before:]
    rounds = sum(path.endswith("/models") for path in asked)
    assert 1 <= rounds <= QUIET_SECONDS + 1, "once a second"
    # 49 watch models and one watches data, alone, by its name.
    others = [path for path in asked if not path.endswith("/models")]
    assert all(path.endswith(f"/data/{DATA}/versions") for path in others), others
    assert abs(len(others) - rounds) <= 1


def test_a_new_version_of_a_model_starts_a_dag(watched: Watched) -> None:
    watched.register_model()
    watched.settled()
    payload = watched.events(MODEL)[-1]
    assert payload["path"].endswith(f"/paths/{MODEL}/{watched.made}/")


def test_no_event_is_lost_or_doubled_by_the_death_of_the_triggerer(watched: Watched) -> None:
    watched.register_model()
    watched.airflow.until("an event", lambda: len(watched.versions()) == watched.made - 1)
    watched.airflow.kill("triggerer")
    watched.register_model()
    watched.register_model()
    watched.airflow.start("triggerer")
    watched.settled()


def test_new_data_start_the_example(watched: Watched) -> None:
    text = CARDS.read_text(encoding="utf-8")
    made = watched.register_cards(text + text.splitlines()[-1] + "\n")
    assert made["version"] == "2"
    (run,) = watched.airflow.until("run", lambda: watched.runs(EXAMPLE))
    assert watched.airflow.wait_run(EXAMPLE, run, timeout=420) == "success"
    assert watched.airflow.xcom(EXAMPLE, run, "newest")["version"] == "2"
    assert watched.airflow.xcom(EXAMPLE, run, "train")["metrics"]["auc"] > 0.8
    assert [payload["version"] for payload in watched.events("credit_cards")] == ["2"]
    with AzureMLHook().client() as client:
        body = client.run(Call("GET", f"{client.workspace.path}/jobs/{prep_of(watched, run)}", Reply.json))
    assert body["properties"]["inputs"]["data"]["uri"].endswith("/data/credit-cards/versions/2")


def prep_of(watched: Watched, run: str) -> str:
    """The job that has prepared the data of a run."""
    return str(watched.airflow.xcom(EXAMPLE, run, "data_prep")["job_name"])


def test_twelve_deaths_while_versions_come(watched: Watched) -> None:
    chance = random.Random(7)
    for number in range(12):
        for _ in range(chance.randint(1, 3)):
            watched.register_model()
            time.sleep(chance.uniform(0, 1.5))
        if number % 3 == 2:
            watched.airflow.service.fault("status", "--route", "GET .*/models", "--status", "503", "--times", "5")
        watched.airflow.kill("triggerer")
        watched.register_model()
        watched.airflow.start("triggerer")
        # From well before to well after its triggers begin.
        time.sleep(chance.uniform(5, 25))
    watched.settled()
