"""Environments of a command job: references of every form, and environments written out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tests.corpus.fake_azure import HOME
from tests.oracle.families.inputs import OTHER
from tests.oracle.judge import Case
from tests.oracle.variations import FILES, each

JOB = {"type": "command", "command": "echo", "compute": "azureml:cpu"}
REFERENCES = (
    *("azureml:e:1", "azureml:e@latest", "azureml:e@default", "azureml:e", "azureml:", "azureml:e:", "azureml::1"),
    *("e:1", "e@latest"),
    *("e", "azureml:e:1:2", "azureml:e b:1", "azureml:e@", "azureml:@latest", "azureml:e:1@latest", "azureml:e/b:1"),
    *("azureml:/e:1",),
    *("azureml:/e@latest", "azureml:/e", "AZUREML:e:1", "azureml: e:1", " azureml:e:1"),
    *("azureml:e.b-c_d:2024-01-01", "azureml:e:latest"),
    *("azureml:no-such:1", "azureml:no-such@latest", "azureml:E:1", "azureml:e:1 "),
    *("azureml:AzureML-sklearn-1.0:32", "azureml:AzureML-sklearn-1.0@latest", "AzureML-sklearn-1.0:32"),
    *("AzureML-sklearn-1.0@latest",),
    *("azureml:AzureML-sklearn-1.0", "azureml:/AzureML-sklearn-1.0:32", "azureml:azureml-sklearn:1"),
    *("azureml:AzureML-", "AzureML-x"),
    *(f"{home}/environments/e/versions/1" for home in (HOME, OTHER)),
    *(f"azureml:{home}/environments/e/versions/1" for home in (HOME, OTHER, HOME[1:])),
    *(
        f"azureml:{HOME}/{tail}"
        for tail in ("environments/e/labels/latest", "environments/e", "data/a/versions/1", "environments/e/versions/")
    ),
    *(f"azureml:{HOME.lower()}/environments/e/versions/1", f"azureml:{HOME}/environments/azureml:e/versions/1"),
    *("azureml://registries/azureml/environments/e/versions/1",),
    *("azureml://registries/azureml/environments/e/labels/latest",),
    *("azureml://registries/r/environments/e", "azureml://registries/r/data/a/versions/1", "azureml://registries/r"),
    *("azureml:azureml://registries/azureml/environments/e/versions/1", "azureml://feeds/f/environments/e/versions/1"),
    *("azureml:registries/azureml/environments/e/versions/1", "AZUREML://registries/r/environments/e/versions/1"),
    *("azureml://locations/l/workspaces/w/environments/e/versions/1", "azureml://environments/e/versions/1"),
    *("azureml://subscriptions/s/resourcegroups/g/workspaces/w/environments/e/versions/1", "azureml:/subscriptions/x"),
    *("file:env.yml", "file:./env.yml", "file:sub/env.yml", "file:no.yml", "env.yml", "./env.yml", "file:"),
    *("file:conda.yml", "file:ctx"),
    *("file:bad.yml", "file:list.yml", "file:empty.yml", "file:named.yml"),
    *("docker.io/library/python:3.10", "mcr.microsoft.com/x:1", "python", "https://h/e", "${{parent.inputs.e}}"),
    *("local", "é:1"),
)
ODD: tuple[Any, ...] = (None, True, 1, 1.5, "", [], ["azureml:e:1"], {}, {"zzz": 1})
FILES_HERE = {
    **FILES,
    "env.yml": "name: e\nversion: 1\nimage: i\nconda_file: conda.yml\n",
    "named.yml": "$schema: x\nname: e\nimage: i\n",
    "sub/env.yml": "image: i\nconda_file: c.yml\nbuild:\n",
    "sub/c.yml": "dependencies: [pip]\n",
    "bad.yml": "a: [\n",
    "list.yml": "- a\n",
    "empty.yml": "",
    "text.yml": "just a text\n",
    "order.yml": "name: z\nchannels: [b, a]\ndependencies:\n - pip=1.0\n - pip:\n   - 'x==1.0'\n   - \"y\"\n"
    "variables: {A: 1, B: yes, C: 1.10, D: 2024-01-02}\n",
    "comment.yml": "# only a comment\n",
    "duplicate.yml": "name: a\nname: b\ndependencies: [pip]\n",
    "ünï.yml": "name: é\ndependencies: [ä]\n",
    "requirements.txt": "x\n",
    "ctx2/sub/Dockerfile": "FROM y\n",
    "ctx2/.dockerignore": "*.txt\n",
    "ctx2/.amlignore": "*.log\n",
    "ctx2/a.txt": "a",
    "ctx2/a.log": "l",
    "Dockerfile": "FROM z\n",
}
FULL = {
    "image": "mcr.microsoft.com/x:1",
    "conda_file": {"name": "n", "channels": ["c"], "dependencies": ["python=3.10", {"pip": ["x"]}]},
    "name": "e",
    "version": "1",
    "description": "d",
    "tags": {"t": "v"},
    "os_type": "linux",
    "datastore": "d",
    "inference_config": {
        "liveness_route": {"port": 1, "path": "/l"},
        "readiness_route": {"port": 2, "path": "/r"},
        "scoring_route": {"port": 3, "path": "/s"},
    },
}
BUILD = {"build": {"path": "ctx", "dockerfile_path": "Dockerfile"}, "tags": {"t": "v"}, "os_type": "Linux"}
CONDA: tuple[Any, ...] = (
    *("conda.yml", "./conda.yml", "file:conda.yml", "file:./conda.yml", "no.yml", "bad.yml", "list.yml"),
    *("empty.yml", "text.yml"),
    *("order.yml", "comment.yml", "duplicate.yml", "ünï.yml", "requirements.txt", "ctx", "sub/c.yml"),
    *("sub/../conda.yml", "", " "),
    *("../outside/conda.yml", "https://h/conda.yml", "azureml:c:1", "conda.yml ", "name: x\ndependencies:\n- pip\n"),
    *({"dependencies": ["é"]}, {"dependencies": None}, {"name": "n", "a": {"c": 1, "b": 2}}, {1: "a", "b": 2}),
    *({True: 1},),
    *({"dependencies": []}, {"b": True, "a": 1.0, "n": None}, {"x": "a\nb\n"}, {"x": "1"}, {"x": "yes"}),
    *({"dependencies": ["a" * 200]},),
)
PATHS = (
    *("ctx", "./ctx", "ctx/", "../outside/ctx", "no", "ctx/Dockerfile", "Dockerfile", "file:ctx", "ctx2", ".", ""),
    *(" ", "https://h/c.git"),
    *("https://github.com/a/b.git#main:sub", "git://h/r", "git@github.com:a/b.git", "http://h/c"),
    *("azureml://datastores/d/paths/c",),
    *("https://a.blob.core.windows.net/c/p/", "wasbs://c@a/p", "ftp://h/c", "h/c", "~", "${{x}}", "https://h"),
    *("https://localhost/x",),
)


def cases() -> Iterator[Case]:
    """All of them."""
    for value in (*REFERENCES, *ODD):
        yield written(f"is {value!r}", value)
    yield Case("no environment", JOB)
    yield from each("environment written out", {**JOB, "environment": FULL}, FILES_HERE, only=_below)
    yield from each("environment built", {**JOB, "environment": BUILD}, FILES_HERE, only=_below)
    for conda in CONDA:
        yield written(f"conda {conda!r}", {"image": "i", "conda_file": conda})
    for path in PATHS:
        yield written(f"build {path!r}", {"build": {"path": path}})
        yield written(
            f"build {path!r} with a Dockerfile", {"build": {"path": path, "dockerfile_path": "sub/Dockerfile"}}
        )
    yield written("build and conda", {"build": {"path": "ctx"}, "conda_file": "conda.yml"})
    yield written("build and image", {"build": {"path": "ctx"}, "image": "i"})
    yield written("conda alone", {"conda_file": "conda.yml"})
    yield written("an empty build", {"build": {}})
    yield written("an empty build and image", {"build": {}, "image": "i"})
    yield written("a conda file's keys", {"name": "e", "channels": ["a"], "dependencies": ["b"]})
    yield written("an image and a conda file's keys", {"image": "i", "dependencies": ["b"]})
    for key in (
        "id",
        "creation_context",
        "latest_version",
        "auto_delete_setting",
        "intellectual_property",
        "properties",
        "$schema",
        "stage",
        "type",
    ):
        for value in ("x", None, 1, {"a": "b"}, {}, "azureml:e:1"):
            yield written(f"with {key} {value!r}", {"image": "i", key: value})
    for at in (HOME, OTHER, "//registries/r"):
        yield written(f"shown with the id of {at}", {"id": f"azureml:{at}/environments/e/versions/1", "image": "i"})
    for setting in ({"condition": "created_greater_than", "value": "30d"}, {"condition": "x"}, {"value": 1}, {}):
        yield written(f"deleted by {setting}", {"image": "i", "auto_delete_setting": setting})
    for store in ("d", "azureml:d", "", None, 1, f"azureml:{HOME}/datastores/d"):
        yield written(f"built from {store!r}", {"build": {"path": "ctx"}, "datastore": store})
        yield written(f"an image beside {store!r}", {"image": "i", "datastore": store})
    for word in ("Linux", "LINUX", "windows", "Windows", "mac"):
        yield written(f"for {word}", {"image": "i", "os_type": word})
    for key in ("path", "port"):
        yield written(f"a route without {key}", {"image": "i", "inference_config": {"liveness_route": {key: 1}}})


def _below(way: tuple[Any, ...]) -> bool:
    return way[0] == "environment" and len(way) > 1


def written(tag: str, value: Any) -> Case:
    """A job with an environment."""
    return Case(f"environment {tag}", {**JOB, "environment": value}, FILES_HERE)
