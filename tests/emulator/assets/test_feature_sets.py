"""Entities and feature sets of a feature store, and the features in a set."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from azure.storage.blob import BlobServiceClient

from tests.emulator.service import VERSION, Answer, Service

SPECIFICATION = """
features:
  - name: balance
    type: double
    tags: {of: account}
  - name: opened
    type: datetime
index_columns:
  - {name: id, type: string}
"""
COLUMNS = [{"columnName": "id", "dataType": "String"}]


@pytest.fixture
def name() -> str:
    """A name that was never used."""
    return f"f{uuid.uuid4().hex[:12]}"


@pytest.fixture
def path(name: str, storage: BlobServiceClient, service: Service) -> str:
    """The folder of a specification in the default datastore."""
    container = service.get("datastores/workspaceblobstore").body["properties"]["containerName"]
    storage.get_blob_client(container, f"sets/{name}/FeatureSetSpec.yaml").upload_blob(SPECIFICATION)
    return f"azureml://datastores/workspaceblobstore/paths/sets/{name}"


def put(service: Service, kind: str, name: str, **properties: Any) -> Answer:
    """PUT the first version."""
    return service.put(f"{kind}/{name}/versions/1", {"properties": properties})


def test_an_entity_has_versions_and_cannot_become_another(service: Service, name: str) -> None:
    made = put(service, "featurestoreEntities", name, indexColumns=COLUMNS)
    assert (made.status, made.body["properties"]["provisioningState"]) == (201, "Succeeded")
    assert made.headers["location"] == f"{service.base}{made.body['id']}?api-version={VERSION}"
    again = put(service, "featurestoreEntities", name, indexColumns=COLUMNS, description="said", isArchived=True)
    assert (again.status, again.body["properties"]["description"]) == (200, "said")
    other = [{"columnName": "other", "dataType": "Long"}]
    assert put(service, "featurestoreEntities", name, indexColumns=other).status == 400
    assert service.get(f"featurestoreEntities/{name}").body["properties"]["latestVersion"] == "1"
    assert service.get(f"featurestoreEntities/{name}/versions").body["value"] == []
    assert service.request("DELETE", f"featurestoreEntities/{name}/versions/1").status == 200
    missing = service.get(f"featurestoreEntities/{name}/versions/1")
    assert missing.inner == ["NotFound", "FeaturestoreEntityNotFound"]


def test_a_set_lists_the_features_of_its_specification(service: Service, name: str, path: str) -> None:
    entity = put(service, "featurestoreEntities", name, indexColumns=COLUMNS).body["id"]
    made = put(service, "featuresets", name, entities=[f"azureml:{name}:1", entity], specification={"path": path})
    assert made.status == 201, made.content
    features = f"featuresets/{name}/versions/1/features"
    rows = service.get(features).body["value"]
    assert [(row["name"], row["properties"]["dataType"]) for row in rows] == [
        ("balance", "Double"),
        ("opened", "Datetime"),
    ]
    assert service.get(f"{features}/opened").body == rows[1]
    assert service.get(f"{features}/nothing").inner == ["NotFound", "FeatureNotFound"]
    assert [row["name"] for row in service.get(features, featureName="balance").body["value"]] == ["balance"]
    assert [row["name"] for row in service.get(features, tags="of=account").body["value"]] == ["balance"]
    first = service.get(features, pageSize="1").body
    assert [row["name"] for row in first["value"]] == ["balance"]
    assert [row["name"] for row in service.get(first["nextLink"]).body["value"]] == ["opened"]


def test_a_set_without_a_specification_that_can_be_read_has_no_features(service: Service, name: str) -> None:
    put(service, "featuresets", name, specification={"path": "azureml://datastores/workspaceblobstore/paths/none"})
    assert service.get(f"featuresets/{name}/versions/1/features").body["value"] == []


def test_what_is_refused(service: Service, name: str, path: str) -> None:
    unknown = put(service, "featuresets", name, entities=["azureml:nobody:1"], specification={"path": path})
    assert (unknown.status, unknown.inner) == (400, ["BadArgument", "EntityNotFound"])
    for settings in ({"storeType": "Offline"}, {"schedule": {"triggerType": "Recurrence"}}):
        kept = put(service, "featuresets", name, specification={"path": path}, materializationSettings=settings)
        assert (kept.status, kept.body["error"]["code"]) == (501, "NotEmulated")
    put(service, "featuresets", name, specification={"path": path}, materializationSettings={"storeType": "None"})
    filled = service.post(f"featuresets/{name}/versions/1/backfill", {})
    assert (filled.status, filled.body["error"]["code"]) == (501, "NotEmulated")
    assert service.post(f"featuresets/{name}/versions/9/backfill", {}).status == 404
    assert service.get(f"featuresets/{name}/versions", createdBy="me").status == 501
