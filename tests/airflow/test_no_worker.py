"""No-worker mode in one process: which tasks may start or end in the triggerer, and what is stored for that."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.sdk import DAG, Asset, task_group
from airflow.sdk.log import mask_secret
from airflow.serialization.serialized_objects import DagSerialization
from airflow.triggers.base import StartTriggerArgs

from airflow_azureml.operators import (
    AzureMLCommandJobOperator,
    AzureMLInvokeBatchEndpointOperator,
    AzureMLJobOperator,
)
from airflow_azureml.sensors import AzureMLJobSensor
from airflow_azureml.task import description, end_conditions
from airflow_azureml.task.description import ON_WORKERS, made_again
from airflow_azureml.task.stored_references import StoredReference
from airflow_azureml.task.templates_elsewhere import needs_worker
from airflow_azureml.triggers.start import AzureMLStartTrigger

MODE: dict[str, Any] = {"start_in_trigger": True, "finish_in_trigger": True}


def command(task_id: str = "t", **given: Any) -> AzureMLCommandJobOperator:
    """A task in no-worker mode that needs no worker."""
    arguments = {"command": "true", "environment": {"image": "docker.io/python"}, **MODE, **given}
    return AzureMLCommandJobOperator(task_id=task_id, **arguments)


def read_back(dag: DAG, task_id: str = "t") -> Any:
    """The task as the scheduler sees it."""
    return DagSerialization.from_dict(DagSerialization.to_dict(dag)).get_task(task_id)


def stored(task: Any) -> dict[str, Any]:
    """What the triggerer makes the task again from."""
    args = task.start_trigger_args
    assert isinstance(args, StartTriggerArgs)
    assert args.trigger_kwargs is not None
    found: dict[str, Any] = json.loads(args.trigger_kwargs["task_json"])
    return found


@pytest.mark.parametrize(
    "text",
    [
        "python train.py --rate ${{inputs.rate}}",
        "{{ ds }} {{ ts_nodash }} {{ run_id }} {{ data_interval_end | ds }}",
        "{{ params.a.b }} {{ var.value.x }} {{ var.json.y['z'] }} {{ conn.c.password }} {{ macros.uuid.uuid4() }}",
        "{{ ti.task_id }} {{ task_instance.try_number }} {{ dag.dag_id }} {{ task.task_id }} {{ dag_run.conf['k'] }}",
        "{% for x in range(3) %}{{ x }}{% endfor %} {{ (dag_run.logical_date or dag_run.run_after) | ds_nodash }}",
        "{% set x = ds %}{{ x | upper }}",
        "$[[ ${{inputs.x}} ]] {{ '{{' }}",
    ],
)
def test_templates_that_the_triggerer_renders(text: str) -> None:
    assert needs_worker(text) is None


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("{{ ti.xcom_pull(task_ids='a') }}", "ti"),
        ("{{ ti['xcom_pull'](task_ids='a') }}", "ti"),
        ("{% set t = task_instance %}{{ t.xcom_pull('a') }}", "task_instance"),
        ("{{ ti.max_tries }}", "ti"),
        ("{{ ti.task_id }} {{ ti.hostname }}", "ti"),
        ("{{ dag_run.get_task_instances() }}", "dag_run"),
        ("{{ triggering_asset_events }}", "triggering_asset_events"),
        ("{{ prev_data_interval_start_success }}", "prev_data_interval_start_success"),
        ("{{ my_macro(1) }} {{ ds }}", "my_macro"),
        ("{{ ds | my_filter }}", "my_filter"),
        ("{% include 'other.sh' %}", "reads another one"),
        ("{{ ds", "unexpected"),
    ],
)
def test_templates_that_only_a_worker_renders(text: str, asked: str) -> None:
    assert asked in str(needs_worker(text))


def test_nothing_is_asked_of_tasks_in_other_modes() -> None:
    with DAG("d", schedule=None) as dag:
        command(start_in_trigger=False, finish_in_trigger=False)
    assert (read_back(dag).start_from_trigger, read_back(dag).start_trigger_args) == (False, None)


def test_the_scheduler_sees_a_task_that_starts_in_the_triggerer() -> None:
    with DAG("d", schedule=None) as dag:
        task = command(inputs={"day": "{{ ds }}"}, execution_timeout=timedelta(hours=1), timeout=timedelta(minutes=2))
    seen = read_back(dag)
    assert seen.start_from_trigger is True
    assert seen.start_trigger_args.trigger_cls == f"{AzureMLStartTrigger.__module__}.{AzureMLStartTrigger.__qualname__}"
    again = made_again(stored(task), "d")
    assert again.deferrable
    assert (again.inputs, again.command, again.timeout) == ({"day": "{{ ds }}"}, "true", 120.0)
    assert (again.dag_id, again.task_id, again.execution_timeout) == ("d", "t", timedelta(hours=1))


def test_a_task_made_again_says_the_same_of_itself(tmp_path: Path) -> None:
    file = tmp_path / "job.yml"
    file.write_text("type: command\ncommand: echo {{ ds }}\nenvironment: {image: x}\n")
    with DAG("d", schedule=None, template_searchpath=[str(tmp_path)], render_template_as_native_obj=True):
        task = AzureMLJobOperator(task_id="t", job="job.yml", set={"a.b": 1}, **MODE)
    task.resolve_template_files()
    again = made_again(stored(task), "d")
    assert again.job == file.read_text()
    assert again.template_file_paths == {"job": str(file)}
    assert again.dag.render_template_as_native_obj
    assert again.template_folders() == task.template_folders()


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({"environment_variables": {"X": "{{ ti.xcom_pull(task_ids='a') }}"}}, "asks for ti"),
        ({"environment_variables": {"API_TOKEN": "abcdefgh"}}, "holds a secret (API_TOKEN)"),
        ({"environment_variables": {"X": "see masked-as-a-connection"}}, "holds a secret (X)"),
        ({"inputs": {"x": object()}}, "inputs.x: object cannot be stored"),
        ({"inputs": {"x": float("nan")}}, "inputs.x: float"),
        ({"description": "x" * 50_000}, "40000 is the limit"),
        ({"wait_for_completion": False}, "nothing to wait for"),
        ({"pre_execute": lambda context: None}, "pre_execute would not run"),
        ({"on_execute_callback": lambda context: None}, "on_execute_callback would not run"),
    ],
)
def test_why_a_task_starts_on_a_worker(given: dict[str, Any], reason: str) -> None:
    mask_secret("masked-as-a-connection")
    with DAG("d", schedule=None):
        task = command(**given)
    assert reason in str(task.why_start_on_worker())
    assert (task.start_from_trigger, task.start_trigger_args) == (False, None)


def test_a_secret_that_a_template_reads_is_not_stored() -> None:
    with DAG("d", schedule=None):
        task = command(environment_variables={"API_TOKEN": "{{ conn.service.password }}"})
    assert stored(task)["keywords"]["environment_variables"] == {"API_TOKEN": "{{ conn.service.password }}"}


def test_a_reference_to_another_task_is_stored() -> None:
    with DAG("d", schedule=None) as dag:
        first = command("first", outputs={"data": None})
        second = command("second", inputs={"data": first.output["data"], "all": [first.output]})
        sensor = AzureMLJobSensor(task_id="sensor", job_name=first.output, **MODE)
    assert read_back(dag, "second").start_from_trigger is True
    made = made_again(stored(second), "d")
    one, whole = StoredReference("first", "data"), StoredReference("first", "return_value")
    assert made.inputs == {"data": one, "all": [whole]}
    assert made_again(stored(sensor), "d").job_name == whole


def test_a_reference_to_mapped_tasks_starts_on_a_worker() -> None:
    with DAG("d", schedule=None):
        mapped = AzureMLCommandJobOperator.partial(task_id="m", environment={"image": "x"}).expand(command=["a", "b"])
        second = command("second", inputs={"data": mapped.output})
        plain = command("plain")
        joined = command("joined", inputs={"data": plain.output.concat(mapped.output)})
    for task in (second, joined):
        assert "inputs takes what Airflow resolves only on a worker" in str(task.why_start_on_worker())


def test_a_keyword_that_looks_like_a_stored_reference_is_not_stored() -> None:
    with DAG("d", schedule=None):
        task = command("second", inputs={"data": {"$output": ["a", "b"]}})
    assert "cannot be stored" in str(task.why_start_on_worker())


def test_an_invocation_starts_on_a_worker() -> None:
    task = AzureMLInvokeBatchEndpointOperator(task_id="t", endpoint_name="e", **MODE)
    assert "must not be sent twice" in str(task.why_start_on_worker())


def test_code_of_a_subclass_runs_on_workers() -> None:
    class Own(AzureMLCommandJobOperator):
        """A class of a DAG author."""

    task = Own(task_id="t", command="true", environment={"image": "x"}, **MODE)
    assert "Own may have code of its own" in str(task.why_start_on_worker())
    assert "Own may have code of its own" in str(end_conditions.why_end_on_worker(task))


def test_tasks_start_on_workers_where_triggerers_have_queues(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW__TRIGGERER__QUEUES_ENABLED", "True")
    with DAG("d", schedule=None) as dag:
        task = command()
    seen = read_back(dag)
    assert (seen.start_from_trigger, seen.start_trigger_args) == (False, None)
    assert "[triggerer] queues_enabled" in str(task.why_start_on_worker())
    assert task.end_in_trigger(is_retried=False) is not None


def test_mapped_tasks_start_on_workers() -> None:
    with DAG("d", schedule=None) as dag:
        AzureMLCommandJobOperator.partial(task_id="t", environment={"image": "x"}, **MODE).expand(command=["a", "b"])

        @task_group
        def group(word: str) -> None:
            command("in_group")

        group.expand(word=["a", "b"])
    assert read_back(dag).start_from_trigger is False
    assert read_back(dag, "group.in_group").start_from_trigger is False


def test_templates_of_a_dag_of_its_own_kind_are_rendered_on_workers() -> None:
    with DAG("d", schedule=None, jinja_environment_kwargs={"variable_start_string": "[["}):
        task = command()
    assert "in its own way" in str(task.why_start_on_worker())


@pytest.fixture
def git_bundle(monkeypatch: pytest.MonkeyPatch) -> Any:
    """DAG files come from a bundle that has versions."""
    bundles = [{"name": "g", "classpath": "airflow.providers.git.bundles.git.GitDagBundle", "kwargs": {}}]
    monkeypatch.setenv("AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_CONFIG_LIST", json.dumps(bundles))
    description.local_bundles.cache_clear()
    yield
    description.local_bundles.cache_clear()


def test_files_of_a_bundle_with_versions_are_not_there(git_bundle: None, tmp_path: Path) -> None:
    (tmp_path / "job.yml").write_text("type: command\ncommand: x\ncode: src\n")
    with DAG("d", schedule=None, template_searchpath=str(tmp_path)):
        task = AzureMLJobOperator(task_id="t", job="job.yml", **MODE)
    task.resolve_template_files()
    again = made_again(stored(task), "d")
    assert again.template_folders()[0] == ON_WORKERS
    assert again.template_file_paths == {"job": f"{ON_WORKERS}/job.yml"}


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({"outlets": [Asset("azureml://somewhere")]}, "no asset events"),
        ({"on_success_callback": lambda context: None}, "on_success_callback"),
        ({"post_execute": lambda context, result: None}, "post_execute would not run"),
        ({"multiple_outputs": True}, "multiple_outputs"),
    ],
)
def test_why_a_task_ends_on_a_worker(given: dict[str, Any], reason: str) -> None:
    with DAG("d", schedule=None):
        task = command(**given)
    assert reason in str(end_conditions.why_end_on_worker(task))
    assert task.end_in_trigger(False) is None


def test_lineage_ends_tasks_on_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    def installed(name: str) -> Any:
        return SimpleNamespace(name=name)

    with DAG("d", schedule=None):
        task = command()
    assert end_conditions.why_end_on_worker(task) is None
    monkeypatch.setattr(end_conditions, "find_spec", installed)
    try:
        for settings, recorded in (
            ({}, False),
            ({"AIRFLOW__OPENLINEAGE__TRANSPORT": '{"type": "console"}'}, True),
            ({"OPENLINEAGE_DISABLED": "True"}, False),
        ):
            for name, value in settings.items():
                monkeypatch.setenv(name, value)
            end_conditions.lineage_is_recorded.cache_clear()
            assert bool(end_conditions.why_end_on_worker(task)) == recorded
    finally:
        end_conditions.lineage_is_recorded.cache_clear()


@pytest.mark.parametrize("name", ["on_failure_callback", "on_retry_callback"])
def test_a_failure_that_a_callback_waits_for_ends_on_a_worker(name: str) -> None:
    given: dict[str, Any] = {name: lambda context: None}
    assert (command(**given).end_in_trigger(False) or {})["fails_here"] is False
    assert (command().end_in_trigger(False) or {})["fails_here"] is True


def test_a_failure_that_ends_its_run_ends_on_a_worker() -> None:
    for fast in (True, False):
        with DAG("d", schedule=None, fail_fast=fast):
            assert (command().end_in_trigger(False) or {})["fails_here"] is not fast


def test_a_skip_that_a_callback_waits_for_ends_on_a_worker() -> None:
    given: dict[str, Any] = {"on_skipped_callback": lambda context: None}
    assert (command(**given).end_in_trigger(False) or {})["skips_here"] is False
    assert (command().end_in_trigger(False) or {})["skips_here"] is True


def test_a_result_that_is_mapped_over_comes_from_a_worker() -> None:
    with DAG("d", schedule=None):
        first = command("first")
        AzureMLCommandJobOperator.partial(task_id="next", environment={"image": "x"}, command="x").expand(
            display_name=first.output
        )
    assert "mapped over its result" in str(end_conditions.why_end_on_worker(first))


def test_a_start_trigger_shows_nothing_of_its_task() -> None:
    trigger = AzureMLStartTrigger('{"keywords": {"command": "secret"}}')
    again = AzureMLStartTrigger(**trigger.serialize()[1])
    assert again.serialize() == trigger.serialize()
    assert "secret" not in repr(trigger)
