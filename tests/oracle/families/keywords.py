"""Keywords of the operators that create something, beside the objects of Microsoft's client made of the same."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tests.corpus.fake_azure import HOME
from tests.oracle.judge import Case
from tests.oracle.resources import Keywords
from tests.oracle.variations import FILES, VALUES

DATA = {"name": "cards", "version": "3", "path": "./data", "type": "uri_folder", "description": "d", "tags": {"a": "b"}}
MODEL = {
    "name": "cards",
    "version": "3",
    "path": "./data",
    "type": "mlflow_model",
    "description": "d",
    "tags": {"a": "b"},
}
ENDPOINT = {"name": "cards", "description": "d", "tags": {"a": "b"}, "properties": {"p": "q"}}
DEPLOYMENT = {
    "name": "blue",
    "endpoint_name": "cards",
    "description": "d",
    "tags": {"a": "b"},
    "properties": {"p": "q"},
    "model": f"{HOME}/models/m/versions/1",
    "environment": f"{HOME}/environments/e/versions/1",
    "compute": "cpu",
}
SETTINGS = {
    "mini_batch_size": 3,
    "max_concurrency_per_instance": 2,
    "output_action": "append_row",
    "output_file_name": "p.csv",
    "error_threshold": 4,
    "logging_level": "info",
    "environment_variables": {"A": "b"},
}
CODE = {"code": "./src", "scoring_script": "train.py"}
WORDS = ("null", "true", "one", "3.5", "empty", "word", "'1'", "list", "mapping", "mapping of a text")
PATHS = (
    *("./data", "data", "data.csv", "no", "azureml://datastores/d/paths/p/", "https://h/a.csv", "mlt", "."),
    *("azureml:cards:1", "wasbs://c@a.blob.core.windows.net/p/", "azureml://datastores/d/paths/p/a.csv"),
)
MODELS: tuple[Any, ...] = (
    *({"path": "data"}, {"path": "data", "type": "mlflow_model"}, {"path": "data", "name": "m", "version": "3"}),
    *({"path": "data", "name": "m"}, {"path": "data", "tags": {"a": "b"}, "description": "d"}, {"path": "no"}),
)
ENVIRONMENTS: tuple[Any, ...] = (
    *({"image": "i"}, {"image": "i", "name": "e", "version": "2"}, {"image": "i", "name": "e"}),
    *({"build": {"path": "ctx"}}, {"image": "i", "conda_file": "conda.yml"}),
)


def cases() -> Iterator[Case]:
    """All of them."""
    for kind, cls, base in (
        ("data", "Data", DATA),
        ("model", "Model", MODEL),
        ("batch endpoint", "BatchEndpoint", ENDPOINT),
    ):
        for tag, keywords in _varied(base):
            yield Keywords(f"keywords: {cls}: {tag}", keywords, FILES, kind=kind, theirs={"$": cls, **keywords})
    for cls, base, kinds in (
        ("Data", DATA, ("uri_folder", "uri_file", "mltable")),
        ("Model", MODEL, ("custom_model", "mlflow_model", "triton_model")),
    ):
        for word in kinds:
            for path in PATHS:
                given = {**base, "path": path, "type": word}
                yield Keywords(
                    f"keywords: {cls}: {word} at {path}", given, FILES, kind=cls.lower(), theirs={"$": cls, **given}
                )
    yield from _deployments()


def _varied(base: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    yield "as it is", dict(base)
    for key in base:
        yield f"no {key}", {name: value for name, value in base.items() if name != key}
        for word in WORDS:
            yield f"{key} = {word}", {**base, key: VALUES[word]}


def _deployments() -> Iterator[Case]:
    for tag, keywords in _varied(DEPLOYMENT):
        yield _deployment(tag, keywords, SETTINGS)
    for tag, settings in _varied(SETTINGS):
        yield _deployment(tag, DEPLOYMENT, settings)
    for model in MODELS:
        yield _deployment(f"of {model}", {**DEPLOYMENT, "model": model}, {}, {"model": {"$": "Model", **model}})
    for environment in ENVIRONMENTS:
        made = {"$": "Environment", **environment}
        if "build" in made:
            made["build"] = {"$": "BuildContext", **environment["build"]}
        yield _deployment(f"in {environment}", {**DEPLOYMENT, "environment": environment}, {}, {"environment": made})


def _deployment(
    tag: str, keywords: Mapping[str, Any], settings: Mapping[str, Any], objects: Mapping[str, Any] | None = None
) -> Case:
    """A model's deployment; ``code`` and ``settings`` are objects there."""
    theirs = {
        "$": "ModelBatchDeployment",
        **keywords,
        **(objects or {}),
        "code_configuration": {"$": "CodeConfiguration", **CODE},
        "settings": {"$": "ModelBatchDeploymentSettings", "mini_batch_size": 10, **settings},
    }
    ours = {**keywords, "code_configuration": CODE, "settings": dict(settings), "type": "model"}
    return Keywords(f"keywords: deployment: {tag}", ours, FILES, kind="batch deployment", theirs=theirs)
