"""Keywords that are texts, given something else: one clear error names the keyword, and nothing is asked."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_azureml.exceptions import AzureMLConnectionError, AzureMLSpecError, translated
from airflow_azureml.hooks.azureml import AzureMLHook
from airflow_azureml.lifecycle.models.sharing import share_by_name
from airflow_azureml.operators import (
    AzureMLCreateBatchDeploymentOperator,
    AzureMLCreateDataAssetOperator,
    AzureMLInvokeBatchEndpointOperator,
)
from airflow_azureml.rest.errors import SettingsError, SpecError
from airflow_azureml.rest.ids import Workspace
from airflow_azureml.sensors import AzureMLComputeSensor
from tests.airflow.instance import Instance

WS = Workspace("s", "g", "w")
OTHERS: list[Any] = [True, False, 0, 3.5, [], {}, b"x", ["a"]]


@pytest.mark.parametrize("given", [*OTHERS, "", " "])
@pytest.mark.parametrize("field", ["registry_name", "name", "version"])
def test_a_name_in_a_registry(field: str, given: Any) -> None:
    names: dict[str, Any] = {"registry_name": "shared", field: given}
    if field == "version" and given == 0 and given is not False:
        assert next(iter(share_by_name(WS, "azureml:m:1", **names)))
        return
    with pytest.raises(SpecError, match=rf"^{field}: .* is not a name"):
        next(iter(share_by_name(WS, "azureml:m:1", **names)))


@pytest.mark.parametrize("given", [*OTHERS, "a\0b", "\ud800"])
@pytest.mark.parametrize("field", ["subscription_id", "resource_group", "workspace_name"])
def test_a_coordinate(monkeypatch: pytest.MonkeyPatch, field: str, given: Any) -> None:
    where = "subscription_id=s&resource_group=g&workspace_name=w"
    monkeypatch.setenv("AIRFLOW_CONN_AZUREML_DEFAULT", f"azureml://?{where}")
    with pytest.raises(SettingsError, match=f"{field}: .* is not accepted. Expected the name or id alone"):
        AzureMLHook(**{field: given}).settings()
    with pytest.raises((AzureMLSpecError, AzureMLConnectionError), match=f"{field}: .* is not accepted"):
        AzureMLComputeSensor(task_id="t", name="c", **{field: given}).execute(Instance().context())


def test_an_empty_coordinate_leaves_the_connections(monkeypatch: pytest.MonkeyPatch) -> None:
    where = "subscription_id=s&resource_group=g&workspace_name=w"
    monkeypatch.setenv("AIRFLOW_CONN_AZUREML_DEFAULT", f"azureml://?{where}")
    assert AzureMLHook(workspace_name="").settings().workspace == WS


@pytest.mark.parametrize("given", OTHERS)
def test_a_deployment(given: Any) -> None:
    keywords: dict[str, Any] = {"endpoint_name": "e", "input": "azureml:d:1", "deployment_name": given}
    with pytest.raises(AzureMLSpecError, match=r"^deployment_name: .* is not accepted"), translated():
        AzureMLInvokeBatchEndpointOperator(task_id="t", **keywords).submission(Instance().context(), WS)


@pytest.mark.parametrize("given", ["", " "])
def test_a_version(given: str) -> None:
    with pytest.raises(AzureMLSpecError, match=r"^version: .* is not accepted\. Accepted: a text that is not empty, "):
        AzureMLCreateDataAssetOperator(task_id="t", name="d", path="azureml://datastores/a/paths/x", version=given)


@pytest.mark.parametrize("given", [5, "", [1]])
def test_the_resources_of_a_deployment(given: Any) -> None:
    with pytest.raises(AzureMLSpecError, match=r"^job_resources: .* Accepted: a mapping or None\."):
        AzureMLCreateBatchDeploymentOperator(
            task_id="t", name="blue", endpoint_name="scores", model="azureml:m:1", compute="c", job_resources=given
        )
