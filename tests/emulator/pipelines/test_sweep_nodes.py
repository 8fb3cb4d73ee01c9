"""Sweeps as nodes of pipelines."""

from __future__ import annotations

import json
from typing import Any

import pytest

from azureml_emulator.pipelines.graph import Scope
from azureml_emulator.pipelines.sweep_nodes import sweep_job
from tests.emulator.pipelines.service import FOLDER, Body, Pipelines, from_node, from_pipeline, node, to_pipeline

WRITE = "echo ${{inputs.rate}} $AZUREML_SWEEP_rate ${{inputs.word}} > ${{outputs.out}}/word.txt"
LOG = (
    """ && python -c 'import json, os, ssl, sys, urllib.request as u; e = os.environ; """
    """b = {"run_id": e["MLFLOW_RUN_ID"], "key": "auc", "value": float(sys.argv[1]), "timestamp": 1}; """
    """h = {"Authorization": "Bearer " + e["MLFLOW_TRACKING_TOKEN"], "Content-Type": "application/json"}; """
    """t = e["MLFLOW_TRACKING_URI"].replace("azureml://", "https://") + "/api/2.0/mlflow/runs/log-metric"; """
    """u.urlopen(u.Request(t, json.dumps(b).encode(), h), """
    """context=ssl.create_default_context(cafile=e["SSL_CERT_FILE"]))' ${{inputs.rate}}"""
)
INPUTS = {"rate": {"type": "number"}, "word": {"type": "string"}}


def sweep(component: str, inputs: Body | None = None, /, **more: Any) -> Body:
    """A node that sweeps over a rate."""
    return {
        "type": "sweep",
        "trial": {"componentId": component},
        "inputs": inputs or {},
        "search_space": {"rate": {"type": "choice", "values": [0.25, 0.75]}},
        "sampling_algorithm": "grid",
        "objective": {"goal": "maximize", "primary_metric": "auc"},
        "limits": {"max_total_trials": 4, "max_concurrent_trials": 2, "timeout": 600},
        **more,
    }


def test_the_best_trials_output_goes_on_through_the_pipeline(service: Pipelines, name: str) -> None:
    trial = service.component(WRITE + LOG, INPUTS, {"out": FOLDER})
    read = service.component("cat ${{inputs.a}}/word.txt > ${{outputs.copy}}/all.txt", {"a": FOLDER}, {"copy": FOLDER})
    jobs = {
        "tune": sweep(trial, {"word": from_pipeline("word")}, outputs={"out": to_pipeline("best")}),
        "next": node(read, {"a": from_node("tune", "out")}, outputs={"copy": to_pipeline("copy")}),
    }
    done = service.finish(
        name,
        jobs,
        inputs={"word": {"jobInputType": "literal", "value": "hello"}},
        outputs={"best": {"jobOutputType": "uri_folder"}, "copy": {"jobOutputType": "uri_folder"}},
    )
    assert done["status"] == "Completed"
    outputs = service.outputs(name)
    assert service.read(f"{outputs['copy']['uri']}all.txt") == b"0.75 0.75 hello\n"
    assert service.read(f"{outputs['best']['uri']}word.txt") == b"0.75 0.75 hello\n"
    tune = service.steps(name)["tune"]
    assert (tune["runType"], tune["parentRunId"]) == ("hyperdrive", name)
    assert tune["properties"]["best_child_run_id"] == f"{tune['runId']}_1"
    trials = service.history("GET", f"runs/{tune['runId']}/children").body["value"]
    assert {(row["runId"], row["rootRunId"], row["status"]) for row in trials} == {
        (f"{tune['runId']}_{number}", name, "Completed") for number in (0, 1)
    }


def test_a_cancel_reaches_the_trials(service: Pipelines, name: str) -> None:
    trial = service.component("sleep 60; echo ${{inputs.rate}}", {"rate": {"type": "number"}})
    service.start(name, {"tune": sweep(trial)})
    tune = service.wait_for_step(name, "tune", "Running")
    service.wait_for_steps(tune["runId"], "Running", "Running")
    assert service.post(f"jobs/{name}/cancel").status == 202
    assert service.wait(name)["status"] == "Canceled"
    assert {row["status"] for row in service.steps(tune["runId"]).values()} == {"Canceled"}


