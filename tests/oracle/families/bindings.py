"""Bindings of nodes in every form and place, literals and data beside them, and the pipelines' own inputs, outputs and
settings that they lead to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import yaml

from tests.corpus.fake_azure import HOME
from tests.oracle.judge import Case
from tests.oracle.variations import FILES, VALUES, changed, these

PIPELINE: dict[str, Any] = {
    "type": "pipeline",
    "compute": "azureml:c",
    "inputs": {
        "i": 3,
        "f": 0.5,
        "s": "text",
        "b": True,
        "wrapped": {"value": 4},
        "file": {"type": "uri_file", "path": "data.csv", "mode": "download"},
        "folder": {"type": "uri_folder", "path": "azureml:d:1"},
        "table": {"type": "mltable", "path": "azureml:t@latest", "mode": "eval_mount"},
        "model": {"type": "custom_model", "path": "azureml:m:1"},
        "untyped": {"path": "azureml://datastores/a/paths/b"},
        "g.x": 5,
        "g.y": {"type": "uri_file", "path": "azureml://datastores/a/paths/b"},
    },
    "outputs": {
        "o": {"type": "uri_folder", "mode": "rw_mount"},
        "ofile": {"type": "uri_file", "mode": "upload"},
        "omodel": {"type": "mlflow_model"},
        "onull": None,
    },
    "jobs": {
        "a": {
            "type": "command",
            "command": "echo > ${{outputs.o}}",
            "environment": "azureml:e:1",
            "outputs": {
                "o": {"type": "uri_file", "mode": "upload"},
                "q": None,
                "m": {"type": "mlflow_model"},
                "up": "${{parent.outputs.ofile}}",
            },
        },
    },
}
INLINE = {"type": "command", "command": "echo ${{inputs.v}}", "environment": "azureml:e:1"}
FILE = {"type": "command", "component": "comp.yml"}
REGISTERED = {"type": "command", "component": "azureml:comp:1"}
SPEC = {
    "type": "command",
    "command": "echo $[[${{inputs.v}}]] $[[${{inputs.d}}]] ${{outputs.o}}",
    "environment": "azureml:e:1",
    "inputs": {"v": {"type": "string", "optional": True}, "d": {"type": "uri_file", "optional": True}},
    "outputs": {"o": {"type": "uri_folder"}, "of": {"type": "uri_file"}},
}

PARENTS = {
    **{name: f"${{{{parent.inputs.{name}}}}}" for name in PIPELINE["inputs"]},
    **{f"output {name}": f"${{{{parent.jobs.a.outputs.{name}}}}}" for name in ("o", "q", "m", "up", "none")},
    "group": "${{parent.inputs.g}}",
    "deep group": "${{parent.inputs.g.x.z}}",
    "missing": "${{parent.inputs.none}}",
    "missing node": "${{parent.jobs.none.outputs.o}}",
    "own": "${{parent.jobs.n.outputs.o}}",
    "input of a node": "${{parent.jobs.a.inputs.x}}",
    "node": "${{parent.jobs.a}}",
    "outputs of a node": "${{parent.jobs.a.outputs}}",
    "output of the pipeline": "${{parent.outputs.o}}",
    "in text": "x-${{parent.inputs.s}}-y",
    "twice": "${{parent.inputs.s}}${{parent.inputs.i}}",
    "twice the same": "${{parent.inputs.i}} ${{parent.inputs.i}}",
    "with spaces": "${{ parent.inputs.i }}",
    "space before": " ${{parent.inputs.i}}",
    "space after": "${{parent.inputs.i}} ",
    "line": "${{parent.inputs.i}}\n",
    "old": "${{inputs.i}}",
    "old node": "${{jobs.a.outputs.o}}",
    "name": "${{name}}",
    "name in a path": "azureml://datastores/a/paths/${{name}}/x",
    "default": "${{default_datastore}}",
    "single": "{parent.inputs.i}",
    "square": "$[[${{parent.inputs.i}}]]",
    "open": "${{parent.inputs.i",
    "empty": "${{}}",
    "search space": "${{search_space.x}}",
    "capital": "${{Parent.Inputs.i}}",
    "empty text": "",
}
MAPPINGS = {
    "path": {"path": "${{parent.inputs.file}}"},
    "type": {"type": "uri_file", "path": "${{parent.inputs.file}}"},
    "other type": {"type": "mltable", "path": "${{parent.inputs.file}}"},
    "mode": {"type": "uri_file", "path": "${{parent.inputs.file}}", "mode": "ro_mount"},
    "mode alone": {"path": "${{parent.inputs.file}}", "mode": "download"},
    "wrong mode": {"type": "uri_file", "path": "${{parent.inputs.file}}", "mode": "rw_mount"},
    "eval mode": {"path": "${{parent.inputs.table}}", "mode": "eval_mount"},
    "bound type": {"type": "${{parent.inputs.s}}", "path": "azureml:d:1"},
    "bound mode": {"type": "uri_file", "path": "azureml:d:1", "mode": "${{parent.inputs.s}}"},
    "both bound": {"type": "${{parent.inputs.s}}", "mode": "${{parent.inputs.s}}", "path": "${{parent.inputs.file}}"},
    "literal": {"path": "${{parent.inputs.i}}", "mode": "direct"},
    "node": {"type": "uri_file", "path": "${{parent.jobs.a.outputs.o}}", "mode": "download"},
    "node alone": {"path": "${{parent.jobs.a.outputs.o}}"},
    "text": {"type": "uri_folder", "path": "azureml://datastores/a/paths/${{parent.inputs.s}}"},
    "name": {"type": "uri_folder", "path": "azureml://datastores/a/paths/${{name}}"},
    "name alone": {"type": "uri_folder", "path": "${{name}}"},
    "spaces": {"type": "uri_file", "path": "${{ parent.inputs.file }}"},
    "old": {"type": "uri_file", "path": "${{inputs.file}}"},
    "wrapped": {"value": "${{parent.inputs.i}}"},
    "wrapped number": {"value": 3},
    "wrapped 1": {"value": 1},
    "wrapped fraction": {"value": 1.5},
    "wrapped truth": {"value": True},
    "wrapped null": {"value": None},
    "datastore": {"type": "uri_file", "path": "data.csv", "datastore": "azureml:ds"},
    "bound datastore": {"type": "uri_file", "path": "data.csv", "datastore": "${{parent.inputs.s}}"},
    "default": {"type": "integer", "default": 3},
    "empty": {},
    "type alone": {"type": "uri_file"},
    "path null": {"path": None},
    "compute path": {"type": "uri_file", "path_on_compute": "file:x", "path": "data.csv"},
}
OUTPUTS: dict[str, Any] = {
    "bound": "${{parent.outputs.o}}",
    "bound to a file": "${{parent.outputs.ofile}}",
    "bound to a model": "${{parent.outputs.omodel}}",
    "bound to null": "${{parent.outputs.onull}}",
    "missing": "${{parent.outputs.none}}",
    "spaces": "${{ parent.outputs.o }}",
    "of a node": "${{parent.jobs.a.outputs.o}}",
    "an input": "${{parent.inputs.s}}",
    "in text": "x${{parent.outputs.o}}",
    "tail": "${{parent.outputs.o}}x",
    "old": "${{outputs.o}}",
    "text": "azureml://datastores/a/paths/b",
    "empty text": "",
    "null": None,
    "mapping": {},
    "number": 1,
    "truth": True,
    "list": [],
    "type": {"type": "uri_file"},
    "Type": {"type": "URI_FILE"},
    "wrong type": {"type": "file"},
    "mode": {"mode": "upload"},
    "Mode": {"mode": "RW_Mount"},
    "wrong mode": {"mode": "download"},
    "path": {"path": "azureml://datastores/a/paths/b/"},
    "path and type": {"type": "uri_file", "path": "azureml://datastores/a/paths/b", "mode": "mount"},
    "path with a name": {"type": "uri_folder", "path": "azureml://datastores/${{default_datastore}}/paths/${{name}}/"},
    "local path": {"path": "./out"},
    "named": {"type": "uri_folder", "name": "n"},
    "versioned": {"type": "uri_folder", "name": "n", "version": 2},
    "versioned alone": {"type": "uri_folder", "version": "2"},
    "bound name": {"type": "uri_folder", "name": "${{parent.inputs.s}}"},
    "bound path": {"path": "${{parent.outputs.o}}"},
    "bound path, type": {"type": "uri_folder", "path": "${{parent.outputs.o}}"},
    "bound path, mode": {"path": "${{parent.outputs.o}}", "mode": "upload"},
    "bound path, name": {"path": "${{parent.outputs.o}}", "name": "n"},
    "bound path, name, version": {"path": "${{parent.outputs.o}}", "name": "n", "version": "1", "type": "uri_folder"},
    "bound mode": {"type": "uri_folder", "mode": "${{parent.inputs.s}}"},
    "bound type": {"type": "${{parent.inputs.s}}"},
    "unknown": {"type": "uri_folder", "zzz": 1},
    "nulls": {"type": None, "mode": None},
    "model": {"type": "mlflow_model", "mode": "upload"},
}
LITERALS = {
    **VALUES,
    "0": 0,
    "false": False,
    "negative": -1,
    "big": 123456789012345678901,
    "1.0": 1.0,
    "1e20": 1e20,
    "nan": float("nan"),
    "infinite": float("inf"),
    "lines": "a\nb\n",
    "umlaut": "ä ✓",
    "quotes": 'it\'s "x"',
    "path": "./data.csv",
    "local": "data.csv",
    "url": "https://host/x",
    "uri": "azureml://datastores/a/paths/b",
    "date text": "2024-01-02",
}
ELSEWHERE = {
    "compute": "${{parent.inputs.s}}",
    "resources": {"instance_count": "${{parent.inputs.i}}", "instance_type": "${{parent.inputs.s}}"},
    "resources/instance_count": "x${{parent.inputs.i}}",
    "resources/properties": {"a": "${{parent.inputs.s}}"},
    "limits": {"timeout": "${{parent.inputs.i}}"},
    "distribution": {"type": "mpi", "process_count_per_instance": "${{parent.inputs.i}}"},
    "distribution/type": "${{parent.inputs.s}}",
    "environment_variables": {"A": "${{parent.inputs.s}}", "B": "x${{parent.inputs.i}}"},
    "identity": {"type": "managed", "client_id": "${{parent.inputs.s}}"},
    "environment": "${{parent.inputs.s}}",
    "display_name": "${{parent.inputs.s}}",
    "description": "${{parent.inputs.s}}",
    "comment": "${{parent.inputs.s}}",
    "tags": {"a": "${{parent.inputs.s}}"},
    "properties": {"a": "${{parent.inputs.s}}"},
    "queue_settings": {"job_tier": "${{parent.inputs.s}}"},
    "services": {"s": {"type": "ssh", "ssh_public_keys": "${{parent.inputs.s}}"}},
    "type": "${{parent.inputs.s}}",
    "component": "${{parent.inputs.s}}",
    "code": "${{parent.inputs.s}}",
    "command": "echo ${{parent.inputs.s}}",
    "inputs": "${{parent.inputs.s}}",
    "outputs": "${{parent.inputs.s}}",
    "zzz": "${{parent.inputs.s}}",
    "zzz/a": ["${{parent.inputs.s}}", {"b": "${{parent.inputs.i}}"}],
}
SETTINGS = {
    "default_compute": (
        "azureml:c",
        "c",
        "serverless",
        "Serverless",
        "local",
        "azureml:local",
        "",
        None,
        3,
        f"{HOME}/computes/c",
    ),
    "default_datastore": ("azureml:d", "d", f"azureml:{HOME}/datastores/d", "", None, 3),
    "continue_on_step_failure": (False, "true", "yes", 1, 0, "x", None),
    "force_rerun": (False, "true", 0, None),
    "continue_run_on_failed_optional_input": (True, "x", None),
    "continue_on_failed_optional_input": (True,),
    "default_code": ("src",),
    "default_environment": ("azureml:e:1",),
    "ssh": ({"a": [1, None]},),
    "_source": ("x",),
}
IO = {
    "inputs/i": {**MAPPINGS, **LITERALS, "binding": "${{parent.inputs.i}}", "name": "${{name}}"},
    "outputs/o": {key: value for key, value in OUTPUTS.items() if "bound" not in key},
}
APART: dict[str, tuple[Any, ...]] = {
    "on_init": ("a", "alone", "n", "none", "", None, 3, "A b"),
    "on_finalize": ("a", "alone", "n", "none", None),
}
NAMES = ("A", "a b", "a-b", "1a", "a.b", "a.b.c", "_", "ä", "path", "type", "")


def cases() -> Iterator[Case]:
    """All of them."""
    files = {**FILES, "comp.yml": yaml.safe_dump(SPEC)}
    given: Mapping[str, Mapping[str, Any]] = {"inputs/v": {**PARENTS, **MAPPINGS, **LITERALS}, "outputs/o": OUTPUTS}
    for kind, node in {"inline": INLINE, "file": FILE, "registered": REGISTERED}.items():
        base = changed(PIPELINE, ("jobs", "n"), node)
        for place, values in given.items():
            rows = {f"{place} {word}": {f"jobs/n/{place}": value} for word, value in values.items()}
            yield from these(kind, base, rows, files)
        also = {f"{place} = {value}": {f"jobs/n/{place}": value} for place, value in ELSEWHERE.items()}
        yield from these(kind, base, also, files)
    base = changed(PIPELINE, ("jobs", "n"), FILE)
    rows = {f"file d {word}": {"jobs/n/inputs/d": value} for word, value in {**PARENTS, **MAPPINGS, **LITERALS}.items()}
    yield from these("file", base, rows, files)
    yield from these(
        "file", base, {f"file of {word}": {"jobs/n/outputs/of": value} for word, value in OUTPUTS.items()}, files
    )
    yield from of_the_pipeline()


def of_the_pipeline() -> Iterator[Case]:
    """Inputs, outputs and settings of the pipeline."""
    for place, values in IO.items():
        yield from these("pipeline", PIPELINE, {f"{place} {word}": {place: value} for word, value in values.items()})
    node = {**INLINE, "inputs": {"v": "${{parent.inputs.new}}"}}
    used = changed(PIPELINE, ("jobs", "n"), node)
    for word, value in {**MAPPINGS, **LITERALS}.items():
        yield from these("bound to", used, {word: {"inputs/new": value}})
    upward = changed(
        PIPELINE, ("jobs", "n"), {**INLINE, "command": "echo", "outputs": {"p": "${{parent.outputs.new}}"}}
    )
    for word, value in IO["outputs/o"].items():
        yield from these("bound up to", upward, {word: {"outputs/new": value}})
    for key, given in SETTINGS.items():
        rows = {f"{key} = {value}": {f"settings/{key}": value, "compute": ...} for value in given}
        yield from these("settings", PIPELINE, rows)
    yield from first_and_last()
    for value in (None, {}, [], "x", 1):
        yield from these("settings", PIPELINE, {f"= {value}": {"settings": value}})
    for name in NAMES:
        yield from these("pipeline", PIPELINE, {f"input named {name}": {f"inputs/{name}": 3}} if name else {})
        yield Case(f"pipeline: output named {name}", changed(PIPELINE, ("outputs", name), None), FILES)
        yield Case(f"pipeline: node named {name}", changed(PIPELINE, ("jobs", name), INLINE | {"command": "x"}), FILES)
        node = {**INLINE, "inputs": {"v": 1, name: 2}}
        yield Case(f"node's input named {name}", changed(PIPELINE, ("jobs", "n"), node), FILES)


def first_and_last() -> Iterator[Case]:
    """Nodes that run before and after all others: those that there are, that stand alone and that leave any."""
    alone = {**INLINE, "command": "echo"}
    bound = {**INLINE, "inputs": {"v": "${{parent.jobs.a.outputs.o}}"}}
    several = changed(changed(changed(PIPELINE, ("jobs", "n"), bound), ("jobs", "alone"), alone), ("jobs", "b"), alone)
    for key, names in APART.items():
        yield from these("apart", several, {f"{key} = {name}": {f"settings/{key}": name} for name in names})
        yield from these("apart", PIPELINE, {f"{key} is all": {f"settings/{key}": "a"}})
    for first, last in (("alone", "b"), ("alone", "alone"), ("none", "none")):
        both = {"settings/on_init": first, "settings/on_finalize": last}
        yield from these("apart", several, {f"{first} and {last}": both})
