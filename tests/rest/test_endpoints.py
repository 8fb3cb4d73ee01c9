"""Batch endpoints and deployments: what is asked, what answers of all ages tell, and a POST that is sent once."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_azureml.rest import endpoints
from airflow_azureml.rest.endpoints import Deployment
from airflow_azureml.rest.errors import BadRequestError, NoAnswerError, NotFoundError
from airflow_azureml.rest.flow import Call, Plane
from tests.rest.driving import WS, Drive, perform, reply

OPERATION = "https://management.azure.com/subscriptions/sub/providers/x/locations/eastus/mfeOperationsStatus/bebes:1"
EP = f"{WS.path}/batchEndpoints/ep"


def endpoint(**properties: Any) -> dict[str, Any]:
    return {"id": EP, "name": "ep", "location": "eastus", "properties": properties}


def test_an_endpoint_is_read() -> None:
    found = perform(
        endpoints.get(WS, "ep"),
        reply(
            200, endpoint(scoringUri="https://x/jobs", defaults={"deploymentName": "d"}, provisioningState="Succeeded")
        ),
    )
    assert (found.name, found.scoring_uri, found.default_deployment, found.state, found.location) == (
        "ep",
        "https://x/jobs",
        "d",
        "Succeeded",
        "eastus",
    )


@pytest.mark.parametrize("defaults", [None, {}, {"deploymentName": None}])
def test_an_endpoint_may_have_no_default_and_no_address_yet(defaults: Any) -> None:
    found = perform(endpoints.get(WS, "ep"), reply(200, endpoint(scoringUri=None, defaults=defaults)))
    assert (found.scoring_uri, found.default_deployment) == (None, None)


@pytest.mark.parametrize(
    ("properties", "kind"),
    [
        ({"model": {"referenceType": "Id", "assetId": "m"}, "deploymentConfiguration": None}, "model"),
        ({"deploymentConfiguration": {"deploymentConfigurationType": "Model"}}, "model"),
        ({"deploymentConfiguration": {"deploymentConfigurationType": "PipelineComponent"}}, "pipeline"),
        ({"model": None, "properties": {"ComponentDeployment.Type": "pipeline"}}, "pipeline"),
        ({"provisioningState": "Succeeded"}, None),
    ],
)
def test_both_marks_tell_a_deployment_s_kind(properties: Any, kind: str | None) -> None:
    """Recorded answers of api-versions 2022-05-01 and 2025-12-01."""
    assert Deployment.from_json({"name": "d", "properties": properties}).kind == kind


def test_creating_follows_the_operation_and_reads_what_was_made() -> None:
    """``Location`` is the resource itself and must not be taken for the operation (recorded answers)."""
    headers = {"Azure-AsyncOperation": OPERATION, "Location": f"https://management.azure.com{EP}", "Retry-After": "1"}
    answers = [
        reply(201, endpoint(provisioningState="Creating"), headers=headers),
        reply(200, {"status": "Updating"}),
        reply(200, {"status": "Succeeded"}),
        reply(200, endpoint(scoringUri="https://x/jobs")),
    ]
    drive = Drive(lambda _: answers.pop(0))
    assert drive.run(endpoints.create(WS, "ep", {"properties": {}})).scoring_uri == "https://x/jobs"
    assert drive.calls == ["PUT /batchEndpoints/ep", f"GET {OPERATION}", f"GET {OPERATION}", "GET /batchEndpoints/ep"]


def test_a_creation_that_failed_is_raised() -> None:
    answers = [
        reply(201, headers={"Azure-AsyncOperation": OPERATION}),
        reply(200, {"status": "Failed", "error": {"message": "no quota"}}),
    ]
    with pytest.raises(BadRequestError, match="no quota"):
        Drive(lambda _: answers.pop(0)).run(endpoints.create(WS, "ep", {}))


def test_deleting_what_is_not_there_is_fine_but_not_in_a_workspace_that_is_not_there() -> None:
    Drive(lambda _: reply(404, {"error": {"code": "UserError"}})).run(endpoints.delete(WS, "ep"))
    Drive(lambda _: reply(204)).run(endpoints.delete(WS, "ep"))
    with pytest.raises(NotFoundError):
        Drive(lambda _: reply(404, {"error": {"code": "ResourceNotFound"}})).run(endpoints.delete(WS, "ep"))


def test_an_invocation_is_sent_once_to_the_address_as_it_is() -> None:
    call = endpoints.invoke("https://ep.eastus.inference.ml.azure.com/jobs", {"properties": {}}, "blue")
    assert (call.method, call.path, call.plane) == (
        "POST",
        "https://ep.eastus.inference.ml.azure.com/jobs",
        Plane.SCORING,
    )
    assert not call.may_repeat
    assert call.headers == {"azureml-model-deployment": "blue"}
    assert endpoints.invoke("https://x", {}).headers == {}


def test_the_job_s_name_is_the_top_one() -> None:
    """``properties.name`` is for display; recorded answers of the scoring host."""
    answer = {
        "id": f"{EP}/deployments/d/jobs/batchjob-1",
        "name": "batchjob-1",
        "properties": {
            "name": "careful_bulb",
            "status": "Preparing",
            "interactionEndpoints": {"Studio": {"endpoint": "https://ml.azure.com/runs/batchjob-1"}},
            "tags": {"azureml.batchrun": "true"},
        },
    }
    found = perform(endpoints.invoke("https://x", {}), reply(201, answer))
    assert (found.name, found.display_name, found.status, found.kind) == (
        "batchjob-1",
        "careful_bulb",
        "Preparing",
        "Pipeline",
    )
    assert found.studio_url == "https://ml.azure.com/runs/batchjob-1"
    del answer["name"]
    assert perform(endpoints.invoke("https://x", {}), reply(200, answer)).name == "batchjob-1"


@pytest.mark.parametrize("value", [None, {}, {"properties": {"name": "careful_bulb"}}, []])
def test_an_answer_without_a_job_s_name_tells_nothing(value: Any) -> None:
    with pytest.raises(NoAnswerError):
        perform(endpoints.invoke("https://x", {}), reply(201, value))


def test_the_jobs_of_an_endpoint_are_listed_with_the_other_audience() -> None:
    asked: list[Call[Any]] = []

    def respond(call: Call[Any]) -> Any:
        asked.append(call)
        link = "https://eastus.api.azureml.ms/next?x=1" if len(asked) == 1 else None
        return reply(
            200, {"value": [{"name": f"job-{len(asked)}", "properties": {"status": "Running"}}], "nextLink": link}
        )

    found = Drive(respond).run(endpoints.jobs(WS, "ep", "d"))
    assert [job.name for job in found] == ["job-1", "job-2"]
    assert {call.plane for call in asked} == {Plane.DATA_ML}
    assert asked[0].path == f"/mferp/managementfrontend{EP}/deployments/d/jobs"


def test_names_are_escaped() -> None:
    assert endpoints.get(WS, "a/b").path == f"{WS.path}/batchEndpoints/a%2Fb"
