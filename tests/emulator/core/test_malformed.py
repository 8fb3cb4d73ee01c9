"""Bodies that are no JSON, or JSON of other kinds than an operation takes: refused in the service's own form, and the
workspace answers as before."""

from __future__ import annotations

import gzip
import json
import urllib.parse
import zlib
from collections.abc import Callable
from typing import Any

import pytest

from azureml_emulator.core.request_body import LIMIT
from tests.emulator.service import VERSION, Answer, Service

DEEP = "[" * 100
NO_JSON = {
    "deep": b'{"a":' * 100_000,
    "deep, and closed": f'{{"properties": {DEEP}{"]" * 100}}}'.encode(),
    "no number": b'{"properties": {"tags": {"a": NaN}}}',
    "infinite": b'{"properties": {"tags": {"a": -Infinity}}}',
    "beyond a double": b'{"properties": {"tags": {"a": 1e999}}}',
    "half a character": rb'{"properties": {"tags": {"a": "\ud800"}}}',
    "half a character as a key": rb'{"properties": {"tags": {"\udfff": "a"}}}',
    "cut off": b'{"properties": ',
    "no UTF-8": b'{"properties": "\xff"}',
    "half a character as it is": b'{"properties": {"tags": {"a": "\xed\xa0\x80"}}}',
    "UTF-16": '{"properties": {"tags": {"a": "b"}}}'.encode("utf-16"),
}
ROUTES = {
    "a resource": ("PUT", "models/malformed"),
    "a job": ("PUT", "jobs/malformed"),
    "a compute": ("PATCH", "computes/cpu-cluster"),
    "run history": ("POST", "/history/v1.0{ws}/experiments/malformed/runs:query"),
    "MLflow": ("POST", "/mlflow/v1.0{ws}/api/2.0/mlflow/runs/search"),
}


def raw(service: Service, method: str, path: str, content: bytes, **own: str) -> Answer:
    """A request whose body is sent as it is."""
    url = urllib.parse.urljoin(f"{service.base}{service.ws}/", path.replace("{ws}", service.ws))
    headers = {"Authorization": f"Bearer {service.token(service.base)}", "Content-Type": "application/json", **own}
    return service._send(method, f"{url}?api-version={VERSION}", content, headers)


@pytest.mark.parametrize("route", ROUTES.values(), ids=ROUTES)
@pytest.mark.parametrize("content", NO_JSON.values(), ids=NO_JSON)
def test_what_is_no_json_is_refused_everywhere(service: Service, content: bytes, route: tuple[str, str]) -> None:
    answer = raw(service, *route, content)
    assert answer.status == 400
    assert {key.lower() for key in answer.body} >= {"error"}


@pytest.mark.parametrize(("encoding", "pack"), [("gzip", gzip.compress), ("deflate", zlib.compress)])
def test_a_body_may_be_compressed(service: Service, encoding: str, pack: Callable[[bytes], bytes]) -> None:
    packed = pack(b'{"properties": {"tags": {"a": "b"}}}')
    own = {"Content-Encoding": encoding}
    assert raw(service, "PUT", f"models/packed-{encoding}", packed, **own).status == 201
    assert service.get(f"models/packed-{encoding}").body["properties"]["tags"] == {"a": "b"}
    assert raw(service, "PUT", f"models/packed-{encoding}", b"{", **own).status == 400
    assert raw(service, "PUT", f"models/packed-{encoding}", pack(b" " * (LIMIT + 1)), **own).status == 413


def test_bodies_as_deep_as_they_may_be(service: Service) -> None:
    spec = {"type": "command", "command": "x", "environment": "azureml:AzureML-any:1", "_source": "YAML.COMPONENT"}
    nested: Any = "x"
    for _ in range(96):
        nested = [nested]
    name = "components/nested-96/versions/1"
    assert service.put(name, {"properties": {"componentSpec": {**spec, "tags": nested}}}).status == 201
    assert service.get(name).body["properties"]["componentSpec"]["tags"] == nested


