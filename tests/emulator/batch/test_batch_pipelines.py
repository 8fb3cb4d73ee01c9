"""Deployments of pipeline components: literals, data and outputs by name, settings, and what is refused."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from tests.emulator.batch.service import BatchService
from tests.emulator.pipelines.service import Pipelines
from tests.emulator_fixture import RunningEmulator

Body = dict[str, Any]


class Service(BatchService, Pipelines):
    """Requests about endpoints and pipelines."""

    def pipeline_deployment(self, endpoint: str, name: str, component: str, **settings: str) -> None:
        """Deploy a pipeline component, as Microsoft's client words it, and make it the default."""
        configuration = {
            "deploymentConfigurationType": "PipelineComponent",
            "componentId": {"referenceType": "Id", "assetId": component},
            "settings": settings,
        }
        properties = {
            "deploymentConfiguration": configuration,
            "errorThreshold": -1,
            "maxConcurrencyPerInstance": 1,
            "miniBatchSize": 10,
            "outputFileName": "predictions.csv",
        }
        path = f"batchEndpoints/{endpoint}/deployments/{name}"
        self.follow(self.put(path, {"location": "eastus", "properties": properties}))
        self.set_default(endpoint, name)


@pytest.fixture(scope="module")
def service(emulator: RunningEmulator) -> Service:
    """The session's emulator."""
    return Service(emulator)


INPUTS: Body = {
    "input_data": {"type": "uri_folder"},
    "threshold": {"type": "number", "default": 0.25},
    "count": {"type": "integer", "optional": True},
    "strict": {"type": "boolean", "default": False},
    "label": {"type": "string", "default": "none"},
}


@pytest.fixture(scope="module")
def component(service: Service) -> str:
    """A pipeline component that writes what it was given."""
    values = "threshold=${{inputs.threshold}} strict=${{inputs.strict}} label=${{inputs.label}}"
    command = (
        f"echo {values} $[[count=${{{{inputs.count}}}}]] > ${{{{outputs.scores}}}}/values.txt"
        " && cat ${{inputs.input_data}}/* >> ${{outputs.scores}}/values.txt"
    )
    step = service.component(command, INPUTS, {"scores": {"type": "uri_folder"}})
    job = {
        "type": "command",
        "componentId": step,
        "inputs": {name: {"job_input_type": "literal", "value": f"${{{{parent.inputs.{name}}}}}"} for name in INPUTS},
        "outputs": {"scores": {"type": "literal", "value": "${{parent.outputs.scores}}"}},
    }
    spec = {"type": "pipeline", "inputs": INPUTS, "outputs": {"scores": {"type": "uri_folder"}}, "jobs": {"say": job}}
    return service.register(spec)


@pytest.fixture(scope="module")
def endpoint(service: Service, component: str) -> str:
    """An endpoint with that component as its default deployment."""
    name = service.endpoint()
    service.pipeline_deployment(
        name, "pipe", component, default_compute="cpu-cluster", continue_on_step_failure="False"
    )
    return name


def literal(value: Any) -> Body:
    """A literal as Microsoft's client sends it."""
    return {"jobInputType": "Literal", "value": value}


def data(service: Service) -> Body:
    """A folder with one file."""
    return {"jobInputType": "UriFolder", "uri": service.folder({"a.txt": b"data\n"})}


def test_names_are_the_component_s(service: Service, endpoint: str) -> None:
    place = f"azureml://datastores/workspaceblobstore/paths/out/{uuid.uuid4().hex}"
    given = {
        "inputData": {
            "input_data": data(service),
            "threshold": literal(0.5),
            "count": literal(3),
            "strict": literal(True),
            "label": literal("new"),
        },
        "outputData": {"scores": {"jobOutputType": "UriFolder", "uri": place}},
        "properties": {"experimentName": "mine", "airflow_invocation": "m"},
    }
    answer = service.invoke(endpoint, given)
    assert answer.status == 201, answer.content
    job = answer.body["name"]
    assert service.await_batch(endpoint, job) == "Completed", service.details(job)["error"]
    assert service.read(f"{place}/values.txt") == b"threshold=0.5 strict=True label=new count=3\ndata\n"
    arm = service.job(job)
    assert (arm["jobType"], arm["experimentName"]) == ("Pipeline", "mine")
    own = {"azureml.batchrun": "true", "azureml.jobtype": "azureml.pipelinejob", "azureml.deploymentname": "pipe"}
    assert own.items() <= arm["tags"].items()
    assert arm["properties"]["airflow_invocation"] == "m"
    assert service.outputs(job)["scores"]["uri"].rstrip("/").endswith(place.rpartition("/paths/")[2])
    assert list(service.steps(job)) == ["say"]


def test_what_is_left_out_has_its_default(service: Service, endpoint: str) -> None:
    job = service.invoke(endpoint, {"inputData": {"input_data": data(service)}}).body["name"]
    assert service.await_batch(endpoint, job) == "Completed", service.details(job)["error"]
    uri = service.outputs(job)["scores"]["uri"]
    assert service.read(f"{uri.rstrip('/')}/values.txt").startswith(b"threshold=0.25 strict=False label=none\n")
    assert service.job(job)["experimentName"] == endpoint


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"absent": literal(1)}, "absent"),
        ({"threshold": literal("much")}, "'much' is not of the type number"),
        ({"count": literal(1.5)}, "'1.5' is not of the type integer"),
        ({"label": literal(" ")}, "The Value field is required."),
        ({"input_data": literal("text")}, "uri_folder"),
        ({"label": "data"}, "string"),
        ({"input_data": None}, "input_data"),
    ],
)
def test_inputs_that_do_not_fit_are_refused(service: Service, endpoint: str, change: Body, word: str) -> None:
    rows = {"input_data": data(service), **change}
    rows = {name: data(service) if row == "data" else row for name, row in rows.items() if row is not None}
    before = len(service.emulator.jobs())
    answer = service.invoke(endpoint, {"inputData": rows})
    assert answer.status == 400
    assert word in answer.body["error"]["message"]
    assert len(service.emulator.jobs()) == before


def test_outputs_that_do_not_fit_are_refused(service: Service, endpoint: str) -> None:
    for name, row in (
        ("other", {"jobOutputType": "UriFolder"}),
        ("scores", {"jobOutputType": "UriFolder", "uri": "azureml://datastores/absent/paths/x"}),
    ):
        answer = service.invoke(endpoint, {"inputData": {"input_data": data(service)}, "outputData": {name: row}})
        assert answer.status == 400
        assert name in answer.body["error"]["message"]


def test_only_pipeline_components_can_be_deployed(service: Service, endpoint: str) -> None:
    step = service.component("true")
    configuration = {
        "deploymentConfigurationType": "PipelineComponent",
        "componentId": {"referenceType": "Id", "assetId": step},
    }
    body = {"location": "eastus", "properties": {"deploymentConfiguration": configuration}}
    answer = service.put(f"batchEndpoints/{endpoint}/deployments/step", body)
    assert (answer.status, answer.inner[-1]) == (400, "InvalidComponent")
