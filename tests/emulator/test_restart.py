"""What a restart keeps: identities, tokens, blobs, tracking; and that a kill loses nothing that was answered."""

from __future__ import annotations

import json
import signal
import threading
import time

import pytest
import requests
from azure.core.exceptions import HttpResponseError, ServiceRequestError, ServiceResponseError
from azure.identity import ClientSecretCredential
from azure.storage.blob import BlobBlock, ContainerClient

from tests.emulator_fixture import RunningEmulator, Start


@pytest.fixture
def credential(fresh_emulator: RunningEmulator, monkeypatch: pytest.MonkeyPatch) -> ClientSecretCredential:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", fresh_emulator["ca_bundle"])
    return ClientSecretCredential(
        fresh_emulator["tenant_id"],
        fresh_emulator["client_id"],
        fresh_emulator["client_secret"],
        authority=fresh_emulator["authority"],
        disable_instance_discovery=True,
    )


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_what_was_answered_is_still_there(
    fresh_emulator: RunningEmulator, credential: ClientSecretCredential, number: int
) -> None:
    emulator = fresh_emulator
    workspace = (
        f"/subscriptions/{emulator['subscription_id']}/resourceGroups/{emulator['resource_group']}"
        f"/providers/Microsoft.MachineLearningServices/workspaces/{emulator['workspace_name']}"
    )
    token = credential.get_token(f"{emulator['endpoint']}/.default").token
    tracking = f"{emulator['endpoint']}/mlflow/v2.0{workspace}/api/2.0/mlflow/runs"
    session = requests.Session()
    session.headers["Authorization"] = f"Bearer {token}"
    session.verify = emulator["ca_bundle"]
    run = session.post(f"{tracking}/create", json={"experiment_id": "0"}).json()["run"]["info"]["run_id"]
    assert session.post(f"{tracking}/log-metric", json={"run_id": run, "key": "auc", "value": 0.5}).status_code == 200
    container = ContainerClient(emulator["storage_url"], "azureml", credential=credential)
    container.upload_blob("folder/kept", b"kept", metadata={"upload_status": "completed"})
    container.get_blob_client("parts").stage_block("1", b"part")
    before = container.get_blob_client("folder/kept").get_blob_properties()

    emulator.signal(number)
    emulator.start()

    after = container.get_blob_client("folder/kept").get_blob_properties()
    assert (after.etag, after.metadata, after.last_modified) == (before.etag, before.metadata, before.last_modified)
    container.get_blob_client("parts").commit_block_list([BlobBlock("1")])
    assert container.download_blob("parts").readall() == b"part"
    found = session.get(f"{tracking}/get", params={"run_id": run}).json()["run"]
    assert [(row["key"], row["value"]) for row in found["data"]["metrics"]] == [("auc", 0.5)]


def test_blobs_written_while_it_was_killed_are_whole_or_absent(
    fresh_emulator: RunningEmulator, credential: ClientSecretCredential
) -> None:
    written: list[str] = []
    content = b"x" * 300_000

    def write() -> None:
        with ContainerClient(fresh_emulator["storage_url"], "azureml", credential=credential, retry_total=0) as client:
            for number in range(10_000):
                try:
                    client.upload_blob(f"many/{number}", content)
                except (HttpResponseError, ServiceRequestError, ServiceResponseError):
                    return
                written.append(f"many/{number}")

    thread = threading.Thread(target=write)
    thread.start()
    deadline = time.monotonic() + 30
    while len(written) < 20 and time.monotonic() < deadline:
        time.sleep(0.01)
    fresh_emulator.signal(signal.SIGKILL)
    thread.join()
    fresh_emulator.start()
    container = ContainerClient(fresh_emulator["storage_url"], "azureml", credential=credential)
    found = {blob.name: blob.size for blob in container.list_blobs("many/")}
    assert set(written) <= set(found)
    assert set(found.values()) == {len(content)}
    assert list((fresh_emulator.state / "incoming").iterdir()) == []


def test_only_the_owner_can_read_secrets(start_emulator: Start) -> None:
    emulator = start_emulator(new_key=True)
    secret = emulator["client_secret"]
    key = json.loads((emulator.state / "identity.json").read_text())["account_key"]
    for file in emulator.state.iterdir():
        if file.is_file() and any(text.encode() in file.read_bytes() for text in (secret, key, "PRIVATE KEY")):
            assert file.stat().st_mode & 0o077 == 0, file.name
