#!/usr/bin/env bash
# Airflow 3.3.2's ObjectStoragePath reads the abfss address that all of Azure uses as a file of another container, with another connection.
#
# In abfss://box@account.dfs.core.windows.net/day/a.csv the container stands before the @. Airflow takes what stands there for
# the connection, even where conn_id names another; adlfs 2026.8.0 then drops the account, and the first folder is the
# container. Mostly no connection has that name, and the error speaks of a connection `box`. Where one was named after its
# container, another file is read, or written, without a word. fsspec, given the same text, reads the right one.
# Airflow's own form is abfss://connection@box/day/a.csv. Needs node and npm: the storage is Microsoft's emulator Azurite.
set -euo pipefail
folder=$(mktemp -d)
stop() {
    [ ! -f "$folder/pid" ] || kill "$(cat "$folder/pid")" 2> /dev/null || true
    rm -rf "$folder"
}
trap stop EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check apache-airflow==3.3.2 apache-airflow-core==3.3.2 \
    apache-airflow-task-sdk==1.3.2 apache-airflow-providers-microsoft-azure==15.2.1 adlfs==2026.8.0 fsspec==2026.9.0 \
    universal-pathlib==0.3.10
npm install --silent --no-audit --no-fund --prefix "$folder/azurite" azurite@3.35.0
port=$("$folder/venv/bin/python" -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
: > "$folder/azurite.log"
node "$folder/azurite/node_modules/azurite/dist/src/blob/main.js" --blobPort "$port" --inMemoryPersistence --silent \
    --skipApiVersionCheck --disableTelemetry > "$folder/azurite.log" 2>&1 &
echo $! > "$folder/pid"
until grep -q "successfully listens" "$folder/azurite.log"; do sleep 0.2; done

cat > "$folder/expected.txt" <<'TEXT'
the address: connection box, container day, file a.csv, text abfss://box@day/a.csv
the address with conn_id lake: connection box, container day, file a.csv, text abfss://box@day/a.csv
opened with conn_id lake: AirflowNotFoundException
opened where a connection is named box: what is in container day
written there: day/b.csv
fsspec at the address: what is in container box
Airflow's own form: what is in container box
TEXT
(cd "$folder" && HOME="$folder" AIRFLOW_HOME="$folder" venv/bin/python -W ignore - "$port" > log 2>&1) <<'PYTHON'
import json
import os
import sys
from pathlib import Path

import fsspec
from airflow.sdk import ObjectStoragePath
from azure.storage.blob import BlobServiceClient

NAME = "devstoreaccount1"  # Azurite's account and its published key
KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
ADDRESS = f"abfss://box@{NAME}.dfs.core.windows.net/day/"
endpoint = f"http://127.0.0.1:{sys.argv[1]}/{NAME}"
text = f"DefaultEndpointsProtocol=http;AccountName={NAME};AccountKey={KEY};BlobEndpoint={endpoint};"
connection = json.dumps({"conn_type": "wasb", "extra": {"connection_string": text}})
service = BlobServiceClient.from_connection_string(text)
service.create_container("box").upload_blob("day/a.csv", b"what is in container box")
service.create_container("day").upload_blob("a.csv", b"what is in container day")
seen = []


def tell(title, path):
    seen.append(f"{title}: connection {path.conn_id}, container {path.bucket}, file {path.key}, text {path}")


def read(path):
    try:
        with path.open() as file:
            return file.read()
    except Exception as raised:
        return type(raised).__name__


os.environ["AIRFLOW_CONN_LAKE"] = connection
tell("the address", ObjectStoragePath(ADDRESS + "a.csv"))
tell("the address with conn_id lake", ObjectStoragePath(ADDRESS + "a.csv", conn_id="lake"))
seen.append(f"opened with conn_id lake: {read(ObjectStoragePath(ADDRESS + 'a.csv', conn_id='lake'))}")
os.environ["AIRFLOW_CONN_BOX"] = connection
seen.append(f"opened where a connection is named box: {read(ObjectStoragePath(ADDRESS + 'a.csv'))}")
with ObjectStoragePath(ADDRESS + "b.csv").open("w") as file:
    file.write("new")
names = [
    f"{container}/{name}"
    for container in ("box", "day")
    for name in service.get_container_client(container).list_blob_names()
    if name.endswith("b.csv")
]
seen.append(f"written there: {', '.join(names)}")
with fsspec.open(ADDRESS + "a.csv", connection_string=text) as file:
    seen.append(f"fsspec at the address: {file.read().decode()}")
seen.append(f"Airflow's own form: {read(ObjectStoragePath('abfss://lake@box/day/a.csv'))}")
Path("seen.txt").write_text("".join(line + "\n" for line in seen))
PYTHON
cat "$folder/seen.txt"
diff "$folder/expected.txt" "$folder/seen.txt" && echo "As written down: what ObjectStoragePath of Airflow 3.3.2 makes of Azure's address."
