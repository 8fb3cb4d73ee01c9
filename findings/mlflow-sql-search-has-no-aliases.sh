#!/usr/bin/env bash
# A registry of MLflow 3.17.2 in a database tells a version's aliases when it is read, and none when it is found by a search.
#
# search_model_versions and the latest versions of a registered model have `aliases` empty, for a version that has one.
# So `[v for v in search_model_versions(…) if "champion" in v.aliases]` is always empty, without an error. The mapping of
# the registered model and get_model_version have them, and the registry in files has them everywhere but in that list.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check mlflow==3.17.2

cat > "$folder/expected.txt" <<'TEXT'
sqlite get_model_version: ['champion']
sqlite get_model_version_by_alias: ['champion']
sqlite get_latest_versions: ['champion']
sqlite search_model_versions: []
sqlite get_registered_model, latest_versions: []
sqlite get_registered_model, aliases: ['champion']
file get_model_version: ['champion']
file get_model_version_by_alias: ['champion']
file get_latest_versions: ['champion']
file search_model_versions: ['champion']
file get_registered_model, latest_versions: ['champion']
file get_registered_model, aliases: ['champion']
TEXT
(cd "$folder" && MLFLOW_ALLOW_FILE_STORE=true venv/bin/python -W ignore - "$folder" > seen.txt 2> log) <<'PYTHON'
import logging
import sys

logging.disable(logging.CRITICAL)
from mlflow import MlflowClient

for kind, address in (("sqlite", f"sqlite:///{sys.argv[1]}/mlflow.db"), ("file", f"file://{sys.argv[1]}/files")):
    client = MlflowClient(address, address)
    client.create_registered_model("churn")
    client.create_model_version("churn", sys.argv[1])
    client.set_registered_model_alias("churn", "champion", "1")
    model = client.get_registered_model("churn")
    found = client.search_model_versions("name = 'churn'")[0]
    print(f"{kind} get_model_version: {client.get_model_version('churn', '1').aliases}")
    print(f"{kind} get_model_version_by_alias: {client.get_model_version_by_alias('churn', 'champion').aliases}")
    print(f"{kind} get_latest_versions: {client.get_latest_versions('churn')[0].aliases}")
    print(f"{kind} search_model_versions: {found.aliases}")
    print(f"{kind} get_registered_model, latest_versions: {model.latest_versions[0].aliases}")
    print(f"{kind} get_registered_model, aliases: {list(model.aliases)}")
PYTHON
cat "$folder/seen.txt"
diff "$folder/expected.txt" "$folder/seen.txt" && echo "As written down: MLflow 3.17.2's searches in a database tell no aliases."
