"""Components that are registered under a name of their own: every key of each kind of file."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tests.oracle.families.components import COMPONENT
from tests.oracle.judge import Case
from tests.oracle.resources import of
from tests.oracle.variations import FILES, each, these

SPARK: dict[str, Any] = {
    "$schema": "https://azuremlschemas.azureedge.net/latest/sparkComponent.schema.json",
    "name": "sparkle",
    "version": "1",
    "type": "spark",
    "display_name": "S",
    "tags": {"a": "b"},
    "code": "./src",
    "entry": {"file": "train.py"},
    "inputs": {"i": {"type": "uri_file", "mode": "direct"}},
    "outputs": {"o": {"type": "uri_folder", "mode": "direct"}},
    "args": "--i ${{inputs.i}} --o ${{outputs.o}}",
    "conf": {
        "spark.driver.cores": 1,
        "spark.driver.memory": "2g",
        "spark.executor.cores": 2,
        "spark.executor.memory": "2g",
        "spark.executor.instances": 2,
    },
}
PARALLEL: dict[str, Any] = {
    "$schema": "https://azuremlschemas.azureedge.net/latest/parallelComponent.schema.json",
    "name": "par",
    "version": "1",
    "type": "parallel",
    "display_name": "P",
    "inputs": {"d": {"type": "uri_folder", "mode": "eval_mount"}},
    "outputs": {"o": {"type": "uri_folder"}},
    "input_data": "${{inputs.d}}",
    "mini_batch_size": "10",
    "error_threshold": 1,
    "logging_level": "INFO",
    "retry_settings": {"max_retries": 2, "timeout": 60},
    "max_concurrency_per_instance": 2,
    "resources": {"instance_count": 2},
    "task": {
        "type": "run_function",
        "code": "./src",
        "entry_script": "train.py",
        "environment": "azureml:e:1",
        "program_arguments": "--o ${{outputs.o}}",
        "append_row_to": "${{outputs.o}}",
    },
}
PIPELINE: dict[str, Any] = {
    "$schema": "https://azuremlschemas.azureedge.net/latest/pipelineComponent.schema.json",
    "name": "pipe",
    "version": "1",
    "type": "pipeline",
    "display_name": "P",
    "description": "d",
    "tags": {"a": "b"},
    "inputs": {"i": {"type": "number", "default": 0.5}, "d": {"type": "uri_folder"}},
    "outputs": {"o": {"type": "uri_folder"}},
    "jobs": {
        "n": {
            "type": "command",
            "component": "./comp.yml",
            "inputs": {"d": "${{parent.inputs.d}}"},
            "outputs": {"o": "${{parent.outputs.o}}"},
        }
    },
}
COPY: dict[str, Any] = {
    "$schema": "https://azuremlschemas.azureedge.net/latest/dataTransferComponent.schema.json",
    "name": "copier",
    "version": "1",
    "type": "data_transfer",
    "task": "copy_data",
    "data_copy_mode": "merge_with_overwrite",
    "inputs": {"a": {"type": "uri_folder"}},
    "outputs": {"b": {"type": "uri_folder"}},
}
IMPORT = {
    "name": "importer",
    "version": "1",
    "type": "data_transfer",
    "task": "import_data",
    "source": {"type": "database"},
    "outputs": {"sink": {"type": "mltable"}},
}
EXPORT = {
    "name": "exporter",
    "version": "1",
    "type": "data_transfer",
    "task": "export_data",
    "inputs": {"source": {"type": "mltable"}},
    "sink": {"type": "file_system"},
}
AUTOML = {
    "name": "auto",
    "version": "1",
    "type": "automl",
    "task": "classification",
    "inputs": {"training_data": {"type": "mltable"}},
}
COMPONENT_FILE = (
    "type: command\ncommand: ls ${{inputs.d}} ${{outputs.o}}\nenvironment: azureml:e:1\n"
    "inputs: {d: {type: uri_folder}}\noutputs: {o: {type: uri_folder}}\n"
)
HERE = {**FILES, "comp.yml": COMPONENT_FILE}
NAMES = ("a", "a b", "a.b", "a/b", "A_b-1", "", "é", "1", 1, "-a", "_a", "ab1", "Ab", "x" * 255, "x" * 256)
KINDS = {
    "command": COMPONENT,
    "spark": SPARK,
    "parallel": PARALLEL,
    "pipeline": PIPELINE,
    "copy": COPY,
    "import": IMPORT,
    "export": EXPORT,
    "automl": AUTOML,
}
TYPES = ("command", "Command", "sweep", "import", "automl", "flow_parallel", "distributed", "", None, 1, ...)


def cases() -> Iterator[Case]:
    """All of them."""
    yield from of("component", _components())


def _components() -> Iterator[Case]:
    for tag, base in KINDS.items():
        yield from each(tag, base, HERE)
        yield from these(tag, base, {"without a version": {"version": ...}, "without a name": {"name": ...}}, HERE)
    yield from these("command", COMPONENT, {f"called {name!r}": {"name": name} for name in NAMES}, HERE)
    yield from these("command", COMPONENT, {f"of type {word!r}": {"type": word} for word in TYPES}, HERE)
    for value in ("1", 1, 1.5, "a", "a b", "", "latest", True, 0, None):
        yield from these("command", COMPONENT, {f"version {value!r}": {"version": value}}, HERE)
