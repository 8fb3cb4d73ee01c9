"""Datastores, computes and the versions of every kind of asset."""

from __future__ import annotations

import time
import uuid

import pytest

from tests.emulator.service import Service
from tests.emulator_fixture import RunningEmulator

PLACE = "azureml://datastores/workspaceblobstore/paths"
BODIES: dict[str, dict[str, object]] = {
    "codes": {"codeUri": "https://acct.blob.core.windows.net/c/src"},
    "environments": {"image": "mcr/x"},
    "data": {"dataType": "uri_folder", "dataUri": f"{PLACE}/a/"},
    "models": {"modelType": "custom_model", "modelUri": f"{PLACE}/m"},
    "components": {"componentSpec": {"type": "command", "command": "echo", "is_deterministic": True}},
}
OTHER: dict[str, dict[str, object]] = {
    "codes": {"codeUri": "https://acct.blob.core.windows.net/c/other"},
    "environments": {"image": "mcr/y"},
    "data": {"dataType": "uri_folder", "dataUri": f"{PLACE}/b/"},
    "models": {
        "modelType": "custom_model",
        "modelUri": f"{PLACE}/n",
        "allowedDeploymentTemplates": [{"assetId": "azureml://registries/r/deploymenttemplates/t/versions/1"}],
    },
    "components": {"componentSpec": {"type": "command", "command": "ls", "is_deterministic": True}},
}


@pytest.fixture
def name() -> str:
    """A name that was never used."""
    return f"a{uuid.uuid4().hex[:12]}"


@pytest.mark.parametrize("kind", BODIES)
class TestEveryKind:
    """What all kinds have in common."""

    def test_versions_are_created_read_updated_and_listed(self, service: Service, name: str, kind: str) -> None:
        first = service.put(f"{kind}/{name}/versions/1", {"properties": BODIES[kind]})
        assert first.status == 201
        assert first.body["id"] == f"{service.ws}/{kind}/{name}/versions/1"
        again = service.put(f"{kind}/{name}/versions/1", {"properties": {**BODIES[kind], "description": "said"}})
        assert again.status == 200
        assert again.body["systemData"]["createdAt"] == first.body["systemData"]["createdAt"]
        got = service.get(f"{kind}/{name}/versions/1").body
        assert got["properties"]["description"] == "said"
        back = service.put(f"{kind}/{name}/versions/1", got)
        assert back.status == 200
        service.put(f"{kind}/{name}/versions/2", {"properties": OTHER[kind]})
        rows = service.get(f"{kind}/{name}/versions").body["value"]
        assert [row["name"] for row in rows] == ["2", "1"]
        newest = service.get(f"{kind}/{name}/versions", **{"$orderBy": "createdtime desc", "$top": "1"}).body
        assert [row["name"] for row in newest["value"]] == ["2"]
        assert "nextLink" not in newest
        container = service.get(f"{kind}/{name}").body["properties"]
        assert (container["latestVersion"], container["nextVersion"]) == ("2", "3")
        assert name in [row["name"] for row in service.get(kind).body["value"]]

    def test_a_version_keeps_what_it_is(self, service: Service, name: str, kind: str) -> None:
        service.put(f"{kind}/{name}/versions/1", {"properties": BODIES[kind]})
        answer = service.put(f"{kind}/{name}/versions/1", {"properties": OTHER[kind]})
        assert answer.status == (400 if kind == "codes" else 409)
        assert answer.body["error"]["code"] == "UserError"

    def test_missing_ones_are_404(self, service: Service, name: str, kind: str) -> None:
        assert service.get(f"{kind}/{name}").status == 404
        assert service.get(f"{kind}/{name}/versions/1").status == 404
        assert service.get(f"{kind}/{name}/versions").body == {"value": []}

    def test_unknown_keys_are_refused(self, service: Service, name: str, kind: str) -> None:
        answer = service.put(f"{kind}/{name}/versions/1", {"properties": {**BODIES[kind], "uri": "x"}})
        assert answer.status == 400
        assert "properties.uri" in answer.body["error"]["message"]

    def test_archived_versions_leave_the_lists(self, service: Service, name: str, kind: str) -> None:
        for version in ("1", "2"):
            service.put(f"{kind}/{name}/versions/{version}", {"properties": BODIES[kind]})
        service.put(f"{kind}/{name}/versions/2", {"properties": {**BODIES[kind], "isArchived": True}})
        assert [row["name"] for row in service.get(f"{kind}/{name}/versions").body["value"]] == ["1"]
        everything = service.get(f"{kind}/{name}/versions", listViewType="All").body["value"]
        assert len(everything) == 2
        assert service.get(f"{kind}/{name}").body["properties"]["latestVersion"] == "1"
        assert service.get(f"{kind}/{name}").body["properties"]["nextVersion"] == "3"

    def test_deleted_versions_are_gone(self, service: Service, name: str, kind: str) -> None:
        service.put(f"{kind}/{name}/versions/1", {"properties": BODIES[kind]})
        assert service.request("DELETE", f"{kind}/{name}/versions/1").status == 200
        assert service.get(f"{kind}/{name}/versions/1").status == 404
        assert service.request("DELETE", f"{kind}/{name}/versions/1").status == 204


