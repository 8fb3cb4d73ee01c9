"""What is set in a job file by dotted paths, as ``az ml job create --set`` does: new keys, nested ones, mappings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tests.oracle.calls import Setting
from tests.oracle.families.commands import FULL
from tests.oracle.judge import Case
from tests.oracle.variations import FILES

PIPELINE: dict[str, Any] = {
    "type": "pipeline",
    "settings": {"default_compute": "azureml:cpu"},
    "inputs": {"x": 1, "d": {"type": "uri_folder", "path": "azureml:a:1"}},
    "jobs": {
        "train": {
            "type": "command",
            "command": "echo ${{inputs.x}}",
            "environment": "azureml:e:1",
            "inputs": {"x": "${{parent.inputs.x}}"},
            "resources": {"instance_count": 1},
        }
    },
}
SWEEP: dict[str, Any] = {
    "type": "sweep",
    "trial": {"command": "x ${{search_space.a}}", "environment": "azureml:e:1"},
    "search_space": {"a": {"type": "choice", "values": [1, 2]}},
    "sampling_algorithm": "random",
    "objective": {"goal": "maximize", "primary_metric": "m"},
    "compute": "azureml:c",
    "limits": {"max_total_trials": 2, "timeout": 100},
}
VALUES: tuple[Any, ...] = (3, "3", 0.5, "0.5", True, "true", "text", "", None, [], ["a"], {}, {"a": "b"})
PATHS: Mapping[str, tuple[Mapping[str, Any], tuple[str, ...]]] = {
    "command": (
        FULL,
        (
            *("inputs.i1", "inputs.new", "inputs.d1.path", "inputs.d1.type", "inputs.d1.mode", "inputs.d1", "inputs"),
            *("outputs.o1.mode", "outputs.new", "outputs", "tags.t", "tags.new", "tags.a.b", "tags", "properties.p"),
            *(
                "properties.a.b",
                "environment_variables.A",
                "environment_variables.N",
                "environment",
                "environment.image",
            ),
            *("compute", "code", "command", "display_name", "experiment_name", "description", "name", "type", "limits"),
            *("limits.timeout", "resources.instance_count", "resources.instance_type", "resources.properties.k.z"),
            *(
                "resources.locations",
                "resources.locations.0",
                "resources.locations[0]",
                "resources.shm_size",
                "resources",
            ),
            *(
                "distribution.process_count_per_instance",
                "distribution.type",
                "distribution",
                "queue_settings.job_tier",
            ),
            *(
                "identity.type",
                "identity",
                "services.s1.port",
                "services.new",
                "services.new.type",
                "zzz",
                "zzz.a",
                "a..b",
                "",
            ),
            *("inputs.d1.path.a", "command.a", "tags[t]", "inputs.i1.x.y", "limits.zzz", "parent_job_name"),
        ),
    ),
    "pipeline": (
        PIPELINE,
        (
            *(
                "jobs.train.inputs.x",
                "jobs.train.inputs.new",
                "jobs.train.compute",
                "jobs.train.resources.instance_count",
            ),
            *("jobs.train.command", "jobs.new", "jobs.new.type", "jobs.other.command", "jobs", "settings.force_rerun"),
            *(
                "settings.default_compute",
                "settings",
                "settings.zzz",
                "inputs.x",
                "inputs.d.path",
                "outputs.o",
                "outputs.o.mode",
            ),
            *(
                "jobs.train.limits.timeout",
                "jobs.train.environment_variables.A",
                "experiment_name",
                "compute",
                "tags.a",
            ),
            *(
                "jobs.train.outputs.o",
                "jobs.train.distribution.type",
                "jobs.train.queue_settings.job_tier",
                "jobs.train.name",
            ),
        ),
    ),
    "sweep": (
        SWEEP,
        (
            *(
                "search_space.a.values",
                "search_space.a.values.0",
                "search_space.a.values[1]",
                "search_space.b",
                "limits.timeout",
            ),
            *("limits.max_total_trials", "limits.max_concurrent_trials", "objective.goal", "objective.primary_metric"),
            *("sampling_algorithm", "trial.command", "trial.environment", "trial.resources.instance_count", "compute"),
            *("early_termination.type", "early_termination", "inputs.x", "search_space.a.type", "search_space"),
        ),
    ),
}
TOGETHER: dict[str, tuple[Mapping[str, Any], Mapping[str, Any]]] = {
    "a new service": (FULL, {"services.b.type": "ssh", "services.b.ssh_public_keys": "k"}),
    "a distribution": (FULL, {"distribution.type": "mpi", "distribution.process_count_per_instance": 4}),
    "new data": (FULL, {"inputs.n.type": "uri_folder", "inputs.n.path": "./data", "inputs.n.mode": "download"}),
    "a literal for data": (FULL, {"inputs.d1": 5}),
    "data for a literal": (FULL, {"inputs.i1": {"type": "uri_file", "path": "data.csv"}}),
    "an environment": (FULL, {"environment": {"image": "i", "conda_file": "conda.yml"}}),
    "a step": (PIPELINE, {"jobs.b": {"type": "command", "command": "x", "environment": "azureml:e:1"}}),
    "a step by parts": (
        PIPELINE,
        {"jobs.b.type": "command", "jobs.b.command": "x", "jobs.b.environment": "azureml:e:1"},
    ),
    "a policy": (SWEEP, {"early_termination.type": "bandit", "early_termination.slack_factor": "0.1"}),
    "twice": (FULL, {"inputs.new": 1, "inputs.new2": "2"}),
    "within what is set": (FULL, {"tags": {"x": "y"}, "tags.z": "w"}),
    "local code": (FULL, {"code": "./src", "inputs.d1.path": "./data.csv"}),
}


def cases() -> Iterator[Case]:
    """All of them."""
    for kind, (base, paths) in PATHS.items():
        for path in paths:
            for value in VALUES:
                yield Setting(f"set: {kind}: {path} = {value!r}", base, FILES, override={path: value})
    for word, (base, override) in TOGETHER.items():
        yield Setting(f"set: {word}", base, FILES, override=override)
