#!/usr/bin/env bash
# obstore 0.12.1's layer for fsspec deletes a folder with all below it, and then raises FileNotFoundError; a create overwrites.
#
# rm(recursive=True) sends names of folders along with those of blobs; the service has none such, and its answer becomes
# the error, when everything is gone: one who takes it for "was not there" is right about the end, one who retries or
# fails a task is not. pipe_file(mode="create"), which fsspec documents as
# refusing a file that is there, replaces it. info gives a name without the container, ls one with it.
# adlfs 2026.8.0 does otherwise in all of these. Needs node and npm: the storage is Microsoft's emulator Azurite.
set -euo pipefail
folder=$(mktemp -d)
stop() {
    [ ! -f "$folder/pid" ] || kill "$(cat "$folder/pid")" 2> /dev/null || true
    rm -rf "$folder"
}
trap stop EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check adlfs==2026.8.0 obstore==0.12.1 \
    azure-storage-blob==12.31.1 fsspec==2026.9.0
npm install --silent --no-audit --no-fund --prefix "$folder/azurite" azurite@3.35.0
port=$("$folder/venv/bin/python" -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
: > "$folder/log"
node "$folder/azurite/node_modules/azurite/dist/src/blob/main.js" --blobPort "$port" --inMemoryPersistence --silent \
    --skipApiVersionCheck --disableTelemetry > "$folder/log" 2>&1 &
echo $! > "$folder/pid"
until grep -q "successfully listens" "$folder/log"; do sleep 0.2; done

cat > "$folder/expected.txt" <<'TEXT'
adlfs rm of files: no error; left: []
adlfs rm with a folder in it: no error; left: []
adlfs create over a file: FileExistsError; it holds b'old'
adlfs names: info box/flat/a, ls box/flat/a
obstore rm of files: FileNotFoundError; left: []
obstore rm with a folder in it: FileNotFoundError; left: []
obstore create over a file: no error; it holds b'new'
obstore names: info flat/a, ls box/flat/a
TEXT
"$folder/venv/bin/python" -W ignore - "$port" > "$folder/seen.txt" <<'PYTHON'
import sys

from adlfs import AzureBlobFileSystem
from azure.storage.blob import BlobServiceClient
from obstore.fsspec import FsspecStore

NAME = "devstoreaccount1"  # Azurite's account and its published key
KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
address = f"http://127.0.0.1:{sys.argv[1]}/{NAME}"
text = f"DefaultEndpointsProtocol=http;AccountName={NAME};AccountKey={KEY};BlobEndpoint={address};"
container = BlobServiceClient.from_connection_string(text).create_container("box")
config = {"account_name": NAME, "account_key": KEY, "endpoint": address}
systems = {
    "adlfs": AzureBlobFileSystem(connection_string=text, use_listings_cache=False),
    "obstore": FsspecStore("az", config=config, client_options={"allow_http": True}),
}


def put(*names):
    for name in names:
        container.upload_blob(name, b"old", overwrite=True)


def error(work):
    try:
        work()
    except Exception as raised:
        return type(raised).__name__
    return "no error"


for name, system in systems.items():
    for what, blobs in (("of files", ("flat/a", "flat/b")), ("with a folder in it", ("deep/a", "deep/in/b"))):
        put(*blobs)
        folder = blobs[0].split("/")[0]
        raised = error(lambda: system.rm(f"box/{folder}", recursive=True))
        print(f"{name} rm {what}: {raised}; left: {list(container.list_blob_names(name_starts_with=folder))}")
    put("flat/a")
    raised = error(lambda: system.pipe_file("box/flat/a", b"new", mode="create"))
    print(f"{name} create over a file: {raised}; it holds {container.download_blob('flat/a').readall()}")
    print(f"{name} names: info {system.info('box/flat/a')['name']}, ls {system.ls('box/flat', detail=False)[0]}")
PYTHON
cat "$folder/seen.txt"
diff "$folder/expected.txt" "$folder/seen.txt" && echo "As written down: what obstore 0.12.1's layer for fsspec does and says."
