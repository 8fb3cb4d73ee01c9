"""What Microsoft's generated clients may ask of lists: filters and orders, with the effects that are published."""

from __future__ import annotations

import uuid

import pytest

from tests.emulator.online.service import OnlineService
from tests.emulator.service import ENVIRONMENT, Service
from tests.emulator_fixture import RunningEmulator

PLACE = "azureml://datastores/workspaceblobstore/paths/lists/"
DATA = {"dataType": "uri_folder", "dataUri": PLACE}
MODEL = {"modelType": "custom_model", "modelUri": PLACE}
BODIES = {"data": DATA, "models": MODEL, "environments": {"image": "mcr/x"}}


@pytest.fixture(scope="module")
def service(emulator: RunningEmulator) -> OnlineService:
    """The session's emulator."""
    return OnlineService(emulator)


@pytest.fixture
def name() -> str:
    """A new name."""
    return f"a{uuid.uuid4().hex[:10]}"


def names(service: Service, path: str, **query: str) -> list[str]:
    """The names in a list, page after page."""
    found, answer = [], service.get(path, **query)
    while True:
        assert answer.status == 200, answer.content
        found += [str(row["name"]) for row in answer.body["value"]]
        if not (following := answer.body.get("nextLink")):
            return found
        answer = service.get(following)


def versions(service: Service, kind: str, name: str, **query: str) -> str:
    """The versions in a list, as one word."""
    return "".join(names(service, f"{kind}/{name}/versions", **query))


@pytest.fixture
def three(service: OnlineService, name: str) -> str:
    """Data and a model with three versions each, of other tags and properties; the first was changed last."""
    for kind in ("data", "models"):
        for version, tags in (("1", {"a": "1", "b": "x"}), ("2", {"a": "2"}), ("3", {"c": ""})):
            body = {**BODIES[kind], "tags": tags, "properties": {"p": version}}
            assert service.put(f"{kind}/{name}/versions/{version}", {"properties": body}).status == 201
        body = {**BODIES[kind], "tags": {"a": "1", "b": "x"}, "properties": {"p": "1"}, "description": "changed"}
        assert service.put(f"{kind}/{name}/versions/1", {"properties": body}).status == 200
    return name


class TestVersions:
    """Versions of assets."""

    @pytest.mark.parametrize(("kind", "key"), [("data", "$tags"), ("models", "tags")])
    def test_of_tags(self, service: OnlineService, three: str, kind: str, key: str) -> None:
        for wanted, found in (("a", "21"), ("a=1", "1"), ("a=3", ""), ("a,b", "1"), ("a=1,b=y", ""), ("c=", "3")):
            assert versions(service, kind, three, **{key: wanted}) == found, wanted
        assert versions(service, kind, three) == "321"

    def test_of_properties_of_a_version_and_from_an_offset_on(self, service: OnlineService, three: str) -> None:
        assert versions(service, "models", three, properties="p=2") == "2"
        assert versions(service, "models", three, version="3") == "3"
        assert versions(service, "models", three, offset="1") == "21"
        assert versions(service, "models", three, tags="a", offset="1") == "1"
        assert service.get(f"models/{three}/versions", offset="x").status == 400

    @pytest.mark.parametrize("kind", ["environments", "models"])
    def test_of_a_stage(self, service: OnlineService, name: str, kind: str) -> None:
        for version, stage in (("1", "Development"), ("2", "Production")):
            body = {"properties": {**BODIES[kind], "stage": stage}}
            assert service.put(f"{kind}/{name}/versions/{version}", body).status == 201
        assert versions(service, kind, name, stage="Production") == "2"
        assert versions(service, kind, name, stage="Archived") == ""

    @pytest.mark.parametrize("key", ["description", "feed"])
    def test_a_filter_whose_effect_is_not_published_is_refused(
        self, service: OnlineService, three: str, key: str
    ) -> None:
        answer = service.get(f"models/{three}/versions", **{key: "azureml"})
        assert (answer.status, answer.body["error"]["code"]) == (501, "NotEmulated")

    @pytest.mark.parametrize("kind", ["data", "models"])
    def test_in_an_order(self, service: OnlineService, three: str, kind: str) -> None:
        for order, found in (
            ("createdtime", "321"),
            ("createdtime asc", "123"),
            ("modifiedtime desc", "132"),
            ("modifiedtime asc", "231"),
        ):
            assert versions(service, kind, three, **{"$orderBy": order}) == found, order

    def test_models_page_by_page(self, service: OnlineService, three: str) -> None:
        service.put(f"models/{three}b/versions/1", {"properties": MODEL})
        first = service.get("models", count="1").body
        assert len(first["value"]) == 1
        assert {three, f"{three}b"} <= set(names(service, "models", count="1"))


