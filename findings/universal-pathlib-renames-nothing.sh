#!/usr/bin/env bash
# universal-pathlib 0.3.10 renames a folder of Azure storage without an error, answers its new path, and nothing has moved.
#
# Likewise unlink of a folder. The work is left to fsspec's mv and rm without `recursive`, and adlfs 2026.8.0 passes over
# names that are no blobs. The same two calls on a folder of the local machine move it, and refuse. Airflow 3's
# ObjectStoragePath is derived from the class.
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
abfs rename: answers new; ['old/a', 'old/in/b']
abfs unlink: no error; ['old/a', 'old/in/b']
file rename: answers new; ['new/a', 'new/in/b']
file unlink: ValueError; ['old/a', 'old/in/b']
TEXT
"$folder/venv/bin/python" -W ignore - "$port" "$folder" > "$folder/seen.txt" <<'PYTHON'
import sys
from itertools import product

from azure.storage.blob import BlobServiceClient
from upath import UPath

NAME = "devstoreaccount1"  # Azurite's account and its published key
KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
address = f"http://127.0.0.1:{sys.argv[1]}/{NAME}"
text = f"DefaultEndpointsProtocol=http;AccountName={NAME};AccountKey={KEY};BlobEndpoint={address};"
service = BlobServiceClient.from_connection_string(text)


def rename(root):
    return f"answers {(root / 'old').rename(root / 'new').name}"


def unlink(root):
    try:
        (root / "old").unlink()
    except ValueError as error:
        return type(error).__name__
    return "no error"


works = {"rename": rename, "unlink": unlink}
for scheme, what in product(("abfs", "file"), works):
    box = f"box-{what}"
    if scheme == "abfs":
        service.create_container(box)
        root = UPath(f"abfs://{box}/top", connection_string=text, use_listings_cache=False)
    else:
        root = UPath(f"file://{sys.argv[2]}/{box}")
    for file in ("old/a", "old/in/b"):
        (root / file).parent.mkdir(parents=True, exist_ok=True)
        (root / file).write_bytes(b"text")
    said = works[what](root)
    there = sorted(path.path.split("/", root.path.count("/") + 1)[-1] for path in root.rglob("*") if path.is_file())
    print(f"{scheme} {what}: {said}; {there}")
PYTHON
cat "$folder/seen.txt"
diff "$folder/expected.txt" "$folder/seen.txt" && echo "As written down: universal-pathlib 0.3.10 renames no folder of Azure storage."
