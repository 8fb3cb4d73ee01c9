"""Values of Python in operators' keywords that Airflow or JSON would write as something else."""

from __future__ import annotations

import re
from collections import UserString, deque
from datetime import timedelta
from decimal import Decimal
from enum import Enum
from fractions import Fraction
from typing import Any, Literal

import pytest
from airflow.providers.common.compat.sdk import DAG, AirflowFailException

from airflow_azureml import configuration
from airflow_azureml.exceptions import AzureMLSpecError, translated
from airflow_azureml.hooks.azureml import AzureMLHook
from airflow_azureml.operators import (
    AzureMLCancelOrphansOperator,
    AzureMLCommandJobOperator,
    AzureMLCreateBatchDeploymentOperator,
    AzureMLCreateComputeOperator,
    AzureMLCreateOnlineDeploymentOperator,
    AzureMLDownloadJobOutputOperator,
    AzureMLDownloadModelOperator,
    AzureMLInvokeOnlineEndpointOperator,
    AzureMLScaleComputeOperator,
)
from airflow_azureml.operators.keywords import whole_seconds
from airflow_azureml.rest.errors import SettingsError, SpecError
from airflow_azureml.sensors import AzureMLComputeSensor, AzureMLJobSensor
from airflow_azureml.task.resource_fields import compute_name_of, one_of
from airflow_azureml.task.xcom import job_name_of


class Stage(str, Enum):
    """A text, of which templates and ``str()`` write ``Stage.TEST``."""

    TEST = "test"


def test_a_member_of_an_enumeration_is_rendered_as_its_value() -> None:
    given: dict[str, Any] = {"environment": "azureml:e:1", "inputs": {"stage": Stage.TEST}, "compute": Stage.TEST}
    with DAG("d"):
        task: Any = AzureMLCommandJobOperator(task_id="t", command="echo", **given)
        mapped: Any = AzureMLCommandJobOperator.partial(task_id="m", command="echo", **given).expand(
            tags=[{"s": Stage.TEST}]
        )
    task.render_template_fields({})
    assert (str(task.compute), str(task.inputs["stage"])) == ("test", "test")
    assert (str(mapped.partial_kwargs["compute"]), str(mapped.partial_kwargs["inputs"]["stage"])) == ("test", "test")
    assert str(mapped.expand_input.value["tags"][0]["s"]) == "test"


@pytest.mark.parametrize(("kind", "field"), [(AzureMLJobSensor, "job_name"), (AzureMLComputeSensor, "name")])
def test_so_is_one_of_a_sensor(kind: Any, field: str) -> None:
    with DAG("d"):
        task = kind(task_id="t", **{field: Stage.TEST})
    task.render_template_fields({})
    assert getattr(task, field) == "test"
    assert not isinstance(getattr(task, field), Enum)


def test_a_member_names_what_its_value_names() -> None:
    words = Literal["test"]
    found = [job_name_of(Stage.TEST), compute_name_of({"name": Stage.TEST}), one_of("state", Stage.TEST, words)]
    assert [str(name) for name in found] == ["test", "test", "test"]


@pytest.mark.parametrize("given", [bytearray(b"abc"), UserString("abc"), deque([1]), range(2)])
def test_a_sequence_that_is_given_stays_what_it_is(given: Any) -> None:
    with DAG("d"):
        task: Any = AzureMLInvokeOnlineEndpointOperator(task_id="t", endpoint_name="e", data={"rows": given})
    task.render_template_fields({})
    assert type(task.data["rows"]) is type(given)


@pytest.mark.parametrize("given", [5, "one", b"one", {"one": 1}, [5], [None], [""]])
def test_what_is_no_list_of_dags_sweeps_nothing(given: Any) -> None:
    with pytest.raises(AzureMLSpecError, match=r"^dag_ids: .* is not accepted. Accepted: a list (of DAG ids, )?or"):
        AzureMLCancelOrphansOperator(task_id="t", dag_ids=given, azureml_conn_id="no_such_connection").execute({})


