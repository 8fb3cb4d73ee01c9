"""Endpoints and deployments, driven by hand: what is waited for, what is sent again, what a bad spell of looks does."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from airflow_azureml.lifecycle.batch.deployments import begin_default, begin_delete, begin_endpoint
from airflow_azureml.lifecycle.resource_diff import holds
from airflow_azureml.lifecycle.resources.operations import BETWEEN_LOOKS, CONFLICTS, Operation, follow
from airflow_azureml.rest.errors import BadRequestError, ConflictError, NoAnswerError, PatienceError, TransientError
from airflow_azureml.rest.flow import Call, Reply
from tests.rest.driving import WS, Drive, reply

URL = "https://arm.example/operations/1?api-version=9"
BEGUN = reply(201, {}, headers={"Azure-AsyncOperation": URL, "Retry-After": "4"})
BODY = {"properties": {"description": "d"}}


def shown(state: str = "Succeeded", **properties: Any) -> Reply:
    """An endpoint as the service shows it."""
    inner = {"provisioningState": state, "authMode": "AADToken", **properties}
    raw = {"id": f"{WS.path}/batchEndpoints/ep", "name": "ep", "location": "east", "tags": {"t": "1"}}
    return reply(200, {**raw, "properties": inner})


def answering(*answers: Any) -> Callable[[Call[Any]], Any]:
    """Gives one answer after the other."""
    waiting = list(answers)
    return lambda call: waiting.pop(0)


def puts(drive: Drive) -> list[Any]:
    """The bodies that were put."""
    return [effect.body for effect in drive.effects if isinstance(effect, Call) and effect.method == "PUT"]


def test_what_somebody_has_begun_is_waited_for_and_not_begun_again() -> None:
    drive = Drive(answering(shown("Creating"), shown("Updating"), shown(description="d")))
    assert drive.run(begin_endpoint(WS, "ep", BODY)) is None
    assert drive.pauses == [BETWEEN_LOOKS, BETWEEN_LOOKS]
    assert puts(drive) == []


@pytest.mark.parametrize("state", ["Failed", "Canceled"])
def test_what_has_failed_is_begun_again(state: str) -> None:
    drive = Drive(answering(shown(state, description="d"), BEGUN))
    assert drive.run(begin_endpoint(WS, "ep", BODY)) == Operation(URL, "Azure-AsyncOperation", 4)


def test_a_change_of_the_default_keeps_everything_else() -> None:
    defaults = {"deploymentName": "blue"}
    drive = Drive(answering(shown(description="d", defaults=defaults, scoringUri="https://x"), BEGUN))
    drive.run(begin_default(WS, "ep", "green"))
    kept = {"authMode": "AADToken", "description": "d", "defaults": {"deploymentName": "green"}}
    assert puts(drive) == [{"location": "east", "tags": {"t": "1"}, "properties": kept}]
    drive = Drive(answering(shown(defaults=defaults)))
    assert drive.run(begin_default(WS, "ep", "BLUE")) is None, "names are equal in any case"


def test_a_change_that_collides_is_tried_again_and_not_for_ever() -> None:
    collision = reply(409, {"error": {"code": "Conflict", "message": "busy"}})
    drive = Drive(answering(shown(), collision, shown("Updating"), shown(), BEGUN))
    assert drive.run(begin_endpoint(WS, "ep", BODY)) is not None
    drive = Drive(answering(*[shown(), collision] * CONFLICTS))
    with pytest.raises(ConflictError, match="busy"):
        drive.run(begin_endpoint(WS, "ep", BODY))


def test_an_endpoint_that_is_being_deleted_is_waited_for() -> None:
    gone = reply(404, {"error": {"code": "UserError", "message": "not found"}})
    drive = Drive(answering(shown("Deleting"), gone))
    assert drive.run(begin_delete(WS, "ep")) is None


def test_an_endpoint_that_never_settles_is_given_up() -> None:
    with pytest.raises(PatienceError, match="still Updating"):
        Drive(lambda _: shown("Updating")).run(begin_endpoint(WS, "ep", BODY))


def test_failed_looks_are_ridden_out_for_as_long_as_the_patience() -> None:
    operation = Operation(URL, "Azure-AsyncOperation", 1)
    busy, lost = reply(503, headers={"Retry-After": "2"}), NoAnswerError("no answer")
    going, done = reply(200, {"status": "Updating"}), reply(200, {"status": "Succeeded"})
    drive = Drive(answering(busy, lost, going, busy, done))
    assert drive.run(follow(operation, 40)).json() == {"status": "Succeeded"}
    assert drive.pauses == [1, 2, 30, 30, 2]
    for patience in (40, 400):
        drive = Drive(lambda _: lost)
        with pytest.raises(TransientError):
            drive.run(follow(operation, patience))
        # The last look is the first one after the patience is used up; looks are half a minute apart at the most.
        assert patience <= sum(drive.pauses) - drive.pauses[0] < patience + 30


def test_a_failed_operation_has_the_services_words() -> None:
    failed = reply(200, {"status": "Failed", "error": {"code": "Quota", "message": "No cores."}})
    with pytest.raises(BadRequestError, match="No cores"):
        Drive(answering(failed)).run(follow(Operation(URL, "Azure-AsyncOperation"), 10))


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (BEGUN, Operation(URL, "Azure-AsyncOperation", 4)),
        (reply(202, headers={"Location": URL}), Operation(URL, "Location")),
        (reply(201, headers={"Location": URL}), None),
        (reply(200, {}), None),
    ],
)
def test_an_answer_says_what_to_wait_for(answer: Reply, expected: Operation | None) -> None:
    assert Operation.of(answer) == expected


@pytest.mark.parametrize(
    ("there", "wanted", "expected"),
    [
        ({"a": 1, "b": 2}, {"a": 1}, True),
        ({"a": "/X/Y"}, {"a": "/x/y"}, True),
        ({"a": {"b": 1}}, {"a": {"b": 2}}, False),
        ({"a": None}, {"a": {}}, True),
        ({}, {"a": {"b": 1}}, False),
        ({"a": 1}, {"a": "1"}, False),
        ({"a": "1"}, {"a": 1}, True),
        ({"a": "True"}, {"a": True}, True),
        ({"a": "2"}, {"a": 1}, False),
    ],
)
def test_what_is_there_already(there: Any, wanted: Any, expected: bool) -> None:
    assert holds(there, wanted) == expected