class TestOthers:
    """Datastores, endpoints, deployments, workspaces."""

    def test_datastores_in_an_order(self, service: OnlineService, name: str) -> None:
        body = {"datastoreType": "AzureBlob", "accountName": "a", "containerName": "c", "endpoint": "core.windows.net"}
        body["credentials"] = {"credentialsType": "None"}  # type: ignore[assignment]
        made = [f"{name}_{end}" for end in "bac"]
        for each in made:
            assert service.put(f"datastores/{each}", {"properties": body}).status == 201
        for query, found in (
            ({"orderBy": "name", "orderByAsc": "true"}, sorted(made)),
            ({"orderBy": "name"}, sorted(made, reverse=True)),
            ({"orderBy": "createdtime", "orderByAsc": "True"}, made),
            ({"orderBy": "modifiedtime", "orderByAsc": "false"}, made[::-1]),
        ):
            assert names(service, "datastores", searchText=name, count="2", **query) == found, query
        assert service.get("datastores", orderBy="size").status == 400

    def test_online_endpoints(self, service: OnlineService) -> None:
        first, second = service.online(properties={"p": "1"}), service.online(compute=service.ws + "/computes/k8s")
        body = {"location": "eastus", "tags": {"t": first}, "properties": {"authMode": "Key", "properties": {"p": "1"}}}
        service.follow(service.put(f"onlineEndpoints/{first}", body))

        def found(**query: str) -> list[str]:
            return [name for name in names(service, "onlineEndpoints", **query) if name in (first, second)]

        assert found(computeType="Managed") == found(tags="t") == found(tags=f"t={first}") == [first]
        assert found(computeType="Kubernetes") == [second]
        assert found(computeType="AzureMLCompute") == found(tags=f"t={second}") == []
        assert found(properties="p=1") == [first]
        assert found(orderBy="CreatedAtDesc") == found(orderBy="UpdatedAtAsc") == [second, first]
        assert found(orderBy="CreatedAtAsc", count="1") == found(orderBy="UpdatedAtDesc") == [first, second]
        assert service.get("onlineEndpoints", orderBy="name").status == 400

    def test_deployments_in_an_order(self, service: OnlineService, name: str) -> None:
        endpoint = f"b-{name}"
        service.follow(
            service.put(f"batchEndpoints/{endpoint}", {"location": "eastus", "properties": {"authMode": "AADToken"}})
        )
        given = {
            "compute": f"{service.ws}/computes/cpu-cluster",
            "environmentId": ENVIRONMENT,
            "model": {"referenceType": "Id", "assetId": service.model({"m.txt": b""}, "m.txt")},
            "codeConfiguration": {"codeId": service.code({"score.py": b""}), "scoringScript": "score.py"},
        }
        for deployment in ("one", "two", "one"):
            path = f"batchEndpoints/{endpoint}/deployments/{deployment}"
            service.follow(service.put(path, {"location": "eastus", "properties": given}))
        for order, found in (("createdtime desc", ["two", "one"]), ("modifiedtime asc", ["two", "one"])):
            assert names(service, f"batchEndpoints/{endpoint}/deployments", **{"$orderBy": order}) == found
        assert names(service, f"batchEndpoints/{endpoint}/deployments") == ["one", "two"]

    def test_jobs(self, service: OnlineService, name: str) -> None:
        for end, output in (("a", {"assetName": name}), ("b", {})):
            outputs = {"o": {"jobOutputType": "uri_folder", **output}}
            service.run(name + end, "true", outputs=outputs, properties={"p": end}, tags={name: ""})
        assert names(service, "jobs", tag=name) == [f"{name}b", f"{name}a"]
        assert names(service, "jobs", assetName=name) == [f"{name}a"]
        assert names(service, "jobs", tag=name, properties="p=b") == [f"{name}b"]
        for key, value in (("scheduled", "true"), ("scheduleId", name)):
            assert service.get("jobs", **{key: value}).status == 501

    def test_workspaces_of_a_kind(self, service: OnlineService) -> None:
        top = service.ws.rpartition("/")[0]
        assert len(service.get(top, kind="default").body["value"]) == 1
        assert service.get(top, kind="hub").body["value"] == []
