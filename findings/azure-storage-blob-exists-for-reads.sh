#!/usr/bin/env bash
# azure-storage-blob 12.31.1 raises ResourceExistsError when an archived blob is read, and when one with snapshots is deleted.
#
# Whoever takes that class for "is there already, all is well" passes over a file that was not read, or not deleted.
# adlfs 2026.8.0 lets the class through, and does not say which blobs are archived: `info` has no tier, `cat` with
# on_error="omit" leaves the file out. obstore 0.12.1 has AlreadyExistsError for it. Asked: Azurite 3.37.0, Microsoft's
# own emulator of storage.
set -euo pipefail
folder=$(mktemp -d)
trap 'kill "${azurite:-0}" 2>/dev/null || true; rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check \
    azure-storage-blob==12.31.1 adlfs==2026.8.0 fsspec==2026.9.0 obstore==0.12.1
npm install --silent --no-audit --no-fund --prefix "$folder" azurite@3.37.0 >/dev/null
port=$("$folder/venv/bin/python" -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
"$folder/node_modules/.bin/azurite-blob" --inMemoryPersistence --blobHost 127.0.0.1 --blobPort "$port" \
    --skipApiVersionCheck --disableTelemetry --silent >"$folder/azurite.log" 2>&1 &
azurite=$!

cat > "$folder/expected.txt" <<'TEXT'
sdk, read archived: ResourceExistsError BlobArchived
sdk, delete one with a snapshot: ResourceExistsError SnapshotsPresent
adlfs, info of archived: size 6, no tier
adlfs, cat_file archived: ResourceExistsError
adlfs, cat the folder, on_error=omit: ['warm.txt']
adlfs, get the folder: ResourceExistsError
obstore, get archived: AlreadyExistsError
TEXT
"$folder/venv/bin/python" - "$port" "$folder" > "$folder/seen.txt" <<'PYTHON'
import logging
import os
import sys
import time

logging.disable(logging.CRITICAL)

import adlfs
import obstore
from azure.core.exceptions import AzureError
from azure.storage.blob import BlobServiceClient
from obstore.store import AzureStore

port, folder = sys.argv[1:]
# The account that every Azurite has, by its documentation.
name = "devstoreaccount1"
key = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
address = f"http://127.0.0.1:{port}/{name}"
parts = {"DefaultEndpointsProtocol": "http", "AccountName": name, "AccountKey": key, "BlobEndpoint": address}
connection = ";".join(f"{part}={value}" for part, value in parts.items())
service = BlobServiceClient.from_connection_string(connection, retry_total=0)
container = service.get_container_client("scores")
for _ in range(150):
    try:
        container.create_container()
        break
    except AzureError:
        time.sleep(0.2)
for blob in ("night/cold.txt", "night/warm.txt", "kept.txt"):
    container.upload_blob(blob, b"scores")
container.get_blob_client("night/cold.txt").set_standard_blob_tier("Archive")
container.get_blob_client("kept.txt").create_snapshot()


def error(call):
    try:
        return f"no error, {call()}"
    except Exception as raised:
        code = getattr(raised, "error_code", None)
        return raised, f"{type(raised).__name__} {getattr(code, 'value', code)}"


print("sdk, read archived:", error(lambda: container.download_blob("night/cold.txt").readall())[1])
print("sdk, delete one with a snapshot:", error(lambda: container.delete_blob("kept.txt"))[1])

files = adlfs.AzureBlobFileSystem(connection_string=connection)
told = files.info("scores/night/cold.txt")
tier = [key for key, value in told.items() if "tier" in key.lower() or "archive" in str(value).lower()]
print(f"adlfs, info of archived: size {told['size']}, {tier or 'no tier'}")
print("adlfs, cat_file archived:", type(error(lambda: files.cat_file("scores/night/cold.txt"))[0]).__name__)
read = files.cat("scores/night", recursive=True, on_error="omit")
print("adlfs, cat the folder, on_error=omit:", [os.path.basename(path) for path in read])
place = os.path.join(folder, "got")
print("adlfs, get the folder:", type(error(lambda: files.get("scores/night", place, recursive=True))[0]).__name__)

store = AzureStore(
    "scores", config={"account_name": name, "account_key": key, "endpoint": address}, client_options={"allow_http": True}
)
print("obstore, get archived:", type(error(lambda: obstore.get(store, "night/cold.txt").bytes())[0]).__name__)
PYTHON
diff "$folder/expected.txt" "$folder/seen.txt"
cat "$folder/seen.txt"
