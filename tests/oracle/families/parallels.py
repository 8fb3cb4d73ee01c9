"""Parallel nodes of pipelines: written out, with a component's file, with a registered component."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import yaml

from tests.oracle.judge import Case
from tests.oracle.variations import FILES, VALUES, each, these

TASK: dict[str, Any] = {
    "type": "run_function",
    "code": "src",
    "entry_script": "train.py",
    "environment": "azureml:e:1",
    "program_arguments": "--a ${{inputs.k}}",
    "append_row_to": "${{outputs.o}}",
    "model": "m",
}
SETTINGS: dict[str, Any] = {
    "input_data": "${{inputs.d}}",
    "mini_batch_size": "10",
    "resources": {"instance_count": 2, "instance_type": "T", "shm_size": "1g", "properties": {"a": {"b": "c"}}},
    "max_concurrency_per_instance": 2,
    "mini_batch_error_threshold": 5,
    "error_threshold": 3,
    "logging_level": "DEBUG",
    "retry_settings": {"max_retries": 2, "timeout": 60},
    "partition_keys": ["a", "b"],
}
INPUTS = {"d": {"type": "uri_folder", "path": "${{parent.inputs.d}}"}, "k": 2}
OUTPUTS = {"o": {"type": "uri_file", "mode": "rw_mount"}}
INLINE: dict[str, Any] = {
    "type": "parallel",
    "compute": "azureml:c",
    "display_name": "d",
    "description": "d",
    "tags": {"a": "b"},
    "properties": {"a": "b"},
    "inputs": INPUTS,
    "outputs": OUTPUTS,
    **SETTINGS,
    "environment_variables": {"A": "b"},
    "identity": {"type": "managed", "client_id": "00000000-0000-4000-8000-000000000001"},
    "task": TASK,
}
COMPONENT: dict[str, Any] = {
    "$schema": "https://azuremlschemas.azureedge.net/latest/parallelComponent.schema.json",
    "name": "pc",
    "version": 1,
    "type": "parallel",
    "display_name": "P",
    "description": "d",
    "tags": {"a": "b"},
    "properties": {"a": "b"},
    "is_deterministic": True,
    "inputs": {"d": {"type": "uri_folder"}, "k": {"type": "integer", "default": 2}},
    "outputs": {"o": {"type": "uri_file"}},
    **SETTINGS,
    "task": {**TASK, "code": "./src"},
}
SMALL = {
    "type": "parallel",
    "inputs": {"d": {"type": "uri_folder"}},
    "outputs": {"o": {"type": "uri_file"}},
    "task": {"type": "function", "entry_script": "train.py", "environment": "azureml:e:1"},
}
JOB: dict[str, Any] = {
    "type": "pipeline",
    "compute": "azureml:c",
    "inputs": {"d": {"type": "uri_folder", "path": "azureml:d:1"}, "n": 3, "s": "x"},
    "outputs": {"po": None},
}
WITH = {"type": "parallel", "component": "pc.yml", "inputs": {"d": INPUTS["d"]}}
OWN = {**SETTINGS, "environment_variables": {"A": "b"}, "identity": INLINE["identity"], "task": TASK}
ENVIRONMENT_ID = (
    "azureml:/subscriptions/s/resourceGroups/r/providers/Microsoft.MachineLearningServices/workspaces/w/"
    "environments/e/versions/1"
)
FEW = {word: VALUES[word] for word in ("null", "true", "one", "3.5", "empty", "word", "'1'", "list", "list of a text")}
FEW |= {word: VALUES[word] for word in ("mapping", "mapping of a text", "date")}
FEW |= {"binding": "${{parent.inputs.n}}", "in text": "x${{parent.inputs.n}}", "own": "${{inputs.k}}"}

ROWS: dict[str, dict[str, Any]] = {
    **{
        f"size {size!r}": {"mini_batch_size": size}
        for size in ("10kb", "5MB", "1gB", "5 mb", "0", "-1", "1.5", "1kbkb", "1tb", 10, "010")
    },
    **{f"level {level}": {"logging_level": level} for level in ("INFO", "WARNING", "WARN", "debug", "ERROR", "Info")},
    **{
        f"identity {identity}": {"identity": identity}
        for identity in (
            {"type": "user_identity"},
            {"type": "UserIdentity"},
            {"type": "managed_identity"},
            {"type": "Managed", "object_id": "o"},
            {"type": "managed", "msi_resource_id": "/r"},
            {"type": "managed", "resource_id": "/r"},
            {"type": "aml_token"},
            {"type": "AMLToken"},
            {"type": "zzz"},
            {"type": "managed", "zzz": 1},
            {},
        )
    },
    **{f"task {kind}": {"task/type": kind} for kind in ("model", "function", "Run_Function", "runFunction", "zzz")},
    "no task": {"task": ...},
    "no entry": {"task/entry_script": ...},
    "entry absent": {"task/entry_script": "nope.py"},
    "no code": {"task/code": ...},
    "code registered": {"task/code": "azureml:c:1"},
    "code absent": {"task/code": "nope"},
    "code git": {"task/code": "git+https://host/x"},
    "environment built": {"task/environment": {"build": {"path": "ctx"}}},
    "environment image": {"task/environment": {"image": "x", "conda_file": "conda.yml"}},
    "environment latest": {"task/environment": "azureml:e@latest"},
    "environment curated": {"task/environment": "azureml:AzureML-x@latest"},
    "environment registry": {"task/environment": "azureml://registries/azureml/environments/e/versions/1"},
    "no environment": {"task/environment": ...},
    "task unknown": {"task/zzz": {"a": 1}},
    "retry unknown": {"retry_settings/zzz": 1},
    "resources unknown": {"resources/zzz": 1},
    "docker arguments": {"resources/docker_args": ["a"]},
    "no output": {"outputs": ...},
    "no inputs": {"inputs": ...},
    "bound output": {"outputs/o": "${{parent.outputs.po}}"},
    "bound input data": {"input_data": "${{parent.inputs.d}}"},
    "input data of none": {"input_data": "${{inputs.zzz}}"},
    "append to none": {"task/append_row_to": "${{outputs.zzz}}"},
    "bound arguments": {"task/program_arguments": "--x ${{parent.inputs.n}}"},
    "bound count": {"resources": {"instance_count": "${{parent.inputs.n}}"}},
    "bound retries": {"retry_settings": {"max_retries": "${{parent.inputs.n}}", "timeout": 3}},
    "bound variables": {"environment_variables": {"A": "${{parent.inputs.n}}"}},
    "all variables bound": {"environment_variables": "${{parent.inputs.n}}"},
    "comment": {"comment": "c"},
    "limits": {"limits": {"timeout": 3}},
    "job limits": {"job_limits": {"job_timeout": 3}},
    "environment": {"environment": "azureml:e:1"},
    "code": {"code": "src"},
    "services": {"services": {"s": {"type": "ssh"}}},
    "distribution": {"distribution": {"type": "mpi"}},
    "queue": {"queue_settings": {"job_tier": "spot"}},
    "experiment": {"experiment_name": "x"},
    "instance_count": {"instance_count": 3},
    "is_deterministic": {"is_deterministic": False},
    "no type": {"type": ...},
    "Type": {"type": "Parallel"},
}


def cases() -> Iterator[Case]:
    """All of them."""
    files = {**FILES, "pc.yml": yaml.safe_dump(COMPONENT), "small.yml": yaml.safe_dump(SMALL)}
    bases = {
        "written out": INLINE,
        "file": {**WITH, **OWN},
        "small": {**WITH, "component": "small.yml", **OWN},
        "registered": {**WITH, "component": "azureml:pc:1", **{key: OWN[key] for key in OWN if key != "task"}},
    }
    for word, node in bases.items():
        base = {**JOB, "jobs": {"p": node}}
        rows = {
            name: {f"jobs/p/{place}": value for place, value in row.items()}
            for name, row in ROWS.items()
            if word != "registered" or not any(place.startswith("task/") for place in row)
        }
        yield from these(word, base, rows, files)
        only = {"written out": 2, "file": 2}.get(word)
        if only:
            yield from each(word, base, files, lambda way: len(way) > 2 and way[0] == "jobs", FEW)
    registered = {**JOB, "jobs": {"p": bases["registered"]}}
    bare = {key: value for key, value in TASK.items() if key != "code"}
    yield from these(
        "registered, a task of its own",
        registered,
        {
            "as it is": {"jobs/p/task": TASK},
            "no code": {"jobs/p/task": bare},
            "an environment of its own": {"jobs/p/task": {**bare, "environment": {"image": "x"}}},
            "an environment by id": {"jobs/p/task": {**bare, "environment": ENVIRONMENT_ID}},
        },
        files,
    )
    for place in (*OWN, "compute"):
        for word in ("file", "small"):
            base = {**JOB, "jobs": {"p": {**WITH, "component": bases[word]["component"]}}}
            one = {f"alone {place}": {f"jobs/p/{place}": OWN.get(place, "azureml:x")}}
            yield from these(word, base, one, files)
    yield from of_the_component()


def of_the_component() -> Iterator[Case]:
    """Each key of the component's own file."""
    job = {**JOB, "jobs": {"p": WITH}}
    rows = {name: row for name, row in ROWS.items() if "puts" not in str(list(row))}
    for case in (
        *these("component", COMPONENT, rows),
        *each("component", COMPONENT, values=FEW, only=lambda way: way[0] not in {"inputs", "outputs"}),
    ):
        yield Case(case.id, job, {**FILES, "pc.yml": case.text})
