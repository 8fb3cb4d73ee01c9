#!/usr/bin/env bash
# A model that MLflow 3.17.2 or 2.20.4 renames in a file registry loses its tags and aliases; if a version has a tag, there are two models then.
#
# The rename copies the model and its versions to a new folder, description and all, and then deletes the old one. Tags
# of the model and aliases stay behind, without a word: whoever loads the model by its alias finds none. At a version's
# tag the copying ends in an AttributeError: both names are there, and each goes on counting versions for itself.
# 2.20.4 writes to files unless told otherwise, 3.17.2 only if MLFLOW_ALLOW_FILE_STORE is set.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cat > "$folder/rename.py" <<'PYTHON'
import logging
import sys

logging.disable(logging.CRITICAL)
import mlflow
from mlflow import MlflowClient

for what, tags in (("no tag", {}), ("a tag", {"stage": "tested"})):
    address = f"file://{sys.argv[1]}/{mlflow.__version__}/{what.replace(' ', '-')}"
    client = MlflowClient(address, address)
    client.create_registered_model("churn", tags={"team": "risk"}, description="who leaves")
    client.create_model_version("churn", sys.argv[1], tags=tags)
    client.set_registered_model_alias("churn", "champion", "1")
    try:
        client.rename_registered_model("churn", "leavers")
        said = "no error"
    except AttributeError as error:
        said = type(error).__name__
    print(f"{mlflow.__version__}, {what}: {said}")
    for model in client.search_registered_models():
        (version,) = client.search_model_versions(f"name = '{model.name}'")
        print(f"  {model.name}: {model.tags}, {model.description}, {list(model.aliases)}; version 1: {version.tags}")
PYTHON
for version in 2.20.4 3.17.2; do
    "${PYTHON:-python3}" -m venv "$folder/venv-$version"
    "$folder/venv-$version/bin/python" -m pip install --quiet --disable-pip-version-check "mlflow-skinny==$version" 'setuptools<80'
    (cd "$folder" && MLFLOW_ALLOW_FILE_STORE=true "venv-$version/bin/python" -W ignore rename.py "$folder" >> seen.txt)
done
cat > "$folder/expected.txt" <<'TEXT'
2.20.4, no tag: no error
  leavers: {}, who leaves, []; version 1: {}
2.20.4, a tag: AttributeError
  churn: {'team': 'risk'}, who leaves, ['champion']; version 1: {'stage': 'tested'}
  leavers: {}, who leaves, []; version 1: {}
3.17.2, no tag: no error
  leavers: {}, who leaves, []; version 1: {}
3.17.2, a tag: AttributeError
  churn: {'team': 'risk'}, who leaves, ['champion']; version 1: {'stage': 'tested'}
  leavers: {}, who leaves, []; version 1: {}
TEXT
cat "$folder/seen.txt"
diff "$folder/expected.txt" "$folder/seen.txt" && echo "As written down: MLflow's rename of a model in files stops halfway."
