"""The document that an operator writes of its keywords and of job files."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import DAG

from airflow_azureml.configuration import log_files
from airflow_azureml.operators import (
    AzureMLJobOperator,
)
from airflow_azureml.rest.errors import SpecError
from tests.airflow.commands import ENVIRONMENT, START, command, written


def test_keywords_become_the_clis_yaml() -> None:
    given = {
        "compute": "gpu",
        "inputs": {"x": 1},
        "outputs": {"y": None},
        "environment_variables": {"A": "b"},
        "tags": {"t": "1"},
        "distribution": {"type": "pytorch"},
        "queue_settings": {"job_tier": "spot"},
        "description": "d",
        "parent_job_name": "p",
    }
    expected = {"type": "command", "command": "echo", "environment": ENVIRONMENT, **given}
    assert written(command(**given)) == expected


@pytest.mark.parametrize(
    ("given", "key", "expected"),
    [
        ({"timeout": 60}, "limits", {"timeout": 60}),
        ({"timeout": 60.2}, "limits", {"timeout": 61}),
        ({"timeout": timedelta(hours=1)}, "limits", {"timeout": 3600}),
        ({"limits": {"timeout": timedelta(seconds=90)}}, "limits", {"timeout": 90}),
        ({"limits": {"timeout": 1.5}}, "limits", {"timeout": 2}),
        ({"identity": "managed"}, "identity", {"type": "managed"}),
        ({"identity": {"type": "managed"}}, "identity", {"type": "managed"}),
        ({"instance_count": 2, "shm_size": "4g"}, "resources", {"instance_count": 2, "shm_size": "4g"}),
        ({"job_resources": {"locations": ["eu"]}}, "resources", {"locations": ["eu"]}),
        (
            {"job_resources": {"locations": ["eu"]}, "instance_type": "S"},
            "resources",
            {"locations": ["eu"], "instance_type": "S"},
        ),
        ({"code": Path("src")}, "code", "src"),
    ],
)
def test_a_keyword_is_written_as_the_cli_knows_it(given: dict[str, Any], key: str, expected: Any) -> None:
    assert written(command(**given))[key] == expected


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"timeout": 1, "limits": {"timeout": 1}}, ["timeout", "limits.timeout"]),
        ({"shm_size": "1g", "job_resources": {"shm_size": "1g"}}, ["shm_size", "job_resources.shm_size"]),
    ],
)
def test_the_same_thing_twice_is_refused(given: dict[str, Any], words: list[str]) -> None:
    with pytest.raises(SpecError) as caught:
        command(**given).document({})
    assert all(word in str(caught.value) for word in words)


def test_keywords_are_merged_and_replaced_and_set_is_last() -> None:
    operator = AzureMLJobOperator(
        task_id="t",
        job={"type": "command", "inputs": {"a": 1, "b": 2}, "tags": {"t": "1"}, "compute": "old"},
        inputs={"b": 3, "c": 4},
        compute="new",
        identity="managed",
        set=["inputs.c=5", "limits.timeout=60"],
    )
    assert written(operator) == {
        "type": "command",
        "inputs": {"a": 1, "b": 3, "c": "5"},
        "tags": {"t": "1"},
        "compute": "new",
        "identity": {"type": "managed"},
        "limits": {"timeout": "60"},
    }


def test_a_files_paths_belong_to_its_folder_and_keywords_to_the_dags(tmp_path: Path) -> None:
    (tmp_path / "jobs").mkdir()
    (tmp_path / "jobs" / "job.yml").write_text("type: command\ncode: ./src\n")
    with DAG("d", start_date=START, schedule=None) as dag:
        dag.fileloc = str(tmp_path / "dag.py")
        operator = AzureMLJobOperator(task_id="t", job="jobs/job.yml", inputs={"x": {"path": "./data"}})
        operator.resolve_template_files()
    document = operator.document({})
    assert document.root.child("code").place.folder == str(tmp_path / "jobs")
    assert document.root.child("inputs").child("x").place.folder == str(tmp_path)
    assert document.root.child("code").place.line == 2


def test_a_file_is_looked_for_beside_the_dag_then_in_the_search_path(tmp_path: Path) -> None:
    for folder, text in (("search", "command: far\n"), ("dags", "command: near\n")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "job.yml").write_text(text)
    (tmp_path / "search" / "other.yml").write_text("command: other\n")
    with DAG("d", start_date=START, schedule=None, template_searchpath=[str(tmp_path / "search")]) as dag:
        dag.fileloc = str(tmp_path / "dags" / "dag.py")
        near = AzureMLJobOperator(task_id="near", job="job.yml")
        other = AzureMLJobOperator(task_id="other", job="other.yml")
        above = AzureMLJobOperator(task_id="above", job="../search/other.yml")
    for operator, expected in ((near, "near"), (other, "other"), (above, "other")):
        operator.resolve_template_files()
        assert written(operator)["command"] == expected


def test_strings_that_only_look_like_files_stay_as_they_are(tmp_path: Path) -> None:
    with DAG("d", start_date=START, schedule=None) as dag:
        dag.fileloc = str(tmp_path / "dag.py")
        operator = command(command="python t.py --config conf.yml", inputs={"c": {"path": "azureml:cfg.yml"}})
    operator.resolve_template_files()
    assert operator.render_template(operator.inputs, {}) == {"c": {"path": "azureml:cfg.yml"}}
    assert operator.render_template(operator.command, {}) == "python t.py --config conf.yml"
    assert operator.render_template(Path("x.yml"), {}) == Path("x.yml")


class JobObject(dict[str, Any]):
    """A job object as ``azure-ai-ml`` makes them: a mapping of its inputs that writes itself down otherwise."""

    def _to_dict(self) -> dict[str, Any]:
        return {
            "type": "command",
            "command": "echo {{ day }} ${{inputs.x}}",
            "environment": "azureml:e:1",
            "inputs": self,
        }


def test_a_job_object_is_written_down_and_then_rendered() -> None:
    operator = AzureMLJobOperator(task_id="t", job=JobObject(x=1))
    operator.job = operator.render_template(operator.job, {"day": "today"})
    assert type(operator.job) is dict
    assert operator.load_field("job", {"day": "today"}).value["command"] == "echo today ${{inputs.x}}"


@pytest.mark.parametrize("given", ["", 3, ["a", ""], {"user_logs/*": 1}])
def test_log_files_that_are_no_patterns_are_refused_before_anything_is_sent(given: Any) -> None:
    with pytest.raises(SpecError, match=r"log_files: .* is not accepted. Accepted: a glob pattern"):
        log_files(given)


@pytest.mark.parametrize("given", [{"compute": "other"}, ["compute=other"]])
def test_a_list_of_computes_and_one_that_is_set_exclude_each_other(given: Any) -> None:
    job = {"command": "echo", "environment": ENVIRONMENT, "compute": "first"}
    with pytest.raises(SpecError, match=r"set\.compute: given both here and in compute, which is a list\."):
        AzureMLJobOperator(task_id="t", job=job, compute=["a", "b"], set=given).document({})
    one = AzureMLJobOperator(task_id="t", job=job, compute="a", set=given).document({})
    assert one.value["compute"] == "other"
    listed = AzureMLJobOperator(task_id="t", job=job, compute=["a", "b"], set={"tags.x": "y"}).document({})
    assert listed.value["compute"] == "first"
