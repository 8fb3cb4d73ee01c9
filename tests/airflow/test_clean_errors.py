"""What users get wrong first ends in one clear error: its class, the field, what was given, what is accepted."""

from __future__ import annotations

import json

import pytest

from tests.airflow.installs import AirflowInstall
from tests.emulator_fixture import RunningEmulator

NOT_RETRIED = "AirflowFailException"

ERRORS = {
    "no_service": ("AzureMLServiceError", ["127.0.0.1:1", "cannot be reached", "azureml-emulator start"]),
    "wrong_secret": ("AzureMLConnectionError", ["`password`", "client_secret"]),
    "no_connection": ("AzureMLConnectionError", ["no_such_connection"]),
    "no_workspace": ("AzureMLNotFoundError", ["no-such-workspace"]),
    "no_compute": ("AzureMLSpecError", ['compute: compute "no-such-compute" does not exist', "cpu-cluster"]),
    "no_data": ("AzureMLSpecError", ['inputs.d: data asset "no-such-data" version "2" does not exist', "not found"]),
    "no_label": ("AzureMLNotFoundError", ['inputs.d: data asset "no-such-data@latest" does not exist']),
    "not_emulated": ("AzureMLNotEmulatedError", ["The emulator does not support this; the service does."]),
    "no_code": ("AzureMLSpecError", ["code", "./no-such-folder"]),
    "dict_literal": ("AzureMLSpecError", ["inputs.grid", "depth", "json.dumps"]),
    "empty_literal": ("AzureMLSpecError", ["inputs.suffix", "an empty string", "Omit the input"]),
    "no_output": ("AzureMLSpecError", ['fine.output["test_data"]', "train_data"]),
    "no_result": (
        "AzureMLSpecError",
        ['exit_3.output["default"]', "no result in this run", "skipped, has failed", "do_xcom_push", "null"],
    ),
    "no_whole_result": ("AzureMLSpecError", ["exit_3.output: task", "no result in this run", "skipped, has failed"]),
    "exit_3": ("AzureMLJobFailedError", ["Failed", "last words", "/runs/"]),
    "timeout_twice": ("AzureMLSpecError", ["timeout", "limits.timeout", "one of them"]),
    "resources_twice": ("AzureMLSpecError", ["instance_count", "job_resources.instance_count"]),
    "reserved_output": ("AzureMLSpecError", ["outputs.return_value", "outputs.azureml_studio_url"]),
    "bad_compute": ("AzureMLSpecError", ['compute: ""', "a text that is not empty"]),
    "unknown_key": ("AzureMLSpecError", ["comand", "command"]),
    "no_mapping": ("AzureMLSpecError", ["job: ", "mapping", "list"]),
    "no_job": ("AzureMLSpecError", ['job: this is not a mapping but text: "train"']),
    "no_file": ("AzureMLSpecError", ["job", "no-such-file.yml", "Looked in"]),
    "bad_merge": ("AzureMLSpecError", ["inputs", '"x=1"', "a mapping"]),
    "bad_name": ("AzureMLSpecError", ["job_name", "{'name': 'x'}", "result mapping"]),
    "asset_no_path": ("AzureMLSpecError", ["path", "required"]),
    "asset_bad_type": ("AzureMLSpecError", ["type", '"x"', "uri_folder"]),
}
RETRIED = {"no_service", "exit_3"}
"""Errors that a retry may help against."""


@pytest.fixture(scope="module")
def run(install: AirflowInstall, emulator: RunningEmulator) -> AirflowInstall:
    """The DAG of all mistakes, run."""
    connection = json.loads(emulator["airflow_connection"])
    nowhere = {**connection, "extra": {**connection["extra"], "endpoint": "https://127.0.0.1:1"}}
    wrong = {**connection, "password": "wrong-secret-value"}
    text = install.run(
        "clean_errors", AIRFLOW_CONN_NO_SERVICE=json.dumps(nowhere), AIRFLOW_CONN_WRONG_SECRET=json.dumps(wrong)
    )
    assert connection["password"] not in text
    return install


@pytest.mark.parametrize("task", ERRORS)
def test_a_mistake_ends_in_one_clear_error(run: AirflowInstall, task: str) -> None:
    failure = run.failures("clean_errors")[task]
    expected, words = ERRORS[task]
    assert expected in failure["classes"], failure
    assert (NOT_RETRIED in failure["classes"]) == (task not in RETRIED), failure
    assert [word for word in words if word not in failure["text"]] == [], failure["text"]
    assert failure["cause"] == "None"
    assert "Traceback" not in failure["text"]
    assert "wrong-secret-value" not in failure["text"]


def test_a_failed_job_tells_its_story_in_fields_too(run: AirflowInstall) -> None:
    fields = run.failures("clean_errors")["exit_3"]["fields"]
    assert fields["status"] == "Failed"
    assert fields["job_name"]
    assert "/runs/" in fields["studio_url"]
    assert "last words" in fields["log_tail"]
    assert "3" in fields["reason"]


def test_nothing_was_submitted_where_the_fault_is_the_users(run: AirflowInstall, emulator: RunningEmulator) -> None:
    made = {job["name"].rpartition("-")[0].rpartition("-")[0] for job in emulator.jobs()}
    mistakes = {f"clean_errors-{task}" for task in ERRORS} - {"clean_errors-exit_3"}
    assert "clean_errors-exit_3" in made
    assert not made & mistakes
    assert set(run.states("clean_errors").values()) == {"failed", "success"}
