"""What azureml-core 1.61 asks of a workspace: its experiments and datastores, and the tags of runs."""

from __future__ import annotations

from typing import Any

import pytest

from tests.emulator.service import Service


def found(service: Service, condition: str, **query: str) -> list[str]:
    """The experiments that a filter leaves."""
    answer = service.history("POST", "experiments:query", {"filter": condition}, **query)
    return [row["name"] for row in answer.body["value"]]


def test_an_experiment_is_made_when_it_is_not_found(service: Service, name: str) -> None:
    """``Experiment(workspace, name)``."""
    missing = service.history("GET", f"experiments/{name}")
    assert (missing.status, missing.body["error"]["innerError"]["code"]) == (404, "NotFoundError")
    made = service.history("POST", f"experiments/{name}").body
    assert (made["name"], made["archivedTime"], made["tags"]) == (name, None, {})
    assert service.history("GET", f"experiments/{name}").body == made
    assert service.history("GET", f"experimentids/{made['experimentId']}").body == made
    assert service.history("GET", "experimentids/nobody").status == 404


def test_an_experiment_of_a_job_is_one(service: Service, name: str) -> None:
    service.run(name, "true", experimentName=f"of-{name}")
    run = service.history("GET", f"runs/{name}").body
    experiment = service.history("GET", f"experimentids/{run['experimentId']}").body
    assert experiment["name"] == f"of-{name}"
    assert service.history("POST", f"experiments/of-{name}").body == experiment


def test_experiments_have_tags_and_are_found_by_them(service: Service, name: str) -> None:
    place = f"experimentids/{service.history('POST', f'experiments/{name}').body['experimentId']}"
    service.history("PATCH", place, {"tags": {f"a-{name}": "1", "b": None}})
    assert service.history("PATCH", place, {"tags": {"c": "2"}}).body["tags"] == {f"a-{name}": "1", "b": None, "c": "2"}
    assert found(service, f"(name eq {name})") == [name]
    assert found(service, f"(Tags/a-{name} eq 1)") == [name]
    assert found(service, f"(Tags/a-{name} ne null or Tags/a-{name} eq null)") == [name]
    assert found(service, f"(Tags/a-{name} eq 2)") == []
    assert found(service, "", viewType="ArchivedOnly") == []
    assert name in found(service, "", viewType="ActiveOnly")
    assert service.history("POST", f"{place}/tags:delete", {"tags": ["b", "none"]}).body == {"errors": {}}
    assert service.history("GET", place).body["tags"] == {f"a-{name}": "1", "c": "2"}


@pytest.mark.parametrize(
    ("method", "end", "body", "status"),
    [
        ("PATCH", "", {"archive": True}, 501),
        ("PATCH", "", {"tags": 1}, 400),
        ("POST", "/tags:delete", {"tags": "a"}, 400),
    ],
)
def test_what_cannot_be_done_with_an_experiment(
    service: Service, name: str, method: str, end: str, body: dict[str, Any], status: int
) -> None:
    place = f"experimentids/{service.history('POST', f'experiments/{name}').body['experimentId']}"
    assert service.history(method, f"{place}{end}", body).status == status
    assert service.history("POST", "experiments:query", {"filter": "(when eq 1)"}).status == 400


def test_tags_of_a_run_may_be_bare_and_go(service: Service, name: str) -> None:
    """``run.tag("bare")``, ``run.remove_tags``; and one that was set with MLflow."""
    service.run(name, "true", experimentName="tags", tags={"own": "1"})
    tracking = f"/mlflow/v2.0{service.ws}/api/2.0/mlflow/runs/set-tag"
    service.post(tracking, {"run_id": name, "key": "tracked", "value": "t"})
    place = f"experiments/tags/runs/{name}"
    tags = service.history("PATCH", place, {"runId": name, "tags": {"bare": None, "k": "v"}}).body["tags"]
    assert tags == {"own": "1", "tracked": "t", "bare": None, "k": "v"}
    assert service.history("DELETE", f"{place}/tags", ["own", "tracked", "bare", "none"]).body == {"errors": {}}
    assert service.history("GET", place).body["tags"] == service.job(name)["tags"] == {"k": "v"}
    assert service.history("DELETE", f"{place}/tags", {"tags": []}).status == 400


def test_datastores_are_listed_and_one_is_the_default(service: Service, name: str) -> None:
    service.put(
        f"datastores/{name}",
        {
            "properties": {
                "datastoreType": "AzureBlob",
                "accountName": "other",
                "containerName": "c",
                "credentials": {"credentialsType": "Sas", "secrets": {"secretsType": "Sas", "sasToken": "sig=1"}},
            }
        },
    )
    place = f"/datastore/v1.0{service.ws}"
    rows = {row["name"]: row for row in service.get(f"{place}/datastores").body["value"]}
    assert set(rows) >= {"workspaceblobstore", "workspaceartifactstore", name}
    assert rows[name]["azureStorageSection"]["sasToken"] == "sig=1"
    default = service.get(f"{place}/default").body
    assert (default["name"], default["dataStoreType"]) == ("workspaceblobstore", "AzureBlob")


def test_a_datastore_that_has_no_older_description_is_named(service: Service, name: str) -> None:
    lake = {"datastoreType": "AzureDataLakeGen2", "accountName": "lake", "filesystem": "f"}
    credentials = {"credentialsType": "None"}
    assert service.put(f"datastores/{name}", {"properties": {**lake, "credentials": credentials}}).status == 201
    answer = service.get(f"/datastore/v1.0{service.ws}/datastores")
    service.request("DELETE", f"datastores/{name}")
    assert (answer.status, name in answer.body["error"]["message"]) == (501, True)