MLFLOW = "/mlflow/v1.0{ws}/api/2.0/mlflow"
CLUSTER = {"computeType": "AmlCompute"}
SPEC = {"type": "command", "command": "x", "environment": "azureml:AzureML-any:1"}
REGISTRY = "/mferp/managementfrontend/subscriptions/{sub}/resourceGroups/{group}/providers"
REGISTRY += "/Microsoft.MachineLearningServices/registries/local"
OTHER_KINDS: dict[str, tuple[str, str, Any]] = {
    "scale settings": (
        "PUT",
        "computes/odd",
        {"location": "x", "properties": {**CLUSTER, "properties": {"scaleSettings": "x"}}},
    ),
    "a number of nodes": (
        "PUT",
        "computes/odd",
        {"location": "x", "properties": {**CLUSTER, "properties": {"scaleSettings": {"maxNodeCount": "x"}}}},
    ),
    "a changed number of nodes": (
        "PATCH",
        "computes/cpu-cluster",
        {"properties": {"properties": {"scaleSettings": {"maxNodeCount": [1]}}}},
    ),
    "inputs of a component": (
        "PUT",
        "components/odd/versions/1",
        {"properties": {"componentSpec": {**SPEC, "inputs": ["a"]}}},
    ),
    "outputs of a component": (
        "PUT",
        "components/odd/versions/1",
        {"properties": {"componentSpec": {**SPEC, "outputs": 0.5}}},
    ),
    "a conda file": (
        "PUT",
        "environments/odd/versions/1",
        {"properties": {"image": "x", "condaFile": "9999-99-99"}},
    ),
    "what is shared": ("POST", f"{REGISTRY}/import", {"properties": "x"}),
    "a run's id": ("POST", "/history/v1.0{ws}/rundata", {"runId": 0.5}),
    "the number of a page of runs": (
        "POST",
        "/history/v1.0{ws}/experiments/malformed/runs:query",
        {"top": [5]},
    ),
    "a page of runs": (
        "POST",
        "/history/v1.0{ws}/experiments/malformed/runs:query",
        {"continuationToken": {"a": 1}},
    ),
    "a page before the first": (
        "POST",
        "/history/v1.0{ws}/experiments/malformed/runs:query",
        {"continuationToken": "-1"},
    ),
    "experiments of a search": ("POST", f"{MLFLOW}/runs/search", {"experiment_ids": 0.5}),
    "an experiment of a search": ("POST", f"{MLFLOW}/runs/search", {"experiment_ids": [{}]}),
    "the order of runs": ("POST", f"{MLFLOW}/runs/search", {"order_by": True}),
    "the order of experiments": ("POST", f"{MLFLOW}/experiments/search", {"order_by": 1}),
    "a page": ("POST", f"{MLFLOW}/runs/search", {"max_results": 2**63}),
    "a step": ("POST", f"{MLFLOW}/runs/log-metric", {"run_id": "{job}", "key": "m", "value": 1, "step": 2**63}),
    "a time": ("POST", f"{MLFLOW}/runs/log-metric", {"run_id": "{job}", "key": "m", "value": 1, "timestamp": -(2**64)}),
}


@pytest.fixture(scope="module")
def job(service: Service) -> str:
    """A job whose command is not waited for."""
    assert service.submit("malformed-subject", "true").status == 201
    return "malformed-subject"


@pytest.mark.parametrize(("method", "path", "body"), OTHER_KINDS.values(), ids=OTHER_KINDS)
def test_values_of_other_kinds_are_refused(service: Service, job: str, method: str, path: str, body: Any) -> None:
    emulator = service.emulator
    path = path.replace("{sub}", emulator["subscription_id"]).replace("{group}", emulator["resource_group"])
    answer = raw(service, method, path, json.dumps(body).replace("{job}", job).encode())
    assert answer.status == 400, answer.content


def test_a_metric_at_a_time_without_a_date(service: Service, job: str) -> None:
    point = {"run_id": job, "key": "far", "value": 1, "timestamp": 2**62}
    assert raw(service, "POST", f"{MLFLOW}/runs/log-metric", json.dumps(point).encode()).status == 200
    answer = service.post(f"/metric/v2.0{service.ws}/runs/{job}/full", {"metricName": "far"})
    assert (answer.status, answer.body["value"][0]["createdUtc"]) == (200, None)


def test_stages_of_another_kind_are_refused(service: Service) -> None:
    service.put("models/malformed-stages/versions/1", {"properties": {"modelUri": service.upload("m/x", b"x")}})
    asked = {"name": "malformed-stages", "stages": 1}
    answer = raw(service, "POST", f"{MLFLOW}/registered-models/get-latest-versions", json.dumps(asked).encode())
    assert answer.status == 400, answer.content


@pytest.mark.parametrize("address", ["https://[::1", "https://[x]/y"])
def test_an_input_at_what_is_no_address_fails_its_job(service: Service, name: str, address: str) -> None:
    inputs = {"data": {"jobInputType": "uri_file", "uri": address}}
    assert service.run(name, "cat ${{inputs.data}}", inputs=inputs)["status"] == "Failed"
    assert "is not an address" in service.details(name)["error"]["error"]["message"]


def test_an_audience_that_is_no_address_is_refused(service: Service) -> None:
    emulator = service.emulator
    form = {
        "client_id": emulator["client_id"],
        "client_secret": emulator["client_secret"],
        "grant_type": "client_credentials",
        "scope": "https://[::1/.default",
    }
    url = f"{service.base}/{emulator['tenant_id']}/oauth2/v2.0/token"
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = service._send("POST", url, urllib.parse.urlencode(form).encode(), headers)
    assert (answer.status, answer.body["error"]) == (400, "invalid_resource")
