#!/usr/bin/env bash
# Defaults of a component's inputs go through a float in azure-ai-ml 1.35.2, whatever the input's type is.
#
# A component file says which default an input has. Loaded and translated to what is sent to the service, a number that
# YAML has read becomes a float on its way to a text. So the default of a string input that looks like a number gets a
# point (a postal code is another one then), and an integer above 2^53 is another integer.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check azure-ai-ml==1.35.2 'marshmallow<4'

cat > "$folder/expected.txt" <<'TEXT'
code {"default": "12345.0", "type": "string"}
big {"default": "9007199254740992", "type": "integer"}
whole {"default": "7", "type": "integer"}
TEXT
"$folder/venv/bin/python" - > "$folder/seen.txt" <<'PYTHON'
import io
import json
import logging
import warnings

warnings.filterwarnings("ignore")
logging.disable(logging.CRITICAL)

from azure.ai.ml import load_component

text = """
name: component
version: 1
type: command
command: echo ${{inputs.code}} ${{inputs.big}}
environment: azureml:env:1
inputs:
  code: {type: string, default: 12345}
  big: {type: integer, default: 9007199254740993}
  whole: {type: integer, default: 7}
"""
sent = load_component(io.StringIO(text))._to_rest_object().properties.component_spec["inputs"]
for name, port in sent.items():
    print(name, json.dumps(port, sort_keys=True))
PYTHON
cat "$folder/seen.txt"
diff "$folder/expected.txt" "$folder/seen.txt" && echo "As written down: azure-ai-ml 1.35.2 sends other defaults than the file has."
