#!/usr/bin/env bash
# With [logging] delete_local_logs, Airflow's remote logging to blob storage or S3 deletes the log of a trigger that has not been uploaded.
#
# A try of a deferred task has two writers: the task (attempt=1.log) and its trigger (attempt=1.log.trigger.7.log), both in the
# folder of the task. Where they share a disk, as with LocalExecutor and in `airflow standalone`, whoever uploads first removes
# the whole folder after it, not its own file: the other's upload finds no file and says nothing, and its lines are nowhere.
# Without delete_local_logs both arrive. (apache-airflow-providers-microsoft-azure 15.2.1 and -amazon 9.39.0 on Airflow 3.3.2.)
# Needs node and npm: the blob storage is Microsoft's emulator Azurite. S3 is moto.
set -euo pipefail
folder=$(mktemp -d)
stop() {
    [ ! -f "$folder/pid" ] || kill "$(cat "$folder/pid")" 2> /dev/null || true
    rm -rf "$folder"
}
trap stop EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check apache-airflow==3.3.2 apache-airflow-core==3.3.2 \
    apache-airflow-task-sdk==1.3.2 apache-airflow-providers-microsoft-azure==15.2.1 apache-airflow-providers-amazon==9.39.0 \
    azure-storage-blob==12.31.1 boto3==1.44.8 'moto[s3]==5.2.5'
npm install --silent --no-audit --no-fund --prefix "$folder/azurite" azurite@3.35.0
port=$("$folder/venv/bin/python" -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
: > "$folder/azurite.log"
node "$folder/azurite/node_modules/azurite/dist/src/blob/main.js" --blobPort "$port" --inMemoryPersistence --silent \
    --skipApiVersionCheck --disableTelemetry > "$folder/azurite.log" 2>&1 &
echo $! > "$folder/pid"
until grep -q "successfully listens" "$folder/azurite.log"; do sleep 0.2; done

cat > "$folder/expected.txt" <<'TEXT'
blob storage, local logs kept: uploaded attempt=1.log, attempt=1.log.trigger.7.log
blob storage, delete_local_logs: uploaded attempt=1.log
S3, local logs kept: uploaded attempt=1.log, attempt=1.log.trigger.7.log
S3, delete_local_logs: uploaded attempt=1.log
TEXT
(cd "$folder" && HOME="$folder" AIRFLOW_HOME="$folder" venv/bin/python -W ignore - "$port" > log 2>&1) <<'PYTHON'
import json
import os
import sys
from pathlib import Path

NAME = "devstoreaccount1"  # Azurite's account and its published key
KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
TEXT = f"DefaultEndpointsProtocol=http;AccountName={NAME};AccountKey={KEY};BlobEndpoint=http://127.0.0.1:{sys.argv[1]}/{NAME};"
os.environ.update(AWS_ACCESS_KEY_ID="x", AWS_SECRET_ACCESS_KEY="x", AWS_DEFAULT_REGION="us-east-1")
os.environ["AIRFLOW_CONN_BLOBS"] = json.dumps({"conn_type": "wasb", "extra": {"connection_string": TEXT}})
os.environ["AIRFLOW_CONN_S3"] = json.dumps({"conn_type": "aws"})

import boto3
from airflow.providers.amazon.aws.log.s3_task_handler import S3RemoteLogIO
from airflow.providers.microsoft.azure.log.wasb_task_handler import WasbRemoteLogIO
from azure.storage.blob import BlobServiceClient
from moto import mock_aws

TASK = "dag_id=d/run_id=r/task_id=t"
seen = []


def upload(where, remote, base, names):
    """Both writers of one try have ended; the task's log is uploaded first, then its trigger's."""
    folder = base / TASK
    folder.mkdir(parents=True)
    for name in ("attempt=1.log", "attempt=1.log.trigger.7.log"):
        (folder / name).write_text(json.dumps({"event": name}) + "\n")
    for name in ("attempt=1.log", "attempt=1.log.trigger.7.log"):
        remote.upload(f"{TASK}/{name}", None)
    seen.append(f"{where}: uploaded {', '.join(name.rpartition('/')[2] for name in names())}")


def blobs(where, delete, box):
    container = BlobServiceClient.from_connection_string(TEXT).create_container(box)
    os.environ["AIRFLOW__LOGGING__REMOTE_LOG_CONN_ID"] = "blobs"
    base = Path(box).resolve()
    remote = WasbRemoteLogIO(remote_base="logs", base_log_folder=base, delete_local_copy=delete, wasb_container=box)
    upload(where, remote, base, lambda: sorted(container.list_blob_names()))


def s3(where, delete, box):
    with mock_aws():
        client = boto3.client("s3")
        client.create_bucket(Bucket=box)
        os.environ["AIRFLOW__LOGGING__REMOTE_LOG_CONN_ID"] = "s3"
        base = Path(f"s3-{box}").resolve()
        remote = S3RemoteLogIO(remote_base=f"s3://{box}/logs", base_log_folder=base, delete_local_copy=delete)
        upload(where, remote, base, lambda: sorted(row["Key"] for row in client.list_objects_v2(Bucket=box)["Contents"]))


for title, run in (("blob storage", blobs), ("S3", s3)):
    run(f"{title}, local logs kept", False, "kept")
    run(f"{title}, delete_local_logs", True, "deleted")
Path("seen.txt").write_text("".join(line + "\n" for line in seen))
PYTHON
cat "$folder/seen.txt"
diff "$folder/expected.txt" "$folder/seen.txt" && echo "As written down: what Airflow 3.3.2's remote logging deletes with delete_local_logs."
