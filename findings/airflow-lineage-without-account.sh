#!/usr/bin/env bash
# A copy from one storage account to another is, as Airflow's FileTransferOperator (common-io 1.11.0) tells OpenLineage, of a file onto itself.
#
# The operator names a file of Azure storage by scheme, container and path. Two accounts may have containers of one name, as
# those of production and test mostly do: what reads the one is then told to read the other. By abfs, az and abfss one file
# is three data sets. OpenLineage's own client names the account, so nothing that is told by it meets either.
# Nothing is copied here.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check apache-airflow==3.3.2 apache-airflow-core==3.3.2 \
    apache-airflow-task-sdk==1.3.2 apache-airflow-providers-common-io==1.11.0 apache-airflow-providers-openlineage==2.20.3 \
    apache-airflow-providers-microsoft-azure==15.2.1 openlineage-python==1.54.0 adlfs==2026.8.0

cat > "$folder/expected.txt" <<'TEXT'
from prod to test: reads abfss://box day/a.csv, writes abfss://box day/a.csv
by abfs: reads abfs://box day/a.csv
by az: reads az://box day/a.csv
with source_conn_id: reads abfss://box day/a.csv
OpenLineage's own name of the file in prod: abfss://box@prod.dfs.core.windows.net day/a.csv
OpenLineage's own name of the file in test: abfss://box@test.dfs.core.windows.net day/a.csv
TEXT
(cd "$folder" && HOME="$folder" AIRFLOW_HOME="$folder" venv/bin/python -W ignore - > log 2>&1) <<'PYTHON'
import json
import os
from pathlib import Path

from airflow.providers.common.io.operators.file_transfer import FileTransferOperator
from openlineage.client.naming.dataset import ABFSS

for account in "prod", "test":
    connection = {"conn_type": "wasb", "login": account, "host": f"https://{account}.blob.core.windows.net"}
    os.environ[f"AIRFLOW_CONN_{account.upper()}"] = json.dumps(connection)
seen = []


def tell(title, src, dst=None, **options):
    operator = FileTransferOperator(task_id="copy", src=src, dst=dst or "file:///copy.csv", **options)
    told = operator.get_openlineage_facets_on_start()
    (read,), (written,) = told.inputs, told.outputs
    line = f"{title}: reads {read.namespace} {read.name}"
    seen.append(f"{line}, writes {written.namespace} {written.name}" if dst else line)


tell("from prod to test", "abfss://prod@box/day/a.csv", "abfss://test@box/day/a.csv")
tell("by abfs", "abfs://prod@box/day/a.csv")
tell("by az", "az://prod@box/day/a.csv")
tell("with source_conn_id", "abfss://box/day/a.csv", source_conn_id="prod")
for account in "prod", "test":
    name = ABFSS("box", account, "day/a.csv")
    seen.append(f"OpenLineage's own name of the file in {account}: {name.get_namespace()} {name.get_name()}")
Path("seen.txt").write_text("".join(line + "\n" for line in seen))
PYTHON
cat "$folder/seen.txt"
diff "$folder/expected.txt" "$folder/seen.txt" && echo "As written down: how FileTransferOperator names files of Azure storage."
