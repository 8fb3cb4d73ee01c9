"""Data, models and environments that are registered: every key, every form of a path."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tests.corpus.fake_azure import HOME
from tests.oracle.judge import Case
from tests.oracle.resources import of
from tests.oracle.variations import FILES, each, these

DATA: dict[str, Any] = {
    "$schema": "https://azuremlschemas.azureedge.net/latest/data.schema.json",
    "name": "cards",
    "version": 3,
    "type": "uri_folder",
    "description": "d",
    "tags": {"a": "b"},
    "auto_delete_setting": {"condition": "last_accessed_greater_than", "value": "30d"},
    "path": "./data",
}
MODEL: dict[str, Any] = {
    "$schema": "https://azuremlschemas.azureedge.net/latest/model.schema.json",
    "name": "cards",
    "version": "3",
    "type": "mlflow_model",
    "description": "d",
    "tags": {"a": "b"},
    "properties": {"p": "q"},
    "flavors": {"python_function": {"loader_module": "mlflow.sklearn"}},
    "stage": "Production",
    "path": "./model",
}
ENVIRONMENT: dict[str, Any] = {
    "$schema": "https://azuremlschemas.azureedge.net/latest/environment.schema.json",
    "name": "env",
    "version": 3,
    "image": "python:3.12",
    "conda_file": "./conda.yml",
    "description": "d",
    "tags": {"a": "b"},
    "os_type": "linux",
    "inference_config": {
        "liveness_route": {"port": 1, "path": "/l"},
        "readiness_route": {"port": 2, "path": "/r"},
        "scoring_route": {"port": 3, "path": "/s"},
    },
}
BUILT = {"name": "env", "version": 3, "build": {"path": "ctx", "dockerfile_path": "Dockerfile"}, "tags": {"a": "b"}}
HERE = {**FILES, "model/MLmodel": "flavors: {}\n", "bad/MLTable": "paths:\n- x\n", "none/MLTable": "a: b\n"}
PATHS = (
    *("data", "./data", "data/", "./data.csv", "no", "", ".", "./mlt", "mlt", "model", "bad", "none", "mlt/MLTable"),
    *("azureml://datastores/d/paths/p", "azureml://datastores/d/paths/p/", "azureml://datastores/d/paths/p/a.csv"),
    *("https://a.blob.core.windows.net/c/p/", "wasbs://c@a.blob.core.windows.net/p/", "abfss://c@a/p/"),
    *("azureml:cards:1", "azureml:cards@latest", f"azureml:{HOME}/data/cards/versions/1", "file:data", "file:./data"),
    *(f"azureml:/{HOME.partition('/providers/')[0]}/workspaces/w/datastores/d/paths/p/", "runs:/r/model"),
    *("azureml://jobs/j/outputs/o/paths/p/", "azureml://jobs/j/outputs/artifacts/paths/model", "https://h/a.csv"),
)
DELETED: tuple[dict[str, Any], ...] = (
    *({"value": "30d"}, {"condition": "created_greater_than"}, {"zzz": "1d"}, {}),
    *(
        {"condition": "createdGreaterThan", "value": "1d"},
        {"condition": "Last_Accessed_Greater_Than", "value": "1d"},
        {"condition": "no"},
    ),
)
NAMES = ("a", "a b", "a.b", "a/b", "A_b-1", "", "é", "1", 1, "-a", "_a", "x" * 255, "x" * 256)
VERSIONS = ("1", 1, 1.5, "a", "a b", "", "latest", "2024-01-01", True, "1.0.0")


def cases() -> Iterator[Case]:
    """All of them."""
    yield from of("data", _data())
    yield from of("model", _models())
    yield from of("model", _templates())
    yield from of("environment", _environments())


def _data() -> Iterator[Case]:
    yield from each("data", DATA, HERE)
    for kind in ("uri_folder", "uri_file", "mltable", None):
        for path in PATHS:
            rows = {"path": path, "type": ... if kind is None else kind}
            yield from these(f"{kind} at {path!r}", DATA, {"": rows}, HERE)
    yield from these("data", DATA, {f"called {name!r}": {"name": name} for name in NAMES}, HERE)
    yield from these("data", DATA, {f"version {value!r}": {"version": value} for value in VERSIONS}, HERE)
    yield from these("data", DATA, {f"in {store!r}": {"datastore": store} for store in ("d", "azureml:d", "")}, HERE)
    yield from these("data", DATA, _deleted(), HERE)
    yield from these("data", DATA, {"alone": {key: ... for key in DATA if key not in ("name", "path")}}, HERE)


def _deleted() -> dict[str, dict[str, Any]]:
    return {f"deleted {row}": {"auto_delete_setting": row} for row in DELETED}


def _models() -> Iterator[Case]:
    yield from each("model", MODEL, HERE)
    yield from these("model", MODEL, _deleted(), HERE)
    for kind in ("custom_model", "mlflow_model", "triton_model", None):
        for path in PATHS:
            rows = {"path": path, "type": ... if kind is None else kind}
            yield from these(f"{kind} at {path!r}", MODEL, {"": rows}, HERE)
    yield from these("model", MODEL, {f"called {name!r}": {"name": name} for name in NAMES}, HERE)
    yield from these("model", MODEL, {f"version {value!r}": {"version": value} for value in VERSIONS}, HERE)
    yield from these("model", MODEL, {"alone": {key: ... for key in MODEL if key not in ("name", "path")}}, HERE)


def _templates() -> Iterator[Case]:
    """A model's deployment templates. Microsoft's client sends no stage beside them."""
    base = {key: value for key, value in MODEL.items() if key != "stage"}
    one, two = ({"asset_id": f"azureml://registries/r/deploymenttemplates/t/versions/{n}"} for n in (1, 2))
    rows: tuple[dict[str, Any], ...] = (
        {"default_deployment_template": one},
        {"allowed_deployment_templates": [one, two]},
        {"default_deployment_template": two, "allowed_deployment_templates": [two]},
        {"default_deployment_template": "azureml://registries/r/deploymenttemplates/t/versions/1"},
        {"default_deployment_template": []},
        {"allowed_deployment_templates": one},
        {"allowed_deployment_templates": []},
        {"system_metadata": {"a": "b"}},
        {"system_metadata": "a"},
    )
    yield from these("model", base, {f"with {row}": row for row in rows}, HERE)


def _environments() -> Iterator[Case]:
    yield from each("written", ENVIRONMENT, HERE)
    yield from each("built", BUILT, HERE)
    yield from these("environment", ENVIRONMENT, {f"called {name!r}": {"name": name} for name in NAMES}, HERE)
    yield from these("environment", ENVIRONMENT, {f"version {value!r}": {"version": value} for value in VERSIONS}, HERE)
