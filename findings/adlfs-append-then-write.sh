#!/usr/bin/env bash
# With adlfs 2026.8.0 a file that was opened with "ab" cannot be written with "wb" again, and one of "wb" cannot be appended to.
#
# Each mode makes a blob of a type of its own, and neither changes the type of one that is there. So what "ab" has made is
# refused by "wb", the mode that overwrites, with FileExistsError, until it is deleted; pipe_file, which sends the whole
# blob at once, replaces it. universal-pathlib, also as Airflow's ObjectStoragePath, writes by the modes. The error comes
# when the file is closed, and leaves it as it was.
# Needs node and npm: the storage is Microsoft's emulator Azurite.
set -euo pipefail
folder=$(mktemp -d)
stop() {
    [ ! -f "$folder/pid" ] || kill "$(cat "$folder/pid")" 2> /dev/null || true
    rm -rf "$folder"
}
trap stop EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check adlfs==2026.8.0 \
    azure-storage-blob==12.31.1 fsspec==2026.9.0 universal-pathlib==0.3.10
npm install --silent --no-audit --no-fund --prefix "$folder/azurite" azurite@3.35.0
port=$("$folder/venv/bin/python" -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
: > "$folder/log"
node "$folder/azurite/node_modules/azurite/dist/src/blob/main.js" --blobPort "$port" --inMemoryPersistence --silent \
    --skipApiVersionCheck --disableTelemetry > "$folder/log" 2>&1 &
echo $! > "$folder/pid"
until grep -q "successfully listens" "$folder/log"; do sleep 0.2; done

cat > "$folder/expected.txt" <<'TEXT'
wb after ab: FileExistsError; it holds b'one'
ab after wb: ResourceExistsError; it holds b'one'
pipe_file after ab: no error; it holds b'two'
UPath.write_bytes after ab: FileExistsError; it holds b'one'
ab after ab: no error; it holds b'onetwo'
wb after wb: no error; it holds b'two'
TEXT
"$folder/venv/bin/python" -W ignore - "$port" > "$folder/seen.txt" <<'PYTHON'
import sys

from adlfs import AzureBlobFileSystem
from azure.storage.blob import BlobServiceClient
from upath import UPath

NAME = "devstoreaccount1"  # Azurite's account and its published key
KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
address = f"http://127.0.0.1:{sys.argv[1]}/{NAME}"
text = f"DefaultEndpointsProtocol=http;AccountName={NAME};AccountKey={KEY};BlobEndpoint={address};"
container = BlobServiceClient.from_connection_string(text).create_container("box")
system = AzureBlobFileSystem(connection_string=text, use_listings_cache=False)


def write(mode, data):
    with system.open("box/log.txt", mode) as file:
        file.write(data)


for first, then, work in (
    ("ab", "wb", lambda: write("wb", b"two")),
    ("wb", "ab", lambda: write("ab", b"two")),
    ("ab", "pipe_file", lambda: system.pipe_file("box/log.txt", b"two")),
    ("ab", "UPath.write_bytes", lambda: UPath("abfs://box/log.txt", connection_string=text).write_bytes(b"two")),
    ("ab", "ab", lambda: write("ab", b"two")),
    ("wb", "wb", lambda: write("wb", b"two")),
):
    write(first, b"one")
    try:
        work()
        raised = "no error"
    except Exception as error:
        raised = type(error).__name__
    print(f"{then} after {first}: {raised}; it holds {container.download_blob('log.txt').readall()}")
    container.delete_blob("log.txt")
PYTHON
cat "$folder/seen.txt"
diff "$folder/expected.txt" "$folder/seen.txt" && echo "As written down: adlfs 2026.8.0 does not overwrite what it has appended to."
