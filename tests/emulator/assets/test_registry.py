"""The registry: its assets beside those of the workspace, their files, and what is refused."""

from __future__ import annotations

import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.emulator.service import Answer, Service
from tests.emulator_fixture import RunningEmulator


class Registry(Service):
    """Requests to the registry of one emulator."""

    def front_end(self, method: str, path: str, body: Any = None, name: str = "local") -> Answer:
        """A request to its management front end."""
        top = self.ws.rpartition("/workspaces/")[0]
        return self.request(method, f"/mferp/managementfrontend{top}/registries/{name}/{path}", body)

    def made(self, kind: str, name: str, properties: dict[str, Any]) -> str:
        """Create version 1 of an asset; its id, as the operation answers it."""
        answer = self.front_end("PUT", f"{kind}/{name}/versions/1", {"properties": properties})
        assert (answer.status, answer.content) == (202, b"null"), answer.content
        return str(self.get(answer.headers["location"]).body["assetId"])

    def uploaded(self, files: dict[str, bytes]) -> str:
        """Put files into a container of the registry; its address."""
        answer = self.front_end("PUT", "tempdatarefs/m/versions/1", {"assetId": "azureml://registries/local/models/m"})
        place = answer.body["blobReferenceForConsumption"]
        address, _, secret = place["credential"]["sasUri"].partition("?")
        assert address == place["blobUri"]
        for name, content in files.items():
            put = self.signed(f"{address}/{name}?{secret}", "PUT", content, x_ms_blob_type="BlockBlob")
            assert put.status == 201
        return str(address)


@pytest.fixture(scope="module")
def registry(emulator: RunningEmulator) -> Registry:
    """The session's emulator."""
    return Registry(emulator)


@pytest.fixture
def name() -> str:
    """A new name."""
    return f"a{uuid.uuid4().hex[:10]}"


def test_it_is_discovered(registry: Registry) -> None:
    found = registry.get("/registrymanagement/v1.0/registries/local/discovery").body
    assert (found["registryName"], found["primaryRegionResourceProviderUri"]) == ("local", f"{registry.base}/")
    assert registry.get("/registrymanagement/v1.0/registries/other/discovery").status == 404
    answer = registry.front_end("GET", "models", name="other")
    assert (answer.status, answer.body["error"]["code"]) == (404, "ResourceNotFound")


def test_an_asset_is_its_own_not_the_workspace_s(registry: Registry, name: str) -> None:
    asset = registry.made("environments", name, {"image": "mcr/x"})
    assert asset == f"azureml://registries/local/environments/{name}/versions/1"
    found = registry.front_end("GET", f"environments/{name}/versions/1").body
    assert (found["id"], found["type"]) == (asset, "Microsoft.MachineLearningServices/registries/environments/versions")
    assert registry.front_end("GET", f"environments/{name}").body["properties"]["latestVersion"] == "1"
    assert registry.get(f"environments/{name}/versions/1").status == 404
    assert registry.put(f"environments/{name}/versions/1", {"properties": {"image": "mcr/y"}}).status == 201
    assert registry.front_end("GET", f"environments/{name}/versions/1").body["properties"]["image"] == "mcr/x"
    again = registry.front_end("PUT", f"environments/{name}/versions/1", {"properties": {"image": "mcr/z"}})
    assert (again.status, again.inner[-1]) == (409, "AssetVersionExists")


def test_published_paths_answer_too(registry: Registry, name: str) -> None:
    registry.made("environments", name, {"image": "mcr/x"})
    top = registry.ws.rpartition("/workspaces/")[0]
    assert registry.get(f"{top}/registries/local/environments/{name}/versions/1").body["name"] == "1"
    assert registry.get(f"{top}/registries/local").body["name"] == "local"


def test_a_put_to_a_published_path_answers_the_asset(registry: Registry, name: str) -> None:
    path = f"{registry.ws.rpartition('/workspaces/')[0]}/registries/local/models/{name}/versions/1"
    model = {"modelUri": f"{registry.uploaded({'w.txt': b'10'})}/w.txt", "modelType": "custom_model"}
    for status, tags in ((201, {}), (200, {"a": "b"})):
        answer = registry.put(path, {"properties": {**model, "tags": tags}})
        assert (answer.status, answer.body["name"], answer.body["properties"]["tags"]) == (status, "1", tags)
        assert "location" not in answer.headers


@pytest.mark.parametrize(("kind", "field"), [("models", "modelUri"), ("data", "dataUri"), ("codes", "codeUri")])
def test_an_upload_for_a_published_path(registry: Registry, name: str, kind: str, field: str) -> None:
    path = f"{registry.ws.rpartition('/workspaces/')[0]}/registries/local/{kind}/{name}/versions/1"
    asked = {"pendingUploadType": "TemporaryBlobReference"}
    answer = registry.post(f"{path}/startPendingUpload", asked)
    place = answer.body["blobReferenceForConsumption"]
    address, _, secret = place["credential"]["sasUri"].partition("?")
    assert (answer.status, address) == (200, place["blobUri"])
    assert place["storageAccountArmId"].endswith("/registries/local/storage")
    url = f"{address}/folder/w.txt?{secret}"
    assert registry.signed(url, "PUT", b"10", x_ms_blob_type="BlockBlob").status == 201
    more = {"dataType": "uri_folder"} if kind == "data" else {}
    stored = registry.put(path, {"properties": {field: f"{address}/folder", **more}})
    assert (stored.status, stored.body["properties"][field]) == (201, f"{address}/folder")
    again = registry.post(f"{path}/startPendingUpload", asked).body["blobReferenceForConsumption"]
    assert again["blobUri"] != address
    assert registry.post(f"{path}/startPendingUpload", {"pendingUploadType": "Other"}).status == 400


