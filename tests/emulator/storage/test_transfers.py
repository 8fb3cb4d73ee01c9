"""Transfers of large blobs, of many parts, and those that break off."""

from __future__ import annotations

import os
import socket
import ssl
import subprocess
import sys
from pathlib import Path

from azure.storage.blob import ContainerClient

from tests.emulator.storage.blobs import put, send
from tests.emulator_fixture import RunningEmulator

MIB = 1024 * 1024


def test_the_journal_names_a_download_before_it_has_ended(
    container: ContainerClient, emulator: RunningEmulator
) -> None:
    """Whoever has a part of an answer finds the request answered: no buffer holds the rest of this one."""
    blob = put(container, "long.bin", bytes(48 * MIB))
    with send(container, "GET", blob.url, {}, stream=True) as answer:
        assert answer.raw.read(1) == b"\0"
        assert [one["status"] for one in emulator.journal("long.bin") if one["method"] == "GET"] == [200]


def test_large_blobs_come_in_parallel_blocks(container: ContainerClient, emulator: RunningEmulator) -> None:
    content = os.urandom(20 * MIB + 17)
    blob = container_client(container, emulator).get_blob_client("large.bin")
    blob.upload_blob(content, max_concurrency=4)
    assert any("/large.bin" in row["path"] and row["method"] == "PUT" for row in emulator.journal())
    assert blob.download_blob(max_concurrency=4).readall() == content


def container_client(container: ContainerClient, emulator: RunningEmulator) -> ContainerClient:
    """The same container through a client whose blocks are small, so that many are needed."""
    return ContainerClient(
        emulator["storage_url"],
        container.container_name,
        credential=container.credential,
        max_single_put_size=MIB,
        max_block_size=MIB,
        max_single_get_size=4 * MIB,
        max_chunk_get_size=MIB,
    )


def test_an_upload_that_breaks_off_leaves_nothing(container: ContainerClient, emulator: RunningEmulator) -> None:
    token = container.credential.get_token("https://storage.azure.com/.default").token
    host, port = "127.0.0.1", int(emulator["endpoint"].rsplit(":", 1)[1])
    path = f"/{emulator['storage_url'].rsplit('/', 1)[1]}/{container.container_name}/half"
    context = ssl.create_default_context(cafile=emulator["ca_bundle"])
    with context.wrap_socket(socket.create_connection((host, port)), server_hostname=host) as connection:
        head = f"PUT {path} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\nx-ms-blob-type: BlockBlob\r\n"
        connection.sendall(f"{head}Content-Length: 1000\r\n\r\n{'x' * 10}".encode())
    assert not container.get_blob_client("half").exists()


ASYNCHRONOUS = """
import asyncio, os, sys
from azure.identity.aio import ClientSecretCredential
from azure.storage.blob.aio import ContainerClient

async def main():
    tenant, client, secret = (os.environ[f"AZURE_{name}"] for name in ("TENANT_ID", "CLIENT_ID", "CLIENT_SECRET"))
    async with ClientSecretCredential(tenant, client, secret, disable_instance_discovery=True) as credential:
        async with ContainerClient(sys.argv[1], sys.argv[2], credential=credential) as container:
            await container.upload_blob("async/file", b"x" * 100000)
            stream = await container.download_blob("async/file")
            print(len(await stream.readall()), [blob.name async for blob in container.list_blobs()])

asyncio.run(main())
"""


def test_the_asynchronous_client(container: ContainerClient, emulator: RunningEmulator) -> None:
    command = [sys.executable, "-c", ASYNCHRONOUS, emulator["storage_url"], container.container_name]
    environment = {**os.environ, **emulator.env}
    done = subprocess.run(command, env=environment, check=True, capture_output=True, text=True, timeout=60)
    assert done.stdout.strip() == "100000 ['async/file']"


def test_a_large_file_is_streamed(container: ContainerClient, tmp_path: Path, emulator: RunningEmulator) -> None:
    file = tmp_path / "large"
    with file.open("wb") as out:
        out.truncate(200 * MIB)
    with file.open("rb") as source:
        container.upload_blob("large", source, length=200 * MIB)
    assert container.get_blob_client("large").get_blob_properties().size == 200 * MIB
    received = sum(len(piece) for piece in container.download_blob("large").chunks())
    assert received == 200 * MIB
    assert emulator.process
    status = Path(f"/proc/{emulator.process.pid}/status").read_text()
    peak = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM:"))
    assert peak < 180 * 1024
