#!/usr/bin/env bash
# azure-ai-ml 1.35.2 cuts the path of a model to be downloaded at the word "paths", wherever it stands in it.
#
# models.download takes the URI of the model apart at each "paths" and goes on with the second piece; its storage client
# downloads every blob that begins with that: of `scores/flight-paths/model` all below `scores/flight-`, of `paths/model`
# the whole container. Other places of the library read the same URI by a pattern, and right.
# The script calls the function that models.download calls; the URIs have the form of a registered model's `path`.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check azure-ai-ml==1.35.2 'marshmallow<4'

cat > "$folder/expected.txt" <<'TEXT'
lake, scores/model: downloads from lake what begins with 'scores/model'
lake, scores/flight-paths/model: downloads from lake what begins with 'scores/flight-'
lake, paths/model: downloads from lake what begins with ''
lake, scores/flight-paths/model, by the pattern: lake, scores/flight-paths/model
TEXT
(cd "$folder" && venv/bin/python -W ignore - > seen.txt 2> log) <<'PYTHON'
import logging

logging.disable(logging.CRITICAL)
from azure.ai.ml._utils._storage_utils import AzureMLDatastorePathUri, get_ds_name_and_path_prefix

WORKSPACE = "azureml://subscriptions/s/resourcegroups/g/workspaces/w"
for path in ("scores/model", "scores/flight-paths/model", "paths/model"):
    store, prefix = get_ds_name_and_path_prefix(f"{WORKSPACE}/datastores/lake/paths/{path}")
    print(f"lake, {path}: downloads from {store} what begins with {prefix!r}")
path = "scores/flight-paths/model"
read = AzureMLDatastorePathUri(f"{WORKSPACE}/datastores/lake/paths/{path}")
print(f"lake, {path}, by the pattern: {read.datastore}, {read.path}")
PYTHON
cat "$folder/seen.txt"
diff "$folder/expected.txt" "$folder/seen.txt" && echo "As written down: azure-ai-ml 1.35.2 cuts a path at the word paths."
