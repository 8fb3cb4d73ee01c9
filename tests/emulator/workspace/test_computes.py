"""The states of computes, how they come about, and which jobs they take in each."""

from __future__ import annotations

import contextlib
import time
import uuid
from collections.abc import Iterator
from typing import Any

import pytest

from tests.emulator.service import Answer, Service
from tests.emulator_fixture import RunningEmulator

FOREVER = 3600


@pytest.fixture
def compute() -> str:
    """The name of a compute that was never used."""
    return f"c{uuid.uuid4().hex[:10]}"


def put(service: Service, name: str, kind: str = "ComputeInstance", **inner: Any) -> Answer:
    """PUT a compute."""
    body = {"location": "eastus", "properties": {"computeType": kind, "properties": {"vmSize": "X", **inner}}}
    return service.put(f"computes/{name}", body)


def done(service: Service, answer: Answer) -> Any:
    """Poll the operation that an answer begins until it is over."""
    deadline = time.monotonic() + 60
    while (state := service.get(answer.headers["azure-asyncoperation"]).body)["status"] == "InProgress":
        assert time.monotonic() < deadline
        time.sleep(0.03)
    return state


def seen(service: Service, name: str) -> tuple[str, str | None]:
    """The provisioning state of a compute, and the state of an instance."""
    properties = service.get(f"computes/{name}").body["properties"]
    return properties["provisioningState"], properties["properties"].get("state")


@contextlib.contextmanager
def by_looks(emulator: RunningEmulator, looks: int) -> Iterator[None]:
    """What becomes of computes meanwhile is over after so many looks, however long they take."""
    emulator.command("clock", "set", "computes", "looks", "--looks", str(looks))
    try:
        yield
    finally:
        emulator.command("clock", "reset")


def submitted(service: Service, compute: str, **more: Any) -> tuple[Answer, str]:
    """A job for a compute, and its name."""
    name = f"job-{uuid.uuid4().hex[:12]}"
    return service.submit(name, "true", computeId=f"{service.ws}/computes/{compute}", **more), name


def test_an_instance_is_made_stopped_and_started(service: Service, emulator: RunningEmulator, compute: str) -> None:
    made = put(service, compute)
    assert made.body["properties"]["properties"]["state"] in ("Creating", "Running")
    assert done(service, made)["status"] == "Succeeded"
    assert seen(service, compute) == ("Succeeded", "Running")
    for action, meanwhile, lasting in (("stop", "Stopping", "Stopped"), ("start", "Starting", "Running")):
        with by_looks(emulator, 2):
            begun = service.post(f"computes/{compute}/{action}")
            assert begun.status == 202
            assert seen(service, compute)[1] == meanwhile
            assert done(service, begun)["status"] == "Succeeded"
        assert seen(service, compute) == ("Succeeded", lasting)
    assert done(service, service.post(f"computes/{compute}/restart"))["status"] == "Succeeded"


def test_what_is_not_in_the_state_for_it_is_refused(service: Service, compute: str) -> None:
    done(service, put(service, compute))
    refused = service.post(f"computes/{compute}/start")
    assert (refused.status, refused.inner) == (400, ["StartComputeInstanceOnlyAllowedInStoppedState"])
    assert "only allowed when the instance" in refused.body["error"]["message"]
    assert "computeType AmlCompute is not supported" in str(service.post("computes/cpu-cluster/stop").body)
    assert service.post("computes/nowhere/stop").status == 404


def test_a_stopped_instance_takes_no_job_and_a_running_one_takes_one_of_one_node(
    service: Service, compute: str
) -> None:
    done(service, put(service, compute))
    answer, name = submitted(service, compute)
    assert answer.status == 201
    assert service.wait(name)["status"] == "Completed"
    answer, _ = submitted(service, compute, resources={"instanceCount": 2})
    assert answer.inner[-1] == "RequestedNodeCountExceedsMax"
    done(service, service.post(f"computes/{compute}/stop"))
    answer, _ = submitted(service, compute)
    assert (answer.status, answer.inner[-1]) == (400, "ComputeNotReady")
    assert "is Stopped, and no schedule starts it" in answer.body["error"]["message"]


def test_a_job_waits_for_an_instance_that_a_schedule_starts(service: Service, compute: str) -> None:
    schedules = {"computeStartStop": [{"action": "Start", "triggerType": "Cron", "cron": {"expression": "0 8 * * *"}}]}
    done(service, put(service, compute, schedules=schedules))
    done(service, service.post(f"computes/{compute}/stop"))
    answer, name = submitted(service, compute)
    assert answer.status == 201
    service.wait(name, "Queued")
    time.sleep(0.3)
    assert service.job(name)["status"] == "Queued"
    service.post(f"computes/{compute}/start")
    assert service.wait(name)["status"] == "Completed"