def test_a_model_s_files_are_read_with_a_signature_of_its_container(registry: Registry, name: str) -> None:
    address = registry.uploaded({"model/w.txt": b"10"})
    registry.made("models", name, {"modelUri": f"{address}/model", "modelType": "custom_model"})
    uri = registry.front_end("GET", f"models/{name}/versions/1").body["properties"]["modelUri"]
    answer = registry.front_end("POST", f"datarefs/{name}/versions/1", {"blobUri": uri})
    signed = answer.body["blobReferenceForConsumption"]["credential"]["sasUri"]
    container, _, secret = signed.partition("?")
    assert registry.signed(f"{container}/model/w.txt?{secret}", x_ms_version="2021-12-02").content == b"10"
    other = registry.uploaded({"secret.txt": b"x"})
    assert registry.signed(f"{other}/secret.txt?{secret}", x_ms_version="2021-12-02").status == 403
    published = f"{registry.ws.rpartition('/workspaces/')[0]}/registries/local/datareferences/{name}/versions/1"
    reference = registry.post(published, {"assetId": f"azureml://registries/local/models/{name}", "blobUri": uri})
    found = reference.body["blobReferenceForConsumption"]
    assert (found["blobUri"], found["credential"]["sasUri"].partition("?")[0]) == (uri, container)
    assert found["storageAccountArmId"]
    own = f"{registry.emulator['storage_url']}/azureml/x"
    assert registry.front_end("POST", f"datarefs/{name}/versions/1", {"blobUri": own}).status == 400


def test_a_job_uses_what_is_in_it(registry: Registry, name: str) -> None:
    environment = registry.made("environments", name, {"image": "mcr/x"})
    address = registry.uploaded({"model/w.txt": b"10"})
    model = registry.made("models", name, {"modelUri": f"{address}/model", "modelType": "custom_model"})
    row = {"jobInputType": "custom_model", "uri": model}
    done = registry.put(
        f"jobs/{name}",
        {
            "properties": {
                "jobType": "Command",
                "command": "cat ${{inputs.m}}/w.txt",
                "environmentId": environment,
                "inputs": {"m": row},
            }
        },
    )
    assert (done.status, done.body["properties"]["environmentId"]) == (201, environment)
    assert registry.wait(name)["status"] == "Completed"
    assert registry.printed(name) == "10"
    absent = f"azureml://registries/local/environments/{name}/versions/9"
    answer = registry.submit(f"{name}2", "true", environmentId=absent)
    assert (answer.status, "registry 'local'" in answer.body["error"]["message"]) == (400, True)


def test_a_workspace_s_asset_is_shared_once(registry: Registry, name: str) -> None:
    uri = registry.upload(f"share/{name}/f.txt", b"f").rpartition("/")[0]
    registry.upload(f"share/{name}x/g.txt", b"g")
    registry.put(f"models/{name}/versions/1", {"properties": {"modelType": "custom_model", "modelUri": uri}})
    found = registry.get(f"models/{name}/versions/1").body["id"]
    body = {"properties": {"referenceType": "Id", "destinationVersion": "5", "sourceAssetId": found}}
    answer = registry.front_end("POST", "import", body)
    assert (answer.status, registry.get(answer.headers["location"]).content) == (202, b"")
    copy = registry.front_end("GET", f"models/{name}/versions/5").body["properties"]["modelUri"]
    assert copy.startswith(f"{registry.base}/registry-")
    assert registry.front_end("POST", "import", body).status == 409
    body["properties"]["sourceAssetId"] = f"{found}9"
    assert registry.front_end("POST", "import", body).inner[-1] == "AssetNotFound"


def test_code_is_published_with_its_files_and_a_component_is_not(registry: Registry, name: str) -> None:
    code = registry.code({"score.py": b"print(1)"}).partition("/workspaces/")[2].split("/")
    body = {"registryName": "LOCAL", "destinationName": name, "destinationVersion": "4"}
    answer = registry.post(f"codes/{code[2]}/versions/{code[4]}/publish", body)
    assert (answer.status, registry.get(answer.headers["location"]).content) == (202, b"")
    found = registry.front_end("GET", f"codes/{name}/versions/4").body["properties"]["codeUri"]
    assert found.startswith(f"{registry.base}/registry-")
    refused = registry.post(f"codes/{code[2]}/versions/99/publish", body)
    assert (refused.status, refused.inner[-1]) == (404, "AssetNotFound")
    assert registry.post(f"codes/{code[2]}/versions/{code[4]}/publish", {}).status == 400
    assert registry.post("components/x/versions/1/publish", body).status == 501


def test_of_several_clients_at_once_one_publishes(registry: Registry, name: str) -> None:
    uploaded = [registry.upload(f"many/{name}/{index}.txt", b"x") for index in range(40)]
    address = uploaded[0].rpartition("/")[0]
    registry.put(f"models/{name}/versions/1", {"properties": {"modelType": "custom_model", "modelUri": address}})
    body = {"registryName": "local"}
    with ThreadPoolExecutor(6) as clients:
        answers = list(clients.map(lambda _: registry.post(f"models/{name}/versions/1/publish", body), range(6)))
    assert sorted(answer.status for answer in answers) == [202, 409, 409, 409, 409, 409]
