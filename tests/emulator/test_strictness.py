"""What the service refuses for reasons that are easily overlooked is refused here, too."""

from __future__ import annotations

import pytest

from tests.emulator.pipelines.service import Body, Pipelines
from tests.emulator.service import ENVIRONMENT, Service
from tests.emulator_fixture import RunningEmulator


@pytest.fixture(scope="module")
def service(emulator: RunningEmulator) -> Pipelines:
    return Pipelines(emulator)


REQUIRED = "The Value field is required."


@pytest.mark.parametrize("value", ["", " ", "\n\t"])
def test_a_blank_literal_is_no_value(service: Pipelines, name: str, value: str) -> None:
    inputs = {"suffix": {"jobInputType": "literal", "value": value}}
    own = {"suffix": {"job_input_type": "literal", "value": value}}
    component = service.component("echo ${{inputs.suffix}}", {"suffix": {"type": "string"}})
    step = {"type": "command", "componentId": component, "inputs": own}
    given = {"suffix": {"job_input_type": "literal", "value": "${{parent.inputs.suffix}}"}}
    for answer, where in (
        (service.submit(name, "echo ${{inputs.suffix}}", inputs=inputs), "inputs.suffix.value"),
        (service.start(name, {"one": step}), "jobs.one.inputs.suffix"),
        (service.start(name, {"one": {**step, "inputs": given}}, inputs=inputs), "inputs.suffix.value"),
    ):
        assert answer.status == 400
        message = answer.body["error"]["message"]
        assert REQUIRED in message
        assert where in message
    assert service.get(f"jobs/{name}").status == 404


@pytest.mark.parametrize("command", ["", " \n"])
def test_a_blank_command_is_none(service: Service, name: str, command: str) -> None:
    answer = service.submit(name, command)
    assert answer.status == 400
    assert "properties.command" in answer.body["error"]["message"]
    assert service.get(f"jobs/{name}").status == 404


def test_an_empty_default_of_a_component_is_a_value(service: Pipelines, name: str) -> None:
    component = service.component("echo [${{inputs.suffix}}]", {"suffix": {"type": "string", "default": ""}})
    job = service.finish(name, {"one": {"type": "command", "componentId": component}})
    assert job["status"] == "Completed"
    assert service.printed(service.steps(name)["one"]["runId"]) == "[]\n"


@pytest.mark.parametrize(
    ("command", "refused"),
    [
        ("echo --f ${{inputs.f}}", True),
        ("echo $[[--f ${{inputs.f}}]] ${{ inputs.f }}", True),
        ("echo [--f ${{inputs.f}}]", True),
        ("echo $[[--f ${{inputs.f}}]] ${{inputs.g}}", False),
        ("echo ${{inputs.g}}", False),
    ],
)
@pytest.mark.parametrize("optional", [True, "True"])
def test_an_optional_input_stands_in_an_optional_part(
    service: Service, name: str, command: str, refused: bool, optional: object
) -> None:
    spec: Body = {
        "type": "command",
        "command": command,
        "environment": ENVIRONMENT,
        "inputs": {"f": {"type": "string", "optional": optional}, "g": {"type": "string"}},
    }
    answer = service.put(f"components/{name}/versions/1", {"properties": {"componentSpec": spec}})
    assert answer.status == (400 if refused else 201)
    if refused:
        words = f'In command "{command}", optional input f must be placed in nested argument: $[[]].'
        assert answer.body["error"]["message"] == words


def test_the_default_datastore_of_a_command_job_is_the_workspaces(service: Service, name: str) -> None:
    uri = "azureml://datastores/${{default_datastore}}/paths/kept/${{name}}/${{ output_name }}/"
    outputs = {"o": {"jobOutputType": "uri_folder", "uri": uri}}
    job = service.run(name, "echo 1 > ${{outputs.o}}/x", outputs=outputs)
    assert job["status"] == "Completed", service.details(name)["error"]
    place = service.outputs(name)["o"]["uri"]
    assert place.rstrip("/").endswith(f"/datastores/workspaceblobstore/paths/kept/{name}/o")
    assert service.read(f"{place.rstrip('/')}/x") == b"1\n"
