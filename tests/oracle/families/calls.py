"""Calls of ``command``: every keyword with values of many kinds, plain and as objects of Microsoft's client."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tests.oracle.calls import Call
from tests.oracle.judge import Case
from tests.oracle.variations import FILES, VALUES, Way, each, these

DATA = "azureml://datastores/workspaceblobstore/paths/in/"
SMALL: dict[str, Any] = {"command": "echo hi", "environment": "azureml:e:1", "compute": "cpu"}

FULL: dict[str, Any] = {
    "name": "jn",
    "display_name": "D n",
    "experiment_name": "ex",
    "description": "d",
    "tags": {"t": "v"},
    "properties": {"p": "v"},
    "command": "echo ${{inputs.i1}} ${{inputs.d1}} ${{outputs.o1}}",
    "environment": "azureml:e:1",
    "compute": "cpu",
    "code": "./src",
    "inputs": {"i1": 1, "d1": {"$": "Input", "type": "uri_file", "path": DATA + "a.csv", "mode": "ro_mount"}},
    "outputs": {"o1": {"$": "Output", "type": "uri_folder", "path": DATA, "mode": "rw_mount"}},
    "environment_variables": {"A": "b"},
    "distribution": {"$": "PyTorchDistribution", "process_count_per_instance": 2},
    "instance_count": 2,
    "instance_type": "T",
    "shm_size": "2g",
    "docker_args": "--x",
    "locations": ["a"],
    "timeout": 100,
    "identity": {"$": "ManagedIdentityConfiguration", "client_id": "00000000-0000-4000-8000-000000000001"},
    "job_tier": "standard",
    "priority": "medium",
    "services": {"s1": {"$": "TensorBoardJobService", "log_dir": "l", "nodes": "all", "port": 6}},
    "parent_job_name": "up",
}

ENVIRONMENTS: dict[str, Any] = {
    "image": {"$": "Environment", "image": "i:1"},
    "conda file": {"$": "Environment", "image": "i:1", "conda_file": "conda.yml"},
    "conda file with a dot": {"$": "Environment", "image": "i:1", "conda_file": "./conda.yml"},
    "conda written out": {
        "$": "Environment",
        "image": "i:1",
        "conda_file": {"name": "z", "dependencies": ["pip", "a"]},
    },
    "build": {"$": "Environment", "build": {"$": "BuildContext", "path": "./ctx"}},
    "build with a file": {
        "$": "Environment",
        "build": {"$": "BuildContext", "path": "ctx", "dockerfile_path": "f.txt"},
    },
    "build at an address": {
        "$": "Environment",
        "build": {"$": "BuildContext", "path": "https://github.com/a/b.git#main:x", "dockerfile_path": "D"},
    },
    "image and build": {"$": "Environment", "image": "i", "build": {"$": "BuildContext", "path": "ctx"}},
    "image and name": {"$": "Environment", "image": "i", "name": "n"},
    "image, name, version": {"$": "Environment", "image": "i", "name": "n", "version": "3"},
    "image and version": {"$": "Environment", "image": "i", "version": "3"},
    "name and version alone": {"$": "Environment", "name": "n", "version": "3"},
    "name alone": {"$": "Environment", "name": "n"},
    "nothing in it": {"$": "Environment"},
    "conda alone": {"$": "Environment", "conda_file": "conda.yml"},
    "no such conda file": {"$": "Environment", "image": "i", "conda_file": "nope.yml"},
    "described": {"$": "Environment", "image": "i", "description": "d", "tags": {"a": "b"}, "properties": {"c": "d"}},
    "windows": {"$": "Environment", "image": "i", "os_type": "windows"},
    "inference": {
        "$": "Environment",
        "image": "i",
        "inference_config": {
            "liveness_route": {"port": 1, "path": "/l"},
            "readiness_route": {"port": 1, "path": "/r"},
            "scoring_route": {"port": 1, "path": "/s"},
        },
    },
    "mapping with an image": {"image": "i"},
    "mapping with a conda file": {"image": "i", "conda_file": "conda.yml"},
    "mapping with a build": {"build": {"path": "ctx"}},
    "mapping with name and version": {"name": "n", "version": "1", "image": "i"},
    **{
        text: text
        for text in (
            *("azureml:e:1", "e:1", "azureml:e@latest", "e@latest", "azureml:e", "e", "azureml:e@first", "azureml:e:"),
            *(
                "AzureML-sklearn-1.0:3",
                "azureml:AzureML-sklearn-1.0@latest",
                "AzureML-sklearn-1.0",
                "azureml:no-such:1",
            ),
            *(
                "azureml://registries/r/environments/e/versions/1",
                "azureml://registries/r/environments/e/labels/latest",
            ),
            *(
                "azureml://registries/r/environments/e",
                "file:env.yml",
                "env.yml",
                "${{parent.inputs.e}}",
                "i:1/2",
                "x/y",
            ),
            "/subscriptions/s/resourceGroups/g/providers/Microsoft.MachineLearningServices/workspaces/w/environments/e/versions/1",
            "azureml:/subscriptions/s/resourceGroups/g/providers/Microsoft.MachineLearningServices/workspaces/w/environments/e/versions/1",
            "/subscriptions/s/resourceGroups/g/providers/Microsoft.MachineLearningServices/workspaces/w/models/e/versions/1",
        )
    },
}

CODES = (
    *("./src", "src", "src/", "./src/train.py", "src/train.py", ".", "..", "./nope", "src/sub", "file:src", "~"),
    *(
        "azureml:c:1",
        "c:1",
        "azureml:c@latest",
        "https://x.blob.core.windows.net/c/p",
        "http://x/y",
        "git+https://x/y.git",
    ),
    *("git+ssh://git@github.com/a/b", "azureml://registries/r/codes/c/versions/1", "wasbs://c@a/p", "", "./empty"),
    *("azureml://datastores/d/paths/p", "${{parent.inputs.c}}"),
    "/subscriptions/s/resourceGroups/g/providers/Microsoft.MachineLearningServices/workspaces/w/codes/c/versions/1",
    "azureml:/subscriptions/s/resourceGroups/g/providers/Microsoft.MachineLearningServices/workspaces/w/codes/c/versions/1",
)

COMPUTES = (
    *(
        "cpu",
        "azureml:cpu",
        "local",
        "azureml:local",
        "LOCAL",
        "serverless",
        "azureml:serverless",
        "Serverless",
        "",
        "a/b",
    ),
    *("azureml:", "no-such-compute", "${{parent.inputs.c}}", "azureml:azureml:cpu", "cpu:1", "cpu@latest", " cpu "),
    "/subscriptions/s/resourceGroups/g/providers/Microsoft.MachineLearningServices/workspaces/w/computes/c",
    "azureml:/subscriptions/s/resourceGroups/g/providers/Microsoft.MachineLearningServices/workspaces/w/computes/c",
    "/subscriptions/s/resourceGroups/g/providers/Microsoft.MachineLearningServices/virtualclusters/v",
    *("virtualclusters/v", "azureml:virtualclusters/v", "azureml://virtualclusters/v"),
)

ROWS: dict[str, list[Any]] = {
    "distribution": [
        *({"$": "MpiDistribution"}, {"$": "MpiDistribution", "process_count_per_instance": 4}),
        *({"$": "PyTorchDistribution"}, {"$": "PyTorchDistribution", "process_count_per_instance": "4"}),
        *({"$": "TensorFlowDistribution"}, {"$": "TensorFlowDistribution", "worker_count": 2}),
        {"$": "TensorFlowDistribution", "parameter_server_count": 1, "worker_count": 2},
        *({"$": "RayDistribution"}, {"$": "RayDistribution", "port": 1, "address": "a", "include_dashboard": False}),
        *({"type": "mpi"}, {"type": "mpi", "process_count_per_instance": 2}, {"type": "Mpi"}, {"type": "PyTorch"}),
        *({"type": "pytorch", "process_count_per_instance": 2}, {"type": "tensorflow", "worker_count": 2}),
        *({"type": "tensorflow"}, {"type": "ray", "port": 3}, {"type": "ray"}, {"type": "horovod"}, {}, {"a": 1}),
        *(
            {"distribution_type": "mpi"},
            {"type": "pytorch", "zzz": 1},
            {"type": "TensorFlow", "worker_count": 2},
            "mpi",
        ),
    ],
    "identity": [
        *({"$": "UserIdentityConfiguration"}, {"$": "AmlTokenConfiguration"}, {"$": "ManagedIdentityConfiguration"}),
        *(
            {"$": "ManagedIdentityConfiguration", "object_id": "o"},
            {"$": "ManagedIdentityConfiguration", "client_id": "c"},
        ),
        {"$": "ManagedIdentityConfiguration", "resource_id": "r"},
        {
            "$": "ManagedIdentityConfiguration",
            "client_id": "c",
            "object_id": "o",
            "resource_id": "r",
            "principal_id": "p",
        },
        *({"type": "user_identity"}, {"type": "managed"}, {"type": "aml_token"}, {"type": "UserIdentity"}, {}),
        *({"type": "managed_identity", "client_id": "c"}, {"type": "AMLToken"}, {"type": "nobody"}),
    ],
    "services": [
        {"a": {"$": "SshJobService", "ssh_public_keys": "k"}},
        *({"a": {"$": "SshJobService"}}, {"a": {"$": "JupyterLabJobService"}}, {"a": {"$": "VsCodeJobService"}}),
        *({"a": {"$": "TensorBoardJobService"}}, {"a": {"$": "TensorBoardJobService", "log_dir": "x"}}),
        {"a": {"$": "VsCodeJobService", "nodes": "all", "port": 3, "properties": {"a": "b"}}},
        *({"a": {"$": "JobService", "type": "ssh"}}, {"a": {"$": "JobService", "type": "jupyter_lab", "port": 1}}),
        *({"a": {"$": "JobService", "type": "custom", "port": 1}}, {"a": {"$": "JobService"}}, {"a": {}}, {}),
        *({"a": {"$": "JobService", "type": "Studio"}}, {"a": {"$": "JobService", "type": "nope"}}),
        {"a": {"$": "JobService", "type": "tensor_board", "properties": {"logDir": "x"}, "nodes": "all"}},
        *({"a": {"$": "SshJobService", "nodes": "some"}}, {"a": {"type": "ssh", "ssh_public_keys": "k"}}),
        *({"a": {"type": "jupyter_lab"}}, {"a": {"type": "tensor_board", "log_dir": "x"}}, {"a": None}, {"a": "ssh"}),
        *({"a": {"job_service_type": "ssh"}}, {"a b": {"$": "VsCodeJobService"}}, {"A-1": {"$": "VsCodeJobService"}}),
    ],
    "locations": [[], ["eastus", "westus"], "eastus", [1]],
    "docker_args": ["", "--a --b", [], ["--a"], ["--a", "--b c"], 1],
    "shm_size": ["2g", "2G", "2", "2gb", "", 2, "0g", "1.5g"],
    "instance_count": [0, 1, 2, -1, "2", 1.0, 1.5, True, "x"],
    "instance_type": ["Standard_DS3_v2", "", 1, "cpu.medium"],
    "timeout": [0, 1, 59, 60, 61, 3600, 86400, 90061, 604800, -5, 1.0, 1.5, "60", "x", True],
    "job_tier": ["spot", "Spot", "SPOT", "basic", "standard", "premium", "null", "Null", "nope", "", 1],
    "priority": ["low", "medium", "high", "Low", "HIGH", "nope", "", 1],
    "tags": [
        {},
        {"a": 1},
        {"a": True},
        {"a": None},
        {"a": 1.5},
        {"a": ["b"]},
        {"a": {"b": "c"}},
        ["a"],
        "a",
        {"a": ""},
    ],
    "properties": [{}, {"a": 1}, {"a": True}, {"a": None}, {"a": ["b"]}, {"a": {"b": "c"}}, {"azureml.x": "y"}],
    "environment_variables": [
        {},
        {"a": 1},
        {"a": True},
        {"a": None},
        {"a": 0.1},
        {"a": ["b"]},
        {"a": {"b": 1}},
        {"A": ""},
    ],
    "description": ["", "two\nlines", 1, "x" * 300],
    "display_name": ["", " ", "é", 1],
    "experiment_name": ["", "a b", "é", 1, "x" * 300],
    "command": [
        "",
        " ",
        "two\nlines",
        "echo {inputs.a}",
        "echo ${{outputs.a}}",
        "echo ${{inputs.a}}",
        "$[[${{inputs.a}}]]",
        1,
    ],
    "parent_job_name": ["", "a", 1],
    "name": ["", "a", "a b", "é", "x" * 300, 1],
    "is_deterministic": [True, False],
    "limits": [{"$": "CommandJobLimits", "timeout": 5}, {"timeout": 5}],
    "queue_settings": [{"$": "QueueSettings", "job_tier": "spot"}, {"job_tier": "spot"}],
    "resources": [{"$": "JobResourceConfiguration", "instance_count": 2}, {"instance_count": 2}],
    "zzz": [1],
}

GIT = {
    "AZUREML_GIT_REPOSITORY_URI": "https://github.com/acme/repo.git",
    "AZUREML_GIT_BRANCH": "main",
    "AZUREML_GIT_COMMIT": "0123456789abcdef0123456789abcdef01234567",
    "AZUREML_GIT_DIRTY": "True",
    "AZUREML_GIT_BUILD_ID": "42",
    "AZUREML_GIT_BUILD_URI": "https://ci.example.org/42",
}
ENVIRONS: dict[str, Mapping[str, str]] = {
    "all of git": GIT,
    **{f"only {name}": {name: value} for name, value in GIT.items()},
    **{f"all but {one}": {name: value for name, value in GIT.items() if name != one} for one in GIT},
    "not dirty": {**GIT, "AZUREML_GIT_DIRTY": "False"},
    "dirty in a word": {**GIT, "AZUREML_GIT_DIRTY": "yes"},
    "ssh": {**GIT, "AZUREML_GIT_REPOSITORY_URI": "git@github.com:acme/repo.git"},
    "empty": dict.fromkeys(GIT, ""),
    "spaces": {name: f" {value} " for name, value in GIT.items()},
}


def calls(found: Iterator[Case]) -> Iterator[Case]:
    """Make calls of cases."""
    for case in found:
        assert isinstance(case.job, Mapping)
        yield Call(case.id, case.job, {**case.files, "env.yml": "image: i\n"})


def plain(way: Way) -> bool:
    """Leave classes alone."""
    return bool(way[-1] != "$")


def cases() -> Iterator[Case]:
    """All of them."""
    values = {name: value for name, value in VALUES.items() if name != "date"}
    yield from calls(each("call", FULL, only=plain, values=values))
    yield from calls(
        these("call: environment", SMALL, {name: {"environment": new} for name, new in ENVIRONMENTS.items()})
    )
    yield from calls(these("call: code", SMALL, {text or "empty": {"code": text} for text in CODES}))
    yield from calls(these("call: compute", SMALL, {text or "empty": {"compute": text} for text in COMPUTES}))
    for key, rows in ROWS.items():
        yield from calls(these(f"call: {key}", SMALL, {str(row): {key: row} for row in rows}))
    for word, environment in ENVIRONS.items():
        yield Call(f"call: environment {word}", SMALL, FILES, environment=environment)
        yield Call(f"call: environment {word}, with code", {**SMALL, "code": "./src"}, FILES, environment=environment)
        own = {**SMALL, "properties": {"mlflow.source.git.branch": "own"}}
        yield Call(f"call: environment {word}, with a property", own, FILES, environment=environment)
