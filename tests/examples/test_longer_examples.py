"""The examples that take minutes each run end to end: a model answers online, and is brought into production."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from airflow_azureml.hooks import AzureMLHook
from airflow_azureml.operators import (
    AzureMLCreateOnlineDeploymentOperator,
    AzureMLCreateOnlineEndpointOperator,
    AzureMLRegisterModelOperator,
)
from airflow_azureml.rest import assets
from airflow_azureml.rest.resources import online, tracked
from tests.airflow.scoring import context
from tests.examples.example_runs import EXAMPLES, RUN, deferrals, finished, stored, waited_on_a_worker
from tests.real_airflow import RealAirflow, Service

pytestmark = [pytest.mark.timeout(600), pytest.mark.long]

LONG = ("model_promotion", "tuned_model_online")
"""Examples that are run here, alone."""
PROMOTED = "airflow-promotion"
"""The endpoint of the example that brings a model into production."""


@pytest.fixture(scope="module")
def runs(airflow: RealAirflow, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """One run of each, begun at once: DAG id to run id."""
    deploy_blue(airflow.service, tmp_path_factory.mktemp("promoted"))
    for dag in LONG:
        airflow.trigger(dag, RUN)
    return dict.fromkeys(LONG, RUN)


def deploy_blue(service: Service, folder: Path) -> None:
    """Register a first version of the model to be promoted, and have a deployment answer with it."""
    (folder / "line.json").write_text("[1, 0]", encoding="utf-8")
    code = EXAMPLES / "tuned_model_online"
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("AIRFLOW_CONN_AZUREML_DEFAULT", service.wait()["airflow_connection"])
        model = AzureMLRegisterModelOperator(task_id="m", name="promoted-line", path=folder).execute({})
        assert model["version"] == "1"
        AzureMLCreateOnlineEndpointOperator(task_id="e", name=PROMOTED).execute(context())
        AzureMLCreateOnlineDeploymentOperator(
            task_id="d",
            name="blue",
            endpoint_name=PROMOTED,
            model=model,
            code=code,
            scoring_script="score.py",
            environment={"image": "docker.io/python", "conda_file": str(code / "environment.yml")},
            instance_type="Standard_DS3_v2",
            instance_count=1,
            traffic=100,
        ).execute(context())


def test_the_best_trials_model_answers_online(airflow: RealAirflow, runs: dict[str, str]) -> None:
    dag = "tuned_model_online"
    run = finished(airflow, runs, dag)

    best = airflow.xcom(dag, run, "tune", key="model")
    model = airflow.xcom(dag, run, "register")
    assert model["path"].rstrip("/") == best["path"].rstrip("/")
    slope, start = stored(airflow, best["https_url"], "line.json")
    assert airflow.xcom(dag, run, "ask") == [pytest.approx(start), pytest.approx(2 * slope + start)]
    assert waited_on_a_worker(airflow, dag, run, "tune") == []
    assert min(deferrals(airflow, dag, run)[task] for task in ("endpoint", "deploy", "delete")) >= 1
    calls = [one for one in airflow.service.requests() if one["path"].endswith("/onlineEndpoints/airflow-tuned-line")]
    assert [one["method"] for one in calls if one["method"] in ("PUT", "DELETE")][-1] == "DELETE"
    assert calls[-1]["status"] == 404, "it is gone"


def decide(airflow: RealAirflow, run: str, choice: str) -> str:
    """Wait until the promotion asks a person, answer, and see it end well; gives back what was asked."""
    dag = "model_promotion"
    airflow.wait_state(dag, run, "approve", "awaiting_input", "failed", "skipped", "upstream_failed", timeout=420)
    assert airflow.states(dag, run)["approved"] is None, "nothing goes on without a person"
    asked = f"/dags/{dag}/dagRuns/{run}/taskInstances/approve/-1/hitlDetails"
    subject = str(airflow.api("GET", asked)["subject"])
    airflow.api("PATCH", asked, {"chosen_options": [choice]})
    finished(airflow, {dag: run}, dag)
    return subject


@pytest.fixture(scope="module")
def promoted(airflow: RealAirflow, runs: dict[str, str]) -> tuple[str, str]:
    """The run of the promotion that somebody has approved, and what that person was asked."""
    run = runs["model_promotion"]
    return run, decide(airflow, run, "Approve")


@contextlib.contextmanager
def hooked(airflow: RealAirflow) -> Iterator[AzureMLHook]:
    """A hook to the emulator that the tasks' jobs run on."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("AIRFLOW_CONN_AZUREML_DEFAULT", airflow.service.wait()["airflow_connection"])
        yield AzureMLHook()


