"""What the emulator takes as a sweep, and how it refuses the rest."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest

from azureml_emulator.core.errors import ServiceError
from azureml_emulator.core.resource_body import read_properties
from azureml_emulator.sweeps.schemas import SWEEP_JOB
from tests.corpus.cases import place
from tests.emulator.service import ENVIRONMENT, Service
from tests.emulator_fixture import RunningEmulator

SWEEP: dict[str, Any] = {
    "jobType": "Sweep",
    "objective": {"goal": "maximize", "primaryMetric": "auc"},
    "samplingAlgorithm": {"samplingAlgorithmType": "Random"},
    "searchSpace": {"lr": ["uniform", [0, 1]]},
    "trial": {"command": "echo ${{search_space.lr}}", "environmentId": ENVIRONMENT},
}


def changed(path: str, value: Any) -> dict[str, Any]:
    """A sweep with one value of it replaced."""
    body = copy.deepcopy(SWEEP)
    *way, last = path.split(".")
    inner = body
    for key in way:
        inner = inner.setdefault(key, {})
    inner[last] = value
    return body


CASES, _ = place()
RECORDED = sorted(CASES.glob("jobs/*sweep*/expected.json"))


def test_every_recorded_sweep_fits() -> None:
    if not RECORDED:
        pytest.skip(f"{CASES} does not exist: AZUREML_CORPUS names the place of the golden requests")
    bodies = [json.loads(file.read_text(encoding="utf-8")).get("job_body") for file in RECORDED]
    sweeps = [body for body in bodies if body and body["properties"]["jobType"] == "Sweep"]
    assert len(sweeps) >= 5
    for body in sweeps:
        read_properties(body, SWEEP_JOB)


REFUSED: list[tuple[str, Any, str]] = [
    ("searchSpace", {}, "searchSpace"),
    ("searchSpace.lr", ["uniform", [0]], "uniform takes min_value, max_value; got 1 arguments."),
    ("searchSpace.lr", ["uniform", [2, 1]], "min_value 2 is greater than max_value 1."),
    ("searchSpace.lr", ["uniform", ["a", 1]], "Expected a number, got a string 'a'."),
    ("searchSpace.lr", ["gamma", [0, 1]], "'gamma' is not one of: choice, randint"),
    ("searchSpace.lr", ["choice", [[]]], "choice: values must not be empty."),
    ("searchSpace.lr", ["choice", [1, 2]], "choice takes values; got 2 arguments."),
    ("searchSpace.lr", ["choice", ["ab"]], "Expected an array, got a string."),
    ("searchSpace.lr", ["randint", [0]], "upper must be at least 1, got 0."),
    ("searchSpace.lr", ["normal", [0, 0]], "sigma must be greater than 0, got 0."),
    ("searchSpace.lr", ["quniform", [0, 1, 0]], "q must be greater than 0, got 0."),
    ("searchSpace.lr", ["loguniform", [0, 1e4]], "its values are greater than any number."),
    ("searchSpace.lr", {"type": "uniform"}, "Expected [name, [arguments]]"),
    ("searchSpace.learning-rate", ["uniform", [0, 1]], "letters, digits and '_'"),
    ("limits.maxTotalTrials", 1001, "Expected an integer from 1 to 1000, got 1001."),
    ("limits.maxConcurrentTrials", 0, "Expected an integer from 1 to 100, got 0."),
    ("limits.timeout", 60, "Expected an ISO 8601 duration"),
    ("limits.trials", 3, "Could not find member 'trials'"),
    ("objective.goal", "best", "'best' is not one of: Minimize, Maximize."),
    ("objective.primaryMetric", " ", "properties.objective.primaryMetric"),
    ("samplingAlgorithm.samplingAlgorithmType", "Hyperband", "'Hyperband' is not one of: Random, Grid, Bayesian."),
    ("samplingAlgorithm.rule", "halton", "'halton' is not one of: Random, Sobol."),
    ("samplingAlgorithm.logbase", 1, "Expected e or a number greater than 1, got 1."),
    ("earlyTermination", {"policyType": "Patience"}, "'Patience' is not one of: Bandit, MedianStopping"),
    ("earlyTermination", {"policyType": "TruncationSelection"}, "truncationPercentage"),
    ("earlyTermination", {"policyType": "Bandit", "slackFactor": "much"}, "Expected a number, got a string 'much'."),
    ("trial.environmentId", None, "properties.trial.environmentId"),
    ("trial.outputs", {}, "Could not find member 'outputs'"),
    ("command", "echo", "Could not find member 'command'"),
]


@pytest.mark.parametrize(("path", "value", "said"), REFUSED, ids=lambda value: str(value)[:30])
def test_what_does_not_fit_is_named(path: str, value: Any, said: str) -> None:
    with pytest.raises(ServiceError) as refused:
        read_properties({"properties": changed(path, value)}, SWEEP_JOB)
    assert said in refused.value.message.replace('\\"', '"')
    assert refused.value.message.count("PropertyName") == 1


BY_THE_SERVICE: list[tuple[str, Any, int, str]] = [
    ("trial.command", "echo ${{search_space.rate}}", 400, "trial.command: The command names search_space.rate"),
    ("trial.command", "echo ${{inputs.rows}}", 400, "trial.command: The command names inputs.rows"),
    ("trial.environmentId", "azureml:none:1", 400, "trial.environmentId: "),
    ("trial.codeId", "azureml:none:1", 400, "trial.codeId: "),
    ("computeId", "none", 400, "computeId: The compute 'none' was not found"),
    ("inputs", {"rows": {"jobInputType": "uri_file", "uri": "azureml:none:1"}}, 400, "inputs.rows.uri: "),
    ("samplingAlgorithm.samplingAlgorithmType", "Grid", 400, "Grid sampling takes choice, not uniform."),
    ("searchSpace.lr", ["choice", [[{"depth": ["randint", [3]]}]]], 501, "distributions inside of a choice"),
]


@pytest.mark.parametrize(("path", "value", "status", "said"), BY_THE_SERVICE, ids=lambda value: str(value)[:30])
def test_what_does_not_exist_is_named(emulator: RunningEmulator, path: str, value: Any, status: int, said: str) -> None:
    answer = Service(emulator).put("jobs/refused-sweep", {"properties": changed(path, value)})
    assert (answer.status, said in answer.body["error"]["message"]) == (status, True), answer.body
    assert Service(emulator).get("jobs/refused-sweep").status == 404


def test_bayesian_sampling_takes_three_distributions(emulator: RunningEmulator) -> None:
    body = changed("samplingAlgorithm.samplingAlgorithmType", "Bayesian")
    body["searchSpace"]["lr"] = ["loguniform", [-3, -1]]
    answer = Service(emulator).put("jobs/refused-sweep", {"properties": body})
    assert answer.status == 400
    assert "Bayesian sampling takes choice, uniform, quniform, not loguniform." in answer.body["error"]["message"]


def test_bayesian_sampling_needs_optuna(monkeypatch: pytest.MonkeyPatch) -> None:
    from azureml_emulator.sweeps import sweep_type

    monkeypatch.setattr(sweep_type, "is_installed", lambda: False)
    body = changed("samplingAlgorithm.samplingAlgorithmType", "Bayesian")
    with pytest.raises(ServiceError) as refused:
        sweep_type.check_sweep(None, body, 0)  # type: ignore[arg-type]
    assert refused.value.status == 501
    assert "emulator-sweep" in refused.value.message
