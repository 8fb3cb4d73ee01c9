"""What is told of a refusal because something does not exist: the field, the nearest names, and the refusal itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from airflow_azureml.jobspec.batch.deployments import translate_deployment
from airflow_azureml.jobspec.batch.invocation import translate_invocation
from airflow_azureml.jobspec.document.load import load
from airflow_azureml.jobspec.translate import translate
from airflow_azureml.lifecycle.missing_references import MOST, REFUSALS, explain, named
from airflow_azureml.rest.errors import (
    AzureMLError,
    BadRequestError,
    ForbiddenError,
    NotFoundError,
    ServiceError,
    UnreachableError,
)
from airflow_azureml.rest.flow import Call, Reply, Steps
from tests.rest.driving import WS, Drive, reply

JOB = """
command: echo
environment: azureml:sklearn:3
compute: azureml:cpu-clutser
inputs:
  cards: {type: uri_file, path: azureml:credit-cards:2}
  newest: {type: uri_file, path: azureml:credit-cards@latest}
  folder: {type: uri_folder, path: azureml://datastores/blobstor/paths/x/}
  rate: 0.1
"""
BODY = translate(load(JOB), WS).body

THERE: Mapping[str, Any] = {
    "/environments/sklearn": {"properties": {"latestVersion": "2"}},
    "/data/credit-cards": {"properties": {"latestVersion": "7"}},
    "/computes": {"value": [{"name": "gpu"}, {"name": "cpu-cluster"}]},
    "/datastores": {"value": [{"name": "workspaceblobstore"}, {"name": "blobstore"}]},
    "/environments": {"value": []},
}


def refusal(text: str, kind: type[ServiceError] = BadRequestError) -> ServiceError:
    """The service's own error."""
    return kind(text, Reply(400), ("UserError", "X"), "c1")


def told(error: AzureMLError, there: Mapping[str, Any] = THERE, body: Any = BODY) -> tuple[str, list[str]]:
    """What becomes of an error, and what was asked for it."""

    def flow() -> Steps[None]:
        yield from ()
        try:
            raise error
        except REFUSALS as refusal:
            raise (yield from explain(WS, body, refusal)) from None

    def respond(effect: Any) -> Any:
        assert isinstance(effect, Call)
        found = there.get(effect.path.removeprefix(WS.path))
        return found if isinstance(found, AzureMLError) else reply(404) if found is None else reply(200, found)

    drive = Drive(respond)
    with pytest.raises(type(error)) as caught:
        drive.run(flow())
    asked = [effect.path.removeprefix(WS.path) for effect in drive.effects if isinstance(effect, Call)]
    assert caught.value is error or isinstance(caught.value, ServiceError)
    if isinstance(caught.value, ServiceError) and isinstance(error, ServiceError):
        assert (caught.value.codes, caught.value.correlation) == (error.codes, error.correlation)
    return str(caught.value), asked


@pytest.mark.parametrize(
    ("said", "line"),
    [
        (
            "The data asset credit-cards:2 was not found.",
            'inputs.cards: data asset "credit-cards" version "2" does not exist in workspace "ws".'
            " Its latest version is 7.",
        ),
        (
            "Unknown compute target 'cpu-clutser'.",
            'compute: compute "cpu-clutser" does not exist in workspace "ws". Did you mean "cpu-cluster"?',
        ),
        (
            "Environment sklearn could not be found",
            'environment: environment "sklearn" version "3" does not exist in workspace "ws". Its latest version is 2.',
        ),
        (
            "no such datastore: blobstor",
            'inputs.folder: datastore "blobstor" does not exist in workspace "ws". Did you mean "blobstore"?',
        ),
    ],
)
def test_what_is_missing_is_told_with_its_field_before_the_refusal(said: str, line: str) -> None:
    text, asked = told(refusal(said))
    assert text == f"{line}\n{said}"
    assert len(asked) <= 3


def test_without_a_name_in_the_refusal_all_are_looked_up() -> None:
    text, asked = told(refusal("Something does not exist."))
    assert [line.partition(":")[0] for line in text.splitlines()] == [
        "environment",
        "compute",
        "inputs.cards",
        "inputs.folder",
        "Something does not exist.",
    ]
    assert "/data/credit-cards" in asked


def test_a_name_with_signs_of_addresses_is_looked_up_as_it_is() -> None:
    body = {"properties": {"environmentId": f"{WS.path}/environments/sklearn?b/versions/3#4"}}
    text, asked = told(refusal("not found"), body=body)
    assert text.startswith('environment: environment "sklearn?b" version "3#4" does not exist in workspace "ws".')
    assert asked[:2] == ["/environments/sklearn%3Fb/versions/3%234", "/environments/sklearn%3Fb"]


def test_a_name_that_nothing_is_like() -> None:
    there = {"/computes": {"value": [{"name": f"gpu-{number:02}"} for number in range(12)]}}
    text, _ = told(refusal("compute cpu-clutser not found"), there)
    assert "There are: gpu-00, gpu-01, " in text
    assert "gpu-09 and 2 more." in text
    text, _ = told(refusal("compute cpu-clutser not found"), {"/computes": {"value": []}})
    assert "The workspace has no compute." in text


@pytest.mark.parametrize(
    "error",
    [
        refusal("limits.timeout is not a duration."),
        refusal("You may not do this; not found.", ForbiddenError),
        UnreachableError("host:443 cannot be reached."),
    ],
)
def test_other_errors_cost_no_look(error: AzureMLError) -> None:
    assert told(error) == (str(error), [])


@pytest.mark.parametrize("trouble", [UnreachableError("gone"), refusal("no", ForbiddenError)])
def test_a_look_that_fails_hides_nothing(trouble: AzureMLError) -> None:
    said = "compute cpu-clutser not found"
    assert told(refusal(said), {"/computes/cpu-clutser": trouble})[0] == said
    text, _ = told(refusal(said), {"/computes": trouble})
    assert text == f'compute: compute "cpu-clutser" does not exist in workspace "ws".\n{said}'


def test_a_label_that_leads_nowhere() -> None:
    text, _ = told(refusal("There is no version of data/credit-cards.", NotFoundError), {"/data": {"value": []}})
    assert 'inputs.newest: data asset "credit-cards@latest" does not exist' in text


def test_the_refusal_stands_alone_where_everything_is_there() -> None:
    there: dict[str, Any] = {f"/{one.kind}/{one.name}": {} for one in named(WS, BODY)}
    there |= {f"/{one.kind}/{one.name}/versions/{one.version}": {} for one in named(WS, BODY)}
    assert told(refusal("Not found."), there)[0] == "Not found."


def test_a_pipeline_is_not_asked_for_without_end() -> None:
    inputs = "".join(f"  i{number}: {{type: uri_file, path: 'azureml:d{number}:1'}}\n" for number in range(50))
    body = translate(load(f"command: echo\nenvironment: azureml:e:1\ninputs:\n{inputs}"), WS).body
    text, asked = told(refusal("Not found."), {}, body)
    assert len(text.splitlines()) == MOST + 1
    assert len(asked) <= 3 * MOST


def test_what_nodes_and_written_out_components_name_is_found() -> None:
    text = """
type: pipeline
settings: {default_compute: azureml:c, default_datastore: azureml:s}
jobs:
  one: {type: command, command: echo, environment: azureml:e:1, compute: azureml:d}
  two: {type: command, component: azureml:k:1}
"""
    found = {(one.place, str(one)) for one in named(WS, translate(load(text), WS).body)}
    assert found == {
        ("settings.default_compute", 'compute "c"'),
        ("settings.default_datastore", 'datastore "s"'),
        ("jobs.one.component.environment", 'environment "e" version "1"'),
        ("jobs.one.compute", 'compute "d"'),
        ("jobs.two.component", 'component "k" version "1"'),
    }


def test_what_invocations_and_deployments_name_is_found() -> None:
    outputs = "outputs: {o: {type: uri_file, path: azureml://datastores/s/paths/x}}\n"
    text = "inputs: {d: {type: uri_folder, path: azureml:d:1}}\n" + outputs
    found = {(one.place, str(one)) for one in named(WS, translate_invocation(load(text), WS).body)}
    assert found == {("inputs.d", 'data asset "d" version "1"'), ("outputs.o", 'datastore "s"')}
    text = "name: blue\nendpoint_name: scores\nmodel: azureml:m:1\ncompute: azureml:c\nenvironment: azureml:e:1\n"
    found = {(one.place, str(one)) for one in named(WS, translate_deployment(load(text), WS).body)}
    assert found == {
        ("model", 'model "m" version "1"'),
        ("compute", 'compute "c"'),
        ("environment", 'environment "e" version "1"'),
    }
