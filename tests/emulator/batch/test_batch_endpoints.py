"""Batch endpoints and deployments: their long-running operations, and what invocations are refused."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from tests.emulator.batch.service import BatchService
from tests.emulator.service import ENVIRONMENT, Answer
from tests.emulator_fixture import RunningEmulator

FOLDER = "azureml://datastores/workspaceblobstore/paths/data/"
DATA = {"jobInputType": "UriFolder", "uri": FOLDER}


@pytest.fixture(scope="module")
def service(emulator: RunningEmulator) -> BatchService:
    """The session's emulator."""
    return BatchService(emulator)


@pytest.fixture(scope="module")
def endpoint(service: BatchService) -> str:
    """An endpoint with a default deployment of a model and a second one."""
    return service.scoring_endpoint("main", "other")


class TestOperations:
    """Endpoints and deployments as ARM resources."""

    def test_creating_an_endpoint_is_an_operation(self, service: BatchService) -> None:
        body = {"location": "eastus", "tags": {"a": "b"}, "properties": {"authMode": "AADToken", "description": "d"}}
        answer = service.put("batchEndpoints/ep-created", body)
        assert answer.status == 201
        assert answer.headers["retry-after"] == "1"
        assert answer.headers["location"].partition("?")[0].endswith("/batchEndpoints/ep-created")
        assert "/mfeOperationsStatus/bebes:" in answer.headers["azure-asyncoperation"]
        properties = answer.body["properties"]
        assert (properties["provisioningState"], properties["scoringUri"]) == ("Creating", None)
        assert properties["properties"] == {"AzureAsyncOperationUri": answer.headers["azure-asyncoperation"]}
        service.follow(answer)
        found = service.get("batchEndpoints/EP-created").body
        assert (found["name"], found["tags"], found["properties"]["description"]) == ("ep-created", {"a": "b"}, "d")
        assert (found["properties"]["provisioningState"], found["properties"]["properties"]) == ("Succeeded", {})
        assert found["properties"]["scoringUri"].endswith("/scoring/ep-created/jobs")
        assert found["id"] in [row["id"] for row in service.get("batchEndpoints").body["value"]]

    def test_deleting_an_endpoint_takes_its_deployments_along(self, service: BatchService) -> None:
        name = service.endpoint()
        service.deployment(name, "gone")
        answer = service.request("DELETE", f"batchEndpoints/{name}")
        assert (answer.status, answer.content) == (202, b"null")
        assert "/mfeOperationResults/be:" in answer.headers["location"]
        service.follow(answer)
        assert service.get(answer.headers["location"]).status == 200
        missing = service.get(f"batchEndpoints/{name}")
        assert (missing.status, missing.inner) == (404, ["NotFound", "EndpointNotFound"])
        assert service.request("DELETE", f"batchEndpoints/{name}").status == 204
        service.follow(service.put(f"batchEndpoints/{name}", {"location": "eastus", "properties": {}}))
        assert service.get(f"batchEndpoints/{name}/deployments").body["value"] == []

    def test_a_deployment_is_completed_with_the_service_s_defaults(self, service: BatchService, endpoint: str) -> None:
        found = service.get(f"batchEndpoints/{endpoint}/deployments/main").body
        assert found["id"].endswith(f"/batchEndpoints/{endpoint}/deployments/main")
        properties = found["properties"]
        assert properties["retrySettings"] == {"maxRetries": 3, "timeout": "PT30S"}
        assert (properties["miniBatchSize"], properties["errorThreshold"]) == (10, -1)
        assert (properties["outputAction"], properties["outputFileName"]) == ("AppendRow", "predictions.csv")
        names = [row["name"] for row in service.get(f"batchEndpoints/{endpoint}/deployments").body["value"]]
        assert names[:2] == ["main", "other"]

    @pytest.mark.parametrize("given", [{}, {"defaults": None}, {"defaults": {}}])
    def test_an_endpoint_without_a_default_says_so(self, service: BatchService, given: dict[str, Any]) -> None:
        """Microsoft's client sets ``endpoint.defaults.deployment_name`` of an endpoint that it has read."""
        name = service.endpoint()
        service.follow(service.put(f"batchEndpoints/{name}", {"location": "eastus", "properties": given}))
        assert service.get(f"batchEndpoints/{name}").body["properties"]["defaults"] == {"deploymentName": None}

    def test_a_default_goes_with_its_deployment(self, service: BatchService) -> None:
        name = service.endpoint()
        service.deployment(name, "main")
        service.set_default(name, "main")
        service.follow(service.request("DELETE", f"batchEndpoints/{name}/deployments/main"))
        assert service.get(f"batchEndpoints/{name}").body["properties"]["defaults"] == {"deploymentName": None}

    def test_numbers_may_be_texts_and_words_of_any_case(self, service: BatchService, endpoint: str) -> None:
        """Microsoft's sample script writes them so."""
        given = service.get(f"batchEndpoints/{endpoint}/deployments/main").body["properties"]
        change = {
            "maxConcurrencyPerInstance": "4",
            "errorThreshold": "10",
            "miniBatchSize": "5",
            "loggingLevel": "info",
        }
        path = f"batchEndpoints/{endpoint}/deployments/texts"
        service.follow(service.put(path, {"location": "eastus", "properties": {**given, **change}}))
        found = service.get(path).body["properties"]
        assert (found["maxConcurrencyPerInstance"], found["errorThreshold"], found["miniBatchSize"]) == (4, 10, 5)
        assert found["loggingLevel"] == "Info"

    def test_an_update_keeps_what_it_does_not_name(self, service: BatchService, endpoint: str) -> None:
        path = f"batchEndpoints/{endpoint}/deployments/other"
        answer = service.request("PATCH", path, {"tags": {"k": "v"}, "properties": {"description": "new"}})
        assert answer.status == 200
        service.follow(answer)
        found = service.get(path).body
        assert (found["tags"], found["properties"]["description"]) == ({"k": "v"}, "new")
        assert found["properties"]["outputAction"] == "SummaryOnly"

    @pytest.mark.parametrize("name", ["ab", "1abc", "a_b_c", "a" * 33])
    def test_names_are_checked(self, service: BatchService, name: str) -> None:
        answer = service.put(f"batchEndpoints/{name}", {"location": "eastus", "properties": {}})
        assert answer.status == 400
        assert "name" in answer.body["error"]["message"]

    def test_a_default_must_exist(self, service: BatchService, endpoint: str) -> None:
        body = {"location": "eastus", "properties": {"defaults": {"deploymentName": "absent"}}}
        answer = service.put(f"batchEndpoints/{endpoint}", body)
        assert (answer.status, answer.inner[-1]) == (400, "DeploymentNotFound")

    @pytest.mark.parametrize(
        ("change", "word"),
        [
            ({"model": None}, "properties.model"),
            ({"compute": None}, "properties.compute"),
            ({"environmentId": None}, "MissingEnvironment"),
            ({"codeConfiguration": None}, "MissingScoringScript"),
            ({"model": {"referenceType": "Id", "assetId": "azureml:absent:1"}}, "ModelNotFound"),
            ({"compute": "azureml:absent"}, "ComputeNotFound"),
            ({"environmentId": "azureml:absent:1"}, "EnvironmentNotFound"),
            ({"miniBatchSize": 0}, "properties.miniBatchSize"),
            ({"errorThreshold": -2}, "properties.errorThreshold"),
            ({"outputAction": "Nothing"}, "properties.outputAction"),
            ({"unknown": 1}, "properties.unknown"),
            ({"retrySettings": {"timeout": 30}}, "properties.retrySettings.timeout"),
            ({"resources": {"instanceCount": 99}}, "RequestedNodeCountExceedsMax"),
        ],
    )
    def test_what_a_deployment_names_must_exist_and_fit(
        self, service: BatchService, endpoint: str, change: dict[str, Any], word: str
    ) -> None:
        given = service.get(f"batchEndpoints/{endpoint}/deployments/main").body["properties"]
        body = {"location": "eastus", "properties": {**given, **change}}
        answer = service.put(f"batchEndpoints/{endpoint}/deployments/fresh", body)
        assert answer.status == 400
        assert word in json.dumps(answer.body)
        assert service.get(f"batchEndpoints/{endpoint}/deployments/fresh").status == 404

    def test_a_deployment_needs_its_endpoint(self, service: BatchService) -> None:
        answer = service.put("batchEndpoints/ep-absent/deployments/main", {"location": "eastus", "properties": {}})
        assert (answer.status, answer.inner[-1]) == (404, "EndpointNotFound")


