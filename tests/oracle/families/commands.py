"""Command jobs: every key of the schema, and each of its values replaced."""

from __future__ import annotations

from collections.abc import Iterator

from tests.oracle.judge import Case
from tests.oracle.variations import each

FULL = {
    "type": "command",
    "command": "echo ${{inputs.i1}} ${{inputs.d1}} ${{outputs.o1}}",
    "environment": "azureml:e:1",
    "compute": "azureml:cpu",
    "code": "src",
    "name": "jn",
    "display_name": "D n",
    "experiment_name": "ex",
    "description": "d",
    "tags": {"t": "v"},
    "properties": {"p": "v"},
    "inputs": {"i1": 1, "d1": {"type": "uri_file", "path": "azureml://datastores/a/paths/b.csv", "mode": "ro_mount"}},
    "outputs": {
        "o1": {
            "type": "uri_folder",
            "path": "azureml://datastores/a/paths/b/",
            "mode": "rw_mount",
            "name": "nm",
            "version": "3",
        }
    },
    "environment_variables": {"A": "b"},
    "distribution": {"type": "pytorch", "process_count_per_instance": 2},
    "resources": {
        "instance_count": 2,
        "instance_type": "T",
        "shm_size": "2g",
        "docker_args": "--x",
        "locations": ["a"],
        "properties": {"k": {"z": 1}},
    },
    "limits": {"timeout": 100},
    "identity": {"type": "managed", "client_id": "00000000-0000-4000-8000-000000000001"},
    "queue_settings": {"job_tier": "standard", "priority": "medium"},
    "services": {"s1": {"type": "tensor_board", "log_dir": "l", "port": 6, "properties": {"a": "b"}, "nodes": "all"}},
}


def cases() -> Iterator[Case]:
    """All of them."""
    yield from each("command", FULL)