@pytest.mark.parametrize("given", [float("nan"), float("inf"), 10**400])
@pytest.mark.parametrize("name", ["poll_interval", "patience", "queue_timeout"])
def test_seconds_that_no_clock_counts_are_refused(name: str, given: Any) -> None:
    with pytest.raises(SpecError, match=f"^{name}: .* is not accepted. Accepted: a number of seconds"):
        getattr(configuration, name)(given)


def test_numbers_of_other_libraries_are_numbers() -> None:
    half = Fraction(1, 2)
    found = [configuration.poll_interval(half), configuration.patience(half), configuration.queue_timeout(half)]
    found += [configuration.sensor_interval(half, 60), configuration.max_resubmissions(Decimal("2"))]
    assert found == [0.5, 0.5, 0.5, 0.5, 2]
    assert [type(value) for value in found] == [float] * 4 + [int]
    assert (whole_seconds(Decimal("1.5"), "x"), whole_seconds(Fraction(5, 2), "x")) == (2, 3)


@pytest.mark.parametrize("given", [-1, -0.5, timedelta(seconds=-1)])
def test_a_time_below_nothing_is_refused_by_the_keyword_that_it_was_given_to(given: Any) -> None:
    said = r"is not accepted. Accepted: a number of seconds, or a timedelta, that is not negative\."
    for field, keywords in (("timeout", {"timeout": given}), ("limits.timeout", {"limits": {"timeout": given}})):
        settings: Any = {"command": "echo", "environment": "azureml:e:1", **keywords}
        with pytest.raises(SpecError, match=f"^{re.escape(field)}: .* {said}"):
            AzureMLCommandJobOperator(task_id="t", **settings).document({})
    made = AzureMLCreateComputeOperator(task_id="t", name="c", size="s", idle_time_before_scale_down=given)
    with pytest.raises(SpecError, match=f"^idle_time_before_scale_down: .* {said}"):
        made.document({})


def test_a_number_of_another_library_from_an_upstream_task_is_rendered_as_a_number() -> None:
    given: Any = Decimal("1")
    with DAG("d"):
        task: Any = AzureMLScaleComputeOperator(task_id="t", name="c", min_instances=given, max_instances=2)
    task.render_template_fields({})
    assert (task.min_instances, type(task.min_instances)) == (1, int)


@pytest.mark.parametrize("given", [[], {}, False, 0, ""])
@pytest.mark.parametrize("name", ["experiment_name", "display_name"])
def test_what_is_no_name_is_not_taken_for_none_given(name: str, given: Any) -> None:
    with DAG("d"), pytest.raises(AzureMLSpecError, match=rf"^{name}: .* Accepted: a text that is not empty or None"):
        AzureMLCommandJobOperator(task_id="t", command="echo", environment="azureml:e:1", **{name: given})


@pytest.mark.parametrize("given", [5, "", [1], {1}])
def test_resources_that_are_no_mapping_are_named_as_they_are_given(given: Any) -> None:
    with pytest.raises(AzureMLSpecError, match=r"^job_resources: .* Accepted: a mapping or None\."):
        AzureMLCommandJobOperator(task_id="t", command="echo", environment="azureml:e:1", job_resources=given)


@pytest.mark.parametrize("given", [5, None, "", " ", ["a"], {"name": "o"}, "None"])
def test_what_is_no_name_of_an_output_is_named_as_it_is_given(given: Any) -> None:
    with pytest.raises(AzureMLSpecError, match=r"^output_name: .* Accepted: (the name of an output|a text that is no)"):
        AzureMLDownloadJobOutputOperator(
            task_id="t", job_name="j", output_name=given, local_path="x", azureml_conn_id="no_such_connection"
        ).execute({})


def test_a_set_is_written_down_in_one_order() -> None:
    words = {f"dag-{number}" for number in range(20)}
    with DAG("d"):
        task: Any = AzureMLCancelOrphansOperator(task_id="t", dag_ids=words)
        mapped: Any = AzureMLCancelOrphansOperator.partial(task_id="m").expand(dag_ids=[frozenset(words)])
    assert task.dag_ids == mapped.expand_input.value["dag_ids"][0] == sorted(words)


