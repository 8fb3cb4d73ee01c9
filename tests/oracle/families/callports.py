"""Inputs and outputs of ``command``: types, modes and paths, as objects of Microsoft's client and as mappings."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tests.oracle.calls import Call
from tests.oracle.judge import Case
from tests.oracle.variations import FILES

SMALL: dict[str, Any] = {"command": "echo hi", "environment": "azureml:e:1", "compute": "cpu"}
ARM = "/subscriptions/s/resourceGroups/g/providers/Microsoft.MachineLearningServices/workspaces/w"

TYPES = (
    "uri_file",
    "uri_folder",
    "mltable",
    "mlflow_model",
    "custom_model",
    "triton_model",
    "path",
    "URI_FOLDER",
    "nope",
)
LITERALS = ("string", "integer", "number", "boolean")
INPUT_MODES = (
    *(
        "ro_mount",
        "rw_mount",
        "mount",
        "download",
        "direct",
        "eval_mount",
        "eval_download",
        "upload",
        "Download",
        "nope",
        "",
    ),
    *("ReadOnlyMount",),
)
OUTPUT_MODES = ("rw_mount", "mount", "upload", "direct", "ro_mount", "Upload", "nope", "")
PATHS = (
    *(
        "./data",
        "data",
        "./data.csv",
        "data.csv",
        "mlt",
        "./nope",
        ".",
        "azureml:a:1",
        "a:1",
        "azureml:a@latest",
        "a@latest",
    ),
    *("azureml:a", "azureml:a@other", "azureml://datastores/d/paths/p", "azureml://datastores/d/paths/p/", "no-such:1"),
    f"azureml:/{ARM}/datastores/d/paths/p",
    *(
        f"{ARM}/data/a/versions/1",
        f"azureml:{ARM}/data/a/versions/1",
        f"{ARM}/models/a/versions/1",
        f"{ARM}/datastores/d",
    ),
    *("https://x.blob.core.windows.net/c/p", "https://example.org/a.csv", "wasbs://c@x.blob.core.windows.net/p"),
    *(
        "abfss://c@x.dfs.core.windows.net/p",
        "azureml://registries/r/data/a/versions/1",
        "http://example.org/a",
        "s3://b/k",
    ),
    *("azureml://registries/r/models/a/versions/1", "azureml://locations/l/workspaces/w/data/a/versions/1"),
    *(
        "azureml://jobs/j/outputs/o",
        "azureml:a:1:2",
        "runs:/r/m",
        "file:./data",
        "./data/../data",
        "azureml:./data",
        "",
    ),
    *("${{parent.inputs.x}}", "azureml:a:no such", "data:1", "adl://x.azuredatalakestore.net/p"),
)
VALUES: tuple[Any, ...] = (
    *(
        "text",
        "",
        "1",
        "true",
        "azureml:a:1",
        "./data",
        "${{parent.inputs.x}}",
        "two\nlines",
        "é",
        "[1, 2]",
        "None",
        " ",
    ),
    *(0, 1, -1, 10**20, 0.1, 1e-7, 1e20, 1.0, True, False, None, [], [1], {}, {"a": 1}, float(10**15)),
)


def shapes(word: str, body: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """An object, and a mapping."""
    yield f"{word} object", {"$": word, **body}
    yield f"{word} mapping", body


def inputs() -> Iterator[tuple[str, Any]]:
    """Inputs of all kinds."""
    for kind in (None, *TYPES, *LITERALS):
        given = {} if kind is None else {"type": kind}
        for path in PATHS:
            yield f"{kind} at {path}", {**given, "path": path}
        local = {"uri_file": "data.csv", "mltable": "mlt"}.get(kind or "", "data")
        for mode in INPUT_MODES:
            yield f"{kind} with {mode}", {**given, "path": "azureml://datastores/d/paths/p", "mode": mode}
            yield f"{kind} here with {mode}", {**given, "path": local, "mode": mode}
        yield f"{kind} alone", given
        for more in (
            {"optional": True},
            {"default": 1},
            {"default": "a"},
            {"description": "d"},
            {"datastore": "azureml:d"},
        ):
            yield f"{kind} and {more}", {**given, **more}
            yield f"{kind} and a path and {more}", {**given, "path": "azureml:a:1", **more}
        for key in ("path_on_compute", "min", "max", "enum", "name", "version"):
            yield f"{kind} and {key}", {**given, "path": "azureml:a:1", key: ["1"] if key == "enum" else "1"}


def outputs() -> Iterator[tuple[str, Any]]:
    """Outputs of all kinds."""
    for kind in (None, *TYPES, *LITERALS):
        given = {} if kind is None else {"type": kind}
        yield f"{kind} alone", given
        for mode in OUTPUT_MODES:
            yield f"{kind} with {mode}", {**given, "mode": mode}
        for path in PATHS:
            yield f"{kind} at {path}", {**given, "path": path}
        for more in ({"name": "n"}, {"name": "n", "version": "1"}, {"version": "1"}, {"name": "n", "version": 1}):
            yield f"{kind} and {more}", {**given, **more}
        for key in ("description", "path_on_compute", "early_available", "is_control", "zzz"):
            yield f"{kind} and {key}", {**given, key: "a"}
    for name in ("a b", "a.b", "é", "a:b", "x" * 256, "a-b", "1", "", 1):
        yield f"registered as {name}", {"type": "uri_folder", "name": name}


def cases() -> Iterator[Case]:
    """All of them."""
    for what, body in inputs():
        for shape, given in shapes("Input", body):
            yield Call(f"callport: {shape} {what}", {**SMALL, "inputs": {"i": given}}, FILES)
    for what, body in outputs():
        for shape, given in shapes("Output", body):
            yield Call(f"callport: {shape} {what}", {**SMALL, "outputs": {"o": given}}, FILES)
    for value in VALUES:
        yield Call(f"callport: input {value!r}", {**SMALL, "inputs": {"i": value}}, FILES)
        yield Call(
            f"callport: input {value!r} named", {**SMALL, "command": "x ${{inputs.i}}", "inputs": {"i": value}}, FILES
        )
        yield Call(f"callport: output {value!r}", {**SMALL, "outputs": {"o": value}}, FILES)
    for name in ("a", "A_1", "a-b", "a.b", "1a", "a b", "é", "_a", ""):
        yield Call(f"callport: input called {name}", {**SMALL, "inputs": {name: 1}}, FILES)
        yield Call(f"callport: output called {name}", {**SMALL, "outputs": {name: {"$": "Output"}}}, FILES)
    for line in (
        "${{inputs.i}}",
        "${{inputs.j}}",
        "$[[--x ${{inputs.j}}]]",
        "${{ inputs.i }}",
        "${{outputs.o}}",
        "${{inputs.i.path}}",
    ):
        yield Call(f"callport: command {line}", {**SMALL, "command": line, "inputs": {"i": 1}}, FILES)
