"""Texts that no request can hold, and names that are none: one error that names the field, before anything is sent."""

from __future__ import annotations

import inspect
import json
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import DAG

from airflow_azureml.client.trust import check_texts
from airflow_azureml.decorators.command import azureml_command
from airflow_azureml.exceptions import AzureMLSpecError, translated
from airflow_azureml.hooks.arguments import with_arguments_checked
from airflow_azureml.hooks.azureml import AzureMLHook
from airflow_azureml.operators import AzureMLCommandJobOperator, AzureMLStartComputeInstanceOperator
from airflow_azureml.rest import assets, jobs
from airflow_azureml.rest.errors import Problem
from airflow_azureml.rest.resources.online import score
from airflow_azureml.sensors import AzureMLComputeSensor, AzureMLJobSensor
from tests.airflow.installs import AirflowInstall
from tests.airflow.instance import Instance
from tests.emulator_fixture import RunningEmulator

HALF = "a\ud800b"
WHY = "half of a surrogate pair, which UTF-8 cannot write. Accepted: text of whole characters."
JOB: dict[str, Any] = {"command": "echo", "environment": {"image": "python:3.11"}, "compute": "cpu-cluster"}

TEXT_METHODS = sorted(
    name
    for name, method in inspect.getmembers(AzureMLHook, inspect.isfunction)
    if not name.startswith("_")
    and any(item.annotation == "str" for item in inspect.signature(method).parameters.values())
    and method.__module__.startswith("airflow_azureml")
)


@pytest.mark.parametrize(
    ("place", "given"),
    [
        ("command", {"command": HALF}),
        ("compute", {"compute": HALF}),
        ("tags.k", {"tags": {"k": HALF}}),
        (r"tags.a\ud800b", {"tags": {HALF: "v"}}),
        ("environment_variables.K", {"environment_variables": {"K": HALF}}),
        ("experiment_name", {"experiment_name": HALF}),
        ("inputs.x.path", {"inputs": {"x": {"path": f"azureml://datastores/d/paths/{HALF}"}}}),
        ("docker_args.1", {"docker_args": ["--x", HALF]}),
        ("workspace_name", {"workspace_name": HALF}),
        ("command", {"command": "{{ 'a\\ud800b' }}"}),
    ],
)
def test_a_field_that_no_text_can_hold_is_named_when_it_is_rendered(place: str, given: dict[str, Any]) -> None:
    with DAG("d"):
        task: Any = AzureMLCommandJobOperator(task_id="t", **{**JOB, **given})
    with pytest.raises(AzureMLSpecError) as refused:
        task.render_template_fields({})
    assert str(refused.value) == f"{place}: {WHY}"


@pytest.mark.parametrize("number", [float("nan"), float("inf"), -float("inf")])
def test_a_number_that_is_none_is_named_before_airflow_3_fails_to_store_it(number: float) -> None:
    with DAG("d"):
        task: Any = AzureMLCommandJobOperator(task_id="t", **JOB, inputs={"x": [1.0, number]}, timeout=number)
    with pytest.raises(AzureMLSpecError) as refused:
        task.render_template_fields({})
    why = "nan or an infinite number, which JSON does not have. Accepted: a finite number."
    assert str(refused.value).splitlines() == [f"inputs.x.1: {why}", f"timeout: {why}"]


@pytest.mark.parametrize(
    ("kind", "field"),
    [(AzureMLStartComputeInstanceOperator, "name"), (AzureMLComputeSensor, "name"), (AzureMLJobSensor, "job_name")],
)
def test_so_is_one_of_other_operators_and_of_sensors(kind: Any, field: str) -> None:
    with DAG("d"):
        task = kind(task_id="t", **{field: HALF})
    with pytest.raises(AzureMLSpecError) as refused:
        task.render_template_fields({})
    assert str(refused.value) == f"{field}: {WHY}"


def test_a_command_that_a_function_returns_is_refused_before_airflow_stores_it() -> None:
    with DAG("d"):
        made: Any = azureml_command(environment="azureml:e:1", task_id="t")(lambda: f"echo {HALF}")()
    task = made.operator
    written = task.command
    with pytest.raises(AzureMLSpecError) as refused, translated():
        task.document(Instance().context())
    assert str(refused.value) == f"command: {WHY}"
    assert task.command == written


