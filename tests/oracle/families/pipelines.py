"""Pipeline jobs: every key of the pipeline and of a command node, with a component of its own file or written out."""

from __future__ import annotations

from collections.abc import Iterator

from tests.oracle.judge import Case
from tests.oracle.variations import FILES, each

COMPONENT = """
$schema: https://azuremlschemas.azureedge.net/latest/commandComponent.schema.json
name: comp
version: 3
type: command
display_name: Comp
description: c d
tags: {a: b}
is_deterministic: false
inputs:
  i1: {type: integer, default: 3, min: 1, max: 10, description: x}
  n1: {type: number, default: 0.5, optional: true}
  s1: {type: string, enum: [a, b], default: a}
  b1: {type: boolean, default: true}
  d1: {type: uri_file, optional: true, mode: download}
  g.a: {type: integer, optional: true}
outputs:
  o1: {type: uri_folder, mode: upload, description: o}
command: >-
  python train.py ${{inputs.i1}} $[[--n ${{inputs.n1}}]] $[[--d ${{inputs.d1}}]] ${{outputs.o1}}
code: ./src
environment:
  image: img
  conda_file: ./conda.yml
resources: {instance_count: 2, instance_type: T}
distribution: {type: mpi, process_count_per_instance: 2}
"""
WITH_COMPONENT = {
    "type": "command",
    "component": "comp.yml",
    "display_name": "N1",
    "description": "nd",
    "tags": {"k": "v"},
    "properties": {"q": "w"},
    "comment": "c",
    "compute": "azureml:c1",
    "inputs": {
        "i1": "${{parent.inputs.x}}",
        "d1": {"type": "uri_file", "path": "${{parent.inputs.dd}}", "mode": "ro_mount"},
        "b1": False,
        "g.a": 4,
    },
    "outputs": {
        "o1": {"type": "uri_folder", "mode": "rw_mount", "path": "${{parent.outputs.po}}", "name": "rn", "version": "2"}
    },
    "resources": {
        "instance_count": 1,
        "instance_type": "Z",
        "shm_size": "1g",
        "docker_args": "--y",
        "properties": {"a": {"b": "c"}},
    },
    "limits": {"timeout": 7},
    "identity": {"type": "managed_identity", "client_id": "00000000-0000-4000-8000-000000000001"},
    "environment_variables": {"E": "f"},
    "distribution": {"type": "tensorflow", "worker_count": 1, "parameter_server_count": 1},
    "queue_settings": {"job_tier": "spot", "priority": "low"},
    "services": {"s": {"type": "ssh", "ssh_public_keys": "k", "port": 3}},
}
WRITTEN_OUT = {
    "type": "command",
    "command": "echo ${{inputs.z}} ${{inputs.y}} > ${{outputs.w}}",
    "environment": {"image": "im", "conda_file": "conda.yml", "name": "en", "version": "2"},
    "code": "src",
    "display_name": "N2",
    "description": "nd",
    "experiment_name": "ne",
    "tags": {"k": "v"},
    "properties": {"q": "w"},
    "compute": "azureml:c1",
    "inputs": {"z": "${{parent.jobs.n1.outputs.o1}}", "y": "${{parent.inputs.f}}", "l": 3},
    "outputs": {"w": {"type": "uri_file", "mode": "upload"}, "v": None},
    "resources": {"instance_count": 1, "instance_type": "Z", "properties": {"a": {"b": "c"}}},
    "limits": {"timeout": 7},
    "identity": {"type": "user_identity"},
    "environment_variables": {"E": "f"},
    "distribution": {"type": "pytorch", "process_count_per_instance": 1},
    "queue_settings": {"job_tier": "spot", "priority": "low"},
    "services": {"s": {"type": "jupyter_lab"}},
}
HEAD = {
    "type": "pipeline",
    "name": "pn",
    "display_name": "D",
    "experiment_name": "ex",
    "description": "d",
    "tags": {"t": "1"},
    "properties": {"p": "1"},
    "compute": "azureml:cpu",
    "inputs": {
        "x": 1,
        "f": 1.5,
        "s": "t",
        "b": True,
        "dd": {"type": "uri_file", "path": "data.csv", "mode": "download"},
    },
    "outputs": {
        "po": {
            "type": "uri_folder",
            "mode": "rw_mount",
            "path": "azureml://datastores/a/paths/q",
            "name": "n",
            "version": "1",
        }
    },
    "settings": {
        "default_compute": "azureml:gpu",
        "default_datastore": "azureml:ds",
        "continue_on_step_failure": True,
        "force_rerun": False,
        "continue_run_on_failed_optional_input": False,
    },
    "identity": {"type": "user_identity"},
    "services": {"s": {"type": "jupyter_lab"}},
    "jobs": {
        "n": {"type": "command", "command": "echo ${{inputs.a}}", "environment": "azureml:e:1", "inputs": {"a": 1}}
    },
}
AROUND = {
    "type": "pipeline",
    "compute": "azureml:cpu",
    "inputs": {"x": 1, "f": 1.5, "dd": {"type": "uri_file", "path": "azureml:d:1", "mode": "download"}},
    "outputs": {"po": {"type": "uri_folder", "mode": "rw_mount"}},
}
TWO = {
    "n1": {
        "type": "command",
        "command": "echo > ${{outputs.o1}}",
        "environment": "azureml:e:1",
        "outputs": {"o1": None},
    },
    "n2": WRITTEN_OUT,
}


def cases() -> Iterator[Case]:
    """All of them."""
    yield from each("pipeline", HEAD, only=lambda way: way[:2] != ("jobs", "n"))
    files = {**FILES, "comp.yml": COMPONENT}
    yield from each("with component", {**AROUND, "jobs": {"n1": WITH_COMPONENT}}, files, lambda way: len(way) > 2)
    yield from each("written out", {**AROUND, "jobs": TWO}, only=lambda way: len(way) > 2 and way[1] == "n2")
