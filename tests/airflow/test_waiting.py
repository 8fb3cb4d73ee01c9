"""Waiting on a worker, deferred and by sensor: outputs, failures, cancels and time-outs, on both Airflow lines."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from airflow_azureml.asset_uris import normal
from airflow_azureml.hooks.azureml import AzureMLHook
from tests.airflow.installs import AirflowInstall

pytestmark = pytest.mark.timeout(900)

WAYS = ("here", "deferred")
SENSORS = ("poke", "reschedule", "deferred")
RESULT = {
    "job_name",
    "status",
    "experiment_name",
    "studio_url",
    "started_at",
    "ended_at",
    "outputs",
    "metrics",
    "attempts",
    "usage",
}


@pytest.fixture(scope="module")
def ran(install: AirflowInstall) -> dict[str, tuple[AirflowInstall, str]]:
    """The DAGs of ``waiting.py`` and what each logged: in homes of their own, all at once, as they mostly wait."""
    homes = {dag: install.beside(dag) for dag in ("operators", "sensors", "canceled")}
    with ThreadPoolExecutor() as pool:
        texts = pool.map(lambda dag: homes[dag].run(dag), homes)
    return {dag: (homes[dag], text) for dag, text in zip(homes, texts, strict=True)}


@pytest.fixture
def operators(ran: dict[str, tuple[AirflowInstall, str]]) -> tuple[AirflowInstall, str]:
    """The DAG of operators, run, and what it logged."""
    return ran["operators"]


@pytest.fixture
def sensors(ran: dict[str, tuple[AirflowInstall, str]]) -> tuple[AirflowInstall, str]:
    """The DAG of sensors, run, and what it logged."""
    return ran["sensors"]


@pytest.fixture
def canceled(ran: dict[str, tuple[AirflowInstall, str]]) -> AirflowInstall:
    """The DAG of cancels, run."""
    return ran["canceled"][0]


@pytest.mark.parametrize("way", WAYS)
def test_the_result_and_each_output_are_xcoms(operators: tuple[AirflowInstall, str], way: str) -> None:
    run, _ = operators
    result = run.xcom("operators", f"write_{way}")
    assert set(result) == RESULT
    assert result["status"] == "Completed"
    assert result["started_at"] < result["ended_at"]
    assert set(result["outputs"]) == {"default", "out"}
    assert run.xcom("operators", f"write_{way}", "out") == result["outputs"]["out"]
    assert result["outputs"]["out"]["path"].startswith("azureml://subscriptions/")
    assert run.xcom("operators", f"write_{way}", "azureml_studio_url") == result["studio_url"]


@pytest.mark.parametrize("way", WAYS)
def test_outlets_tell_of_the_job_also_after_a_deferral(operators: tuple[AirflowInstall, str], way: str) -> None:
    run, _ = operators
    result = run.xcom("operators", f"write_{way}")
    events = {uri: extra for uri, extra in run.asset_events() if extra.get("job_name") == result["job_name"]}
    whole = events.pop(f"azureml://subscriptions/s/resourcegroups/g/workspaces/w/models/of-{way}")
    assert (whole["status"], whole["studio_url"]) == ("Completed", result["studio_url"])
    ((uri, extra),) = events.items()
    path = result["outputs"]["out"]["path"]
    assert (uri, extra["output"], extra["path"]) == (normal(path), "out", path)


@pytest.mark.parametrize("way", WAYS)
def test_an_output_is_the_next_tasks_input(operators: tuple[AirflowInstall, str], hook: AzureMLHook, way: str) -> None:
    run, _ = operators
    result = run.xcom("operators", f"read_{way}")
    assert "the data" in hook.get_logs(result["job_name"])


def test_on_a_worker_the_jobs_log_is_in_the_tasks(operators: tuple[AirflowInstall, str]) -> None:
    _, text = operators
    assert "std_log.txt | the data" in text
    assert "Azure ML Studio: http" in text


def test_after_a_deferral_the_end_of_the_jobs_log_is_in_the_tasks_own(operators: tuple[AirflowInstall, str]) -> None:
    run, text = operators
    assert "| written" in text.replace("std_log.txt | written", "")
    assert f"{run.xcom('operators', 'write_deferred')['job_name']} ended as Completed." in text


def test_no_task_looks_up_what_was_never_pushed(operators: tuple[AirflowInstall, str]) -> None:
    _, text = operators
    assert "XCom not found" not in text


@pytest.mark.parametrize("index", [0, 1])
def test_a_mapped_tasks_job_is_named_after_its_label(
    operators: tuple[AirflowInstall, str], hook: AzureMLHook, index: int
) -> None:
    run, _ = operators
    names = [run.xcom("operators", task, map_index=index)["job_name"] for task in ("labelled", "numbered")]
    titles = [hook.get_job(name).display_name for name in names]
    assert titles == [f"operators.labelled [day {index + 7}]", f"operators.numbered [{index}]"]


@pytest.mark.parametrize("way", WAYS)
def test_a_failed_job_fails_the_task_with_its_story(operators: tuple[AirflowInstall, str], way: str) -> None:
    run, _ = operators
    failure = run.failures("operators")[f"fail_{way}"]
    assert failure["classes"][0] == "AzureMLJobFailedError"
    assert "why it failed" in failure["text"]
    assert failure["text"].endswith(failure["fields"]["studio_url"])
    assert run.states("operators")[f"fail_{way}"] == "failed"


@pytest.mark.parametrize("way", WAYS)
def test_the_result_says_what_the_job_has_used(operators: tuple[AirflowInstall, str], way: str) -> None:
    run, _ = operators
    usage = run.xcom("operators", f"write_{way}")["usage"]
    assert set(usage) == {"queued_seconds", "run_seconds", "node_hours", "nodes", "vm_size"}
    assert usage["nodes"] == 1
    assert usage["run_seconds"] >= 1
    assert usage["node_hours"] == pytest.approx(usage["run_seconds"] / 3600, abs=1e-6)
    assert run.xcom("operators", f"write_{way}", "azureml_usage") == usage


@pytest.mark.parametrize("way", WAYS)
def test_a_callback_finds_the_job_its_failure_and_what_it_used(operators: tuple[AirflowInstall, str], way: str) -> None:
    run, _ = operators
    failure = run.failures("operators")[f"fail_{way}"]
    told = failure["azureml"]
    assert told["usage"]["run_seconds"] > 0
    assert run.xcom("operators", f"fail_{way}", "azureml_usage") == told.pop("usage")
    assert told == {
        "job_name": failure["fields"]["job_name"],
        "studio_url": failure["fields"]["studio_url"],
        "status": "Failed",
        "failure": "user",
    }


def test_a_callback_finds_each_name_though_there_was_no_job(operators: tuple[AirflowInstall, str]) -> None:
    told = operators[0].failures("operators")["wrong"]["azureml"]
    assert told == dict.fromkeys(("job_name", "studio_url", "status", "failure", "usage"))


@pytest.mark.parametrize("way", SENSORS)
def test_a_callback_of_a_sensor_finds_the_job_too(sensors: tuple[AirflowInstall, str], way: str) -> None:
    told = sensors[0].failures("sensors")[f"bad_{way}"]["azureml"]
    assert (told["status"], told["failure"]) == ("Failed", "user")
    assert told["usage"]["nodes"] == 1


@pytest.mark.parametrize("way", WAYS)
def test_a_task_out_of_time_cancels_its_job(operators: tuple[AirflowInstall, str], hook: AzureMLHook, way: str) -> None:
    run, _ = operators
    failure = run.failures("operators")[f"slow_{way}"]
    assert {"AzureMLJobTimeoutError", "AirflowTaskTimeout"} <= set(failure["classes"]), failure
    name = run.xcom("operators", f"slow_{way}", "azureml_job_name")
    assert name in failure["text"]
    assert "0:00:10" in failure["text"]
    told = failure["azureml"]
    assert (told["job_name"], told["studio_url"]) == (name, run.xcom("operators", f"slow_{way}", "azureml_studio_url"))
    assert hook.wait_for_job(name, 30).status == "Canceled"


@pytest.mark.parametrize("way", WAYS)
def test_without_waiting_the_result_has_no_end(operators: tuple[AirflowInstall, str], way: str) -> None:
    run, _ = operators
    result = run.xcom("operators", f"left_{way}")
    assert set(result) == RESULT - {"usage"}
    assert result["status"] not in {"Completed", "Failed", "Canceled"}
    assert (result["ended_at"], result["outputs"], result["metrics"]) == (None, {}, {})


@pytest.mark.parametrize("way", SENSORS)
def test_a_sensors_result_is_that_of_an_operator(
    sensors: tuple[AirflowInstall, str], hook: AzureMLHook, way: str
) -> None:
    run, _ = sensors
    result = run.xcom("sensors", f"good_{way}")
    assert set(result) == RESULT
    assert result["job_name"] == run.xcom("sensors", "good")["job_name"]
    assert run.xcom("sensors", f"good_{way}", "out") == result["outputs"]["out"]
    assert run.xcom("sensors", f"good_{way}", "azureml_studio_url") == result["studio_url"]
    assert "the data" in hook.get_logs(run.xcom("sensors", f"read_{way}")["job_name"])


def test_a_sensor_takes_a_name_and_copies_the_log_where_asked(sensors: tuple[AirflowInstall, str]) -> None:
    run, text = sensors
    assert run.xcom("sensors", "by_name")["status"] == "Completed"
    assert "std_log.txt | written" in text


@pytest.mark.parametrize("way", SENSORS)
def test_a_failed_job_fails_the_sensor_or_skips_it(sensors: tuple[AirflowInstall, str], way: str) -> None:
    run, _ = sensors
    states, failure = run.states("sensors"), run.failures("sensors")[f"bad_{way}"]
    assert (states[f"bad_{way}"], states[f"soft_{way}"]) == ("failed", "skipped")
    assert failure["classes"][0] == "AzureMLJobFailedError"
    assert "why it failed" in failure["text"]


def test_a_sensor_out_of_time_leaves_the_job_alone(canceled: AirflowInstall) -> None:
    states = canceled.states("canceled")
    assert (states["timeout_poke"], states["timeout_deferred"]) == ("failed", "failed")
    assert states["timeout_soft"] == "skipped"
    for task in ("timeout_poke", "timeout_deferred"):
        failure = canceled.failures("canceled")[task]
        assert "AirflowSensorTimeout" in failure["classes"]
        told, page = failure["azureml"], canceled.xcom("canceled", task, "azureml_studio_url")
        assert (told["job_name"], told["studio_url"]) == (canceled.xcom("canceled", "long")["job_name"], page)
    assert canceled.xcom("canceled", "cancel")["status"] == "Canceled", "it ran until it was cancelled"


def test_cancelling_what_has_ended_or_never_was_is_success(canceled: AirflowInstall) -> None:
    name = canceled.xcom("canceled", "long")["job_name"]
    assert canceled.xcom("canceled", "again") == {"job_name": name, "status": "Canceled"}
    assert canceled.xcom("canceled", "missing") == {"job_name": "no-such-job", "status": None}


@pytest.mark.parametrize("way", ["poke", "deferred"])
def test_a_canceled_job_fails_or_skips_as_asked(canceled: AirflowInstall, way: str) -> None:
    states, failure = canceled.states("canceled"), canceled.failures("canceled")[f"fail_{way}"]
    assert (states[f"fail_{way}"], states[f"skip_{way}"]) == ("failed", "skipped")
    assert {"AzureMLJobCanceledError", "AirflowFailException"} <= set(failure["classes"])
    retried = canceled.failures("canceled")[f"retry_{way}"]
    assert retried["classes"][0] == "AzureMLJobCanceledError"
    assert "AirflowFailException" not in retried["classes"]
