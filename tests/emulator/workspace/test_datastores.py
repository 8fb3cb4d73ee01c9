"""Datastores whose data lies in the workspace's own account: secrets, and the paths that jobs read and write."""

from __future__ import annotations

import uuid

import pytest

from tests.emulator.service import Service
from tests.emulator_fixture import RunningEmulator


def make(service: Service, emulator: RunningEmulator, kind: str, **names: str) -> str:
    """A datastore of the emulator's account; its name."""
    name = f"store{uuid.uuid4().hex[:8]}"
    account = emulator["storage_url"].removeprefix("https://").partition(".blob.")[0]
    credentials = {"credentialsType": "AccountKey"}
    properties = {"datastoreType": kind, "accountName": account, "credentials": credentials, **names}
    assert service.put(f"datastores/{name}", {"properties": properties}).status == 201
    return name


def test_secrets_of_a_data_lake_store_open_its_file_system(service: Service, emulator: RunningEmulator) -> None:
    files = service.get("datastores/workspaceblobstore").body["properties"]["containerName"]
    name = make(service, emulator, "AzureDataLakeGen2", filesystem=files)
    asked = service.post(f"datastores/{name}/listSecrets", {"expirableSecret": True})
    url = f"{emulator['storage_url'].replace('.blob.', '.dfs.')}/{files}?resource=filesystem&recursive=false"
    assert service.signed(f"{url}&{asked.body['sasToken']}").status == 200
    other = make(service, emulator, "AzureFile", fileShareName="azureml")
    refused = service.post(f"datastores/{other}/listSecrets", {})
    assert (refused.status, refused.inner) == (400, ["BadArgument", "NoSecrets"])


@pytest.mark.parametrize(
    ("kind", "key"), [("AzureBlob", "containerName"), ("AzureDataLakeGen2", "filesystem"), ("AzureFile", None)]
)
def test_a_job_says_by_which_store_its_output_was_asked_for(
    service: Service, emulator: RunningEmulator, name: str, kind: str, key: str | None
) -> None:
    """Several datastores may have one container, and an output's address is that of the one that the job names."""
    container = service.get("datastores/workspaceblobstore").body["properties"]["containerName"]
    store = make(service, emulator, kind, **({key: container} if key else {"fileShareName": "x"}))
    outputs = {"o": {"jobOutputType": "uri_folder", "uri": f"azureml://datastores/{store.upper()}/paths/{name}/x"}}
    service.submit(name, "echo 1 > ${{outputs.o}}/f", outputs=outputs)
    assert service.wait(name)["status"] == ("Completed" if key else "Failed")
    if key:
        assert (emulator.state / "storage" / container / name / "x" / "f").read_text() == "1\n"
        assert service.outputs(name)["o"]["uri"].endswith(f"/datastores/{store}/paths/{name}/x/")
