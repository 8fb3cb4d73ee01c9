"""Inputs of a command job: each type by each mode by each form of path, and literals of every YAML kind."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from tests.corpus.fake_azure import HOME
from tests.oracle.judge import Case
from tests.oracle.variations import FILES, VALUES

BASE = "type: command\ncommand: echo\nenvironment: azureml:e:1\ncompute: azureml:cpu\n"
HERE = Path(__file__).resolve()
OTHER = "/subscriptions/s/resourceGroups/g/providers/Microsoft.MachineLearningServices/workspaces/w"
LONG = "azureml://subscriptions/s/resourcegroups/g/workspaces/w"

TYPES = ("uri_file", "uri_folder", "mltable", "custom_model", "mlflow_model", "triton_model")
ODD_TYPES = (
    "URI_FILE",
    "Uri_Folder",
    "uri-file",
    "string",
    "number",
    "integer",
    "boolean",
    "path",
    "mlTable",
    "data",
    "",
)
MODES = ("ro_mount", "rw_mount", "mount", "download", "upload", "direct", "eval_mount", "eval_download")
ODD_MODES = ("RO_MOUNT", "ReadOnlyMount", "ro-mount", "Download", "hdfs", "link", "", None, True, 1)

LOCAL = (
    *("data.csv", "data", "mlt", "mlt/MLTable", "./data.csv", "./data/", "data/", "data//a.csv", "./sub/../data", "."),
    *("..", "../outside", "../outside/o.csv", "no.csv", "./no", "file:data.csv", "file:./data", "file:no"),
    *("folder:data",),
    *("file:///data.csv", "file://data.csv", "data file.csv", "dätä/ü.csv", "colon:name.csv", "at@name.csv", "~"),
    *("~/x",),
    *("*.csv", "data/*.csv", " data.csv", "data.csv ", "", " ", "/no/such", str(HERE)),
    *(str(HERE.parent.parent / "scripts"),),
    *("FILE:data.csv", "data\\a.csv", "%64ata.csv", "empty.csv"),
)
REMOTE = (
    *("azureml:a:1", "azureml:a@latest", "azureml:a@default", "azureml:a", "azureml:", "azureml:a:", "azureml::1"),
    *("a:1",),
    *("a@latest", "azureml:a:1:2", "azureml:a b:1", "azureml:a@", "azureml:@latest", "azureml:a:1@latest"),
    *("azureml:a/b:1",),
    *("azureml:/a:1", "azureml:/a@latest", "AZUREML:a:1", "azureml: a:1", "azureml:a.b-c_d:2024-01-01"),
    *("azureml:a:latest",),
    *(f"{home}/{kind}/a/versions/1" for home in (HOME, OTHER) for kind in ("data", "models", "environments")),
    *(
        f"azureml:{HOME}/{tail}"
        for tail in ("data/a/versions/1", "models/a/versions/1", "data/a/labels/latest", "data/a")
    ),
    *(f"azureml:{HOME}/datastores/d/paths/p", f"{HOME}/datastores/d/paths/p", f"{HOME}/jobs/j"),
    *(f"azureml:{HOME.upper()}/data/a/versions/1",),
    *(f"azureml:{HOME[1:]}/data/a/versions/1", f"{HOME[1:]}/data/a/versions/1", f"{HOME}/"),
    *(f"azureml:{HOME}/data/a/versions/",),
    *("azureml://datastores/d/paths/p", "azureml://datastores/d/paths/p/", "azureml://datastores/d/paths/"),
    *("azureml://datastores/d",),
    *(f"{LONG}/datastores/d/paths/p", f"{LONG}/data/a/versions/1", f"{LONG}/datastores/d", "azureml://subscriptions/s"),
    *("azureml://locations/eastus/workspaces/w/data/a/versions/1", "azureml://registries/r/data/a/versions/1"),
    *("azureml://registries/r/models/a/versions/1", "azureml://registries/r/data/a/labels/latest"),
    *("azureml://feeds/r/data/a/versions/1",),
    *("azureml://registries/r", "azureml:azureml://datastores/d/paths/p", "azureml:https://h/p", "azureml://"),
    *("azureml:/", "azureml:///x"),
    *("azureml://jobs/j/outputs/o", "azureml://jobs/j/outputs/artifacts/paths/m", "azureml:jobs/j", "runs:/j/model"),
    *("models:/a/1",),
    *("https://h/p", "http://h/p.csv", "https://h", "https:/h/p", "HTTPS://h/p", "https://h/p?sv=1&sig=x%3D", "//h/p"),
    *("wasbs://c@a.blob.core.windows.net/p", "wasb://c@a/p", "abfss://c@a.dfs.core.windows.net/p", "abfs://c@a/p"),
    *("adl://a/b",),
    *("s3://b/c", "hdfs://x/y", "ftp://h/p", "gs://b/c", "dbfs:/x", "wasbs:c", "data:text/plain,x", "C:\\x\\y.csv"),
    *("c:/x",),
    *("${{parent.inputs.x}}", "${{inputs.x}}", "${{ parent.inputs.x }}", "x/${{parent.inputs.x}}", "${{x}}"),
    *("$[[x]]", "${{parent.jobs.a.outputs.o}}"),
)
ODD_PATHS: tuple[Any, ...] = (None, True, 1, 1.5, [], ["data.csv"], {}, {"a": "b"})

LITERALS = (
    *("1", "0", "-1", "+1", "1.0", "1.", ".5", "1e3", "1e-4", "1.0e+3", "1.5e300", "0x1F", "0o17", "017", "1_000"),
    *("0b1", "1:30"),
    *("1:30:15", "123456789012345678901234567890", "1.7976931348623157e+309", ".inf", "-.inf", ".nan", ".NaN"),
    *("3.14159265358979312",),
    *("100.0", "1.10", "true", "True", "TRUE", "tRue", "yes", "No", "on", "OFF", "y", "n", "~", "null", "Null"),
    *("NULL", "", '""', "''"),
    *("text", '"1"', "'1'", "'true'", "' a '", "a: b", "a#b", "a #b", "'a: b'", "é", "'\\n'", '"\\n"'),
    *('"\\t\\u00e9\\U0001F600"',),
    *("2024-01-02", "2024-01-02 03:04:05", "2024-01-02T03:04:05Z", "2024-01-02T03:04:05.5+02:00", "'2024-01-02'"),
    *("03:04:05", "2024-1-2"),
    *("!!str 1", "!!int '1'", "!!float 1", "!!bool 'true'", "!!binary aGk=", "!!set {a}", "!!timestamp 2024-01-02"),
    *("!!null ''", "!x a"),
    *("!!python/object:os.x {}", "=", "<<", "@x", "'@x'", "`x", "%x", "*x", "&x", "&x 1", "|\n   a\n   b"),
    *(">\n   a\n   b", "|-\n   a", ">+\n   a\n"),
    *("[]", "[1]", "[1, 2.5, a]", "{}", "{a: 1}", "{value: 1}", "{value: }", "{value: null, type: string}", "- a"),
    *("a\n   b",),
    *("${{parent.inputs.x}}", "'${{inputs.a}}'", "'{inputs.a}'", "azureml:a:1", "./data.csv", "https://h/p", "'$x'"),
    *("'{{ ds }}'",),
)
TYPED = (
    *({"value": value} for value in (*VALUES.values(), "yes", "on", "f", 0, -1, 1.0, 0.0, 2.5, 10**30, "é")),
    *({"type": kind, "value": 1} for kind in ("string", "integer", "number", "boolean", "uri_file")),
    *({"type": kind, "default": 1} for kind in ("string", "integer")),
    *({"type": kind} for kind in (*TYPES, "string")),
    *({"type": kind, "path": "azureml:a:1"} for kind in ODD_TYPES),
    {"mode": "ro_mount"},
    {"value": 1, "mode": "ro_mount"},
    {"value": 1, "path": "data.csv"},
)
EXTRA = {
    "datastore": (
        "d",
        "azureml:d",
        "azureml:",
        "",
        None,
        1,
        f"{HOME}/datastores/d",
        f"azureml:{HOME}/datastores/d",
        "azureml://datastores/d",
        "no-such-store",
    ),
    "path_on_compute": ("x", "file:data.csv", "file:no", "/x", "", None, 1, "data.csv"),
    **dict.fromkeys(
        ("description", "optional", "default", "min", "enum", "name", "version", "zzz", "Mode", "uri"),
        ("x", None, True),
    ),
}
NAMES = (
    "a",
    "_",
    "a_1",
    "A",
    "1a",
    "a-b",
    "a.b",
    "a b",
    "é",
    "",
    "true",
    "1",
    "2.5",
    "null",
    "~",
    "a" * 300,
    '"a"',
    "y",
)
FILES_HERE = {
    **FILES,
    "../outside/o.csv": "o\n",
    "data file.csv": "s\n",
    "dätä/ü.csv": "u\n",
    "empty.csv": "",
    "a": "a file named like an asset\n",
}


def cases() -> Iterator[Case]:
    """All of them."""
    for kind in (*TYPES, None):
        for path in (*LOCAL, *REMOTE):
            yield data(f"{kind}: {path}", {"type": kind, "path": path})
        for mode in (*MODES, *ODD_MODES):
            yield data(f"{kind} {mode!r}", {"type": kind, "path": "azureml:a:1", "mode": mode}, {"mode": mode})
        for odd in ODD_PATHS:
            yield data(f"{kind}: {odd!r}", {"type": kind, "path": odd}, {"path": odd})
    for number, text in enumerate(LITERALS):
        yield Case(f"literal {number}: {text}", f"{BASE}inputs:\n x: {text}\n", FILES_HERE)
    for row in TYPED:
        yield data(f"typed {row}", row, row)
    for key, values in EXTRA.items():
        for value in values:
            for path in ("data.csv", "azureml:a:1"):
                yield data(f"{key} {value!r}, {path}", {"type": "uri_file", "path": path, key: value}, {key: value})
    for name in NAMES:
        yield Case(f"name {name}", f"{BASE}inputs:\n {name}: 1\n", FILES_HERE)
        yield Case(f"command with {name}", BASE.replace("echo", f"echo ${{{{inputs.{name}}}}}") + "inputs: {a: 1}\n")
    for text in ("", " {}", " []", " x", " 1", " null", " [a]", "\n  - a"):
        yield Case(f"inputs are {text}", f"{BASE}inputs:{text}\n")


def data(tag: str, row: Mapping[str, Any], kept: Mapping[str, Any] | None = None) -> Case:
    """One input; what is None is left out, unless it is to be kept."""
    kept = kept or {}
    value = {key: item for key, item in row.items() if item is not None or key in kept}
    job = {"type": "command", "command": "echo", "environment": "azureml:e:1", "compute": "azureml:cpu"}
    return Case(f"input {tag}", {**job, "inputs": {"x": value}}, FILES_HERE)
