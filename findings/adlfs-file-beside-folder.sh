#!/usr/bin/env bash
# Where a blob `report` stands beside `report/page`, adlfs 2026.8.0 finds `report/page` by one pattern and fails at a narrower one.
#
# Blob storage without a hierarchical namespace allows both names; jobs write a file and, later, a folder of that name.
# A listing of `report` then holds the blob alone. So walk loses all that is below, `report/*` ends in an AttributeError of
# fsspec's, and `*/*` and find, which list from above, have it. obstore 0.12.1's layer for fsspec finds it by all of them
# (but find then leaves the blob itself out). Needs node and npm: the storage is Microsoft's emulator Azurite.
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
adlfs find(''): ['report', 'report/page', 'z']
adlfs find('report'): ['report']
adlfs glob('*/*'): ['report/page']
adlfs glob('report/*'): AttributeError
adlfs exists('report/page'): True
adlfs walk: ['report', 'z', 'report/']
obstore find(''): ['report', 'report/page', 'z']
obstore find('report'): ['report/page']
obstore glob('*/*'): ['report/page']
obstore glob('report/*'): ['report/page']
obstore exists('report/page'): True
obstore walk: ['report', 'z', 'report/page']
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
for blob in ("out/report", "out/report/page", "out/z"):
    container.upload_blob(blob, b"text")
config = {"account_name": NAME, "account_key": KEY, "endpoint": address}
systems = {
    "adlfs": AzureBlobFileSystem(connection_string=text),
    "obstore": FsspecStore("az", config=config, client_options={"allow_http": True}),
}


def seen(look):
    try:
        found = look()
    except AttributeError as error:
        return type(error).__name__
    return [name.removeprefix("box/out/") for name in found] if isinstance(found, list) else found


for name, system in systems.items():
    print(f"{name} find(''):", seen(lambda: system.find("box/out")))
    print(f"{name} find('report'):", seen(lambda: system.find("box/out/report")))
    print(f"{name} glob('*/*'):", seen(lambda: system.glob("box/out/*/*")))
    print(f"{name} glob('report/*'):", seen(lambda: system.glob("box/out/report/*")))
    print(f"{name} exists('report/page'):", seen(lambda: system.exists("box/out/report/page")))
    print(f"{name} walk:", seen(lambda: [f"{top}/{file}" for top, _, files in system.walk("box/out") for file in files]))
PYTHON
cat "$folder/seen.txt"
diff "$folder/expected.txt" "$folder/seen.txt" && echo "As written down: a file beside a folder of its name, with adlfs 2026.8.0."
