"""Flows of Prompt flow as nodes of pipelines: by their own file, by a run's, with inputs of each kind."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import yaml

from tests.oracle.judge import Case
from tests.oracle.variations import each

SCHEMAS = "https://azuremlschemas.azureedge.net/promptflow/latest/"
FLOW: dict[str, Any] = {
    "$schema": f"{SCHEMAS}Flow.schema.json",
    "display_name": "Web",
    "description": "d",
    "tags": {"a": "b"},
    "environment": {"python_requirements_txt": "requirements.txt"},
    "environment_variables": {"X": "y"},
    "inputs": {"url": {"type": "string", "default": ""}},
    "outputs": {"category": {"type": "string", "reference": "${n.output}"}},
    "nodes": [{"name": "n", "type": "python", "source": {"type": "code", "path": "f.py"}}],
    "azureml": {"environment": "azureml:e:1", "is_deterministic": True},
}
RUN: dict[str, Any] = {
    "$schema": f"{SCHEMAS}Run.schema.json",
    "flow": "my-flow",
    "name": "a_run",
    "version": "3",
    "display_name": "d",
    "description": "d",
    "tags": {"a": "b"},
    "variant": "${n.v}",
    "connections": {"n": {"connection": "c"}},
    "environment_variables": {"A": "b"},
    "azureml": {"environment": "azureml:e:1", "is_deterministic": False},
}
FILES = {
    "my-flow/f.py": "x = 1\n",
    "my-flow/requirements.txt": "x\n",
    "my-flow/.promptflow/flow.tools.json": "{}\n",
    "data.csv": "a\n",
    "other/flow.dag.yaml": yaml.safe_dump({"$schema": FLOW["$schema"]}),
}
DATA = {"data": "${{parent.inputs.d}}"}
NODE: dict[str, Any] = {
    "type": "parallel",
    "component": "my-flow/flow.dag.yaml",
    "inputs": {**DATA, "url": "${data.url}", "connections.n.connection": "c", "connections.n.deployment_name": "g"},
    "outputs": {"flow_outputs": "${{parent.outputs.o}}", "debug_info": {"type": "uri_folder", "mode": "upload"}},
    "mini_batch_size": "5",
    "error_threshold": -1,
    "logging_level": "INFO",
    "max_concurrency_per_instance": 2,
    "retry_settings": {"max_retries": 2, "timeout": 60},
    "resources": {"instance_count": 2},
    "environment_variables": {"E": "f"},
}
JOB: dict[str, Any] = {
    "type": "pipeline",
    "compute": "azureml:c",
    "inputs": {"d": {"type": "uri_folder", "path": "azureml:d:1"}, "n": 3},
    "outputs": {"o": None},
}
INPUTS: dict[str, Mapping[str, Any]] = {
    "none": {},
    "no data": {"url": "x"},
    "a number": {**DATA, "n": 1},
    "a bound text": {**DATA, "n": "${{parent.inputs.n}}"},
    "data of its own": {**DATA, "x": {"type": "uri_folder", "path": "azureml:d:1"}},
    "a file as data": {"data": {"type": "uri_file", "path": "data.csv"}},
    "a text as data": {"data": "azureml:d:1"},
    "outputs of another flow": {**DATA, "flow_outputs": "${{parent.inputs.d}}"},
    "a connection of no node": {**DATA, "connections.n": "x"},
    "a connection too deep": {**DATA, "connections.a.b.c": "x"},
    "connections as a mapping": {**DATA, "connections": {"n": {"connection": "c"}}},
    "connections as a text": {**DATA, "connections": "c"},
    "a name that is none": {**DATA, "a b": "x"},
}


def case(tag: str, node: Mapping[str, Any], flow: Mapping[str, Any] = FLOW, run: Mapping[str, Any] = RUN) -> Case:
    """A pipeline of one node."""
    files = {**FILES, "my-flow/flow.dag.yaml": yaml.safe_dump(dict(flow)), "run.yml": yaml.safe_dump(dict(run))}
    return Case(tag, {**JOB, "jobs": {"f": dict(node)}}, files)


def cases() -> Iterator[Case]:
    """All of them."""
    by_run = {**NODE, "component": "run.yml"}
    yield case("flow: by a run", by_run)
    yield case("flow: of no type", {key: value for key, value in NODE.items() if key != "type"})
    for kind in ("command", "sweep", "pipeline", "PARALLEL"):
        yield case(f"flow: as {kind}", {**NODE, "type": kind})
    yield case("flow: by file:", {**NODE, "component": "file:my-flow/flow.dag.yaml"})
    yield case("flow: by its folder", {**NODE, "component": "my-flow"})
    yield case("flow: little of the node", {"type": "parallel", "component": "run.yml", "inputs": DATA})
    for name, inputs in INPUTS.items():
        yield case(f"flow: inputs: {name}", {**NODE, "inputs": inputs})
    yield case("flow: an unknown output", {**NODE, "outputs": {"zzz": None}})
    yield case("flow: without tools", {**NODE, "component": "other/flow.dag.yaml"})
    yield case("flow: with a type", NODE, {**FLOW, "type": "chat"})
    yield case("flow: with its own type", NODE, {**FLOW, "type": "promptflow_parallel"})
    yield case("flow: of another schema", NODE, {**FLOW, "$schema": f"{SCHEMAS}Eager.schema.json"})
    yield case("flow: with includes", NODE, {**FLOW, "additional_includes": ["../data.csv"]})
    yield case("flow: with includes, by a run", by_run, {**FLOW, "additional_includes": ["../data.csv", "../other"]})
    yield case("flow: with includes that are missing", NODE, {**FLOW, "additional_includes": ["../zzz"]})
    for place in ("my-flow/flow.dag.yaml", "./my-flow", "zzz", "", None, "data.csv"):
        yield case(f"flow: a run of {place!r}", by_run, run={**RUN, "flow": place})
    for key in ("column_mapping", "column_mappings", "properties", "data", "inputs", "zzz"):
        yield case(f"flow: a run with {key}", by_run, run={**RUN, key: {"a": "b"}})
    for tag, base in (("flow file", FLOW), ("run file", RUN)):
        for found in each(tag, base, {}, lambda way: way[0] not in ("$schema", "nodes", "inputs", "outputs")):
            assert isinstance(found.job, Mapping)
            yield case(found.id, NODE, found.job) if base is FLOW else case(found.id, by_run, run=found.job)
