"""What the harness reads of a real emulator, and how it hurts one."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from airflow_azureml.client import MLClient
from airflow_azureml.rest import jobs
from airflow_azureml.rest.ids import Workspace
from airflow_azureml.rest.settings import Settings
from tests.chaos.points import PUT
from tests.chaos.service import ChaosService
from tests.emulator_fixture import leave_out_public_roots
from tests.real_airflow import BIN, Service

NAME, DAG, RUN = "chaos_deferred_00-work-0a-1", "chaos_deferred_00", "s1-0"


@pytest.fixture
def service(tmp_path: Path) -> Iterator[ChaosService]:
    """An emulator of the test's own."""
    process = Service(BIN, tmp_path / "emulator", Path("/usr/bin/python3"))
    process.start()
    try:
        leave_out_public_roots(process.wait(60))
        yield ChaosService(process)
    finally:
        process.stop()


@pytest.fixture
def workspace(service: ChaosService) -> Workspace:
    facts = service.endpoint
    return Workspace(facts["subscription_id"], facts["resource_group"], facts["workspace_name"])


def put(service: ChaosService, workspace: Workspace) -> None:
    """Put a job that writes its own name."""
    body = {
        "properties": {
            "jobType": "Command",
            "command": "printf '%s %s' token $AZUREML_RUN_ID > ${{outputs.data}}/content.txt",
            "environmentId": "azureml:AzureML-sklearn-1.5:1",
            "experimentName": RUN,
            "outputs": {"data": {"jobOutputType": "uri_folder"}},
            "tags": {"airflow_run_id": RUN, "airflow_generation": "0"},
        }
    }
    facts = service.endpoint
    settings = Settings(
        workspace,
        auth="client_secret",
        tenant_id=facts["tenant_id"],
        client_id=facts["client_id"],
        client_secret=facts["client_secret"],
        endpoint=facts["endpoint"],
        verify=facts["ca_bundle"],
    )
    with MLClient(settings) as client:
        client.run(jobs.create(workspace, NAME, body))


def until(service: ChaosService, status: str) -> None:
    deadline = time.monotonic() + 60
    while [job.status for job in service.of_run(RUN)] != [status]:
        assert time.monotonic() < deadline
        time.sleep(0.1)
        service.refresh()


def test_a_request_that_is_held_is_seen_before_it_is_acted_upon(service: ChaosService, workspace: Workspace) -> None:
    service.fault("delay", route=PUT, scope=RUN, times=1, when="before", delay=8.0)
    sender = threading.Thread(target=put, args=(service, workspace))
    sender.start()
    deadline = time.monotonic() + 30
    while not service.requests[DAG]:
        assert time.monotonic() < deadline
        service.refresh()
    assert [(one.method, one.status) for one in service.requests[DAG]] == [("PUT", None)]
    assert service.of_run(RUN) == []

    sender.join()
    until(service, "Completed")
    assert service.requests[DAG][0].status == 201
    address = f"{service.endpoint['storage_url']}/{service.jobs[NAME].outputs['data']['uri'].rpartition('/paths/')[2]}"
    store = f"azureml-blobstore-{next((service.service.state / 'storage').glob('azureml-blobstore-*')).name[18:]}"
    assert service.content(address.replace("/azureml/", f"/{store}/azureml/", 1), "content.txt") == f"token {NAME}"
    assert service.content(address, "other.txt") is None


def test_an_emulator_that_was_killed_has_its_jobs(service: ChaosService, workspace: Workspace) -> None:
    put(service, workspace)
    until(service, "Completed")
    service.restart(kill=True)
    service.freeze(0.5)
    service.fault("drop", scope=RUN, times=1)
    service.clear(RUN)
    service.refresh()
    assert [job.status for job in service.of_run(RUN)] == ["Completed"]
