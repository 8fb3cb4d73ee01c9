#!/usr/bin/env bash
# The column_mapping of a flow's run.yml does not reach the component that azure-ai-ml 1.35.2 makes of it.
#
# A run file of Prompt flow can be loaded as a component of a pipeline. Its variant and its environment variables are in
# what is sent; which column of the data feeds which input of the flow is not, under neither spelling of the key: the
# schema reads column_mappings, the class takes column_mapping, and neither is handed to the other.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check azure-ai-ml==1.35.2 'marshmallow<4'

cat > "$folder/expected.txt" <<'TEXT'
column_mapping is sent: False | environment_variables: {'A': 'b'}
column_mappings is sent: False | environment_variables: {'A': 'b'}
TEXT
"$folder/venv/bin/python" - > "$folder/seen.txt" <<'PYTHON'
import logging
import pathlib
import tempfile
import warnings

warnings.filterwarnings("ignore")
logging.disable(logging.CRITICAL)

from azure.ai.ml import load_component

SCHEMAS = "https://azuremlschemas.azureedge.net/promptflow/latest"
FLOW = """
inputs:
  question: {type: string}
outputs:
  answer: {type: string, reference: "${inputs.question}"}
nodes: []
"""
with tempfile.TemporaryDirectory() as name:
    folder = pathlib.Path(name)
    (folder / "flow.dag.yaml").write_text(f"$schema: {SCHEMAS}/Flow.schema.json{FLOW}")
    for key in ("column_mapping", "column_mappings"):
        run = f"$schema: {SCHEMAS}/Run.schema.json\nflow: .\nenvironment_variables: {{A: b}}\n"
        (folder / "run.yml").write_text(run + f"{key}:\n  question: ${{data.text}}\n")
        sent = load_component(folder / "run.yml")._to_rest_object().properties.component_spec
        print(key, "is sent:", "data.text" in str(sent), "| environment_variables:", sent["environment_variables"])
PYTHON
cat "$folder/seen.txt"
diff "$folder/expected.txt" "$folder/seen.txt" && echo "As written down: azure-ai-ml 1.35.2 drops the mapping of columns."