MAPPED = """
from airflow.decorators import task
from airflow.providers.common.compat.sdk import DAG
from airflow_azureml.operators import AzureMLCommandJobOperator

JOB = {"command": "echo ${{inputs.x}}", "environment": "azureml:AzureML-sklearn-1.5@latest"}

with DAG("halves", schedule=None):
    AzureMLCommandJobOperator.partial(task_id="t", **JOB).expand(tags=[{"k": "a\\ud800b"}])

with DAG("lists", schedule=None):

    @task
    def number(n):
        return n

    AzureMLCommandJobOperator(task_id="whole", inputs={"x": number.expand(n=[1, 2])}, **JOB)
"""


def test_fields_of_mapped_tasks_and_of_those_after_them_are_named(install: AirflowInstall) -> None:
    Path(install.dags, "halves.py").write_text(MAPPED)
    log = install.run("halves", "lists")
    assert f"tags.k: {WHY}" in log
    assert "UnicodeEncodeError" not in log
    # Airflow's own sequence, which is fetched when it is read, is a list like any other.
    assert 'inputs.x: the input "x" is a list, not a literal.' in log
    assert "json.dumps gives '[1, 2]'" in log


@pytest.mark.parametrize(
    ("place", "call"),
    [
        ("command", lambda hook: hook.create_job({**JOB, "command": HALF}, "n")),
        ("tags.k", lambda hook: hook.create_job(JOB, "n", set={"tags.k": HALF})),
        ("inputs.k", lambda hook: hook.create_job(JOB, "n", inputs={"k": HALF})),
        ("size", lambda hook: hook.create_compute({"name": "abc", "type": "amlcompute", "size": HALF})),
        ("tags.k", lambda hook: hook.create_online_endpoint({"name": "abc", "tags": {"k": HALF}})),
        ("description", lambda hook: hook.create_environment({"name": "e", "image": "i", "description": HALF})),
    ],
)
def test_a_document_given_to_the_hook_is_refused_before_anything_is_sent(
    fresh_emulator: RunningEmulator, monkeypatch: pytest.MonkeyPatch, place: str, call: Any
) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_AZUREML_DEFAULT", fresh_emulator["airflow_connection"])
    with pytest.raises(AzureMLSpecError) as refused:
        call(AzureMLHook())
    assert str(refused.value) == f"{place}: {WHY}"
    assert fresh_emulator.journal() == []


def test_what_no_check_before_has_seen_is_refused_where_requests_are_made(
    hook: AzureMLHook, emulator: RunningEmulator
) -> None:
    before = len(emulator.journal("/jobs/halves"))
    with pytest.raises(AzureMLSpecError, match=r"^properties\.displayName: half of a surrogate pair"):
        run(hook, lambda ws: jobs.create(ws, "halves", {"properties": {"displayName": HALF}}))
    assert len(emulator.journal("/jobs/halves")) == before


def wait_for_ever(hook: AzureMLHook) -> Any:
    """Wait as somebody may who has not read that None does."""
    return hook.wait_for_job("j", float("inf"))


def run(hook: AzureMLHook, call: Any) -> Any:
    """Have the hook's client make one call."""
    with translated(), hook.client() as client:
        return client.run(call(client.workspace))


@pytest.mark.parametrize("given", [5, None, "", " ", HALF, ["a"], {"name": "a"}])
@pytest.mark.parametrize("method", TEXT_METHODS)
def test_what_is_no_name_is_refused_by_the_name_of_the_parameter(method: str, given: Any) -> None:
    hook = AzureMLHook("no_such_connection")
    parameters = list(inspect.signature(getattr(hook, method)).parameters.values())
    needed = [item for item in parameters if item.default is item.empty and item.kind is not item.VAR_KEYWORD]
    first = next(item.name for item in needed if item.annotation == "str")
    others = {"kind": "models"}
    values = {item.name: given if item.annotation == "str" else others.get(item.name, {}) for item in needed}
    with pytest.raises(AzureMLSpecError, match=rf"^{first}: .*Accepted: (a text that is not empty|text of whole)"):
        getattr(hook, method)(**values)


