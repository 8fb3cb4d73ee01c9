"""Arrow's own client of Azure storage, with a signature and with the account's key."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest
from azure.storage.blob import ContainerClient, generate_account_sas

from tests.emulator_fixture import RunningEmulator

fs = pytest.importorskip("pyarrow.fs")


@pytest.mark.parametrize("how", ["sas_token", "account_key"])
def test_arrow_reads_and_writes(
    emulator: RunningEmulator, container: ContainerClient, key: str, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", emulator["ca_bundle"])
    root = container.container_name
    ends = datetime.now(timezone.utc) + timedelta(minutes=10)
    signed = generate_account_sas("emuacct", key, "co", "racwdl", ends)
    files = fs.AzureFileSystem(
        account_name=f"{emulator['endpoint'].removeprefix('https://')}/emuacct",
        blob_storage_authority=".blob.local",
        dfs_storage_authority=".dfs.local",
        **{how: {"sas_token": f"?{signed}", "account_key": key}[how]},
    )
    with files.open_output_stream(f"{root}/d/a.txt") as out:
        out.write(b"hello")
    files.create_dir(f"{root}/e")
    files.copy_file(f"{root}/d/a.txt", f"{root}/e/b.txt")
    assert files.open_input_file(f"{root}/e/b.txt").read() == b"hello"
    found = files.get_file_info(fs.FileSelector(root, recursive=True))
    kinds = {each.path.removeprefix(f"{root}/"): each.type.name for each in found}
    assert kinds == {"d": "Directory", "d/a.txt": "File", "e": "Directory", "e/b.txt": "File"}
    files.delete_file(f"{root}/d/a.txt")
    files.delete_dir(f"{root}/e")
    assert files.get_file_info(f"{root}/e/b.txt").type.name == "NotFound"
