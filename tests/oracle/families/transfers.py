"""Data transfer nodes of pipelines: each task written out, copies with components, others with registered ones."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import yaml

from tests.oracle.judge import Case
from tests.oracle.variations import FILES, VALUES, each, these

HEAD: dict[str, Any] = {"display_name": "D", "description": "d", "tags": {"a": "b"}, "properties": {"p": "v"}}
PLACE = "azureml://datastores/x/paths/y"
DATABASE: dict[str, Any] = {"type": "database", "query": "select 1", "connection": "azureml:conn"}
PROCEDURE: dict[str, Any] = {
    "type": "database",
    "stored_procedure": "p",
    "stored_procedure_params": [{"name": "a", "value": "b", "type": "String"}],
    "connection": "azureml:conn",
}
FILE_SYSTEM: dict[str, Any] = {"type": "file_system", "path": "s3://a/b", "connection": "azureml:conn"}
TABLE: dict[str, Any] = {"type": "database", "table_name": "t", "connection": "azureml:conn"}
COPY: dict[str, Any] = {
    "type": "data_transfer",
    "task": "copy_data",
    **HEAD,
    "data_copy_mode": "merge_with_overwrite",
    "compute": "azureml:adf",
    "inputs": {"a": {"type": "uri_folder", "path": "${{parent.inputs.d}}"}, "b": "${{parent.inputs.d}}"},
    "outputs": {"o": {"type": "uri_folder", "path": PLACE}},
}
IMPORT: dict[str, Any] = {
    "type": "data_transfer",
    "task": "import_data",
    **HEAD,
    "compute": "azureml:adf",
    "source": DATABASE,
    "outputs": {"sink": {"type": "mltable", "path": PLACE}},
}
EXPORT: dict[str, Any] = {
    "type": "data_transfer",
    "task": "export_data",
    **HEAD,
    "compute": "azureml:adf",
    "inputs": {"source": {"type": "uri_file", "path": "azureml:f:1"}},
    "sink": TABLE,
}
COMPONENT: dict[str, Any] = {
    "$schema": "https://azuremlschemas.azureedge.net/latest/dataTransferCopyComponent.schema.json",
    "name": "dt",
    "version": 1,
    "type": "data_transfer",
    "task": "copy_data",
    "display_name": "C",
    "description": "d",
    "tags": {"a": "b"},
    "is_deterministic": False,
    "data_copy_mode": "fail_if_conflict",
    "inputs": {"a": {"type": "uri_folder", "description": "x"}, "b": {"type": "uri_folder", "optional": True}},
    "outputs": {"o": {"type": "uri_folder", "mode": "rw_mount"}},
}
NODES: dict[str, dict[str, Any]] = {
    "copy": COPY,
    "import": IMPORT,
    "export": EXPORT,
    "copy by file": {**COPY, "component": "dt.yml", "comment": "c"},
    "copy by registered": {**COPY, "component": "azureml:dt:1"},
    "import by registered": {**IMPORT, "component": "azureml:dt:1"},
    "export by registered": {**EXPORT, "component": "azureml://registries/azureml/components/dt/versions/1"},
}
JOB: dict[str, Any] = {
    "type": "pipeline",
    "compute": "azureml:c",
    "inputs": {
        "d": {"type": "uri_folder", "path": "azureml:d:1"},
        "f": {"type": "uri_file", "path": "azureml:f:1", "mode": "download"},
        "m": {"type": "mltable", "path": "azureml:m:1"},
        "s": "x",
        "n": 3,
    },
    "outputs": {"po": {"type": "uri_folder"}, "pt": {"type": "mltable"}, "plain": None},
}
FEW = {word: VALUES[word] for word in ("null", "true", "one", "3.5", "empty", "word", "'1'", "list", "list of a text")}
FEW |= {word: VALUES[word] for word in ("mapping", "mapping of a text", "date")}
FEW |= {"binding": "${{parent.inputs.s}}", "in text": "x${{parent.inputs.s}}"}

ANY: dict[str, dict[str, Any]] = {
    **{
        f"task {word}": {"task": word}
        for word in ("copy_data", "import_data", "export_data", "Copy_Data", "copyData", "CopyData", "zzz", ..., None)
    },
    "Type": {"type": "Data_Transfer"},
    "TYPE": {"type": "DATA_TRANSFER"},
    "DataTransfer": {"type": "DataTransfer"},
    "no type": {"type": ...},
    "no compute": {"compute": ...},
    "serverless": {"compute": "serverless"},
    "local": {"compute": "local"},
    "name": {"name": "n"},
    "experiment": {"experiment_name": "x"},
    "comment": {"comment": "c"},
    "identity": {"identity": {"type": "managed"}},
    "services": {"services": {"s": {"type": "ssh"}}},
    "resources": {"resources": {"instance_count": 2}},
    "environment": {"environment": "azureml:e:1"},
    "is_deterministic": {"is_deterministic": False},
    "both": {"source": DATABASE, "sink": TABLE},
    "component file": {"component": "dt.yml"},
    "component file, file:": {"component": "file:dt.yml"},
    "component file, no type": {"component": "dt.yml", "type": ...},
    "component file, no task": {"component": "dt.yml", "task": ...},
    "component absent": {"component": "nope.yml"},
    "component written out": {"component": COMPONENT},
    "component of a command": {"component": "command.yml"},
    "component of an import": {"component": "import.yml"},
    "component of an export": {"component": "export.yml"},
    "component latest": {"component": "azureml:dt@latest"},
    "component without version": {"component": "azureml:dt"},
    "component id": {
        "component": "azureml:/subscriptions/s/resourceGroups/r/providers/Microsoft.MachineLearningServices/"
        "workspaces/w/components/dt/versions/1"
    },
    "component in a registry": {"component": "azureml://registries/r/components/dt/versions/1"},
    "component null": {"component": None},
    "component empty": {"component": ""},
    "unknown": {"zzz": {"a": 1}},
    "mode": {"data_copy_mode": "Fail_If_Conflict"},
    "mode camel": {"data_copy_mode": "FailIfConflict"},
    "mode unknown": {"data_copy_mode": "zzz"},
    "mode bound": {"data_copy_mode": "${{parent.inputs.s}}"},
    "no mode": {"data_copy_mode": ...},
}
PORTS: dict[str, dict[str, Any]] = {
    "no inputs": {"inputs": ...},
    "no outputs": {"outputs": ...},
    "one input": {"inputs": {"a": "${{parent.inputs.d}}"}},
    "one input of another type": {"inputs": {"a": "${{parent.inputs.f}}"}},
    "one file to a file": {"inputs": {"a": "${{parent.inputs.f}}"}, "outputs": {"o": {"type": "uri_file"}}},
    "one table": {"inputs": {"a": "${{parent.inputs.m}}"}, "outputs": {"o": "${{parent.outputs.pt}}"}},
    "two files": {"inputs": {"a": "${{parent.inputs.f}}", "b": "${{parent.inputs.f}}"}},
    "to a table": {"outputs": {"o": {"type": "mltable"}}},
    "two outputs": {"outputs": {"o": {"type": "uri_folder"}, "p": {"type": "uri_folder"}}},
    "output bound": {"outputs": {"o": "${{parent.outputs.po}}"}},
    "output bound to a plain one": {"outputs": {"o": "${{parent.outputs.plain}}"}},
    "output bound in a mapping": {"outputs": {"o": {"path": "${{parent.outputs.po}}"}}},
    "output bound with its type": {"outputs": {"o": {"path": "${{parent.outputs.po}}", "type": "uri_folder"}}},
    "output null": {"outputs": {"o": None}},
    "output empty": {"outputs": {"o": {}}},
    "output with a mode": {"outputs": {"o": {"type": "uri_folder", "mode": "upload"}}},
    "output with a name": {"outputs": {"o": {"type": "uri_folder", "name": "n", "version": "1"}}},
    "output a text": {"outputs": {"o": PLACE}},
    "input a literal": {"inputs": {"a": 3, "b": "${{parent.inputs.d}}"}},
    "input only a literal": {"inputs": {"a": 3}},
    "input only a text": {"inputs": {"a": "x"}},
    "input local": {"inputs": {"a": {"type": "uri_folder", "path": "data"}}},
    "input with a mode": {"inputs": {"a": {"type": "uri_folder", "path": "azureml:d:1", "mode": "direct"}}},
    "input of the pipeline's text": {"inputs": {"a": "${{parent.inputs.s}}"}},
    "input of another node": {"inputs": {"a": "${{parent.jobs.m2.outputs.o}}"}},
    "input more": {"inputs/zzz": "${{parent.inputs.d}}"},
    "outputs more": {"outputs/zzz": {"type": "uri_folder"}},
    "input a model": {"inputs": {"a": {"type": "custom_model", "path": "azureml:m:1"}}},
}
MOVES: dict[str, dict[str, Any]] = {
    "table": {"source": {**TABLE}},
    "procedure": {"source": PROCEDURE},
    "procedure without parameters": {"source": {**PROCEDURE, "stored_procedure_params": []}},
    "parameter without a type": {"source/stored_procedure_params": [{"name": "a", "value": "b"}]},
    "parameter empty": {"source/stored_procedure_params": [{}]},
    "parameter of a number": {"source/stored_procedure_params": [{"name": "a", "value": 1, "type": "Int"}]},
    "parameters a mapping": {"source/stored_procedure_params": {"name": "a", "value": "b", "type": "Int"}},
    "parameter unknown": {"source/stored_procedure_params": [{"name": "a", "value": "b", "type": "c", "z": 1}]},
    "parameter bound": {
        "source/stored_procedure_params": [{"name": "a", "value": "${{parent.inputs.s}}", "type": "c"}]
    },
    "files": {"source": FILE_SYSTEM},
    "files to a folder": {"source": FILE_SYSTEM, "outputs/sink/type": "uri_folder"},
    "files, no type": {"source": {"path": "s3://a", "connection": "c"}, "outputs/sink/type": "uri_folder"},
    "connection alone": {"source": {"connection": "c"}, "outputs/sink/type": "uri_folder"},
    "database alone": {"source": {"type": "database", "connection": "c"}},
    "database to a folder": {"outputs/sink/type": "uri_folder"},
    "database to a file": {"outputs/sink/type": "uri_file"},
    "database with a path": {"source/path": "s3://a"},
    "files with a query": {"source": {**FILE_SYSTEM, "query": "q"}, "outputs/sink/type": "uri_folder"},
    "DataBase": {"source/type": "DataBase"},
    "Database": {"source/type": "Database"},
    "FileSystem": {"source": {**FILE_SYSTEM, "type": "FileSystem"}, "outputs/sink/type": "uri_folder"},
    "type unknown": {"source/type": "zzz"},
    "type bound": {"source/type": "${{parent.inputs.s}}"},
    "no connection": {"source/connection": ...},
    "query bound": {"source/query": "select ${{parent.inputs.s}}"},
    "no source": {"source": ...},
    "sink bound": {"outputs": {"sink": "${{parent.outputs.pt}}"}},
    "sink bound to a folder": {"outputs": {"sink": "${{parent.outputs.po}}"}},
    "sink bound in a mapping": {"outputs": {"sink": {"path": "${{parent.outputs.pt}}", "type": "mltable"}}},
    "sink bound in a mapping alone": {"outputs": {"sink": {"path": "${{parent.outputs.pt}}"}}},
    "sink null": {"outputs": {"sink": None}},
    "sink empty": {"outputs": {"sink": {}}},
    "sink without a type": {"outputs": {"sink": {"path": PLACE}}},
    "sink with a mode": {"outputs/sink/mode": "upload"},
    "sink with a name": {"outputs": {"sink": {"type": "mltable", "name": "n", "version": "1"}}},
    "sink another name": {"outputs": {"o": {"type": "mltable"}}},
    "two sinks": {"outputs/o": {"type": "mltable"}},
    "outputs empty": {"outputs": {}},
    "no outputs": {"outputs": ...},
    "inputs": {"inputs": {"a": "${{parent.inputs.d}}"}},
    "inputs empty": {"inputs": {}},
}
EXPORTS: dict[str, dict[str, Any]] = {
    "to files": {"sink": FILE_SYSTEM},
    "to files of a folder": {"sink": FILE_SYSTEM, "inputs/source/type": "uri_folder"},
    "to files, no type": {"sink": {"path": "s3://a", "connection": "c"}, "inputs/source/type": "uri_folder"},
    "query": {"sink": DATABASE},
    "procedure": {"sink": PROCEDURE},
    "parameter without a type": {"sink": {**PROCEDURE, "stored_procedure_params": [{"name": "a"}]}},
    "Database": {"sink/type": "Database"},
    "no connection": {"sink/connection": ...},
    "no sink": {"sink": ...},
    "table bound": {"sink/table_name": "${{parent.inputs.s}}"},
    "folder": {"inputs/source/type": "uri_folder"},
    "table": {"inputs/source/type": "mltable"},
    "bound": {"inputs": {"source": "${{parent.inputs.f}}"}},
    "bound to a folder": {"inputs": {"source": "${{parent.inputs.d}}"}},
    "bound in a mapping": {"inputs": {"source": {"path": "${{parent.inputs.f}}", "type": "uri_file"}}},
    "bound in a mapping, a folder": {"inputs": {"source": {"path": "${{parent.inputs.d}}", "type": "uri_folder"}}},
    "bound to another node": {"inputs": {"source": "${{parent.jobs.m2.outputs.o}}"}},
    "local": {"inputs": {"source": {"type": "uri_file", "path": "data.csv"}}},
    "with a mode": {"inputs/source/mode": "download"},
    "literal": {"inputs": {"source": 3}},
    "text": {"inputs": {"source": "x"}},
    "null": {"inputs": {"source": None}},
    "empty": {"inputs": {"source": {}}},
    "another name": {"inputs": {"s": "${{parent.inputs.f}}"}},
    "two": {"inputs/b": "${{parent.inputs.f}}"},
    "none": {"inputs": {}},
    "no inputs": {"inputs": ...},
    "outputs": {"outputs": {"o": {"type": "uri_folder"}}},
    "outputs empty": {"outputs": {}},
}
COMPONENTS: dict[str, dict[str, Any]] = {
    **{key: row for key, row in ANY.items() if not key.startswith(("component", "no compute", "both"))},
    "inputs one": {"inputs": {"a": {"type": "uri_folder"}}},
    "inputs of a parameter": {"inputs/a/type": "string"},
    "inputs of another type": {"inputs": {"a": {"type": "uri_file"}}},
    "no inputs": {"inputs": ...},
    "inputs empty": {"inputs": {}},
    "two outputs": {"outputs/p": {"type": "uri_folder"}},
    "no outputs": {"outputs": ...},
    "outputs empty": {"outputs": {}},
    "output a table": {"outputs/o/type": "mltable"},
    "output a parameter": {"outputs/o/type": "string"},
    "properties": {"properties": {"a": "b"}},
    "source": {"source": {"type": "database"}},
    "required input": {"inputs/c": {"type": "uri_folder"}},
}


def cases() -> Iterator[Case]:
    """All of them."""
    files = {
        **FILES,
        "dt.yml": yaml.safe_dump(COMPONENT),
        "command.yml": "type: command\ncommand: echo\nenvironment: azureml:e:1\n",
        "import.yml": "type: data_transfer\ntask: import_data\nname: i\nsource: {type: database}\n"
        "outputs: {sink: {type: mltable}}\n",
        "export.yml": "type: data_transfer\ntask: export_data\nname: i\nsink: {type: database}\n"
        "inputs: {source: {type: uri_file}}\n",
    }
    more: dict[str, dict[str, Any]] = {
        "m2": {"type": "command", "command": "echo ${{outputs.o}}", "environment": "azureml:e:1"}
    }
    more["m2"]["outputs"] = {"o": {"type": "uri_folder"}}
    for word, node in NODES.items():
        base = {**JOB, "jobs": {"m": node, **more}}
        own = {"copy": PORTS, "import": MOVES, "export": EXPORTS}[word.split()[0]]
        rows = {name: {f"jobs/m/{place}": value for place, value in row.items()} for name, row in (ANY | own).items()}
        yield from these(word, base, rows, files)
        if "registered" not in word:
            yield from each(word, base, files, lambda way: len(way) > 2 and way[:2] == ("jobs", "m"), FEW)
        bare = {key: value for key, value in JOB.items() if key != "compute"}
        alone = {key: value for key, value in node.items() if key != "compute"}
        yield Case(f"{word}: no compute at all", {**bare, "jobs": {"m": alone}}, files)
        port = {"copy": "o", "import": "sink"}.get(word.split()[0], "sink")
        taker = {**more["m2"], "inputs": {"x": f"${{{{parent.jobs.m.outputs.{port}}}}}"}}
        yield Case(f"{word}: taken on", {**JOB, "jobs": {"m": node, "m2": taker}}, files)
        yield Case(f"{word}: taken on before", {**JOB, "jobs": {"a2": taker, "m": node}}, files)
        inner = {"type": "pipeline", "inputs": {"d": {"type": "uri_folder"}}, "jobs": {"m": node}}
        nest = {
            **JOB,
            "jobs": {"p": {"type": "pipeline", "component": "p.yml", "inputs": {"d": "${{parent.inputs.d}}"}}},
        }
        yield Case(f"{word}: nested", nest, {**files, "p.yml": yaml.safe_dump(inner)})
    job = {**JOB, "jobs": {"m": {**NODES["copy by file"], "inputs": {"a": "${{parent.inputs.d}}"}}}}
    for case in (*these("component", COMPONENT, COMPONENTS), *each("component", COMPONENT, values=FEW)):
        yield Case(case.id, job, {**files, "dt.yml": case.text})