class TestFaults:
    """Operations that take their time, or fail."""

    def test_an_operation_can_fail(self, service: BatchService, emulator: RunningEmulator) -> None:
        emulator.fault("operation_fails", route="PUT .*/batchEndpoints/ep-failing$", times=1)
        body = {"location": "eastus", "properties": {}}
        answer = service.put("batchEndpoints/ep-failing", body)
        assert answer.status == 201
        status = self.end(service, answer)
        assert (status["status"], status["error"]["code"]) == ("Failed", "UserError")
        assert service.get("batchEndpoints/ep-failing").body["properties"]["provisioningState"] == "Failed"
        service.follow(service.put("batchEndpoints/ep-failing", body))
        assert service.get("batchEndpoints/ep-failing").body["properties"]["provisioningState"] == "Succeeded"

    def test_an_operation_can_take_longer(self, service: BatchService, emulator: RunningEmulator) -> None:
        emulator.fault("operation_slow", delay=1, times=1)
        begun = time.monotonic()
        answer = service.put("batchEndpoints/ep-slow", {"location": "eastus", "properties": {}})
        assert self.end(service, answer)["status"] == "Succeeded"
        assert time.monotonic() - begun >= 1

    def end(self, service: BatchService, answer: Answer) -> dict[str, Any]:
        """The last state of an operation."""
        deadline = time.monotonic() + 60
        while True:
            body = dict(service.get(answer.headers["azure-asyncoperation"]).body)
            if body["status"] in ("Succeeded", "Failed"):
                return body
            assert time.monotonic() < deadline, body
            time.sleep(0.02)


