"""Models as azureml-core 1.61 registers and finds them: the workspace's model assets."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest
import requests

from tests.emulator.service import Answer, Service
from tests.emulator_fixture import RunningEmulator


class Models:
    """Model management, about models of one name."""

    def __init__(self, service: Service, emulator: RunningEmulator, name: str) -> None:
        self._service, self._emulator, self.name = service, emulator, name
        self._place = f"/modelmanagement/v1.0{service.ws}"

    def asset(self, *prefixes: str) -> Answer:
        """What ``Model.register`` sends when its files are there."""
        artifacts = [{"prefix": prefix} for prefix in prefixes]
        return self._service.post(f"{self._place}/assets", {"name": self.name, "artifacts": artifacts})

    def register(self, prefix: str, **more: Any) -> Answer:
        """Register files by their prefix."""
        url = f"aml://asset/{self.asset(prefix).body['id']}"
        return self._service.post(f"{self._place}/models", {"name": self.name, "url": url, **more})

    def found(self, **query: str) -> list[str]:
        """The ids of a list."""
        return [row["id"] for row in self._service.get(f"{self._place}/models", **query).body["value"]]

    def ask(self, method: str, version: int, body: Any = None) -> Answer:
        """A request about one version."""
        return self._service.request(method, f"{self._place}/models/{self.name}:{version}", body)

    def files(self, model: Any) -> dict[str, bytes]:
        """What ``model.download`` fetches, by path."""
        asset = self._service.get(f"{self._place}/assets/{model['url'].removeprefix('aml://asset/')}").body
        (artifact,) = asset["artifacts"]
        below = f"/artifact/v2.0{self._service.ws}/artifacts/prefix/contentinfo/{quote(artifact['prefix'])}"
        rows = self._service.get(below).body["value"]
        bundle = self._emulator["ca_bundle"]
        return {row["path"]: requests.get(row["contentUri"], verify=bundle, timeout=10).content for row in rows}


@pytest.fixture
def models(service: Service, emulator: RunningEmulator, name: str) -> Models:
    """Those of a name that was never used."""
    return Models(service, emulator, f"m-{name}")


@pytest.fixture
def prefix(service: Service, emulator: RunningEmulator, name: str) -> str:
    """Where ``Model.register`` has put a file, beside one whose name begins alike."""
    place = f"/artifact/v2.0{service.ws}/artifacts/batch/metadata/LocalUpload/{name}"
    paths = ["m.pkl", "m.pkl.txt", "folder/w.bin"]
    made = service.post(place, {"paths": [{"path": path} for path in paths]}).body["artifactContentInformation"]
    for path in paths:
        head = {"x-ms-blob-type": "BlockBlob"}
        address = made[path]["contentUri"]
        assert requests.put(address, path.encode(), headers=head, verify=emulator["ca_bundle"], timeout=10).ok
    return f"LocalUpload/{name}"


def test_files_are_registered_and_fetched(service: Service, models: Models, prefix: str) -> None:
    said = {"kvTags": {"a": "1"}, "properties": {"p": "q"}, "description": "why", "framework": "Custom"}
    first = models.register(f"{prefix}/m.pkl", **said).body
    second = models.register(f"{prefix}/folder", runId="some-run").body
    shown = {key: first[key] for key in ("id", "version", "kvTags", "properties", "description", "runId")}
    assert shown == {
        "id": f"{models.name}:1",
        "version": 1,
        "kvTags": {"a": "1"},
        "properties": {"p": "q"},
        "description": "why",
        "runId": None,
    }
    assert (second["id"], second["runId"]) == (f"{models.name}:2", "some-run")
    assert models.ask("GET", 1).body == first
    assert models.files(first) == {"m.pkl": b"m.pkl"}
    assert models.files(second) == {"folder/w.bin": b"folder/w.bin"}
    asset = service.get(f"models/{models.name}/versions/1").body["properties"]
    assert (asset["tags"], asset["properties"], asset["description"]) == ({"a": "1"}, {"p": "q"}, "why")
    assert asset["modelUri"].endswith(f"/paths/{prefix}/m.pkl")


def test_a_model_of_the_v2_api_is_one(service: Service, models: Models) -> None:
    address = service.upload(f"LocalUpload/{models.name}/m.bin", b"x")
    body = {"properties": {"modelUri": address, "modelType": "custom_model", "tags": {"q": "r"}}}
    for version in ("1", "named"):
        assert service.put(f"models/{models.name}/versions/{version}", body).status == 201
    assert models.found(name=models.name) == [f"{models.name}:1"]
    model = models.ask("GET", 1).body
    assert model["kvTags"] == {"q": "r"}
    assert models.files(model) == {"m.bin": b"x"}


def test_lists_have_the_newest_first(models: Models, prefix: str) -> None:
    """The SDK takes the first for the latest."""
    path = f"{prefix}/m.pkl"
    models.register(path, kvTags={"a": "1", "b": "2"}, properties={"p": "q"}, runId="r")
    models.register(path, kvTags={"a": "2"})
    models.register(path)
    one, two, three = (f"{models.name}:{number}" for number in (1, 2, 3))
    assert models.found(name=models.name) == [three, two, one]
    assert models.found(name=models.name, latestVersionOnly="true") == [three]
    assert models.found(name=models.name, tags="a") == [two, one]
    assert models.found(name=models.name, tags="a=1,b") == [one]
    assert models.found(name=models.name, properties="p=q") == [one]
    assert models.found(name=models.name, runId="r") == [one]
    assert three in models.found()


def test_a_model_changes_and_goes(models: Models, prefix: str) -> None:
    models.register(f"{prefix}/m.pkl", kvTags={"a": "1"})
    patch = [
        {"op": "replace", "path": "/kvTags", "value": {"b": 2}},
        {"op": "replace", "path": "/description", "value": "new"},
        {"op": "add", "path": "/properties", "value": {"p": "q"}},
    ]
    changed = models.ask("PATCH", 1, patch).body
    assert (changed["kvTags"], changed["description"], changed["properties"]) == ({"b": "2"}, "new", {"p": "q"})
    assert models.ask("GET", 1).body == changed
    assert models.ask("PATCH", 1, [{"op": "add", "path": "/datasets", "value": []}]).status == 501
    assert models.ask("DELETE", 1).status == 200
    assert models.ask("DELETE", 1).status == 204
    assert models.found(name=models.name) == []


def test_what_is_not_there_says_so_in_the_body(models: Models) -> None:
    """The SDK reads ``statusCode``, and tells a model that is not there from other failures by it."""
    for answer in (models.ask("GET", 1), models.ask("PATCH", 1, [])):
        assert (answer.status, answer.body["statusCode"], answer.body["details"]) == (404, 404, [])


def test_what_is_not_emulated(service: Service, models: Models, prefix: str) -> None:
    assert models.asset(prefix, prefix).status == 501
    assert models.register(f"{prefix}/m.pkl", unpack=True).status == 501
    place = f"/modelmanagement/v1.0{service.ws}"
    assert service.get(f"{place}/models", framework="Onnx").status == 501
    assert service.get(f"{place}/assets/-").status == 404
    assert service.post(f"{place}/models", {"name": "m", "url": "https://x"}).status == 400
    assert service.post(f"{place}/assets", {"artifacts": [1]}).status == 400
