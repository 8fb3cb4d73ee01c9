"""Sweep jobs: every key, every distribution with many values, samplings, terminations, limits, trials."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

from tests.oracle.judge import Case
from tests.oracle.variations import FILES, VALUES, each, these

COMPUTE = "/subscriptions/a/resourceGroups/b/providers/Microsoft.MachineLearningServices/workspaces/w/computes/c"
FULL: dict[str, Any] = {
    "type": "sweep",
    "name": "sw",
    "display_name": "D",
    "experiment_name": "ex",
    "description": "d",
    "tags": {"a": "b"},
    "properties": {"p": "v"},
    "compute": "azureml:c",
    "trial": {
        "command": "echo ${{search_space.lr}} ${{inputs.x}} ${{outputs.o}}",
        "environment": "azureml:e:1",
        "code": "src",
        "environment_variables": {"A": "b"},
        "distribution": {"type": "mpi", "process_count_per_instance": 2},
        "resources": {"instance_count": 2, "properties": {"k": {"z": 1}}},
        "queue_settings": {"job_tier": "standard"},
    },
    "inputs": {"x": 1, "d": {"type": "uri_file", "path": "azureml://datastores/a/paths/b.csv", "mode": "ro_mount"}},
    "outputs": {"o": {"type": "uri_folder", "path": "azureml://datastores/a/paths/b/"}},
    "sampling_algorithm": {"type": "random", "rule": "sobol", "seed": 3, "logbase": "e"},
    "search_space": {"lr": {"type": "uniform", "min_value": 0.1, "max_value": 1}},
    "objective": {"goal": "minimize", "primary_metric": "m"},
    "limits": {"max_total_trials": 4, "max_concurrent_trials": 2, "timeout": 100, "trial_timeout": 10},
    "early_termination": {
        "type": "bandit",
        "slack_factor": 0.1,
        "slack_amount": 0.2,
        "delay_evaluation": 1,
        "evaluation_interval": 2,
    },
    "resources": {"instance_count": 1, "instance_type": "Q", "locations": ["a"], "shm_size": "2g", "docker_args": "x"},
    "queue_settings": {"job_tier": "spot", "priority": "low"},
    "identity": {"type": "managed"},
    "services": {"s": {"type": "jupyter_lab"}},
}

SPACES: dict[str, dict[str, Any]] = {
    "choice": {"values": [1, "a", 1.5]},
    "randint": {"upper": 3},
    "uniform": {"min_value": 0.1, "max_value": 1},
    "loguniform": {"min_value": -6, "max_value": 1e-4},
    "quniform": {"min_value": 1, "max_value": 9.5, "q": 2},
    "qloguniform": {"min_value": 1, "max_value": 9, "q": 0.5},
    "normal": {"mu": 0, "sigma": 1},
    "lognormal": {"mu": 0.5, "sigma": 1},
    "qnormal": {"mu": 1, "sigma": 2, "q": 1},
    "qlognormal": {"mu": 0, "sigma": 1, "q": 3},
}
NUMBERS: dict[str, Any] = {
    **VALUES,
    "zero": 0,
    "-1": -1,
    "big": 1e20,
    "2**70": 2**70,
    "'1.5'": "1.5",
    "'1e-3'": "1e-3",
    "' 2 '": " 2 ",
    "'1_0'": "1_0",
    "inf": float("inf"),
    "nan": float("nan"),
}
CHOICES: dict[str, Any] = {
    "texts": ["a", "b"],
    "numbers": [1, 2.0, 1e-4, 1e20],
    "truths": [True, False],
    "true": [True],
    "nulls": [None, 1],
    "dates": [VALUES["date"]],
    "lists": [[1, 2]],
    "mapping": [{"a": 1}],
    "mappings": [{"a": 1, "b": "x"}, {"a": 2.5}],
    "deep": [{"m": "y", "lr": {"type": "uniform", "min_value": 0, "max_value": 1}}, {"m": "z"}],
    "deeper": [{"m": {"type": "choice", "values": [{"n": {"type": "choice", "values": [1, {"q": 2}]}}]}}],
    "deepest": [{"m": {"type": "choice", "values": [{"n": {"type": "normal", "mu": 0, "sigma": 1}}]}}],
    "mapping without a type": [{"m": {"min_value": 1}}],
    "mapping of a list": [{"m": [1, 2]}],
    "mapping of null": [{"m": None}],
    "mapping of a truth": [{"m": True}],
    "mapping with a number as key": [{1: 2}],
    "empty mapping": [{}],
    "empty text": [""],
    "mixed": [{"a": 1}, 2, "b"],
    "text": "1,2",
    "binding": ["${{inputs.x}}"],
}
SAMPLINGS: dict[str, Any] = {
    **{word: word for word in ("random", "grid", "bayesian", "Random", "GRID", "Bayesian", "random_x")},
    **{f"{word} mapping": {"type": word} for word in ("random", "grid", "bayesian", "Random", "nope")},
    "no type": {"seed": 3},
    "bayesian with rule": {"type": "bayesian", "rule": "sobol"},
    "grid with seed": {"type": "grid", "seed": 3},
    **{f"rule {word}": {"type": "random", "rule": word} for word in ("random", "Sobol", "SOBOL", "x")},
    **{f"logbase {word}": {"type": "random", "logbase": word} for word in (10, 2.5, "10", "e", "x", "1e1", "", 0)},
    **{f"seed {word}": {"type": "random", "seed": word} for word in (0, "7", 1.5, "a", -1)},
}
TERMINATIONS: dict[str, Any] = {
    "median": {"type": "median_stopping"},
    "median with all": {"type": "median_stopping", "delay_evaluation": 2, "evaluation_interval": 3},
    "Median": {"type": "MedianStopping", "delay_evaluation": 2},
    "truncation": {"type": "truncation_selection", "truncation_percentage": 20},
    "truncation with all": {
        "type": "truncation_selection",
        "truncation_percentage": 20,
        "delay_evaluation": 2,
        "evaluation_interval": 3,
    },
    "truncation with finished": {
        "type": "truncation_selection",
        "truncation_percentage": 20,
        "exclude_finished_jobs": True,
    },
    "truncation alone": {"type": "truncation_selection"},
    "bandit alone": {"type": "bandit"},
    "bandit amount": {"type": "bandit", "slack_amount": 1},
    "bandit factor": {"type": "bandit", "slack_factor": "0.5"},
    "bandit amount 0": {"type": "bandit", "slack_amount": 0},
    "Bandit": {"type": "Bandit", "slack_factor": 1},
    "BANDIT": {"type": "BANDIT", "slack_factor": 1},
    "default": {"type": "default"},
    "word": "bandit",
    "empty": {},
}
LIMITS: dict[str, Any] = {
    **{
        f"timeout {value!r}": {"max_total_trials": 4, "timeout": value}
        for value in (0, 1, 59, 60, 61, 3600, 86400, 90061, 100.9, "7200", "PT5M", -5, 2**40)
    },
    **{
        f"trial timeout {value!r}": {"max_total_trials": 4, "trial_timeout": value}
        for value in (0, 1, 59, 60, 61, 3600, 86400, "PT5M", -5)
    },
    "trials only": {"max_total_trials": 4},
    "no trials": {"max_concurrent_trials": 4},
    "more at once": {"max_total_trials": 4, "max_concurrent_trials": 40},
    "nothing": {},
    "zeros": {"max_total_trials": 0, "max_concurrent_trials": 0},
    "negative": {"max_total_trials": -1},
}

COMPONENT = """
name: comp
version: 3
type: command
inputs:
  lr: {type: number}
  x: {type: integer, default: 3}
  dd: {type: uri_file, optional: true}
