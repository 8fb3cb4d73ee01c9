"""``{{ ds }}`` is Airflow's and ``${{inputs.x}}`` is Azure ML's: what reaches the service, on both Airflow lines."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_azureml.hooks.azureml import AzureMLHook
from airflow_azureml.operators.templates import render_around_bindings
from tests.airflow.installs import AirflowInstall

DAY = "2024-01-01"
FILES = ("by_name", "by_template", "by_absolute", "by_path", "by_mapping", "by_text")


@pytest.fixture(scope="module")
def run(install: AirflowInstall) -> AirflowInstall:
    """All DAGs of ``rendering.py``, run."""
    install.run("rendering", "native", "strict")
    return install


def sent(run: AirflowInstall, hook: AzureMLHook, dag: str, task: str, map_index: int = -1) -> dict[str, Any]:
    """The properties of the job that a task submitted, as the service has them."""
    result = run.xcom(dag, task, map_index=map_index)
    assert result, run.states(dag)
    return dict(hook.get_job(result["job_name"]).raw["properties"])


@pytest.mark.parametrize("dag", ["rendering", "native", "strict"])
def test_bindings_stay_and_templates_are_rendered(run: AirflowInstall, hook: AzureMLHook, dag: str) -> None:
    plain = sent(run, hook, dag, "plain")
    assert plain["command"] == f"echo {DAY} ${{{{inputs.x}}}} $[[ {{{{ no }}}} ]] ${{{{inputs.x}}}} ${{{{inputs.x}}}}"
    nested = sent(run, hook, dag, "nested")
    assert nested["command"] == "echo ${{inputs.day}}"
    assert nested["inputs"]["day"]["value"] == f"day {DAY}"
    assert nested["environmentVariables"]["DAY"] == f"{DAY} ${{{{inputs.day}}}}"
    assert nested["tags"]["config"] == "conf.yml"
    assert nested["tags"]["day"] == f"{DAY}!"


@pytest.mark.parametrize("dag", ["rendering", "native", "strict"])
def test_mapped_tasks_are_rendered_alike(run: AirflowInstall, hook: AzureMLHook, dag: str) -> None:
    first, second = (sent(run, hook, dag, "mapped", index) for index in (0, 1))
    assert first["command"] == f"echo ${{{{inputs.n}}}} {DAY} 0"
    assert first["inputs"]["n"]["value"] == f"{DAY}-a"
    assert second["inputs"]["n"]["value"] == "b"


@pytest.mark.parametrize("task", FILES)
def test_a_file_is_rendered_however_it_is_named(run: AirflowInstall, hook: AzureMLHook, task: str) -> None:
    if task == "by_mapping":
        assert_from_file(sent(run, hook, "rendering", task, 0), "from-file [0]")
    else:
        assert_from_file(sent(run, hook, "rendering", task))


@pytest.mark.parametrize("dag", ["native", "strict"])
def test_a_file_is_rendered_in_every_way_of_rendering(run: AirflowInstall, hook: AzureMLHook, dag: str) -> None:
    assert_from_file(sent(run, hook, dag, "by_name"))


def assert_from_file(job: dict[str, Any], title: str = "from-file") -> None:
    assert job["command"] == f'python show.py --day {DAY} --x ${{{{inputs.x}}}} --raw "$[[ x ]]"'
    assert job["inputs"]["x"]["value"] == "five"
    assert job["tags"]["day"] == DAY
    assert job["codeId"], "code: ./src belongs to the file's folder"
    assert job["displayName"] == title


def test_set_is_applied_last_and_rendered(run: AirflowInstall, hook: AzureMLHook) -> None:
    assert sent(run, hook, "rendering", "by_template")["tags"]["set"] == DAY


def test_keywords_are_merged_over_a_mapping(run: AirflowInstall, hook: AzureMLHook) -> None:
    job = sent(run, hook, "rendering", "by_dict")
    assert job["command"] == f"echo {DAY} ${{{{inputs.x}}}}"
    assert {name: one["value"] for name, one in job["inputs"].items()} == {"x": DAY, "y": DAY}
    assert job["experimentName"] == "rendering"
    assert job["displayName"] == "rendering.by_dict"


def test_the_ui_shows_the_text_of_a_file(run: AirflowInstall) -> None:
    shown = run.rendered("rendering", "by_name")["job"]
    assert f"--day {DAY}" in shown
    assert "${{inputs.x}}" in shown


@pytest.mark.parametrize(
    ("text", "rendered"),
    [
        ("no binding", "<no binding>"),
        ("a ${{x}} b", "<a ${{x}} b>"),
        ("${{a}}${{ b }}$[[c]]", "<${{a}}${{ b }}$[[c]]>"),
        ("azureml_binding0azureml_binding ${{x}}", "<azureml_binding0azureml_binding ${{x}}>"),
        ("${{a\n}}", "<${{a\n}}>"),
    ],
)
def test_what_renders_never_sees_a_binding(text: str, rendered: str) -> None:
    seen: list[str] = []

    def render(given: str) -> str:
        seen.append(given)
        return f"<{given}>"

    assert render_around_bindings(text, render) == rendered
    assert "${{" not in seen[0]


def test_bindings_come_back_in_whatever_is_made_of_the_text() -> None:
    made = render_around_bindings("${{a}} ${{b}}", lambda text: {text: [text.split(), (text,)], "n": 1})
    both = "${{a}} ${{b}}"
    assert made == {both: [["${{a}}", "${{b}}"], (both,)], "n": 1}
