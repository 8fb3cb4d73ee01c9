"""The batch endpoints that runs under faults invoke: one for each DAG of the kind, so that a request tells whose it is.

Each runs a pipeline component whose one step waits and writes as the jobs of the other kinds do.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

STEP = """
type: command
name: chaos_step
environment:
  image: mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu22.04
inputs:
  gate: {type: string}
  token: {type: string}
outputs:
  data: {type: uri_folder}
command: >-
  until test -e ${{inputs.gate}}; do sleep 1; done;
  printf '%s %s' ${{inputs.token}} $AZUREML_RUN_ID > ${{outputs.data}}/content.txt
"""
PIPELINE = """
type: pipeline
name: chaos_pipeline
inputs:
  gate: {type: string}
  token: {type: string}
outputs:
  data: {type: uri_folder}
jobs:
  step:
    type: command
    component: ./step.yml
    inputs:
      gate: ${{parent.inputs.gate}}
      token: ${{parent.inputs.token}}
    outputs:
      data: ${{parent.outputs.data}}
"""


def name_of(dag: str) -> str:
    """The endpoint of a DAG: ``chaos_batch_00`` invokes ``chaos-batch-00``."""
    return dag.replace("_", "-")


def deploy(dags: Iterable[str], place: Path) -> None:
    """Make the endpoints of DAGs, with a default deployment each.

    :param place: a folder for the component's files.
    """
    # Loads Airflow, whose home must be chosen by then.
    from tests.airflow.scoring import deployment, endpoint

    place.mkdir(parents=True, exist_ok=True)
    (place / "step.yml").write_text(STEP, encoding="utf-8")
    (place / "pipeline.yml").write_text(PIPELINE, encoding="utf-8")
    for dag in dags:
        name = name_of(dag)
        endpoint(name=name)
        settings = {"default_compute": "cpu-cluster"}
        spec = {"name": "blue", "endpoint_name": name, "type": "pipeline", "settings": settings}
        deployment(spec=spec, component=str(place / "pipeline.yml"), set_default=True)