outputs:
  o: {type: uri_folder}
command: python train.py ${{inputs.lr}} ${{inputs.x}} $[[${{inputs.dd}}]] ${{outputs.o}}
code: ./src
environment: azureml:e:1
resources: {instance_count: 2, instance_type: T}
"""
LOCAL = {**FILES, "comp.yml": COMPONENT, "trial.yml": "command: echo\nenvironment: azureml:e:1\n"}
TRIALS: dict[str, Any] = {
    word: word
    for word in (
        "comp.yml",
        "./comp.yml",
        "file:comp.yml",
        "file:./comp.yml",
        "trial.yml",
        "file:trial.yml",
        "azureml:comp:1",
        "azureml:comp@latest",
        "azureml://registries/r/components/c/versions/1",
        "nope.yml",
    )
}
OPTIONAL = (
    *("early_termination", "sampling_algorithm", "resources", "queue_settings", "identity", "services"),
    *("outputs", "tags", "properties", "description", "display_name", "experiment_name", "name", "compute"),
)
OTHERS: dict[str, dict[str, Any]] = {
    "git code": {"trial/code": "git+https://github.com/a/b"},
    "git ssh code": {"trial/code": "git+ssh://git@github.com/a/b"},
    "https code": {"trial/code": "https://a.blob.core.windows.net/c/d"},
    "registered code": {"trial/code": "azureml:c:1"},
    "latest code": {"trial/code": "azureml:c@latest"},
    "a file as code": {"trial/code": "src/train.py"},
    "missing code": {"trial/code": "nope"},
    "environment of an image": {"trial/environment": {"image": "x", "conda_file": "conda.yml"}},
    "environment of a build": {"trial/environment": {"build": {"path": "ctx"}}},
    "environment file": {"trial/environment": "file:env.yml"},
    "curated": {"trial/environment": "azureml://registries/azureml/environments/e/labels/latest"},
    "latest environment": {"trial/environment": "azureml:e@latest"},
    "bare environment": {"trial/environment": "e"},
    "nothing optional": dict.fromkeys(
        (
            *("early_termination", "sampling_algorithm", "resources", "queue_settings", "identity", "services"),
            *("outputs", "tags", "properties", "description", "display_name", "experiment_name", "name", "compute"),
        ),
        ...,
    ),
    "no resources of the job": {"resources": ...},
    "no resources at all": {"resources": ..., "trial/resources": ...},
    "no resources of the trial": {"trial/resources": ...},
    "empty resources": {"resources": {}},
    "type of the trial": {"trial/type": "command"},
    "inputs of the trial": {"trial/inputs": {"a": 1}},
    "outputs of the trial": {"trial/outputs": {"a": {"type": "uri_folder"}}},
    "compute of the trial": {"trial/compute": "azureml:c"},
    "limits of the trial": {"trial/limits": {"timeout": 1}},
    "identity of the trial": {"trial/identity": {"type": "managed"}},
    "services of the trial": {"trial/services": {"s": {"type": "jupyter_lab"}}},
    "name of the trial": {"trial/name": "x"},
    "description of the trial": {"trial/description": "x"},
    "$schema of the trial": {"trial/$schema": "x"},
    "serverless": {"compute": "serverless"},
    "local": {"compute": "local"},
    "compute's id": {"compute": COMPUTE},
    "no goal": {"objective": {"primary_metric": "m"}},
    **{f"goal {word}": {"objective/goal": word} for word in ("Maximize", "MINIMIZE", "max", "")},
    "file input": {"inputs/x": {"type": "uri_file", "path": "data.csv"}},
    "folder input": {"inputs/x": {"type": "uri_folder", "path": "data"}},
    "metric in command": {"trial/command": "echo ${{search_space.nope}}"},
    "input in command": {"trial/command": "echo ${{inputs.nope}}"},
    "output in command": {"trial/command": "echo ${{outputs.nope}}"},
    "a parameter named as an input": {"search_space/x": {"type": "choice", "values": [1]}},
    "a parameter with an odd name": {"search_space/a-b": {"type": "choice", "values": [1]}},
    "a parameter with a dot": {"search_space/a.b": {"type": "choice", "values": [1]}},
    "a parameter with a space": {"search_space/a b": {"type": "choice", "values": [1]}},
    "no parameters": {"search_space": {}},
    **{
        f"identity {word}": {"identity": {"type": word}}
        for word in ("user_identity", "UserIdentity", "aml_token", "AMLToken", "managed_identity", "Managed", "x")
    },
    "managed with an id": {"identity": {"type": "managed", "client_id": "a", "object_id": "b"}},
    **{
        f"distribution {word['type']}": {"trial/distribution": word}
        for word in (
            {"type": "pytorch", "process_count_per_instance": 2},
            {"type": "tensorflow", "worker_count": 2, "parameter_server_count": 1},
            {"type": "tensorflow"},
            {"type": "ray", "port": 1, "include_dashboard": True},
            {"type": "PyTorch"},
            {"type": "x"},
        )
    },
    **{f"tier {word}": {"queue_settings/job_tier": word} for word in ("Spot", "basic", "null", "premium", "x")},
    **{f"priority {word}": {"queue_settings/priority": word} for word in ("Medium", "high", "x", 1)},
}


def spaces() -> Iterator[Case]:
    """Every distribution with each of its parameters replaced, and alone."""
    for name, parameters in SPACES.items():
        base = {"type": name, **parameters}
        yield from each(f"sweep {name}", small(base), only=lambda way: way[:2] == ("search_space", "p"), values=NUMBERS)
        rows: dict[str, dict[str, Any]] = {
            f"{name} spelled": {"search_space/p/type": name.upper()},
            "q": {"search_space/p/q": 1},
        }
        yield from these(f"sweep {name}", small(base), rows)
    for word, values in CHOICES.items():
        yield Case(f"sweep choice of {word}", small({"type": "choice", "values": values}), FILES)


def small(parameter: Any) -> dict[str, Any]:
    """The least sweep, with one parameter."""
    base = copy.deepcopy({key: FULL[key] for key in ("type", "trial", "inputs", "outputs", "objective", "limits")})
    base["trial"] = {"command": "echo ${{search_space.p}}", "environment": "azureml:e:1"}
    return {**base, "compute": "azureml:c", "search_space": {"p": parameter}}


def cases() -> Iterator[Case]:
    """All of them."""
    yield from each("sweep", FULL)
    yield from spaces()
    for key, rows in (
        ("sampling_algorithm", SAMPLINGS),
        ("early_termination", TERMINATIONS),
        ("limits", LIMITS),
        ("trial", TRIALS),
    ):
        yield from these(f"sweep {key}", FULL, {word: {key: value} for word, value in rows.items()}, LOCAL)
    yield from these("sweep", FULL, OTHERS, LOCAL)
