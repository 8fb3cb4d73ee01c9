"""The ways in which Microsoft's client can be pointed here: by keywords, by the metadata's address, by one variable."""

from __future__ import annotations

import json
import os
import subprocess
import uuid
from pathlib import Path

import pytest

from tests.emulator_fixture import RunningEmulator

SCRIPT = """
import json, os, sys
from azure.ai.ml import MLClient
from azure.ai.ml.entities import Data
from azure.identity import ClientSecretCredential

told = json.loads(sys.argv[1])
names = ("tenant_id", "client_id", "client_secret")
own = {"authority": told["authority"], "disable_instance_discovery": True}
credential = ClientSecretCredential(*(told[name] for name in names), **own)
options = {"cloud": "LocalCloud", "cloud_metadata": told["cloud_metadata"]} if sys.argv[2] == "keywords" else {}
client = MLClient(credential, told["subscription_id"], told["resource_group"], told["workspace_name"], **options)
made = client.data.create_or_update(Data(name=sys.argv[3], path=sys.argv[4], type="uri_file"))
print(made.version, made.path)
"""


@pytest.mark.parametrize("way", ["keywords", "metadata", "developer"])
def test_microsofts_client_finds_the_workspace_and_its_storage(
    way: str, emulator: RunningEmulator, sdk_python: Path, tmp_path: Path
) -> None:
    file = tmp_path / "data.csv"
    file.write_text(f"a,b\n{uuid.uuid4()}\n")
    environment = {**os.environ, "REQUESTS_CA_BUNDLE": emulator["ca_bundle"]}
    if way == "metadata":
        environment["ARM_CLOUD_METADATA_URL"] = emulator["cloud_metadata_url"]
    if way == "developer":
        environment["AZUREML_DEV_URL_MFE"] = emulator["endpoint"]
    name = f"data-{uuid.uuid4().hex[:8]}"
    command = [str(sdk_python), "-c", SCRIPT, json.dumps(emulator.endpoint), way, name, str(file)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=540)
    assert done.returncode == 0, done.stderr
    version, path = done.stdout.splitlines()[-1].split()
    assert version == "1"
    place = path.partition("/datastores/workspaceblobstore/paths/")[2]
    (container,) = (emulator.state / "storage").glob("azureml-blobstore-*")
    assert (container / place).read_text() == file.read_text()
