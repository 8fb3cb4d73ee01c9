#!/usr/bin/env bash
# azure-ai-ml 1.35.2 refuses a sweep job's file, and takes the same file once it has loaded a pipeline with a sweep.
#
# A pipeline's node may bind a number to an input of the pipeline. To allow that, the schema of the node adds a field to
# the fields of its distributions, which it shares with the schema of sweep jobs. From then on that process takes a
# binding where no pipeline is: what is valid depends on what was loaded before.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check azure-ai-ml==1.35.2 'marshmallow<4'

cat > "$folder/sweep.yml" <<'YAML'
type: sweep
compute: azureml:cluster
trial:
  command: echo ${{search_space.rate}}
  environment: azureml:environment:1
sampling_algorithm: random
search_space:
  rate: {type: quniform, min_value: 0.1, max_value: 1, q: "${{parent.inputs.step}}"}
objective: {primary_metric: accuracy, goal: maximize}
limits: {max_total_trials: 4}
YAML
cat > "$folder/pipeline.yml" <<'YAML'
type: pipeline
jobs:
  search:
    type: sweep
    compute: azureml:cluster
    trial:
      type: command
      command: echo ${{search_space.rate}}
      environment: azureml:environment:1
      inputs: {rate: {type: number}}
    sampling_algorithm: random
    search_space:
      rate: {type: quniform, min_value: 0.1, max_value: 1, q: 0.1}
    objective: {primary_metric: accuracy, goal: maximize}
    limits: {max_total_trials: 4}
YAML
cat > "$folder/expected.txt" <<'TEXT'
alone: refused
after an equal load of itself: refused
after a pipeline: accepted, q is ${{parent.inputs.step}}
TEXT
(cd "$folder" && venv/bin/python -W ignore - > seen.txt 2> log) <<'PYTHON'
import logging

from azure.ai.ml import load_job

logging.disable(logging.CRITICAL)


def said():
    try:
        return f"accepted, q is {load_job('sweep.yml').search_space['rate'].q}"
    except Exception:
        return "refused"


print("alone:", said())
print("after an equal load of itself:", said())
load_job("pipeline.yml")
print("after a pipeline:", said())
PYTHON
cat "$folder/seen.txt"
diff "$folder/expected.txt" "$folder/seen.txt" && echo "As written down: azure-ai-ml 1.35.2 takes what it has refused, after a pipeline was loaded."