@pytest.mark.parametrize(
    ("said", "call"),
    [
        ('tail: "5" is not accepted. Accepted: a whole number, 0 or', lambda hook: hook.get_logs("j", tail="5")),
        ("tail: true is not accepted. Accepted: a whole number, 0 or", lambda hook: hook.get_logs("j", tail=True)),
        ("tail: -1 is not accepted. Accepted: a whole number, 0 or m", lambda hook: hook.get_logs("j", tail=-1)),
        ("timeout: -1 is not accepted. Accepted: a finite number, 0 ", lambda hook: hook.wait_for_job("j", -1)),
        ("timeout: inf is not accepted. Accepted: a finite number, 0 or more, or None for no limit.", wait_for_ever),
        ('timeout: "x" is not accepted. Accepted: a finite number, 0 or', lambda hook: hook.wait_for_job("j", "x")),
        ("timeout: nan is not accepted. Accepted: a finite", lambda hook: hook.wait_for_job("j", float("nan"))),
        ("timeout: 1", lambda hook: hook.wait_for_job("j", 10**400)),
        ("min_instances: 1.5 is not accepted. Accepted: a whole number, 0 ", lambda hook: hook.scale_compute("c", 1.5)),
        ("min_instances: -1 is not accepted. Accepted: a whole number, 0 ", lambda hook: hook.scale_compute("c", -1)),
        ("min_instances: neither it nor max_instances is given.", lambda hook: hook.scale_compute("c")),
        ('if_exists: "bad" is not accepted. Accepted: one of skip, ', lambda hook: hook.create_compute({}, "bad")),
        ('kind: "jobs" is not accepted. Accepted: one of models, da', lambda hook: hook.list_versions("jobs", "n")),
        ("inputs: a list is not accepted. Accepted: a mapping.", lambda hook: hook.create_job(JOB, "n", inputs=[1])),
        ('outputs: "x" is not accepted. Accepted: a mapping.', lambda hook: hook.create_job(JOB, "n", outputs="x")),
    ],
)
def test_so_is_a_number_or_word_of_another_kind(hook: AzureMLHook, said: str, call: Any) -> None:
    with pytest.raises(AzureMLSpecError) as refused:
        call(hook)
    assert str(refused.value).startswith(said)


def test_a_number_of_another_library_is_one() -> None:
    @with_arguments_checked
    class Methods:
        def seconds(self, timeout: float | None = None) -> Any:
            return timeout

        def lines(self, tail: int | None = None) -> Any:
            return tail

    methods: Any = Methods()
    taken = [methods.seconds(Decimal("1.5")), methods.seconds(Fraction(1, 2)), methods.lines(Decimal("3"))]
    assert [(value, type(value)) for value in taken] == [(1.5, float), (0.5, float), (3, int)]
    with pytest.raises(AzureMLSpecError, match=r"^tail: .* Accepted: a whole number, 0 or more, or None\."):
        methods.lines(Decimal("1.5"))


def test_arguments_that_a_method_does_not_have_are_told_by_python_with_its_name(hook: AzureMLHook) -> None:
    method: Any = hook.wait_for_job
    for arguments in ({}, {"name": "j", "seconds": 5}):
        with pytest.raises(TypeError, match=r"wait_for_job\(\)"):
            method(**arguments)


def test_a_version_may_be_a_number(hook: AzureMLHook) -> None:
    made = hook.create_environment({"name": "numbered", "version": "7", "image": "python:3.11"})
    assert hook.get_environment("numbered", 7)["id"] == made["id"]


@pytest.mark.parametrize("odd", ["odd?b", "odd#b", "odd/b", "odd b", "od%64"])
def test_a_name_with_signs_of_addresses_leads_to_nothing_else(hook: AzureMLHook, odd: str) -> None:
    hook.create_job({**JOB, "command": "true"}, "odd")
    for read in (lambda ws: jobs.find(ws, odd), lambda ws: jobs.find(ws, f"{odd}?x")):
        assert run(hook, read) is None
    with pytest.raises(Exception, match=r"not found|does not exist"):
        run(hook, lambda ws: assets.get(ws, "models", odd, "1"))


@pytest.mark.parametrize("dots", [".", ".."])
def test_a_name_of_dots_is_refused_where_clients_would_take_it_for_a_step(hook: AzureMLHook, dots: str) -> None:
    with pytest.raises(AzureMLSpecError, match=r"^address: "):
        hook.get_job(dots)


def test_data_to_score_may_escape_what_they_like() -> None:
    check_texts(score("https://e.inference.ml.azure.com/score", {"text": HALF}))


def test_a_problem_can_always_be_logged() -> None:
    said = str(Problem(HALF, HALF, HALF))
    assert said.encode() == rb"a\ud800b: a\ud800b: a\ud800b"
    assert json.loads(json.dumps(said)) == said
