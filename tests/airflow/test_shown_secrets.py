"""Secrets in the wrong keyword: no log, rendered field, error or stored trigger shows them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import DAG, Connection

from airflow_azureml import version_compat
from airflow_azureml.exceptions import AzureMLConnectionError, AzureMLSpecError
from airflow_azureml.hooks.azureml import AzureMLHook
from airflow_azureml.operators import (
    AzureMLCancelJobOperator,
    AzureMLCommandJobOperator,
    AzureMLDeleteComputeOperator,
    AzureMLJobOperator,
)
from airflow_azureml.rest.errors import SettingsError, SpecError
from airflow_azureml.rest.ids import Workspace
from airflow_azureml.rest.redaction import redact, secrets_in
from airflow_azureml.sensors import AzureMLComputeSensor, AzureMLJobSensor
from airflow_azureml.task.xcom import job_name_of
from airflow_azureml.triggers.jobs import AzureMLJobTrigger
from tests.airflow.instance import Instance

SECRET = "pa55-w0rd-of-nobody"
URI = f"azureml://client:{SECRET}@?tenant_id=t&subscription_id=s"
WRITTEN_OUT: list[Any] = [
    URI,
    f"azureml://?password={SECRET}",
    f'{{"conn_type": "azureml", "password": "{SECRET}"}}',
    {"conn_type": "azureml", "password": SECRET},
    Connection(conn_id="c", conn_type="azureml", password=SECRET),
]
SIGNED = f"https://store.blob.core.windows.net/data/model?sv=2024&sig={SECRET}%3D"
REFUSED = "^azureml_conn_id: a connection itself is given"
KINDS: list[tuple[Any, dict[str, Any]]] = [
    (AzureMLCommandJobOperator, {"command": "echo", "environment": "azureml:e:1"}),
    (AzureMLDeleteComputeOperator, {"name": "c"}),
    (AzureMLJobSensor, {"job_name": "j", "deferrable": True}),
    (AzureMLComputeSensor, {"name": "c"}),
]


def shown(value: Any) -> str:
    """A value as Airflow writes it into a log or a rendered field."""
    return str(version_compat._first((module, "redact") for module in version_compat._MASKERS)(value))


@pytest.mark.parametrize("given", WRITTEN_OUT, ids=["uri", "query", "json", "mapping", "object"])
@pytest.mark.parametrize(("kind", "further"), KINDS)
def test_a_connection_in_place_of_its_id_makes_no_task(kind: Any, further: dict[str, Any], given: Any) -> None:
    with pytest.raises(AzureMLConnectionError, match=REFUSED) as error:
        kind(task_id="t", azureml_conn_id=given, **further)
    assert SECRET not in str(error.value)


@pytest.mark.parametrize("given", WRITTEN_OUT, ids=["uri", "query", "json", "mapping", "object"])
def test_nor_a_trigger_or_a_hook_that_asks_airflow(given: Any) -> None:
    with pytest.raises(AzureMLConnectionError, match=REFUSED):
        AzureMLJobTrigger(job_name="j", azureml_conn_id=given)
    hook = AzureMLHook(given)
    asks: list[Any] = [hook.settings, lambda: asyncio.run(hook.async_settings()), lambda: hook.get_job("j")]
    for ask in asks:
        with pytest.raises((SettingsError, AzureMLConnectionError), match=REFUSED) as error:
            ask()
        assert SECRET not in str(error.value)


@pytest.mark.parametrize(("kind", "further"), KINDS)
def test_one_that_a_template_renders_is_refused_before_its_fields_are_stored(
    kind: Any, further: dict[str, Any]
) -> None:
    with DAG("d"):
        task = kind(task_id="t", azureml_conn_id="{{ params.c }}", **further)
    with pytest.raises(AzureMLConnectionError, match=REFUSED):
        task.render_template_fields({"params": {"c": URI}})


@pytest.mark.parametrize(
    "mapped",
    [
        lambda: AzureMLJobOperator.partial(task_id="t", azureml_conn_id=URI).expand(job=["a.yml"]),
        lambda: AzureMLJobSensor.partial(task_id="t", azureml_conn_id=URI).expand(job_name=["a"]),
        lambda: AzureMLComputeSensor.partial(task_id="t", azureml_conn_id=URI).expand(name=["a"]),
        lambda: AzureMLJobSensor.partial(task_id="t", job_name="a").expand(azureml_conn_id=["c", URI]),
        lambda: AzureMLJobSensor.partial(task_id="t").expand_kwargs([{"job_name": "a", "azureml_conn_id": URI}]),
    ],
)
def test_one_of_a_mapped_task_is_refused_as_well(mapped: Callable[[], object]) -> None:
    with DAG("d"), pytest.raises(AzureMLConnectionError, match=REFUSED):
        mapped()


@pytest.mark.parametrize("given", ["azureml_default", "team/ml:prod", "a.b(c)!", "{{ var.value.get('x', 'a://b?c') }}"])
def test_an_id_is_none_of_them(given: str) -> None:
    assert AzureMLDeleteComputeOperator(task_id="t", name="c", azureml_conn_id=given).azureml_conn_id == given


@pytest.mark.parametrize("given", [SIGNED, f"https://h/x?token={SECRET}", "/subscriptions/s/jobs/j", "a\0b", "a\nb"])
def test_an_address_is_no_name_and_is_shown_without_its_signature(monkeypatch: pytest.MonkeyPatch, given: str) -> None:
    where = "subscription_id=s&resource_group=g&workspace_name=w&tenant_id=t"
    monkeypatch.setenv("AIRFLOW_CONN_AZUREML_DEFAULT", f"azureml://a:b@?{where}")
    for take in (
        lambda: job_name_of(given),
        lambda: AzureMLCancelJobOperator(task_id="t", job_name=given).execute(Instance().context()),
        lambda: AzureMLJobSensor(task_id="t", job_name=given).execute(Instance().context()),
        lambda: AzureMLDeleteComputeOperator(task_id="t", name=given).execute(Instance().context()),
    ):
        with pytest.raises((AzureMLSpecError, SpecError), match=r"^(job_)?name: .* is not accepted") as error:
            take()
        assert SECRET not in str(error.value)


@pytest.mark.parametrize(
    "keywords",
    [
        {"experiment_name": SIGNED},
        {"display_name": f"see {SIGNED}"},
        {"code": f"git+https://user:{SECRET}@github.com/a/b"},
        {"inputs": {"data": {"path": [SIGNED]}}},
        {"code": "{{ params.c }}"},
    ],
)
def test_rendered_fields_do_not_show_what_looks_like_a_secret(keywords: dict[str, Any]) -> None:
    with DAG("d"):
        task: Any = AzureMLCommandJobOperator(task_id="t", command="echo", environment="azureml:e:1", **keywords)
    task.render_template_fields({"params": {"c": f"https://{SECRET}-and-more@github.com/a/b"}})
    (name,) = keywords
    assert SECRET in str(getattr(task, name))
    assert SECRET not in shown(getattr(task, name))


def test_an_error_about_code_in_git_does_not_show_its_password() -> None:
    task = AzureMLCommandJobOperator(
        task_id="t", command="e", environment="azureml:e:1", code=f"git+https://u:{SECRET}@github.com/a"
    )
    with pytest.raises(SpecError, match=r"https://\*\*\*@github\.com/a") as error:
        task.submission(Instance().context(), Workspace("s", "g", "w"))
    assert SECRET not in str(error.value)


def test_a_container_and_a_user_are_no_secrets() -> None:
    for text in ("abfss://container-of-many-letters@a.dfs.core.windows.net/x", "ssh://git@github.com", "https://u@h"):
        assert list(secrets_in(text)) == []


def test_a_signature_in_the_path_of_a_request_is_not_shown() -> None:
    assert redact("/jobs/https%3A%2F%2Fa%2Fb%3Fsv%3D1%26sig%3DaB%252F/cancel") == (
        "/jobs/https%3A%2F%2Fa%2Fb%3Fsv%3D1%26sig%3D***/cancel"
    )
