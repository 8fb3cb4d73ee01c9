"""Outputs of a command job: each type by each mode, each form of path, names, versions, and what stands for nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tests.corpus.fake_azure import HOME
from tests.oracle.families.inputs import BASE, MODES, NAMES, ODD_MODES, ODD_PATHS, ODD_TYPES, TYPES
from tests.oracle.judge import Case
from tests.oracle.variations import VALUES

JOB = {"type": "command", "command": "echo ${{outputs.x}}", "environment": "azureml:e:1", "compute": "azureml:cpu"}
PATHS = (
    *("azureml://datastores/d/paths/p", "azureml://datastores/d/paths/p/", "azureml://datastores/d/paths/${{name}}/"),
    *("azureml://datastores/d", "azureml://subscriptions/s/resourcegroups/g/workspaces/w/datastores/d/paths/p"),
    *("azureml://jobs/j/outputs/o", "azureml://registries/r/data/a/versions/1", "azureml:a:1", "azureml:a@latest"),
    *("azureml:azureml://datastores/d/paths/p", "https://a.blob.core.windows.net/c/p", "wasbs://c@a/p"),
    *("abfss://c@a/p",),
    *("adl://a/b", "s3://b/c", "hdfs://x/y", "data.csv", "./data", "../x", "/x", "no-such", "file:x", "", " ", "~"),
    *("é",),
    *(f"{HOME}/datastores/d/paths/p", f"azureml:{HOME}/datastores/d/paths/p", f"{HOME}/data/a/versions/1"),
    *("${{parent.outputs.x}}", "${{default_datastore}}", "${{outputs.x}}", "runs:/x"),
)
VERSIONS = (
    *VALUES.values(),
    0,
    -1,
    1.10,
    1e16,
    10**30,
    "1.0",
    "v 1",
    "latest",
    "@latest",
    "a/b",
    "é",
    float("inf"),
    float("nan"),
)
ASSETS = (
    *VALUES.values(),
    "a_b-c",
    "a.b",
    "a b",
    "a:1",
    "a@b",
    "azureml:a",
    "é",
    "-a",
    "_",
    "9",
    "a" * 255,
    "a" * 256,
    "a/b",
    "a\n",
)
KEYS = (
    "description",
    "early_available",
    "path_on_compute",
    "datastore",
    "optional",
    "is_control",
    "Mode",
    "zzz",
    "uri",
    "assetName",
)
WHOLE = (
    "",
    " {}",
    " null",
    " ~",
    " x",
    " ''",
    " 1",
    " true",
    " []",
    " [a]",
    " uri_folder",
    " azureml://datastores/d/paths/p",
)


def cases() -> Iterator[Case]:
    """All of them."""
    kinds: tuple[Any, ...] = (*TYPES, None, *ODD_TYPES, 1, [], {})
    for kind in kinds:
        for mode in (*MODES, *ODD_MODES) if kind in (*TYPES, None) else (None, "rw_mount"):
            yield output(f"{kind} {mode!r}", {"type": kind, "mode": mode}, ("mode",))
        for path in PATHS if kind in (*TYPES, None) else PATHS[:1]:
            yield output(f"{kind}: {path}", {"type": kind, "path": path})
    yield output("type null", {"type": None}, ("type",))
    for odd in ODD_PATHS:
        yield output(f"path {odd!r}", {"type": "uri_file", "path": odd}, ("path",))
    for kind in ("uri_file", "mlflow_model", "custom_model", None):
        for version in VERSIONS:
            yield output(f"{kind} a version {version!r}", {"type": kind, "name": "a", "version": version}, ("version",))
            yield output(f"{kind} version {version!r}", {"type": kind, "version": version}, ("version",))
        for name in ASSETS:
            yield output(f"{kind} name {name!r}", {"type": kind, "name": name}, ("name",))
    for key in KEYS:
        for value in ("x", None, True):
            yield output(f"{key} {value!r}", {"type": "uri_file", key: value}, (key,))
    for text in WHOLE:
        yield Case(f"an output is {text}", f"{BASE}outputs:\n x:{text}\n")
        yield Case(f"outputs are {text}", f"{BASE}outputs:{text}\n")
    for name in (*NAMES, "default"):
        yield Case(f"output named {name}", f"{BASE}outputs:\n {name}:\n")
        yield Case(f"command with output {name}", BASE.replace("echo", f"echo ${{{{outputs.{name}}}}}"))


def output(tag: str, row: Mapping[str, Any], kept: tuple[str, ...] = ()) -> Case:
    """One output; what is None is left out, unless it is to be kept."""
    value = {key: item for key, item in row.items() if item is not None or key in kept}
    return Case(f"output {tag}", {**JOB, "outputs": {"x": value}})