@pytest.mark.parametrize("kind", ["AKS", "Databricks", "DataFactory", "HDInsight", "DataLakeAnalytics"])
def test_a_type_that_is_not_here_is_told_from_one_that_is_none(service: Service, compute: str, kind: str) -> None:
    answer = put(service, compute, kind)
    assert (answer.status, answer.body["error"]["code"]) == (501, "NotEmulated")
    assert put(service, compute, f"{kind}s").status == 400


def test_a_compute_that_could_not_be_made_takes_no_job(
    service: Service, emulator: RunningEmulator, compute: str
) -> None:
    emulator.fault("operation_fails", route=f"PUT .*/computes/{compute}", times=2)
    failed = done(service, put(service, compute, "AmlCompute"))
    assert (failed["status"], failed["error"]["code"]) == ("Failed", "UserError")
    assert seen(service, compute)[0] == "Failed"
    said = service.get(f"computes/{compute}").body["properties"]["provisioningErrors"]
    assert "injected fault" in said[0]["error"]["message"]
    _, name = submitted(service, compute)
    assert service.wait(name)["status"] == "Failed"
    error = service.history("GET", f"runs/{name}/details").body["error"]["error"]
    assert error["message"] == f"AzureMLCompute cluster {compute} is in failed state and thus not ready for runs"
    instance = f"{compute}x"
    done(service, put(service, instance))
    assert seen(service, instance) == ("Failed", "CreateFailed")
    assert submitted(service, instance)[0].inner[-1] == "ComputeNotReady"


def test_a_compute_that_is_being_deleted_takes_no_job(
    service: Service, emulator: RunningEmulator, compute: str
) -> None:
    done(service, put(service, compute, "AmlCompute"))
    emulator.fault("operation_slow", route=f"DELETE .*/computes/{compute}", delay=FOREVER, times=1)
    assert service.request("DELETE", f"computes/{compute}").status == 202
    assert seen(service, compute)[0] == "Deleting"
    answer, _ = submitted(service, compute)
    assert (answer.status, answer.inner[-1]) == (400, "ComputeNotReady")


def test_a_job_waits_for_a_cluster_that_is_being_made(
    service: Service, emulator: RunningEmulator, compute: str
) -> None:
    with by_looks(emulator, 2):
        made = put(service, compute, "AmlCompute")
        _, name = submitted(service, compute)
        service.wait(name, "Queued")
        assert seen(service, compute)[0] == "Creating"
        assert service.job(name)["status"] == "Queued"
        assert done(service, made)["status"] == "Succeeded"
    assert service.wait(name)["status"] == "Completed"
    assert seen(service, compute)[0] == "Succeeded"


def test_a_cluster_says_why_its_nodes_do_not_start(service: Service, emulator: RunningEmulator, compute: str) -> None:
    done(service, put(service, compute, "AmlCompute"))
    emulator.fault("quota", scope=compute, delay=FOREVER, times=1)
    _, name = submitted(service, compute, tags={"of": compute})
    service.wait(name, "Queued")
    errors = service.get(f"computes/{compute}").body["properties"]["properties"]["errors"]
    assert [row["error"]["code"] for row in errors] == ["ClusterMinNodesExceedCoreQuota"]
    assert "cannot accomodate for at least 1" in errors[0]["error"]["message"]
    emulator.clear_faults()
    assert service.wait(name)["status"] == "Completed"
    assert service.get(f"computes/{compute}").body["properties"]["properties"]["errors"] is None


def test_the_idle_shutdown_of_an_instance_is_kept(service: Service, compute: str) -> None:
    done(service, put(service, compute))
    where = f"computes/{compute}/updateIdleShutdownSetting"
    assert service.post(where, {"idleTimeBeforeShutdown": "PT30M"}).status == 200
    assert service.post(f"computes/{compute}/enableSso", {"enableSSO": False}).status == 200
    shown = service.get(f"computes/{compute}").body["properties"]["properties"]
    assert (shown["idleTimeBeforeShutdown"], shown["enableSSO"], shown["state"]) == ("PT30M", False, "Running")
    for wrong in ("PT14M", "P4D", "30"):
        assert service.post(where, {"idleTimeBeforeShutdown": wrong}).status == 400
    assert service.post("computes/nowhere/updateIdleShutdownSetting", {"idleTimeBeforeShutdown": "PT1H"}).status == 404
    cluster = service.post("computes/cpu-cluster/updateIdleShutdownSetting", {"idleTimeBeforeShutdown": "PT1H"})
    assert "computeType AmlCompute" in cluster.body["error"]["message"]