@pytest.mark.parametrize(("given", "meant"), [("True", True), ("t", True), ("0", False), ("FALSE  # not here", False)])
def test_whether_marks_cancel_is_read_as_airflow_reads_such_settings(
    monkeypatch: pytest.MonkeyPatch, given: str, meant: bool
) -> None:
    monkeypatch.setenv("AIRFLOW__AZUREML__CANCEL_JOBS_OF_MARKED_TASKS", given)
    assert configuration.cancels_jobs_of_marked_tasks() is meant


@pytest.mark.parametrize("given", ["maybe", "", "2"])
def test_one_that_is_neither_is_named(monkeypatch: pytest.MonkeyPatch, given: str) -> None:
    monkeypatch.setenv("AIRFLOW__AZUREML__CANCEL_JOBS_OF_MARKED_TASKS", given)
    said = rf"^\[azureml\] cancel_jobs_of_marked_tasks: '{given}' is not accepted. Accepted: True or False\.$"
    with pytest.raises(SettingsError, match=said):
        configuration.cancels_jobs_of_marked_tasks()


def test_an_infinite_queue_timeout_is_told_how_none_is_written() -> None:
    with pytest.raises(SpecError, match=r"of more than 0, or None for no limit\.$"):
        configuration.queue_timeout(float("inf"))


@pytest.mark.parametrize("given", ["soon", "", "1 s"])
@pytest.mark.parametrize("name", ["poll_interval", "patience", "max_resubmissions", "max_requests_per_second"])
def test_a_setting_of_airflow_that_is_no_number_is_named_and_not_retried(
    monkeypatch: pytest.MonkeyPatch, name: str, given: str
) -> None:
    monkeypatch.setenv(f"AIRFLOW__AZUREML__{name.upper()}", given)
    with (
        pytest.raises(AirflowFailException, match=rf"^\[azureml\] {name}: '{given}' is not acc.* Accepted: a "),
        translated(),
    ):
        getattr(configuration, name)()


@pytest.mark.parametrize(
    ("name", "given"),
    [("poll_interval", "0"), ("poll_interval", "-5"), ("patience", "nan"), ("patience", "inf")],
)
def test_seconds_of_airflows_configuration_are_checked_like_the_keywords(
    monkeypatch: pytest.MonkeyPatch, name: str, given: str
) -> None:
    monkeypatch.setenv(f"AIRFLOW__AZUREML__{name.upper()}", given)
    with pytest.raises(SpecError, match=rf"^\[azureml\] {name}: .* is not accepted. Accepted: a number of seconds"):
        getattr(configuration, name)()


@pytest.mark.parametrize("given", [5, None, "", " ", b"x", "a\0b", ["a"]])
def test_what_is_no_folder_is_not_taken_for_the_working_directory(given: Any) -> None:
    hook = AzureMLHook("no_such_connection")
    ways: dict[str, Any] = {
        "local_path": [
            lambda: AzureMLDownloadJobOutputOperator(
                task_id="t", job_name="j", output_name="o", local_path=given
            ).execute({}),
            lambda: AzureMLDownloadModelOperator(task_id="t", model="azureml:m:1", local_path=given).execute({}),
        ],
        "path": [lambda: hook.download_output("j", "o", given), lambda: hook.download_model("azureml:m:1", given)],
    }
    for field, runs in ways.items():
        for run in runs:
            accepted = "(the path of a folder|a text that is not empty or a path object)"
            with pytest.raises(AzureMLSpecError, match=rf"^{field}: .* Accepted: {accepted}"):
                run()


@pytest.mark.parametrize(
    ("kind", "further"),
    [
        (AzureMLCreateBatchDeploymentOperator, {"compute": "cpu-cluster"}),
        (AzureMLCreateOnlineDeploymentOperator, {"instance_type": "S", "instance_count": 1}),
    ],
)
def test_code_of_a_deployment_that_is_no_path_is_refused_by_name(kind: Any, further: dict[str, Any]) -> None:
    given: dict[str, Any] = {"name": "blue", "endpoint_name": "e", "model": "azureml:m:1", "scoring_script": "s.py"}
    with pytest.raises(AzureMLSpecError, match=r"^code: 5 is not accepted\. Accepted: a text that is not empty, a "):
        kind(task_id="t", code=5, environment="azureml:e:1", **given, **further)