class TestKinds:
    """What is a kind's own."""

    def test_latest_is_the_version_created_last_whatever_its_name(self, service: Service, name: str) -> None:
        for version in ("9", "initial", "2"):
            service.put(f"data/{name}/versions/{version}", {"properties": BODIES["data"]})
        service.put(f"data/{name}/versions/9", {"properties": {**BODIES["data"], "description": "touched"}})
        container = service.get(f"data/{name}").body["properties"]
        assert (container["latestVersion"], container["nextVersion"], container["dataType"]) == (
            "2",
            "10",
            "uri_folder",
        )

    def test_data_comes_back_with_its_long_address(
        self, service: Service, name: str, emulator: RunningEmulator
    ) -> None:
        answer = service.put(f"data/{name}/versions/1", {"properties": BODIES["data"]})
        assert answer.body["properties"]["dataUri"] == (
            f"azureml://subscriptions/{emulator['subscription_id']}/resourcegroups/{emulator['resource_group']}"
            f"/workspaces/{emulator['workspace_name']}/datastores/workspaceblobstore/paths/a/"
        )

    def test_a_conda_file_comes_back_as_json(self, service: Service, name: str) -> None:
        body = {"image": "i", "condaFile": "channels: [c]\ndependencies:\n- python=3.10\n"}
        properties = service.put(f"environments/{name}/versions/1", {"properties": body}).body["properties"]
        assert properties["condaFile"].startswith("{\n")
        assert (properties["environmentType"], properties["osType"]) == ("UserCreated", "Linux")
        bad = service.put(f"environments/{name}/versions/2", {"properties": {"image": "i", "condaFile": "- ["}})
        assert bad.status == 400

    def test_code_is_found_by_its_content(self, service: Service, name: str) -> None:
        inner = {"hash_sha256": name, "hash_version": 202208}
        body = {"codeUri": "https://a/b/c", "isAnonymous": True, "properties": inner}
        made = service.put(f"codes/{name}/versions/1", {"properties": body}).body
        assert made["properties"]["isAnonymous"] is False
        assert made["properties"]["properties"]["hash_version"] == "202208"
        found = service.get(f"codes/{uuid.uuid4()}/versions", hash=name, hashVersion="202208").body["value"]
        assert [row["id"] for row in found] == [made["id"]]
        assert service.get(f"codes/{name}/versions", hash="other", hashVersion="202208").body["value"] == []

    def test_each_pending_upload_has_its_own_container(self, service: Service, name: str) -> None:
        path = f"codes/{name}/versions/1/startPendingUpload"
        places = [service.post(path, {"pendingUploadType": "TemporaryBlobReference"}).body for _ in range(2)]
        uris = {place["blobReferenceForConsumption"]["blobUri"] for place in places}
        assert len(uris) == 2
        address = places[0]["blobReferenceForConsumption"]["credential"]["sasUri"].replace("?", "/src/a.txt?")
        assert service.signed(address, "PUT", b"x", x_ms_blob_type="BlockBlob").status == 201

    def test_a_component_knows_its_name_and_version(self, service: Service, name: str) -> None:
        service.put(f"components/{name}/versions/5", {"properties": BODIES["components"]})
        newest = service.get(f"components/{name}/versions/azureml_default").body
        spec = newest["properties"]["componentSpec"]
        assert (newest["name"], spec["name"], spec["version"], spec["is_deterministic"]) == ("5", name, "5", "True")
        assert service.get(f"components/{name}/labels/default").body["name"] == "5"

    def test_a_model_of_a_job_is_told_where_its_files_are(self, service: Service, name: str) -> None:
        service.run(name, "mkdir -p outputs/m; printf 'flavors: {sklearn: {a: 1}}' > outputs/m/MLmodel")
        for version, uri in (
            ("1", f"azureml://jobs/{name}/outputs/artifacts/paths/outputs/m"),
            ("2", f"runs:/{name}/outputs/m"),
        ):
            body = {"modelType": "mlflow_model", "modelUri": uri}
            properties = service.put(f"models/{name}/versions/{version}", {"properties": body}).body["properties"]
            assert properties["modelUri"].endswith(
                f"/datastores/workspaceartifactstore/paths/ExperimentRun/dcid.{name}/outputs/m"
            )
            assert properties["jobName"] == name
            assert properties["flavors"] == {"sklearn": {"data": {"a": "1"}}}
        body = {"modelType": "mlflow_model", "modelUri": "azureml://jobs/nope/outputs/artifacts/paths/m"}
        assert service.put(f"models/{name}/versions/3", {"properties": body}).status == 400

    def test_curated_environments_exist(self, service: Service) -> None:
        answer = service.get("environments/AzureML-sklearn-1.5/versions/7").body
        assert (answer["name"], answer["properties"]["environmentType"]) == ("7", "Curated")


