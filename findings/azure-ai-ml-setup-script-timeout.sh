#!/usr/bin/env bash
# A setup script of a compute instance without timeout_minutes is sent with the time-out "Nonem" by azure-ai-ml 1.35.2.
#
# The key is optional in the schema of a compute instance. The client writes the minutes and an m for the service, and
# does so for no minutes, too.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check azure-ai-ml==1.35.2 'marshmallow<4'

cat > "$folder/expected.txt" <<'TEXT'
creation_script 20m
startup_script Nonem
TEXT
"$folder/venv/bin/python" - > "$folder/seen.txt" <<'PYTHON'
import io
import logging
import warnings

warnings.filterwarnings("ignore")
logging.disable(logging.CRITICAL)

from azure.ai.ml import load_compute

text = """
name: notebook
type: computeinstance
size: Standard_DS3_v2
setup_scripts:
  creation_script: {path: Users/a/create.sh, timeout_minutes: 20}
  startup_script: {path: Users/a/start.sh}
"""
scripts = load_compute(io.StringIO(text))._to_rest_object().properties.properties.setup_scripts.scripts
for name in ("creation_script", "startup_script"):
    print(name, getattr(scripts, name).as_dict()["timeout"])
PYTHON
cat "$folder/seen.txt"
diff "$folder/expected.txt" "$folder/seen.txt" && echo "As written down: azure-ai-ml 1.35.2 sends no minutes as a word."
