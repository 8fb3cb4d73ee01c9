"""``@task.azureml_command``: what reaches the service, on both Airflow lines, and what is refused before."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import DAG, task
from airflow.serialization.serialized_objects import DagSerialization

from airflow_azureml.decorators import arguments, azureml_command
from airflow_azureml.exceptions import AzureMLSpecError
from airflow_azureml.hooks.azureml import AzureMLHook
from airflow_azureml.operators import AzureMLCommandJobOperator
from tests.airflow.installs import AirflowInstall

DAY = "2024-01-01"
DATA = {"type": "uri_file", "path": "azureml:cards:1"}


@pytest.fixture(scope="module")
def run(install: AirflowInstall) -> AirflowInstall:
    """The DAG of ``decorated.py``, run."""
    install.run("decorated")
    return install


def sent(run: AirflowInstall, hook: AzureMLHook, name: str, map_index: int = -1) -> dict[str, Any]:
    """The properties of the job that a task submitted, as the service has them."""
    result = run.xcom("decorated", name, map_index=map_index)
    assert result, run.states("decorated")
    assert result["status"] == "Completed"
    return dict(hook.get_job(result["job_name"]).raw["properties"])


def test_arguments_become_inputs_or_words_of_the_command(run: AirflowInstall, hook: AzureMLHook) -> None:
    job = sent(run, hook, "add")
    assert job["command"] == (
        f"echo hello {DAY} add hello; echo $(( $(cat ${{{{inputs.number}}}}/n) + ${{{{inputs.step}}}} ))"
        " > ${{outputs.sum}}/n"
    )
    assert set(job["inputs"]) == {"number", "step"}
    assert job["inputs"]["number"]["uri"] == run.xcom("decorated", "make", "number")["path"]
    assert job["displayName"] == "decorated.add"


def test_its_outputs_and_its_result_go_on_as_an_operators(run: AirflowInstall, hook: AzureMLHook) -> None:
    job = sent(run, hook, "shown")
    assert job["command"] == f"cat ${{{{inputs.found}}}}/n; echo Completed {DAY}"
    assert job["inputs"]["found"]["uri"] == run.xcom("decorated", "add", "sum")["path"]
    assert "42" in hook.get_logs(run.xcom("decorated", "shown")["job_name"])


def test_it_is_mapped_over_an_input(run: AirflowInstall, hook: AzureMLHook) -> None:
    jobs = [sent(run, hook, "each", index) for index in (0, 1)]
    assert [job["inputs"]["rate"]["value"] for job in jobs] == ["0.1", "0.2"]
    assert {job["command"] for job in jobs} == {"cat ${{inputs.number}}/n; echo ${{inputs.rate}}"}
    assert jobs[1]["displayName"] == "decorated.each [1]"


def test_the_function_is_called_once_and_the_ui_shows_its_command_also_after_a_deferral(run: AirflowInstall) -> None:
    assert (run.dags / "calls.txt").read_text() == "add\n"
    if run.python_says("import airflow; print(airflow.__version__[0])") == "3":
        assert "$(cat ${{inputs.number}}/n)" in run.rendered("decorated", "add")["command"]


def test_no_command_fails_the_task_at_once(run: AirflowInstall) -> None:
    assert run.states("decorated")["silent"] == "failed", "not up_for_retry"


def call(function: Any, *args: Any, inputs: Any = None, outputs: Any = None, **kwargs: Any) -> tuple[Any, Any]:
    """What a function returns for arguments, and the inputs of its job."""
    bound = arguments.declared(function, inputs, outputs, len(args))
    by_place, by_name, found = arguments.taken(function, args, {**bound, **kwargs}, inputs, outputs)
    return function(*by_place, **by_name), found


def words(a: Any, b: Any = "default", *more: Any, **named: Any) -> str:
    """Show all arguments."""
    return " ".join(map(str, (a, b, *more, *named.values())))


@pytest.mark.parametrize(
    ("args", "kwargs", "inputs", "command", "expected"),
    [
        ((1,), {}, None, "1 default", None),
        ((DATA,), {}, None, "${{inputs.a}} default", {"a": DATA}),
        ((1, 2, DATA), {"c": DATA}, None, f"1 2 {DATA} ${{{{inputs.c}}}}", {"c": DATA}),
        ((1,), {"b": {"rate": 1}}, None, "1 {'rate': 1}", None),
        ((), {}, {"a": 5, "other": 6}, "${{inputs.a}} default", {"a": 5, "other": 6}),
        ((7,), {}, {"a": 5}, "${{inputs.a}} default", {"a": 7}),
        ((1,), {}, {"b": None}, "1 ${{inputs.b}}", {"b": "default"}),
        ((DATA,), {}, {"a": {"mode": "download"}}, "${{inputs.a}} default", {"a": {**DATA, "mode": "download"}}),
        (({"path": DATA, "mode": "direct"},), {}, None, None, {"a": {**DATA, "mode": "direct"}}),
        ((DATA,), {}, {"a": {"type": "mltable", "path": "x"}}, None, {"a": {**DATA, "type": "mltable"}}),
        (("azureml:x:2",), {}, {"a": {"type": "mltable"}}, None, {"a": {"type": "mltable", "path": "azureml:x:2"}}),
    ],
)
def test_the_rule_of_arguments(
    args: Any, kwargs: dict[str, Any], inputs: Any, command: str | None, expected: Any
) -> None:
    text, found = call(words, *args, inputs=inputs, **kwargs)
    assert found == expected
    assert command is None or text == command


def test_a_parameter_named_like_an_output_is_given_its_binding() -> None:
    assert call(words, 1, outputs={"b": None}) == ("1 ${{outputs.b}}", None)


@pytest.mark.parametrize(
    ("args", "kwargs", "said"),
    [
        ((1, 2), {"outputs": {"b": None}}, "words: b is an output of the job; it takes no argument."),
        ((), {"inputs": {"a": 1}, "outputs": {"a": {}}}, "words: a is the name of an input and of an output"),
        ((None,), {"inputs": {"a": None}}, "words: the input a has no value. Give it as an argument."),
    ],
)
def test_what_contradicts_itself_is_refused(args: Any, kwargs: dict[str, Any], said: str) -> None:
    with pytest.raises(AzureMLSpecError, match=said):
        call(words, *args, **kwargs)


def decorated(**given: Any) -> Any:
    """A DAG with a decorated function, and its task."""
    with DAG("d", schedule=None) as dag:
        azureml_command(**{"environment": "azureml:e:1", **given})(words)({"path": "azureml:x:1"})
    return dag.get_task("words")


def test_it_is_copied_pickled_and_serialised_as_any_operator() -> None:
    one = decorated(compute="cpu")
    assert issubclass(type(one), AzureMLCommandJobOperator)
    assert one.custom_operator_name == "@task.azureml_command"
    for dag in (copy.deepcopy(one.dag), pickle.loads(pickle.dumps(one.dag))):
        other: Any = dag.get_task("words")
        value = other.document({}).value
        assert (value["command"], value["compute"]) == ("${{inputs.a}} default", "cpu")
        assert value["inputs"] == {"a": {"path": "azureml:x:1"}}
    there = DagSerialization.from_dict(DagSerialization.to_dict(one.dag)).task_dict["words"]
    assert set(there.template_fields) == {"op_args", "op_kwargs", *AzureMLCommandJobOperator.template_fields}


def test_only_workers_start_it() -> None:
    assert decorated(start_in_trigger=True).start_from_trigger is False
    assert "a function returns" in str(decorated(start_in_trigger=True).why_start_on_worker())


def test_a_missing_argument_and_a_command_are_refused_while_the_dag_is_parsed() -> None:
    decorator: Any = task
    with DAG("d", schedule=None):
        with pytest.raises(TypeError, match="missing a required argument: 'a'"):
            decorator.azureml_command(environment="azureml:e:1", inputs={"a": None})(words)()
        with pytest.raises(AzureMLSpecError, match="words: command is not accepted: it is what the function returns"):
            decorator.azureml_command(environment="azureml:e:1", command="echo")(words)(1)
