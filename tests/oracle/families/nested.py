"""Pipelines within pipelines, pipeline jobs that run a component, nodes of every kind that say no type, loops, and
local things that several nodes share."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import yaml

from tests.oracle.judge import Case
from tests.oracle.variations import FILES, VALUES, changed, each, these

LEAF: dict[str, Any] = {
    "type": "command",
    "inputs": {
        "i": {"type": "integer", "default": 1},
        "d": {"type": "uri_file", "optional": True},
        "r": {"type": "string"},
    },
    "outputs": {"o": {"type": "uri_folder", "mode": "upload"}},
    "command": "echo ${{inputs.i}} $[[${{inputs.d}}]] ${{inputs.r}} ${{outputs.o}}",
    "environment": "azureml:e:1",
    "code": "../src",
}
INNER: dict[str, Any] = {
    "$schema": "https://azuremlschemas.azureedge.net/latest/pipelineComponent.schema.json",
    "name": "inner",
    "version": 2,
    "type": "pipeline",
    "display_name": "Inner",
    "description": "d",
    "tags": {"a": "b"},
    "properties": {"a": "b"},
    "is_deterministic": True,
    "inputs": {
        "i": {"type": "integer", "default": 5},
        "r": {"type": "string"},
        "d": {"type": "uri_file", "mode": "ro_mount"},
        "q": {"type": "number", "optional": True, "description": "q"},
    },
    "outputs": {"o": {"type": "uri_folder", "mode": "rw_mount", "description": "o"}, "p": {"type": "uri_file"}},
    "jobs": {
        "a": {
            "type": "command",
            "component": "./leaf.yml",
            "inputs": {"i": "${{parent.inputs.i}}", "r": "${{parent.inputs.r}}", "d": "${{parent.inputs.d}}"},
            "outputs": {"o": "${{parent.outputs.o}}"},
            "compute": "azureml:gpu",
        },
        "b": {
            "type": "command",
            "command": "echo ${{inputs.x}} ${{outputs.p}}",
            "environment": "azureml:e:1",
            "inputs": {"x": "${{parent.jobs.a.outputs.o}}", "y": "${{parent.inputs.i}}"},
            "outputs": {"p": "${{parent.outputs.p}}"},
        },
    },
}
OUTER: dict[str, Any] = {
    "type": "pipeline",
    "inputs": {"i": {"type": "integer"}, "d": {"type": "uri_file"}},
    "outputs": {"o": {"type": "uri_folder"}},
    "jobs": {
        "inner": {
            "type": "pipeline",
            "component": "inner.yml",
            "inputs": {"i": "${{parent.inputs.i}}", "r": "x", "d": "${{parent.inputs.d}}"},
            "outputs": {"o": "${{parent.outputs.o}}"},
        },
    },
}
NODE: dict[str, Any] = {
    "type": "pipeline",
    "component": "deep/inner.yml",
    "display_name": "N",
    "description": "d",
    "comment": "c",
    "tags": {"a": "b"},
    "properties": {"a": "b"},
    "compute": "azureml:x",
    "settings": {"default_compute": "azureml:y", "force_rerun": True},
    "inputs": {"r": "text", "d": {"type": "uri_file", "path": "${{parent.inputs.d}}", "mode": "download"}},
    "outputs": {"o": {"type": "uri_folder", "mode": "upload"}, "p": "${{parent.outputs.p}}"},
}
JOB: dict[str, Any] = {
    "type": "pipeline",
    "compute": "azureml:c",
    "inputs": {"i": 1, "s": "t", "n": 2, "d": {"type": "uri_file", "path": "azureml:d:1"}},
    "outputs": {"p": {"type": "uri_file", "mode": "upload"}},
    "jobs": {"n": NODE},
}
FEW = {word: VALUES[word] for word in ("null", "true", "one", "3.5", "empty", "word", "asset", "list", "mapping")}
FEW |= {"mapping of a text": {"a": "b"}, "binding": "${{parent.inputs.n}}"}
DEEP = {
    "deep/leaf.yml": yaml.safe_dump(LEAF),
    "deep/inner.yml": yaml.safe_dump(INNER, sort_keys=False),
    "deep/outer.yml": yaml.safe_dump(OUTER, sort_keys=False),
}

GIVEN: dict[str, dict[str, Any]] = {
    "nothing": {"inputs": ...},
    "no r": {"inputs/r": ...},
    "no d": {"inputs/d": ...},
    "q": {"inputs/q": 0.5},
    "i bound": {"inputs/i": "${{parent.inputs.i}}"},
    "i a text": {"inputs/i": "3"},
    "i null": {"inputs/i": None},
    "unknown input": {"inputs/zzz": 3},
    "unknown output": {"outputs/zzz": None},
    "no outputs": {"outputs": ...},
    "o null": {"outputs/o": None},
    "o named": {"outputs/o": {"type": "uri_folder", "name": "n", "version": "1"}},
    "data": {"inputs/d": {"type": "uri_file", "path": "data.csv"}},
    "a path": {"inputs/d": "data.csv"},
    "settings bound": {"settings/default_compute": "${{parent.inputs.s}}"},
    "settings unknown": {"settings": {"zzz": 1, "on_init": "a"}},
    "settings null": {"settings": None},
    "settings datastore": {"settings": {"default_datastore": "azureml:d", "continue_on_step_failure": False}},
    "jobs as well": {"jobs": {"x": {"type": "command", "command": "echo", "environment": "azureml:e:1"}}},
    "resources": {"resources": {"instance_count": 2}},
    "environment_variables": {"environment_variables": {"A": "b"}},
    "identity": {"identity": {"type": "managed"}},
    "limits": {"limits": {"timeout": 3}},
    "services": {"services": {}},
    "outer": {"component": "deep/outer.yml", "inputs": {"i": 1, "d": "${{parent.inputs.d}}"}, "outputs": ...},
    "outer lacks": {"component": "deep/outer.yml", "inputs": {"i": 1}, "outputs": ...},
    "file:": {"component": "file:deep/inner.yml"},
    "file: dot": {"component": "file:./deep/inner.yml"},
    "registered": {"component": "azureml:inner:1"},
    "latest": {"component": "azureml:inner@latest"},
    "default": {"component": "azureml:inner@default"},
    "registry": {"component": "azureml://registries/r/components/c/versions/1"},
    "in place": {"component": {**INNER, "jobs": {}}},
    "a leaf": {"component": "deep/leaf.yml", "inputs": {"r": "x"}, "outputs": ...},
    "absent": {"component": "nope.yml"},
    "no type": {"type": ...},
    "Type": {"type": "Pipeline"},
    "a job in place": {
        "component": ...,
        "jobs": {"x": {"type": "command", "command": "c", "environment": "azureml:e:1"}},
    },
    "job": {"component": ..., "job": "deep/inner.yml"},
    "nowhere to run": {"compute": "azureml:x"},
}
CHANGED: dict[str, dict[str, Any]] = {
    "no jobs": {"jobs": ...},
    "jobs empty": {"jobs": {}},
    "jobs null": {"jobs": None},
    "jobs a list": {"jobs": []},
    "no inputs": {"inputs": ..., "jobs/a/inputs": {"r": "x"}, "jobs/b/inputs": {"x": "${{parent.jobs.a.outputs.o}}"}},
    "no outputs": {"outputs": ..., "jobs/a/outputs": ..., "jobs/b/outputs": {"p": {"type": "uri_file"}}},
    "settings": {"settings": {"default_compute": "azureml:z"}},
    "compute": {"compute": "azureml:z"},
    "unknown": {"zzz": {"a": 1}},
    "experiment": {"experiment_name": "x"},
    "not deterministic": {"is_deterministic": False},
    "not said": {"is_deterministic": ...},
    "no name": {"name": ..., "version": ...},
    "optional bound to what is needed": {"inputs/r/optional": True},
    "optional bound to what is optional": {"inputs/d/optional": True},
    "r bound in text": {"jobs/a/inputs/r": "x-${{parent.inputs.r}}"},
    "i bound twice": {"jobs/a/inputs/r": "${{parent.inputs.i}}"},
    "missing input": {"jobs/a/inputs/r": "${{parent.inputs.zzz}}"},
    "missing node": {"jobs/b/inputs/x": "${{parent.jobs.zzz.outputs.o}}"},
    "missing output": {"jobs/a/outputs/o": "${{parent.outputs.zzz}}"},
    "required not given": {"jobs/a/inputs": {}},
    "group": {"inputs/g.x": {"type": "integer"}, "jobs/b/inputs/z": "${{parent.inputs.g.x}}"},
    "group default": {"inputs/g.x": {"type": "integer", "default": 2}, "jobs/b/inputs/z": "${{parent.inputs.g.x}}"},
    "a number out": {"outputs/num": {"type": "integer"}},
    "control": {"outputs/num": {"type": "boolean", "is_control": True, "early_available": True}},
    "a node named A": {"jobs/A": {"type": "command", "component": "azureml:x:1"}},
    "parallel": {
        "jobs/c": {
            "type": "parallel",
            "input_data": "${{inputs.d}}",
            "inputs": {"d": "${{parent.jobs.a.outputs.o}}"},
            "task": {"type": "function", "entry_script": "train.py", "code": "../src", "environment": "azureml:e:1"},
        }
    },
    "automl": {
        "jobs/c": {
            "type": "automl",
            "task": "regression",
            "training_data": "${{parent.jobs.a.outputs.o}}",
            "target_column_name": "y",
            "primary_metric": "r2_score",
        }
    },
    "local data": {"jobs/a/inputs/d": {"type": "uri_file", "path": "../data.csv"}},
    "no compute": {"jobs/a/compute": ...},
    "itself": {
        "jobs/b": {"type": "pipeline", "component": "inner.yml", "inputs": {"r": "x", "d": "${{parent.inputs.d}}"}}
    },
}
PIPELINE_JOB: dict[str, Any] = {
    "type": "pipeline",
    "compute": "azureml:c",
    "component": "deep/inner.yml",
    "inputs": {"r": "text", "d": {"type": "uri_file", "path": "data.csv"}},
}
OF_THE_JOB: dict[str, dict[str, Any]] = {
    "outputs": {"outputs": {"o": {"type": "uri_folder", "mode": "upload", "name": "n"}, "zzz": None}},
    "output null": {"outputs": {"o": None}},
    "all": {"inputs/i": 7, "inputs/q": 0.5},
    "unknown": {"inputs/zzz": 3},
    "missing": {"inputs/r": ...},
    "no inputs": {"inputs": ...},
    "empty": {"inputs/r": ""},
    "named": {"display_name": "D", "description": "x", "tags": {"z": "1"}, "experiment_name": "e", "name": "nn"},
    "settings": {"settings": {"default_compute": "azureml:z", "force_rerun": True}},
    "jobs too": {"jobs": {"x": {"type": "command", "command": "echo", "environment": "azureml:e:1"}}},
    "jobs empty": {"jobs": {}},
    "no compute": {"compute": ...},
    "registered": {"component": "azureml:inner:1"},
    "latest": {"component": "azureml:inner@latest"},
    "registry": {"component": "azureml://registries/r/components/c/versions/1"},
    "file:": {"component": "file:deep/inner.yml"},
    "a leaf": {"component": "deep/leaf.yml"},
    "in place": {"component": INNER},
    "null": {"component": None},
    "absent": {"component": "nope.yml"},
    "neither": {"component": ...},
    "outer": {"component": "deep/outer.yml", "inputs": {"i": 1, "d": {"type": "uri_file", "path": "azureml:d:1"}}},
}

COMMAND: dict[str, Any] = {"command": "echo", "environment": "azureml:e:1"}
TASK: dict[str, Any] = {"type": "function", "entry_script": "train.py", "code": "src", "environment": "azureml:e:1"}
SWEEP: dict[str, Any] = {
    "trial": "leaf.yml",
    "search_space": {"i": {"type": "choice", "values": [1, 2]}},
    "objective": {"goal": "minimize", "primary_metric": "m"},
    "limits": {"max_total_trials": 2},
    "inputs": {"r": "x"},
}
SPARK: dict[str, Any] = {
    "code": "src",
    "entry": {"file": "train.py"},
    "resources": {"instance_type": "standard_e4s_v3", "runtime_version": "3.4"},
    "conf": {f"spark.{name}": 1 for name in ("driver.cores", "executor.cores", "executor.instances")}
    | {f"spark.{name}.memory": "2g" for name in ("driver", "executor")},
}
NODES: dict[str, dict[str, Any]] = {
    "command": COMMAND,
    "command, more": {**COMMAND, "limits": {"timeout": 3}, "zzz": 1},
    "no environment": {"command": "echo"},
    "component": {"component": "leaf.yml", "inputs": {"r": "x"}},
    "registered": {"component": "azureml:x:1"},
    "registered with a task": {"component": "azureml:x:1", "task": TASK, "mini_batch_size": "3"},
    "registered with limits of a sweep": {"component": "azureml:x:1", "limits": {"max_total_trials": 2}},
    "parallel": {"task": TASK, "inputs": {"d": "${{parent.inputs.d}}"}, "input_data": "${{inputs.d}}"},
    "parallel component": {"component": "par.yml", "inputs": {"d": "${{parent.inputs.d}}"}},
    "sweep": SWEEP,
    "sweep of a registered one": {**SWEEP, "trial": "azureml:x:1"},
    "spark": SPARK,
    "pipeline": {"component": "deep/inner.yml", "inputs": {"r": "x", "d": "${{parent.inputs.d}}"}},
    "nothing": {},
    "inputs alone": {"inputs": {"a": 1}},
    "jobs": {"jobs": {"x": COMMAND}},
}
LOOPS: dict[str, dict[str, Any]] = {
    "do_while": {"type": "do_while", "body": "${{parent.jobs.a}}", "limits": {"max_iteration_count": 3}, "mapping": {}},
    "if_else": {"type": "if_else", "condition": "${{parent.jobs.a.outputs.o}}", "true_block": "${{parent.jobs.a}}"},
    "parallel_for": {"type": "parallel_for", "body": "${{parent.jobs.a}}", "items": [{"r": "x"}]},
    "data_transfer": {"type": "data_transfer", "task": "copy_data", "component": "azureml:x:1"},
    "import": {"type": "import", "component": "azureml:x:1"},
    "flow": {"type": "promptflow_parallel", "component": "azureml:x:1"},
    "finetuning": {"type": "finetuning"},
    "batch": {"type": "base"},
}


def cases() -> Iterator[Case]:
    """All of them."""
    par = {"type": "parallel", "inputs": {"d": {"type": "uri_file"}}, "input_data": "${{inputs.d}}", "task": TASK}
    files = {**FILES, **DEEP, "leaf.yml": yaml.safe_dump({**LEAF, "code": "src"}), "par.yml": yaml.safe_dump(par)}
    yield from each("node", JOB, files, lambda way: way[:2] == ("jobs", "n") and len(way) > 2, FEW)
    rows = {word: {f"jobs/n/{place}": value for place, value in row.items()} for word, row in GIVEN.items()}
    yield from these("node", JOB, rows, files)
    bare = {**changed(JOB, ("jobs", "n", "compute"), None)}
    del bare["jobs"]["n"]["compute"], bare["compute"]
    yield from these(
        "no compute", bare, {"at all": {}, "but a default": {"settings/default_compute": "azureml:q"}}, files
    )
    for case in these("component", INNER, CHANGED):
        yield Case(case.id, JOB, {**files, "deep/inner.yml": case.text})
        yield Case(f"job of a {case.id}", PIPELINE_JOB, {**files, "deep/inner.yml": case.text})
        if "compute" in case.id:
            yield Case(f"bare {case.id}", bare, {**files, "deep/inner.yml": case.text})
    for case in each("component", INNER, FILES, lambda way: way[0] != "jobs" and way[0][-4:] != "puts", FEW):
        yield Case(case.id, JOB, {**files, "deep/inner.yml": case.text})
    yield from these("job of a component", PIPELINE_JOB, OF_THE_JOB, files)
    for word, node in NODES.items():
        for kind in (None, "command", "parallel", "sweep", "spark", "pipeline"):
            typed = {**({"type": kind} if kind else {}), **node}
            yield Case(f"{word} of type {kind}", changed(JOB, ("jobs", "n"), typed), files)
    for word, node in LOOPS.items():
        job = changed(JOB, ("jobs", "a"), {"type": "command", "component": "leaf.yml", "inputs": {"r": "x"}})
        yield Case(word, changed(job, ("jobs", "n"), node), files)
    yield from shared(files)
    ports = {name: {"type": "uri_folder"} for name in ("g.x", "g.y")}
    grouped = {"type": "command", "command": "echo", "environment": "azureml:e:1", "inputs": ports}
    for word, value in GROUPED.items():
        node = {"type": "command", "component": "grouped.yml", "inputs": {"g.x": "${{parent.inputs.d}}", "g.y": value}}
        job = {**JOB, "jobs": {"n": node}, "outputs": {}}
        yield Case(f"port of a group: {word}", job, {**files, "grouped.yml": yaml.safe_dump(grouped)})


GROUPED: dict[str, Any] = {
    "asset": "azureml:d:1",
    "asset in a mapping": {"type": "uri_folder", "path": "azureml:d:1"},
    "asset by label": {"type": "uri_folder", "path": "azureml:d@latest"},
    "local": "data",
    "local in a mapping": {"type": "uri_folder", "path": "data"},
    "url": "https://a/b",
    "datastore": {"type": "uri_folder", "path": "azureml://datastores/d/paths/p"},
    "bound": "${{parent.inputs.d}}",
    "bound in a mapping": {"type": "uri_folder", "path": "${{parent.inputs.d}}"},
    "number": 3,
    "null": None,
}


def shared(files: dict[str, str]) -> Iterator[Case]:
    """Local things that several nodes name."""
    one = {"type": "command", "component": "leaf.yml", "inputs": {"r": "x"}}
    code = {"type": "command", "command": "echo", "environment": {"image": "x"}, "code": "src"}
    data = {**code, "command": "echo ${{inputs.a}}", "inputs": {"a": {"type": "uri_file", "path": "data.csv"}}}
    folder = {
        **data,
        "inputs": {"a": {"type": "uri_folder", "path": "./data/"}, "b": {"type": "mltable", "path": "mlt"}},
    }
    for word, nodes in {
        "one component twice": [one, one],
        "one component by two names": [one, {**one, "component": "./leaf.yml"}, {**one, "component": "file:leaf.yml"}],
        "two components of one code": [one, {**one, "component": "deep/leaf.yml"}],
        "one code": [code, code, {**code, "code": "./src/"}],
        "code of a file": [code, {**code, "code": "src/train.py"}],
        "all code": [{**code, "code": "."}],
        "one environment": [code, {**code, "environment": {"image": "x", "conda_file": "conda.yml"}}],
        "one file": [data, data, folder],
        "all kinds": [one, code, data, folder, {**NODES["parallel"], "type": "parallel"}, {**SWEEP, "type": "sweep"}],
    }.items():
        job = {**JOB, "jobs": {f"n{at}": node for at, node in enumerate(nodes)}}
        yield Case(word, job, files)
    whole = {
        **JOB,
        "inputs": {"d": {"type": "uri_file", "path": "data.csv"}, "e": {"type": "uri_folder", "path": "data"}},
    }
    yield Case("inputs of the pipeline and of nodes", {**whole, "jobs": {"a": data, "b": folder}, "outputs": {}}, files)
