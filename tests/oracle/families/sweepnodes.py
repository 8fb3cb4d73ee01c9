"""Sweep nodes of pipelines: every key, and trials of every form."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import yaml

from tests.oracle.judge import Case
from tests.oracle.variations import FILES, VALUES, each, these

COMPONENT: dict[str, Any] = {
    "name": "comp",
    "version": 3,
    "type": "command",
    "inputs": {
        "lr": {"type": "number"},
        "x": {"type": "integer", "default": 3},
        "d": {"type": "uri_file", "optional": True},
    },
    "outputs": {"o": {"type": "uri_folder"}},
    "command": "python train.py ${{inputs.lr}} ${{inputs.x}} $[[${{inputs.d}}]] ${{outputs.o}}",
    "code": "./src",
    "environment": "azureml:e:1",
    "resources": {"instance_count": 2, "instance_type": "T"},
    "distribution": {"type": "mpi", "process_count_per_instance": 2},
}
SPACE: dict[str, Any] = {"lr": {"type": "uniform", "min_value": 0.1, "max_value": 1}}
NODE: dict[str, Any] = {
    "type": "sweep",
    "trial": "comp.yml",
    "display_name": "D",
    "description": "d",
    "comment": "c",
    "tags": {"a": "b"},
    "properties": {"a": "b"},
    "compute": "azureml:c",
    "inputs": {"x": "${{parent.inputs.a}}", "d": {"type": "uri_file", "path": "${{parent.inputs.d}}"}},
    "outputs": {"o": {"type": "uri_folder", "mode": "upload"}},
    "sampling_algorithm": {"type": "random", "rule": "sobol", "seed": 3, "logbase": "e"},
    "search_space": {**SPACE, "c": {"type": "choice", "values": [1, "a", 1.5]}},
    "objective": {"goal": "minimize", "primary_metric": "m"},
    "limits": {"max_total_trials": 4, "max_concurrent_trials": 2, "timeout": 100, "trial_timeout": 10},
    "early_termination": {"type": "bandit", "slack_factor": 0.1, "delay_evaluation": 1, "evaluation_interval": 2},
    "resources": {"instance_count": 1, "instance_type": "Q"},
    "queue_settings": {"job_tier": "spot", "priority": "low"},
    "identity": {"type": "managed"},
}
JOB: dict[str, Any] = {
    "type": "pipeline",
    "compute": "azureml:c",
    "inputs": {"a": 1, "n": 2, "d": {"type": "uri_file", "path": "azureml:d:1"}},
    "outputs": {"po": None},
    "jobs": {"s": NODE},
}
FEW = {word: value for word, value in VALUES.items() if word not in {"asset", "binding", "1e-4", "2.0"}}
FEW |= {"binding": "${{parent.inputs.n}}"}

SPACES: dict[str, Any] = {
    "uniform": {"type": "uniform", "min_value": 0, "max_value": 1},
    "Uniform": {"type": "Uniform", "min_value": 0, "max_value": 1},
    "loguniform": {"type": "loguniform", "min_value": -1, "max_value": 1e-4},
    "quniform": {"type": "quniform", "min_value": 1, "max_value": 9, "q": 2},
    "qloguniform": {"type": "qloguniform", "min_value": 1, "max_value": 9, "q": 2.5},
    "normal": {"type": "normal", "mu": 0, "sigma": 1},
    "lognormal": {"type": "lognormal", "mu": 0.5, "sigma": 1},
    "qnormal": {"type": "qnormal", "mu": 0, "sigma": 1, "q": 3},
    "qlognormal": {"type": "qlognormal", "mu": 0, "sigma": 1, "q": 3},
    "randint": {"type": "randint", "upper": 5},
    "randint of a fraction": {"type": "randint", "upper": 5.5},
    "randint of a text": {"type": "randint", "upper": "5"},
    "texts": {"type": "uniform", "min_value": "0", "max_value": "1.5"},
    "choice of none": {"type": "choice", "values": []},
    "choice of truths": {"type": "choice", "values": [True, 1]},
    "choice of nothing": {"type": "choice", "values": [None]},
    "choice of mappings": {"type": "choice", "values": [{"a": 1}]},
    "choice of lists": {"type": "choice", "values": [[1, 2]]},
    "choice of text": {"type": "choice", "values": "1,2"},
    "choice without": {"type": "choice"},
    "choice of spaces": {
        "type": "choice",
        "values": [{"m": "y", "p": {"type": "uniform", "min_value": 0, "max_value": 1}}],
    },
    "choice of paths": {"type": "choice", "values": ["./src", "azureml:d:1", "${{parent.inputs.n}}"]},
    "unknown": {"type": "nope"},
    "without type": {"min_value": 1},
    "literal": 3,
    "list": [1, 2],
    "more": {"type": "uniform", "min_value": 0, "max_value": 1, "q": 1},
    "less": {"type": "uniform", "min_value": 0},
    "bound": {"type": "uniform", "min_value": "${{parent.inputs.n}}", "max_value": 1},
    "bound upper": {"type": "randint", "upper": "${{parent.inputs.n}}"},
    "binding": "${{parent.inputs.n}}",
}
POLICIES: dict[str, Any] = {
    "median": {"type": "median_stopping", "delay_evaluation": 2, "evaluation_interval": 1},
    "median alone": {"type": "median_stopping"},
    "MedianStopping": {"type": "MedianStopping"},
    "truncation": {"type": "truncation_selection", "truncation_percentage": 20},
    "truncation alone": {"type": "truncation_selection"},
    "truncation more": {"type": "truncation_selection", "truncation_percentage": 20, "exclude_finished_jobs": True},
    "amount": {"type": "bandit", "slack_amount": 1},
    "amount and factor": {"type": "bandit", "slack_amount": 1, "slack_factor": 2},
    "zero": {"type": "bandit", "slack_amount": 0, "slack_factor": 0.0},
    "alone": {"type": "bandit"},
    "unknown": {"type": "nope"},
    "default": {"type": "default"},
    "word": "bandit",
    "empty": {},
    "bound": {"type": "bandit", "slack_factor": "${{parent.inputs.n}}"},
}
ALGORITHMS: dict[str, Any] = {
    **{word: word for word in ("random", "grid", "bayesian", "Bayesian", "RANDOM", "nope", "")},
    "grid mapping": {"type": "grid"},
    "bayesian with rule": {"type": "bayesian", "rule": "sobol"},
    "rule": {"type": "random", "rule": "random"},
    "Rule": {"type": "random", "rule": "Sobol"},
    "rule unknown": {"type": "random", "rule": "x"},
    "logbase 10": {"type": "random", "logbase": 10},
    "logbase '10'": {"type": "random", "logbase": "10"},
    "seed of a text": {"type": "random", "seed": "3"},
    "seed of a word": {"type": "random", "seed": "a"},
    "without type": {"seed": 3},
}
INLINE: dict[str, Any] = {**COMPONENT}
TRIALS: dict[str, Any] = {
    **{
        word: word
        for word in (
            "comp.yml",
            "./comp.yml",
            "file:comp.yml",
            "file:./comp.yml",
            "deep/comp.yml",
            "nope.yml",
            "par.yml",
        )
    },
    **{
        word: word
        for word in (
            "azureml:comp:1",
            "azureml:comp@latest",
            "azureml:comp@default",
            "azureml://registries/r/components/c/versions/1",
            "azureml:no-such-thing:1",
            "comp:1",
            "",
        )
    },
    "null": None,
    "number": 3,
    "list": [],
    "empty": {},
    "in place": INLINE,
    "in place, no type": {key: value for key, value in INLINE.items() if key != "type"},
    "plain": {"command": "echo ${{search_space.lr}}", "environment": "azureml:e:1"},
    "without inputs": {"command": "echo ${{inputs.x}} ${{search_space.lr}}", "environment": "azureml:e:1"},
    "with a compute": {**INLINE, "compute": "azureml:x", "zzz": 1},
    "variables": {**INLINE, "environment_variables": {"A": "b"}},
    "parallel": {**INLINE, "type": "parallel"},
    "no environment": {"command": "echo"},
}
ROWS: dict[str, dict[str, Any]] = {
    "no type": {"type": ...},
    "Type": {"type": "Sweep"},
    "component": {"component": "comp.yml"},
    "command": {"command": "echo"},
    "code": {"code": "src"},
    "environment": {"environment": "azureml:e:1"},
    "environment_variables": {"environment_variables": {"A": "b"}},
    "distribution": {"distribution": {"type": "mpi"}},
    "services": {"services": {"s": {"type": "ssh"}}},
    "experiment": {"experiment_name": "x"},
    "name": {"name": "x"},
    "settings": {"settings": {"a": 1}},
    "empty tag": {"tags": {"a": {}, "b": [], "c": {"d": None}}},
    "empty queue": {"queue_settings": {}},
    "queue null": {"queue_settings": {"job_tier": None, "priority": None}},
    "Tier": {"queue_settings": {"job_tier": "Spot", "priority": "HIGH"}},
    "resources empty": {"resources": {}},
    "docker list": {"resources": {"docker_args": ["a"]}},
    "unknown nested": {"zzz": {"a": {}, "b": None}},
    "other case": {"objective": {"goal": "Maximize", "primary_metric": "m"}},
    "short": {"limits": {"max_total_trials": 1, "timeout": 5, "trial_timeout": 0}},
    "null output": {"outputs": {"o": None}},
    "bound output": {"outputs": {"o": "${{parent.outputs.po}}"}},
    "text output": {"outputs": {"o": "azureml://datastores/a/paths/b"}},
    "no inputs": {"inputs": ...},
    "lr given": {"inputs/lr": 2.5},
    "lr nowhere": {"search_space": {"z": SPACE["lr"]}},
    "no space": {"search_space": ...},
    "empty space": {"search_space": {}},
    "odd name": {"search_space": {"a b": SPACE["lr"], "lr": SPACE["lr"]}},
}


def cases() -> Iterator[Case]:
    """All of them."""
    deep = {"deep/comp.yml": yaml.safe_dump({**COMPONENT, "code": "../src"})}
    other = {"par.yml": yaml.safe_dump({**COMPONENT, "type": "parallel"})}
    files = {**FILES, "comp.yml": yaml.safe_dump(COMPONENT), **deep, **other}
    yield from each("sweep node", JOB, files, lambda way: way[:2] == ("jobs", "s") and len(way) > 2, FEW)
    tables = {
        "search_space/lr": SPACES,
        "early_termination": POLICIES,
        "sampling_algorithm": ALGORITHMS,
        "trial": TRIALS,
    }
    for place, values in tables.items():
        yield from these(place, JOB, {word: {f"jobs/s/{place}": value} for word, value in values.items()}, files)
    rows = {word: {f"jobs/s/{place}": value for place, value in row.items()} for word, row in ROWS.items()}
    yield from these("sweep node", JOB, rows, files)
    for trial in ("azureml:comp:1", INLINE):
        base = {**JOB, "jobs": {"s": {**NODE, "trial": trial}}}
        yield from these("registered" if isinstance(trial, str) else "in place", base, rows, files)
