"""A datastore of type AzureDataLakeGen2: its files, and what a job's result says of an output there."""

from __future__ import annotations

from pathlib import Path
from uuid import uuid4

from airflow_azureml.filesystems.file_system import AzureMLFileSystem
from airflow_azureml.hooks.azureml import AzureMLHook
from tests.emulator.service import Service
from tests.emulator_fixture import RunningEmulator


def test_from_a_file_to_a_job_and_back(emulator: RunningEmulator, fs: AzureMLFileSystem, tmp_path: Path) -> None:
    service, mark = Service(emulator), uuid4().hex[:8]
    default = service.get("datastores/workspaceblobstore").body["properties"]
    names = {"accountName": default["accountName"], "filesystem": default["containerName"]}
    properties = {"datastoreType": "AzureDataLakeGen2", "endpoint": default["endpoint"], **names}
    properties["credentials"] = {"credentialsType": "None"}
    assert service.put(f"datastores/lake{mark}", {"properties": properties}).status == 201
    base = f"datastores/lake{mark}/paths/{mark}"
    fs.pipe_file(f"{base}/in/x", b"1")
    outputs = {"o": {"jobOutputType": "uri_folder", "uri": f"azureml://{base}/out/"}}
    inputs = {"i": {"jobInputType": "uri_folder", "uri": f"azureml://{base}/in/"}}
    service.run(f"job-{mark}", "cp ${{inputs.i}}/x ${{outputs.o}}/y", inputs=inputs, outputs=outputs)
    result = AzureMLHook().get_result(f"job-{mark}")
    output = result["outputs"]["o"]
    assert output["path"].endswith(f"/{base}/out/")
    lake = emulator["storage_url"].replace(".blob.", ".dfs.")
    assert output["https_url"] == f"{lake}/{default['containerName']}/{mark}/out/"
    assert [fs.cat_file(path) for path in fs.find(f"{base}/out")] == [b"1"]
    [file] = AzureMLHook().download_output(f"job-{mark}", "o", str(tmp_path))
    assert Path(file).read_bytes() == b"1"
