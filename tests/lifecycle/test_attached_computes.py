"""Computes that are attached, driven by hand: what is put, and what is told of it."""

from __future__ import annotations

from typing import Any

from airflow_azureml.lifecycle.resources.computes import begin_compute
from airflow_azureml.rest.flow import Call, News
from tests.rest.driving import WS, Drive, reply

WORKSPACE = reply(200, {"id": WS.path, "location": "west", "properties": {}})
URL = "https://arm.example/operations/1?api-version=9"
BEGUN = reply(201, {}, headers={"Azure-AsyncOperation": URL})
MISSING = reply(404, {"error": {"code": "NotFound", "message": "Compute k not found."}})
BUSY = reply(409, {"error": {"code": "Conflict", "message": "Compute k is being made."}})


def attached(drive: Drive, kind: str, **inner: Any) -> Any:
    """What was put of a compute."""
    body = {"properties": {"resourceId": "/r", "computeType": kind, "properties": inner}}
    drive.run(begin_compute(WS, "k", body, body, "skip"))
    return next(effect.body for effect in drive.effects if isinstance(effect, Call) and effect.method == "PUT")


def answering(*answers: Any) -> Drive:
    """Gives one answer after the other."""
    waiting = list(answers)
    return Drive(lambda call: waiting.pop(0))


def test_kubernetes_has_the_location_of_the_workspace_in_both_places() -> None:
    body = attached(answering(MISSING, MISSING, WORKSPACE, BEGUN), "Kubernetes", namespace="n")
    assert (body["location"], body["properties"]["computeLocation"]) == ("west", "west")
    body = attached(answering(MISSING, MISSING, WORKSPACE, BEGUN), "SynapseSpark")
    assert "computeLocation" not in body["properties"]


def test_no_password_is_told_where_somebody_attaches_the_same_machine() -> None:
    """The service does not show what it has, so that all of it seems to change."""
    machine = {"computeType": "VirtualMachine", "resourceId": "/r", "properties": {"administratorAccount": {}}}
    found = reply(200, {"name": "k", "location": "west", "properties": {**machine, "provisioningState": "Succeeded"}})
    drive = answering(MISSING, MISSING, WORKSPACE, BUSY, found, BEGUN)
    account = {"username": "u", "password": "hush", "privateKeyData": "hush"}
    attached(drive, "VirtualMachine", sshPort=22, administratorAccount=account)
    told = str([effect for effect in drive.effects if isinstance(effect, News)])
    assert "administratorAccount.password changes" in told
    assert "hush" not in told
