"""What a pipeline file as a group of tasks costs a parse of its DAG file: ``python benchmarks/pipeline_group.py``.

A pipeline of 30 steps, each with a component in a file of its own (31 files), in seven fresh processes with byte code:
reading and splitting it first, with the imports that this takes (PyYAML among them); the same text again; the whole
group with its 30 tasks; and beside that 30 tasks of ``AzureMLJobOperator`` made by hand. Medians in milliseconds of
processor time. It exits 1 when the first reading takes more than the budget.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

STEPS = 30
PROCESSES = 7
BUDGET_MILLISECONDS = 30.0

NODE = """  step_{number}:
    type: command
    component: components/step_{number}.yml
    inputs:
      data: {data}
      rate: ${{{{parent.inputs.rate}}}}
    outputs:
      out: {{mode: upload}}
    resources:
      instance_count: 1
    environment_variables:
      STEP: "{number}"
"""

COMPONENT = """$schema: https://azuremlschemas.azureedge.net/latest/commandComponent.schema.json
type: command
name: step_{number}
version: 1
inputs:
  data:
    type: uri_folder
  rate:
    type: number
    default: 0.1
  note:
    type: string
    optional: true
outputs:
  out:
    type: uri_folder
code: ../src
environment: azureml:training@latest
command: >-
  python step.py --data ${{{{inputs.data}}}} --rate ${{{{inputs.rate}}}} $[[--note ${{{{inputs.note}}}}]]
  --out ${{{{outputs.out}}}}
"""

PROBE = """
import json, os, sys, time
from airflow.providers.common.compat.sdk import DAG
from airflow_azureml.operators import AzureMLJobOperator
from airflow_azureml.task_groups import AzureMLPipelineTaskGroup
path, steps = sys.argv[1], int(sys.argv[2])
def cost(work):
    used = time.process_time()
    work()
    return 1000 * (time.process_time() - used)
def read():
    from airflow_azureml.jobspec.document.load import read_text
    from airflow_azureml.jobspec.steps.outline import parsed
    from airflow_azureml.jobspec.steps.split import split
    split(parsed(read_text(path), path, os.path.dirname(path)))
def group():
    with DAG("d", schedule=None):
        AzureMLPipelineTaskGroup("g", job=path)
def by_hand():
    with DAG("e", schedule=None):
        for number in range(steps):
            AzureMLJobOperator(task_id=f"step_{number}", job={"type": "command"}, inputs={"rate": 0.1})
print(json.dumps([cost(read), cost(read), cost(group), cost(by_hand)]))
"""

ROWS = ("read and split, with imports", "read and split again", "the group with its tasks", "30 tasks by hand")


def write(folder: Path) -> Path:
    """Write the files; gives back the pipeline's."""
    (folder / "components").mkdir()
    nodes = []
    for number in range(STEPS):
        before = f"${{{{parent.jobs.step_{number - 1}.outputs.out}}}}" if number else "${{parent.inputs.data}}"
        nodes.append(NODE.format(number=number, data=before))
        (folder / "components" / f"step_{number}.yml").write_text(COMPONENT.format(number=number), encoding="utf-8")
    head = "type: pipeline\nsettings:\n  default_compute: azureml:cpu\ninputs:\n  data:\n    type: uri_folder\n"
    last = f"outputs:\n  out:\n    mode: upload\njobs:\n{''.join(nodes)}"
    file = folder / "pipeline.yml"
    file.write_text(f"{head}    path: azureml:data@latest\n  rate: 0.5\n{last}", encoding="utf-8")
    return file


def main() -> int:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as folder:
        words = [sys.executable, "-W", "ignore", "-c", PROBE, str(write(Path(folder))), str(STEPS)]
        runs = []
        for _ in range(PROCESSES + 1):  # the first one writes byte code
            done = subprocess.run(words, stdout=subprocess.PIPE, text=True, check=True)
            runs.append(json.loads(done.stdout.splitlines()[-1]))
    medians = [statistics.median(column) for column in zip(*runs[1:], strict=True)]
    for label, milliseconds in zip(ROWS, medians, strict=True):
        print(f"{label:<30}{milliseconds:8.1f} ms")
    return int(medians[0] > BUDGET_MILLISECONDS)


if __name__ == "__main__":
    raise SystemExit(main())