class TestInvocations:
    """What an endpoint takes, and what it refuses; no job is made of a refusal."""

    def refused(self, service: BatchService, endpoint: str, given: dict[str, Any], **headers: str) -> dict[str, Any]:
        """The error of an invocation that made no job."""
        before = len(service.emulator.jobs())
        answer = service.invoke(endpoint, given, **headers)
        assert 400 <= answer.status < 500, answer.content
        assert len(service.emulator.jobs()) == before
        return dict(answer.body["error"])

    @pytest.mark.parametrize(
        ("given", "word"),
        [
            ({}, "exactly one data input"),
            ({"inputData": {}}, "exactly one data input"),
            ({"inputData": {"a": DATA, "b": DATA}}, "exactly one data input"),
            ({"inputData": {"a": DATA, "n": {"jobInputType": "Literal", "value": 3}}}, "not Literal"),
            ({"inputData": {"a": {"jobInputType": "MLTable", "uri": FOLDER}}}, "not MLTable"),
            ({"inputData": {"a": {"jobInputType": "uri_folder", "uri": FOLDER}}}, "inputData.a.jobInputType"),
            ({"inputData": {"a": {"jobInputType": "UriFolder"}}}, "inputData.a.uri"),
            ({"inputData": {"a": {"jobInputType": "UriFolder", "path": FOLDER}}}, "inputData.a.path"),
            ({"inputData": {"a": {**DATA, "mode": "ro_mount"}}}, "inputData.a.mode"),
            ({"inputData": {"a": {**DATA, "uri": "azureml:absent:1"}}}, "was not found"),
            ({"inputData": {"a": DATA}, "miniBatchSize": 0}, "miniBatchSize"),
            ({"inputData": {"a": DATA}, "displayName": "x"}, "displayName"),
            ({"inputData": {"a": DATA}, "outputData": {"s": {"jobOutputType": "MLTable"}}}, "not MLTable"),
            (
                {"inputData": {"a": DATA}, "outputData": {"s": {"jobOutputType": "UriFile", "uri": "https://a.b/c"}}},
                "blob datastore",
            ),
            (
                {"inputData": {"a": DATA}, "outputData": {n: {"jobOutputType": "UriFolder"} for n in "ab"}},
                "one output",
            ),
        ],
    )
    def test_a_model_takes_one_data_input(
        self, service: BatchService, endpoint: str, given: dict[str, Any], word: str
    ) -> None:
        assert word in self.refused(service, endpoint, given)["message"]

    def test_a_deployment_must_exist(self, service: BatchService, endpoint: str) -> None:
        given = {"inputData": {"a": DATA}}
        error = self.refused(service, endpoint, given, azureml_model_deployment="absent")
        assert "absent" in error["message"]

    def test_an_endpoint_without_a_default_says_so(self, service: BatchService) -> None:
        name = service.endpoint()
        service.deployment(name, "main")
        error = self.refused(service, name, {"inputData": {"a": DATA}})
        assert error["message"].startswith("No valid deployments to route to.")

    def test_only_a_token_for_azure_ml_opens_the_door(self, service: BatchService, endpoint: str) -> None:
        uri, body = service.uri(endpoint), {"properties": {"inputData": {"a": DATA}}}
        before = len(service.emulator.jobs())
        assert service.scoring("POST", uri, body, audience=service.base).status == 401
        assert service.scoring("GET", f"{uri}/x", audience=service.base).status == 401
        assert len(service.emulator.jobs()) == before

    def test_jobs_that_no_endpoint_made_are_not_found(self, service: BatchService, endpoint: str) -> None:
        assert service.scoring("GET", f"{service.uri(endpoint)}/batchjob-absent").status == 404
        assert service.scoring("GET", f"{service.base}/scoring/ep-absent/jobs/x").status == 404


def test_an_mlflow_model_needs_no_script(service: BatchService, endpoint: str) -> None:
    model = service.model({"MLmodel": b"flavors: {}\n"}, "", kind="mlflow_model")
    given = {
        "model": {"referenceType": "Id", "assetId": model},
        "compute": f"{service.ws}/computes/cpu-cluster",
        "environmentId": None,
    }
    path = f"batchEndpoints/{endpoint}/deployments/mlflow"
    service.follow(service.put(path, {"location": "eastus", "properties": given}))
    code = {"codeId": service.code({"score.py": b""}), "scoringScript": "score.py"}
    answer = service.put(path, {"location": "eastus", "properties": {**given, "codeConfiguration": code}})
    assert (answer.status, answer.inner[-1]) == (400, "MissingEnvironment")
    full = {**given, "codeConfiguration": code, "environmentId": ENVIRONMENT}
    service.follow(service.put(path, {"location": "eastus", "properties": full}))


def test_a_batch_endpoint_has_no_keys(service: BatchService, endpoint: str) -> None:
    refused = service.post(f"batchEndpoints/{endpoint}/listkeys")
    assert (refused.status, refused.inner) == (400, ["BadArgument", "AuthModeMismatch"])
    assert service.post("batchEndpoints/nowhere/listkeys").status == 404