def said_of(airflow: RealAirflow, version: str) -> tuple[str, set[str]]:
    """The stage of a version of the model in promotion, and the names of its tags."""
    with hooked(airflow) as hook, hook.client() as client:
        found = client.run(assets.get(client.workspace, "models", "promoted-line", version)).properties
    return str(found["stage"]), set(found["tags"])


def in_production(airflow: RealAirflow) -> tuple[dict[str, int], int]:
    """The traffic of the endpoint, and how often a model was shared."""
    with hooked(airflow) as hook, hook.client() as client:
        endpoint = client.run(tracked.get(online.endpoint(client.workspace, PROMOTED))).raw
    shared = sum(str(one["path"]).endswith("/import") for one in airflow.service.requests())
    return dict(endpoint["properties"]["traffic"]), shared


def versions(airflow: RealAirflow) -> set[str]:
    """The registered versions of the model in promotion."""
    with hooked(airflow) as hook:
        return set(hook.list_versions("models", "promoted-line"))


def test_a_model_is_approved_shared_and_given_a_tenth_of_the_traffic_then_all_of_it(
    airflow: RealAirflow, promoted: tuple[str, str]
) -> None:
    dag, (run, asked) = "model_promotion", promoted
    assert asked == "Version 2 of promoted-line to production?"
    assert set(airflow.states(dag, run).values()) == {"success"}

    assert airflow.xcom(dag, run, "share")["id"] == "azureml://registries/local/models/promoted-line/versions/2"
    slope, start = stored(airflow, airflow.xcom(dag, run, "train", key="model")["https_url"], "line.json")
    assert airflow.xcom(dag, run, "ask") == [pytest.approx(2 * slope + start)]
    assert said_of(airflow, "2") == ("Production", {"loss", "approved_by"})
    assert in_production(airflow) == ({"green": 100}, 1)
    assert "traffic: {'blue': 100} becomes {'green': 10, 'blue': 90}." in airflow.log(dag, run, "a_tenth")


def test_a_model_that_a_person_rejects_is_not_shared_and_gets_no_traffic(
    airflow: RealAirflow, promoted: tuple[str, str]
) -> None:
    dag, run = "model_promotion", "rejected"
    before = in_production(airflow)
    airflow.trigger(dag, run)
    asked = decide(airflow, run, "Reject")

    states = airflow.states(dag, run)
    done = ("train", "good_enough", "register", "approve")
    assert states == {**dict.fromkeys(states, "skipped"), **dict.fromkeys(done, "success")}
    version = airflow.xcom(dag, run, "register")["version"]
    assert asked == f"Version {version} of promoted-line to production?"
    assert said_of(airflow, version) == ("Staging", {"loss"})
    assert in_production(airflow) == before


def test_a_model_that_is_too_bad_is_not_even_registered(airflow: RealAirflow, promoted: tuple[str, str]) -> None:
    dag, run = "model_promotion", "too-bad"
    before = versions(airflow), in_production(airflow)
    airflow.trigger(dag, run, conf={"rate": 0.0001})
    finished(airflow, {dag: run}, dag)

    states = airflow.states(dag, run)
    assert states == {**dict.fromkeys(states, "skipped"), **dict.fromkeys(("train", "good_enough"), "success")}
    assert airflow.xcom(dag, run, "train")["metrics"]["loss"] > 0.05
    assert (versions(airflow), in_production(airflow)) == before