def test_the_account_of_an_attached_machine_is_a_secret(service: Service, compute: str) -> None:
    account = {"username": "u", "password": "hush", "privateKeyData": "hush", "publicKeyData": "p"}
    done(service, put(service, compute, "VirtualMachine", administratorAccount=account))
    shown = service.get(f"computes/{compute}")
    assert b"hush" not in shown.content + service.get("computes").content
    inner = shown.body["properties"]["properties"]
    assert inner["administratorAccount"] == {"username": "u", "publicKeyData": "p"}
    keys = service.post(f"computes/{compute}/listKeys").body
    assert keys == {"computeType": "VirtualMachine", "administratorAccount": account}
    assert service.post("computes/cpu-cluster/listKeys").status == 400
    assert service.post("computes/nowhere/listKeys").status == 404


def test_the_password_of_a_clusters_account_is_a_secret(service: Service, compute: str) -> None:
    account = {"adminUserName": "u", "adminUserPassword": "hush", "adminUserSshPublicKey": "p"}
    made = put(service, compute, "AmlCompute", userAccountCredentials=account)
    done(service, made)
    shown = service.get(f"computes/{compute}")
    assert b"hush" not in made.content + shown.content + service.get("computes").content
    given = shown.body["properties"]["properties"]["userAccountCredentials"]
    assert given == {"adminUserName": "u", "adminUserSshPublicKey": "p"}


def test_the_connection_strings_of_kubernetes_are_secrets(service: Service, compute: str) -> None:
    strings = {"relayConnectionString": "hush", "serviceBusConnectionString": "hush"}
    made = put(service, compute, "Kubernetes", namespace="default", **strings)
    done(service, made)
    shown = service.get(f"computes/{compute}")
    assert b"hush" not in made.content + shown.content + service.get("computes").content
    inner = shown.body["properties"]["properties"]
    assert (inner["relayConnectionString"], inner["serviceBusConnectionString"]) == (None, None)
    assert inner["namespace"] == "default"


@pytest.mark.parametrize(("least", "most"), [(-1, 2), (0, -1), (3, 2)])
def test_a_cluster_of_fewer_nodes_than_none_is_refused(service: Service, compute: str, least: int, most: int) -> None:
    scale = {"minNodeCount": least, "maxNodeCount": most}
    refused = put(service, compute, "AmlCompute", scaleSettings=scale)
    assert (refused.status, refused.inner[0]) == (400, "BadArgument")
    assert "properties.properties.scaleSettings.m" in refused.body["error"]["message"]
    assert service.get(f"computes/{compute}").status == 404
    done(service, put(service, compute, "AmlCompute"))
    changed = service.request("PATCH", f"computes/{compute}", {"properties": {"properties": {"scaleSettings": scale}}})
    assert changed.status == 400
    assert service.get(f"computes/{compute}").body["properties"]["properties"]["scaleSettings"]["maxNodeCount"] == 1


def test_scale_settings_say_how_many_nodes_there_are_at_most(service: Service, compute: str) -> None:
    refused = put(service, compute, "AmlCompute", scaleSettings={"minNodeCount": 0})
    assert (refused.status, service.get(f"computes/{compute}").status) == (400, 404)
    assert "properties.properties.scaleSettings.maxNodeCount" in refused.body["error"]["message"]
    done(service, put(service, compute, "AmlCompute"))
    scale = {"scaleSettings": {"nodeIdleTimeBeforeScaleDown": "PT1M"}}
    changed = service.request("PATCH", f"computes/{compute}", {"properties": {"properties": scale}})
    assert (changed.status, "scaleSettings.maxNodeCount" in changed.body["error"]["message"]) == (400, True)


def test_the_first_api_version_has_no_operation_for_a_start_and_another_body_for_a_change(
    service: Service, compute: str
) -> None:
    first = {"api-version": "2020-08-01"}
    done(service, put(service, compute))
    for action, lasting in (("stop", "Stopped"), ("start", "Running"), ("restart", "Running")):
        begun = service.post(f"computes/{compute}/{action}", None, **first)
        assert (begun.status, begun.content) == (200, b"")
        deadline = time.monotonic() + 60
        while seen(service, compute) != ("Succeeded", lasting):
            assert time.monotonic() < deadline
            time.sleep(0.03)
    cluster = f"{compute}c"
    done(service, put(service, cluster, "AmlCompute"))
    body = {"properties": {"scaleSettings": {"maxNodeCount": 3}}}
    assert service.request("PATCH", f"computes/{cluster}", body).status == 400
    done(service, service.request("PATCH", f"computes/{cluster}", body, headers=None, **first))
    scale = service.get(f"computes/{cluster}").body["properties"]["properties"]["scaleSettings"]
    assert scale["maxNodeCount"] == 3
