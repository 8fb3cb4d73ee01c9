#!/usr/bin/env bash
# In a pipeline function of azure-ai-ml 1.35.2, `epochs * 2` is not a number but a further job, with an image and a place in the queue.
#
# The client writes a Python file into a temporary folder and adds a node that computes the product on the pipeline's
# compute, in Microsoft's environment mldesigner; two equal products are two jobs. A comparison is one as well. A parameter
# as the key of a mapping is not found, whatever its value. Two steps of one command share their tags: what is set at one
# is at both, while their environment variables and resources are their own.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check azure-ai-ml==1.35.2 'marshmallow<4'

cat > "$folder/expected.txt" <<'TEXT'
x=epochs: step
x=epochs * 2, twice: expression_component (in azureml://registries/azureml/environments/mldesigner/labels/latest), step, expression_component_1 (in azureml://registries/azureml/environments/mldesigner/labels/latest), other
  step reads ${{parent.jobs.expression_component.outputs.output}}
x=epochs == 10: expression_component (in azureml://registries/azureml/environments/mldesigner/labels/latest), step
x={10: "ten"}.get(epochs, "other"): step
  step reads other
tags of step: {'owner': 'other'}, of other: {'owner': 'other'}
variables of step: {'SEED': '1'}, of other: {'SEED': '2'}
TEXT
(cd "$folder" && HOME="$folder" venv/bin/python -W ignore - > seen.txt 2> log) <<'PYTHON'
import logging

logging.disable(logging.CRITICAL)
from azure.ai.ml import Input, command, dsl


def train(**options):
    return command(
        command="train ${{inputs.x}}", environment="azureml:train:1", inputs={"x": Input(type="string")}, **options
    )


def sent(function):
    job = dsl.pipeline(compute="cpu")(function)(epochs=10)
    return job._to_rest_object().as_dict()["properties"]["jobs"]


def show(title, function, reads=None):
    nodes = sent(function)
    environments = {name: node["componentId"].environment for name, node in nodes.items()}
    own = {name: "" if value == "azureml:train:1" else f" (in {value})" for name, value in environments.items()}
    print(f"{title}: {', '.join(name + own[name] for name in nodes)}")
    if reads:
        print(f"  {reads} reads {nodes[reads]['inputs']['x']['value']}")


def plain(epochs: int = 1):
    step = train()(x=epochs)


def product(epochs: int = 1):
    step = train()(x=epochs * 2)
    other = train()(x=epochs * 2)


def comparison(epochs: int = 1):
    step = train()(x=epochs == 10)


def lookup(epochs: int = 1):
    step = train()(x={10: "ten"}.get(epochs, "other"))


def two_steps(epochs: int = 1):
    run = train(environment_variables={"SEED": "1"})
    step = run(x=epochs)
    other = run(x=epochs)
    other.tags["owner"] = "other"
    other.environment_variables["SEED"] = "2"


show("x=epochs", plain)
show("x=epochs * 2, twice", product, "step")
show("x=epochs == 10", comparison)
show('x={10: "ten"}.get(epochs, "other")', lookup, "step")
nodes = sent(two_steps)
print(f"tags of step: {nodes['step']['tags']}, of other: {nodes['other']['tags']}")
print(
    f"variables of step: {nodes['step']['environment_variables']}, of other: {nodes['other']['environment_variables']}"
)
PYTHON
cat "$folder/seen.txt"
diff "$folder/expected.txt" "$folder/seen.txt" && echo "As written down: azure-ai-ml 1.35.2 computes a product on a cluster."