def test_a_sweep_that_fails_fails_the_pipeline(service: Pipelines, name: str) -> None:
    trial = service.component("exit 3", {"rate": {"type": "number"}})
    assert service.finish(name, {"tune": sweep(trial)})["status"] == "Failed"
    assert "Failed nodes: /tune" in service.details(name)["error"]["error"]["message"]


def test_every_setting_of_a_node_is_the_sweeps() -> None:
    spec = {"type": "command", "command": "echo ${{inputs.x}} ${{inputs.word}}", "environment": "azureml:e:1"}
    given = sweep(
        "c",
        search_space={
            "x": {"type": "quniform", "max_value": 9, "min_value": 1, "q": 2},
            "y": {"type": "qlognormal", "mu": 0, "sigma": 1, "q": 3},
            "z": {"type": "randint", "upper": 4},
        },
        sampling_algorithm={"type": "random", "rule": "sobol", "seed": 4},
        early_termination={"policy_type": "TruncationSelection", "truncation_percentage": 20, "delay_evaluation": 5},
        limits={"max_total_trials": 4, "timeout": 3600, "trial_timeout": "60"},
        queue_settings={"job_tier": "Spot"},
        resources={"instance_count": 2},
        tags={"k": "v"},
        display_name="shown",
        computeId="cpu",
    )
    job = sweep_job(spec, given, Scope({}, {}, lambda node, output: {}), "jobs.tune")
    assert json.loads(json.dumps(job)) == {
        "jobType": "Sweep",
        "trial": {
            "command": "echo ${{search_space.x}} ${{inputs.word}}",
            "environmentId": "azureml:e:1",
            "resources": {"instanceCount": 2},
        },
        "computeId": "cpu",
        "searchSpace": {"x": ["quniform", [1, 9, 2]], "y": ["qlognormal", [0, 1, 3]], "z": ["randint", [4]]},
        "samplingAlgorithm": {"samplingAlgorithmType": "random", "rule": "sobol", "seed": 4},
        "objective": {"goal": "maximize", "primaryMetric": "auc"},
        "limits": {"jobLimitsType": "Sweep", "maxTotalTrials": 4, "timeout": "PT3600S", "trialTimeout": "PT60S"},
        "earlyTermination": {
            "policyType": "TruncationSelection",
            "truncationPercentage": 20,
            "delayEvaluation": 5,
        },
        "queueSettings": {"jobTier": "Spot"},
        "tags": {"k": "v"},
        "displayName": "shown",
    }


REFUSED: list[tuple[Body, str]] = [
    ({"search_space": {"rate": {"type": "uniform", "min_value": 1}}}, "jobs.tune.searchSpace.rate"),
    ({"search_space": {"rate": {"type": "gamma"}}}, "jobs.tune.searchSpace.rate"),
    ({"sampling_algorithm": "hyperband"}, "jobs.tune.samplingAlgorithm.samplingAlgorithmType"),
    ({"sampling_algorithm": None}, "jobs.tune.samplingAlgorithm"),
    ({"early_termination": {"type": "patience"}}, "jobs.tune.earlyTermination.policyType"),
    ({"limits": {"max_trials": 3}}, "jobs.tune.limits.maxTrials"),
    ({"search_space": {"other": {"type": "randint", "upper": 3}}}, "jobs.tune.inputs.rate: The component needs this"),
    ({"samplingAlgorithm": "grid"}, "Could not find member 'samplingAlgorithm'"),
    ({"trial": {"componentId": "azureml:none:1"}}, "jobs.tune.trial.componentId"),
    ({"computeId": "none"}, "jobs.tune.computeId"),
]


@pytest.mark.parametrize(("changes", "said"), REFUSED, ids=lambda value: str(value)[:40])
def test_what_does_not_fit_is_named(service: Pipelines, name: str, changes: Body, said: str) -> None:
    trial = service.component("echo ${{inputs.rate}}", {"rate": {"type": "number"}})
    answer = service.start(name, {"tune": {**sweep(trial), **changes}})
    assert (answer.status, said in answer.body["error"]["message"]) == (400, True), answer.body


def test_a_trial_is_a_command(service: Pipelines, name: str) -> None:
    inner = service.register({"type": "pipeline", "jobs": {"one": node(service.component("true"))}})
    answer = service.start(name, {"tune": sweep(inner)})
    assert answer.status == 400
    assert "A node of type sweep cannot run a component of type pipeline." in answer.body["error"]["message"]