class TestDatastores:
    """Datastores and their secrets."""

    def test_the_default_one(self, service: Service, emulator: RunningEmulator) -> None:
        rows = service.get("datastores", isDefault="true", count="30", orderByAsc="false").body["value"]
        assert [row["name"] for row in rows] == ["workspaceblobstore"]
        properties = rows[0]["properties"]
        account = f"https://{properties['accountName']}.blob.{properties['endpoint']}"
        assert account == emulator["storage_url"]
        assert properties["credentials"] == {"credentialsType": "AccountKey"}

    def test_secrets(self, service: Service) -> None:
        path = "datastores/workspaceblobstore/listSecrets"
        expiring = service.post(path, {"expirableSecret": True, "expireAfterHours": 1}).body
        assert expiring["secretsType"] == "Sas"
        assert "sig=" in expiring["sasToken"]
        assert service.post(path).body["secretsType"] == "AccountKey"

    @pytest.mark.parametrize(("version", "kind"), [("2024-10-01-preview", "AccountKey"), ("2024-07-01-preview", "Sas")])
    def test_the_artifact_store_answers_what_the_client_can_use(
        self, service: Service, version: str, kind: str
    ) -> None:
        asked = {"expirableSecret": True, "expireAfterHours": 1}
        path = f"{service.ws}/datastores/workspaceartifactstore/listSecrets?api-version={version}"
        assert service.request("POST", path, asked).body["secretsType"] == kind

    def test_one_of_the_user_s_own(self, service: Service, name: str) -> None:
        secrets = {"secretsType": "AccountKey", "key": "c2VjcmV0"}
        body = {
            "datastoreType": "AzureBlob",
            "accountName": "acct",
            "containerName": "c",
            "credentials": {"credentialsType": "AccountKey", "secrets": secrets},
        }
        assert service.put(f"datastores/{name}", {"properties": body}).status == 201
        assert "c2VjcmV0" not in str(service.get(f"datastores/{name}").body)
        assert service.post(f"datastores/{name}/listSecrets").body == secrets
        assert service.request("DELETE", f"datastores/{name}").status == 200
        assert service.get(f"datastores/{name}").status == 404


class TestComputes:
    """Computes and their operations."""

    def test_a_missing_one_is_404_without_a_body(self, service: Service) -> None:
        answer = service.get("computes/nope")
        assert (answer.status, answer.content) == (404, b"")

    def test_creation_and_deletion_are_operations(self, service: Service, name: str) -> None:
        inner = {"vmSize": "STANDARD_D2", "scaleSettings": {"maxNodeCount": 2}}
        body = {"location": "eastus", "properties": {"computeType": "AmlCompute", "properties": inner}}
        made = service.put(f"computes/{name}", body)
        assert made.status == 201
        assert made.body["properties"]["provisioningState"] == "Creating"
        assert "location" not in made.headers
        deadline = time.monotonic() + 60
        while service.get(made.headers["azure-asyncoperation"]).body["status"] != "Succeeded":
            assert time.monotonic() < deadline
        assert service.get(f"computes/{name}").body["properties"]["provisioningState"] == "Succeeded"
        gone = service.request("DELETE", f"computes/{name}", underlyingResourceAction="Delete")
        assert gone.status == 202
        while service.get(gone.headers["azure-asyncoperation"]).body["status"] != "Succeeded":
            assert time.monotonic() < deadline
        assert service.get(f"computes/{name}").status == 404

    def test_an_unknown_key_is_refused(self, service: Service, name: str) -> None:
        answer = service.put(f"computes/{name}", {"properties": {"computeType": "AmlCompute", "size": "x"}})
        assert answer.status == 400
        assert "properties.size" in answer.body["error"]["message"]


