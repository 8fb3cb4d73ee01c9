"""Invocations of batch endpoints: inputs and outputs of every form, and what is overridden for a run."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tests.oracle.calls import Invoked
from tests.oracle.judge import Case
from tests.oracle.variations import FILES

ARM = "/subscriptions/s/resourceGroups/g/providers/Microsoft.MachineLearningServices/workspaces/w"
END = {"endpoint_name": "ep-under-test"}
FOLDER = {"$input": {"type": "uri_folder", "path": "azureml://datastores/workspaceblobstore/paths/in/"}}

TYPES = ("uri_file", "uri_folder", "mltable", "mlflow_model", "custom_model", "triton_model")
PATHS = (
    *(
        "./data",
        "data",
        "data/",
        "./data.csv",
        "data.csv",
        "mlt",
        "./nope",
        ".",
        "azureml:a:1",
        "a:1",
        "azureml:a@latest",
    ),
    *(
        "a@latest",
        "azureml:a",
        "azureml:no-such:1",
        "azureml://datastores/d/paths/p",
        "azureml://datastores/d/paths/p/",
    ),
    *(f"azureml:/{ARM}/datastores/d/paths/p", f"{ARM}/data/a/versions/1", f"azureml:{ARM}/data/a/versions/1", ""),
    *(
        f"{ARM}/models/a/versions/1",
        "https://x.blob.core.windows.net/c/p",
        "https://example.org/a.csv",
        "http://example.org/a",
    ),
    *("azureml://locations/l/workspaces/w/data/a/versions/1", "azureml:a@other", "data with space", "azureml:a:1:2"),
)
MODES = ("ro_mount", "rw_mount", "mount", "download", "direct", "eval_mount", "eval_download")
LITERALS: tuple[tuple[str, Any], ...] = (
    *(("string", value) for value in ("text", "", "1", "true", "azureml:a:1", "é", "two\nlines", "./data", " ")),
    *(("integer", value) for value in (0, 1, -5, 10**12, "3", 2.0, 2.5)),
    *(("number", value) for value in (0, 1, 0.5, -1e-7, "0.5", 1e20)),
    *(("boolean", value) for value in (True, False, "true", "False", 1, "yes")),
    *((kind, None) for kind in ("string", "integer", "number", "boolean")),
)
PLAIN: tuple[Any, ...] = (
    *(
        "text",
        "",
        "azureml:a:1",
        "azureml://datastores/d/paths/p",
        "https://example.org/a",
        "./data",
        1,
        0,
        0.5,
        True,
        False,
    ),
    *(None, [], {}, {"a": 1}, {"type": "uri_folder", "path": "azureml:a:1"}, {"type": "string", "default": "a"}),
    *({"jobInputType": "UriFile", "uri": "https://example.org/a"}, {"jobInputType": "Literal", "value": 3}),
)
OUTPUTS: tuple[Any, ...] = (
    *({"$output": {"type": kind}} for kind in TYPES),
    *(
        {"$output": {"type": "uri_file", "path": f"azureml://datastores/d/paths/{name}"}}
        for name in ("o.csv", "o/", "")
    ),
    *({"$output": {"type": "uri_folder", "path": path}} for path in PATHS),
    *({"$output": {"type": "uri_folder", "mode": mode}} for mode in ("rw_mount", "mount", "upload", "direct")),
    *({"$output": {}}, {}, None, {"jobOutputType": "UriFolder", "uri": "azureml://datastores/d/paths/o"}),
    *({"$output": {"type": "uri_folder", "name": "n"}}, {"$output": {"type": "uri_folder", "description": "d"}}),
)
OVERRIDES: dict[str, tuple[Any, ...]] = {
    "mini_batch_size": (1, 5, "5", 0, -1, 1.5, "x"),
    "error_threshold": (-1, 0, 5, "5", "x"),
    "job_name": ("x", "a b", "", "é"),
    "output_file_name": ("predictions.csv", "", "a/b.csv"),
    "dataset": ("azureml:a:1", "x"),
    "properties": ({"a": "b"}, {"a": 1}, {"experimentName": "x"}, {}, {"a": {"b": "c"}}),
    "compute": (
        *(
            {"instance_count": 2},
            {"instance_count": "2"},
            {"target": "azureml:cpu"},
            {"target": "cpu"},
            {"target": "local"},
        ),
        *({"instance_type": "T", "location": "l", "properties": {"a": "b"}}, {"target": "local", "instance_count": 2}),
        *(
            {"target": f"azureml:{ARM}/computes/c", "instance_count": 1},
            {"target": f"{ARM}/computes/c"},
            {"zzz": 1},
            {},
        ),
    ),
    "retry_settings": (
        *(
            {"max_retries": 3},
            {"timeout": 30},
            {"max_retries": 0, "timeout": 0},
            {"timeout": 3600},
            {"max_retries": "2"},
            {},
        ),
        *({"timeout": 90061}, {"zzz": 1}),
    ),
    "output_dataset": (
        *({"datastore_id": "azureml:d", "path": "p"}, {"datastore_id": "d", "path": "p"}, {"path": "p"}, {}),
        *({"datastore_id": f"{ARM}/datastores/d", "path": "p"}, {"datastore_id": f"azureml:{ARM}/datastores/d"}),
        *({"datastore_id": "azureml:d"}, {"datastore_id": "azureml:d", "path": "/p/"}),
    ),
    "input_data": ({"a": FOLDER}, {"a": 1}, {"a": {"$input": {"type": "integer", "default": 3}}}),
    "output_data": ({"a": {"$output": {"type": "uri_file"}}},),
    "zzz": (1,),
}


def rows() -> Iterator[tuple[str, dict[str, Any]]]:
    """The arguments of all calls, each with what it is about."""
    for kind in TYPES:
        for path in PATHS:
            given = {"$input": {"type": kind, "path": path}}
            yield f"one {kind} at {path}", {"input": given}
            yield f"{kind} at {path}", {"inputs": {"a": given}}
        for mode in MODES:
            yield f"{kind} with {mode}", {"inputs": {"a": {"$input": {**FOLDER["$input"], "type": kind, "mode": mode}}}}
    for path in PATHS:
        yield f"without a type at {path}", {"inputs": {"a": {"$input": {"path": path}}}}
        yield f"one without a type at {path}", {"input": {"$input": {"path": path}}}
    for kind, value in LITERALS:
        yield f"{kind} {value!r}", {"inputs": {"a": {"$input": {"type": kind, "default": value}}}}
    for value in PLAIN:
        yield f"plain {value!r}", {"inputs": {"a": value}}
    for value in OUTPUTS:
        yield f"output {value!r}", {"inputs": {"a": FOLDER}, "outputs": {"o": value}}
    for key, values in OVERRIDES.items():
        for value in values:
            yield f"{key} {value!r}", {"input": FOLDER, "params_override": [{key: value}]}
    for key, values in (
        ("job_name", ("j", "", "a b")),
        ("experiment_name", ("e", "", "é")),
        ("deployment_name", ("blue", "nope")),
    ):
        for value in values:
            yield f"argument {key} {value!r}", {"input": FOLDER, key: value}
    for name in ("a", "A_1", "a-b", "a b", "1", "é", ""):
        yield f"input called {name}", {"inputs": {name: FOLDER}}
        yield f"output called {name}", {"input": FOLDER, "outputs": {name: {"$output": {"type": "uri_file"}}}}
    two = {"$input": {"type": "integer", "default": 3}}
    yield (
        "many",
        {"inputs": {"a": FOLDER, "b": two, "c": FOLDER}, "outputs": {"o": {"$output": {"type": "uri_folder"}}}},
    )
    yield "both forms", {"input": FOLDER, "inputs": {"a": FOLDER}}
    yield "nothing", {}
    yield (
        "many overrides",
        {
            "input": FOLDER,
            "params_override": [{"mini_batch_size": 2}, {"retry_settings": {"max_retries": 1}, "error_threshold": 3}],
            "experiment_name": "e",
            "job_name": "j",
            "deployment_name": "blue",
        },
    )
    yield (
        "an experiment and properties",
        {
            "input": FOLDER,
            "experiment_name": "e",
            "params_override": [{"properties": {"a": "b"}}],
        },
    )


def cases() -> Iterator[Case]:
    """All of them."""
    for word, call in rows():
        yield Invoked(f"invocation: {word}", {**END, **call}, FILES)
