#!/usr/bin/env bash
# A folder of a run that azureml-mlflow 1.62.0.post6 lists or downloads has whatever else begins with its name.
#
# list_artifacts compares names as texts and counts their parts. So `model` has the files of `model-old`, the file
# `model.pkl` beside it is one of its folders, and a download brings them all, the file as an empty folder of its name. A
# look at `metrics` finds `metrics.json`. With a slash at the end, `model/` comes without the files directly below it: each
# is an empty folder.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check azureml-mlflow==1.62.0.post6 mlflow-skinny==3.13.0

cat > "$folder/expected.txt" <<'TEXT'
the run has metrics.json, model-old/MLmodel, model.pkl, model/MLmodel, model/data/forest.pkl
list_artifacts('model'): model-old/MLmodel, model.pkl/, model/MLmodel, model/data/
list_artifacts('model/'): model/MLmodel/, model/data/forest.pkl
list_artifacts('metrics'): metrics.json/
list_artifacts('model/MLmodel'): nothing
download_artifacts('model'): model-old/, model-old/MLmodel, model.pkl/, model/, model/MLmodel, model/data/, model/data/forest.pkl
download_artifacts('model/'): model/, model/MLmodel/, model/data/, model/data/forest.pkl
download_artifacts('model.pkl'): model.pkl
TEXT
(cd "$folder" && HOME="$folder" venv/bin/python -W ignore - > seen.txt 2> log) <<'PYTHON'
import logging
import tempfile
from pathlib import Path

import azureml.mlflow._store.artifact.artifact_repo as plugin

logging.disable(logging.CRITICAL)
FILES = [
    "metrics.json",
    "model-old/MLmodel",
    "model.pkl",
    "model/MLmodel",
    "model/data/forest.pkl",
]


class Run:
    """A run's artifacts, as the plugin's client of the artifact service gives them."""

    path = None

    def get_file_paths(self):
        return FILES

    def download_artifact(self, remote, local):
        Path(local).write_text(remote)


plugin.get_artifact_repository_client = lambda uri: Run()
run = plugin.AzureMLflowArtifactRepository("azureml://experiments/e/runs/r/artifacts", tracking_uri="azureml://x")


def listed(path):
    found = [info.path + "/" * info.is_dir for info in run.list_artifacts(path)]
    print(f"list_artifacts({path!r}): {', '.join(found) or 'nothing'}")


def downloaded(path):
    target = Path(tempfile.mkdtemp())
    run.download_artifacts(path, str(target))
    found = sorted(str(file.relative_to(target)) + "/" * file.is_dir() for file in target.rglob("*"))
    print(f"download_artifacts({path!r}): {', '.join(found)}")


print("the run has", ", ".join(FILES))
for path in ("model", "model/", "metrics", "model/MLmodel"):
    listed(path)
for path in ("model", "model/", "model.pkl"):
    downloaded(path)
PYTHON
cat "$folder/seen.txt"
diff "$folder/expected.txt" "$folder/seen.txt" && echo "As written down: azureml-mlflow 1.62.0.post6 takes siblings for contents."