def test_the_workspace_and_its_discovery(service: Service, emulator: RunningEmulator) -> None:
    body = service.get(service.ws).body
    assert body["location"] == emulator["region"]
    assert service.signed(body["properties"]["discoveryUrl"]).body["api"] == emulator["endpoint"].rstrip("/")
    assert service.signed(service.base + service.ws + "?api-version=2025-12-01").status == 401


REFUSED: tuple[tuple[str, dict[str, object], str], ...] = (
    ("data", {"dataType": "uri_folder", "dataUri": "data"}, "properties.dataUri"),
    ("data", {"dataType": "uri_folder", "dataUri": f"{PLACE}/a", "referencedUris": ["x"]}, "properties.referencedUris"),
    ("data", {"dataType": "mltable", "dataUri": f"{PLACE}/a", "referencedUris": "x"}, "properties.referencedUris"),
    ("data", {"dataType": "table", "dataUri": f"{PLACE}/a"}, "properties.dataType"),
    ("data", {"dataUri": f"{PLACE}/a"}, "properties.dataType"),
    ("data", {"dataType": "uri_folder", "dataUri": f"{PLACE}/a", "tags": {"a": {"b": "c"}}}, "properties.tags.a"),
    ("models", {"modelUri": "model"}, "properties.modelUri"),
    ("models", {"modelUri": "azureml://jobs/absent/outputs/o/paths/"}, "absent"),
    ("models", {"modelUri": f"{PLACE}/m", "modelType": "model"}, "properties.modelType"),
    ("models", {"modelUri": f"{PLACE}/m", "flavors": {"a": "b"}}, "properties.flavors.a"),
    ("models", {"modelUri": f"{PLACE}/m", "defaultDeploymentTemplate": "t"}, "properties.defaultDeploymentTemplate"),
    ("environments", {"image": "i", "build": {"contextUri": "https://h/c"}}, "exclude each other"),
    ("environments", {"condaFile": "a: b"}, "image and build"),
    ("components", {"componentSpec": {"type": "command", "command": "ls", "environment": "azureml:no:1"}}, "no:1"),
    ("components", {"componentSpec": {"type": "command", "command": "ls", "code": "azureml:/x"}}, "componentSpec.code"),
)


@pytest.mark.parametrize(("kind", "body", "word"), REFUSED)
def test_what_no_service_could_use_is_refused(
    service: Service, name: str, kind: str, body: dict[str, object], word: str
) -> None:
    answer = service.put(f"{kind}/{name}/versions/1", {"properties": body})
    assert answer.status == 400
    assert word in answer.body["error"]["message"]


@pytest.mark.parametrize("given", ["a.b", "-a", "_a", "a b", "x" * 256])
def test_names_that_no_asset_has_are_refused(service: Service, given: str) -> None:
    answer = service.put(f"environments/{given.replace(' ', '%20')}/versions/1", {"properties": {"image": "i"}})
    assert (answer.status, "name" in answer.body["error"]["message"]) == (400, True)


def test_a_table_keeps_what_it_refers_to(service: Service, name: str) -> None:
    body = {"dataType": "mltable", "dataUri": f"{PLACE}/t", "referencedUris": ["./a.csv"]}
    service.put(f"data/{name}/versions/1", {"properties": body})
    assert service.get(f"data/{name}/versions/1").body["properties"]["referencedUris"] == ["./a.csv"]


@pytest.mark.parametrize(("kind", "word"), [("uri_folder", "UriFolder"), ("mltable", "MLTable")])
def test_the_data_plane_tells_where_a_version_of_data_lies(service: Service, name: str, kind: str, word: str) -> None:
    """mltable and azureml-fsspec ask so for ``azureml://…/data/NAME/versions/VERSION``: they were answered 501."""
    properties = {"dataType": kind, "dataUri": f"{PLACE}/rows/", "description": "d", "tags": {"a": "b"}}
    kept = service.put(f"data/{name}/versions/3", {"properties": properties}).body["properties"]
    found = service.get(f"/data/v1.0{service.ws}/dataversion/{name}/versions/3").body
    assert found["isV2"] is True
    assert found["dataVersion"].pop("assetId").endswith(f"/data/{name}/versions/3")
    assert found["dataVersion"] == {
        "dataContainerName": name,
        "dataType": word,
        "dataUri": kept["dataUri"],
        "versionId": "3",
        "mutableProps": {"description": "d", "tags": {"a": "b"}, "isArchived": False},
        "referencedDataUris": kept.get("referencedUris"),
        "properties": kept["properties"],
    }
    absent = service.get(f"/data/v1.0{service.ws}/dataversion/{name}/versions/4")
    assert (absent.status, absent.body["error"]["code"]) == (404, "UserError")
