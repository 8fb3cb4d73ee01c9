"""Sweeps as jobs: their trials run as real processes, and the best of them is found."""

from __future__ import annotations

import json
import time
import uuid
from pathlib import Path
from typing import Any

import pytest

from tests.emulator.service import ENVIRONMENT, TERMINAL, Answer, Service
from tests.emulator_fixture import RunningEmulator

Body = dict[str, Any]

TRIAL = """
import json, os, ssl, sys, time, urllib.request
print({name: value for name, value in os.environ.items() if name.startswith(("AZUREML_SWEEP_", "AZUREML_PARAMETER_"))})
tracking = os.environ["MLFLOW_TRACKING_URI"].replace("azureml://", "https://")
head = {"Authorization": "Bearer " + os.environ["MLFLOW_TRACKING_TOKEN"], "Content-Type": "application/json"}
trust = ssl.create_default_context(cafile=os.environ["SSL_CERT_FILE"])
name, *values = sys.argv[1:]
def log(value):
    body = {"run_id": os.environ["MLFLOW_RUN_ID"], "key": name, "value": value, "timestamp": 1}
    request = urllib.request.Request(f"{tracking}/api/2.0/mlflow/runs/log-metric", json.dumps(body).encode(), head)
    urllib.request.urlopen(request, context=trust)
for value in values:
    log(value)
if "AZURE_ML_OUTPUT_model" in os.environ:
    open(os.environ["AZURE_ML_OUTPUT_model"] + "/model.txt", "w").write(" ".join(values))
end = time.monotonic() + float(os.environ.get("LINGER_" + values[0], "0"))
while time.monotonic() < end:
    time.sleep(0.2)
    log(values[-1])
"""
"""Logs a metric as often as it has values, writes them to the output ``model``, and goes on for a while after some."""


class Sweeps(Service):
    """Requests about sweeps."""

    def start(self, name: str, command: str, space: Body, /, **properties: Any) -> Answer:
        """PUT a sweep of a command; ``trial`` adds to its trial."""
        code = self.code({"trial.py": TRIAL.encode()})
        given = {
            "jobType": "Sweep",
            "objective": {"goal": "maximize", "primaryMetric": "auc"},
            "samplingAlgorithm": {"samplingAlgorithmType": "Grid"},
            "searchSpace": space,
            **properties,
            "trial": {
                "command": command,
                "environmentId": ENVIRONMENT,
                "codeId": code,
                **properties.get("trial", {}),
            },
        }
        return self.put(f"jobs/{name}", {"properties": given})

    def sweep(self, name: str, command: str, space: Body, /, **properties: Any) -> Body:
        """PUT a sweep and wait for its end."""
        answer = self.start(name, command, space, **properties)
        assert answer.status == 201, answer.content
        return self.wait(name)

    def trials(self, name: str) -> dict[str, str]:
        """The statuses of a sweep's trials by their numbers."""
        rows = self.history("GET", f"runs/{name}/children").body["value"]
        return {row["runId"].removeprefix(f"{name}_"): row["status"] for row in rows}

    def wait_for_trials(self, name: str, *statuses: str) -> None:
        """Look until the trials have these statuses between them."""
        deadline = time.monotonic() + 60
        while sorted(self.trials(name).values()) != sorted(statuses):
            assert time.monotonic() < deadline, self.trials(name)
            time.sleep(0.05)

    def said(self, name: str) -> str:
        """The log of a sweep."""
        return self.signed(self.details(name)["logFiles"]["azureml-logs/hyperdrive.txt"]).content.decode()


@pytest.fixture
def service(emulator: RunningEmulator) -> Sweeps:
    """The session's emulator."""
    return Sweeps(emulator)


@pytest.fixture
def name() -> str:
    """A job name that was never used."""
    return f"sweep-{uuid.uuid4().hex[:12]}"


def choice(*values: Any) -> list[Any]:
    """A choice as a request has it."""
    return ["choice", [list(values)]]


LIMITS = {"jobLimitsType": "Sweep", "maxTotalTrials": 3, "maxConcurrentTrials": 2}
MODEL = {"model": {"jobOutputType": "uri_folder"}}
RATED = "python trial.py auc ${{search_space.rate}}"


def test_the_best_trial_gives_the_sweep_its_outputs(service: Sweeps, name: str) -> None:
    done = service.sweep(name, RATED, {"rate": choice(0.25, 0.75, 0.5)}, limits=LIMITS, outputs=MODEL)
    assert done["status"] == "Completed", service.said(name)
    assert service.trials(name) == {"0": "Completed", "1": "Completed", "2": "Completed"}
    told = {
        "best_child_run_id": f"{name}_1",
        "score": "0.75",
        "best_metric_status": "Succeeded",
        "best_data_container_id": f"dcid.{name}_1",
        "primary_metric_config": '{"name":"auc","goal":"maximize"}',
        "runTemplate": "HyperDrive",
        "space_size": "3",
    }
    assert told.items() <= done["properties"].items()
    assert told.items() <= service.history("GET", f"runs/{name}").body["properties"].items()
    outputs = service.outputs(name)
    assert service.read(f"{outputs['model']['uri']}model.txt") == b"0.75"
    assert outputs["model"] == service.outputs(f"{name}_1")["model"]
    assert {key: json.loads(value) for key, value in done["tags"].items()} == {
        f"{name}_0": {"rate": 0.25},
        f"{name}_1": {"rate": 0.75},
        f"{name}_2": {"rate": 0.5},
    }
    copied = service.run(
        f"{name}-next",
        "cat ${{inputs.model}}/model.txt",
        inputs={"model": {"jobInputType": "uri_folder", "uri": f"azureml://jobs/{name}/outputs/model"}},
    )
    assert copied["status"] == "Completed"
    assert service.printed(f"{name}-next") == "0.75"


def test_a_trial_is_a_command_with_its_values(service: Sweeps, name: str) -> None:
    text = {"jobInputType": "literal", "value": "three words here"}
    command = "python trial.py auc ${{search_space.rate}} && echo ${{search_space.layers}} ${{inputs.text}}"
    inputs = {"text": text, "rows": {"jobInputType": "uri_file", "uri": service.upload(f"{name}/rows.csv", b"1")}}
    space = {"rate": choice(0.5), "layers": choice([8, 4])}
    service.sweep(
        name,
        command,
        space,
        inputs=inputs,
        outputs=MODEL,
        trial={"environmentVariables": {"OWN": "1"}},
        limits={"jobLimitsType": "Sweep", "trialTimeout": "PT1M"},
    )
    trial = service.job(f"{name}_0")
    assert (trial["jobType"], trial["status"], trial["experimentName"]) == ("Command", "Completed", "Default")
    assert trial["command"] == "python trial.py auc 0.5 && echo [8, 4] ${{inputs.text}}"
    assert trial["limits"] == {"jobLimitsType": "Command", "timeout": "PT1M"}
    assert trial["environmentVariables"]["OWN"] == "1"
    variables, rest = service.printed(f"{name}_0").split("\n", 1)
    assert rest == "[8, 4] three words here\n"
    seen = eval(variables)
    for prefix in ("AZUREML_SWEEP_", "AZUREML_PARAMETER_"):
        assert (seen[f"{prefix}rate"], seen[f"{prefix}layers"]) == ("0.5", "[8, 4]")
        assert seen[f"{prefix}text"] == "three words here"
        assert Path(seen[f"{prefix}rows"]).name == "rows.csv"
        assert f"/{name}_0/model" in seen[f"{prefix}model"]
    run = service.history("GET", f"runs/{name}_0").body
    assert (run["parentRunId"], run["rootRunId"], run["runType"]) == (name, name, "azureml.scriptrun")
    assert service.history("GET", f"runs/{name}").body["runType"] == "hyperdrive"
    listed = [row["name"] for row in service.get("jobs", jobType="Command").body["value"]]
    assert f"{name}_0" not in listed


def test_its_log_says_what_becomes_of_it(service: Sweeps, name: str) -> None:
    service.sweep(name, RATED, {"rate": choice(0.25, 0.75, 0.5)}, limits={**LIMITS, "maxTotalTrials": 2})
    said = [line.partition("][")[2] for line in service.said(name).splitlines()]
    assert said == [
        "API][INFO]Experiment created",
        "GENERATOR][INFO]Trying to sample '2' jobs from the hyperparameter space",
        "GENERATOR][INFO]Successfully sampled '2' jobs, they will soon be submitted to the execution target.",
        *(
            f"SCHEDULER][INFO]{text} a job. Id='{name}_{number}'"
            if text == "Successfully scheduled"
            else f"SCHEDULER][INFO]{text}, id='{name}_{number}'"
            for number in (0, 1)
            for text in ("Scheduling job", "Successfully scheduled")
        ),
        "GENERATOR][INFO]Max number of jobs '2' reached for experiment.",
        "GENERATOR][INFO]All jobs generated.",
        "CONTROLLER][INFO]Changing Run Status from Running to Completed",
    ]


def test_the_goal_may_be_the_least(service: Sweeps, name: str) -> None:
    objective = {"goal": "Minimize", "primaryMetric": "loss"}
    command = "python trial.py loss ${{search_space.a}} ${{search_space.b}}"
    done = service.sweep(name, command, {"a": choice(0.5, 0.25), "b": choice(0.75, 0.125)}, objective=objective)
    assert (done["properties"]["best_child_run_id"], done["properties"]["score"]) == (f"{name}_1", "0.125")


def test_random_values_come_from_the_space_and_the_seed(service: Sweeps, name: str) -> None:
    sampling = {"samplingAlgorithmType": "Random", "rule": "sobol", "seed": 3, "logbase": "e"}
    space = {"rate": ["loguniform", [-3, -1]], "layers": ["quniform", [2, 8, 2]]}
    rates = []
    for attempt in (name, f"{name}-again"):
        done = service.sweep(attempt, RATED, space, samplingAlgorithm=sampling, limits=LIMITS)
        assert done["status"] == "Completed"
        rates.append([json.loads(done["tags"][f"{attempt}_{number}"]) for number in range(3)])
    assert rates[0] == rates[1]
    assert all(0.0497 < values["rate"] < 0.368 and values["layers"] in (2, 4, 6, 8) for values in rates[0])
    assert "space_size" not in service.job(name)["properties"]


def test_bayesian_sampling_hears_of_the_trials(service: Sweeps, name: str) -> None:
    pytest.importorskip("optuna", reason="the extra emulator-sweep is not installed")
    sampling = {"samplingAlgorithmType": "Bayesian"}
    done = service.sweep(name, RATED, {"rate": ["uniform", [0, 1]]}, samplingAlgorithm=sampling, limits=LIMITS)
    assert (done["status"], len(service.trials(name))) == ("Completed", 3)


def test_poor_trials_are_ended_while_they_run(service: Sweeps, name: str) -> None:
    done = service.sweep(
        name,
        "python trial.py auc ${{search_space.rate}} ${{search_space.rate}}",
        {"rate": choice(0.9, 0.1)},
        limits={**LIMITS, "maxTotalTrials": 2},
        earlyTermination={"policyType": "Bandit", "slackAmount": 0.2, "evaluationInterval": 2},
        trial={"environmentVariables": {"LINGER_0.1": "60"}},
    )
    assert (done["status"], done["properties"]["best_child_run_id"]) == ("Completed", f"{name}_0")
    assert service.trials(name) == {"0": "Completed", "1": "Canceled"}
    reason = service.history("GET", f"runs/{name}_1").body["cancelationReason"]
    assert reason == "The trial was canceled by the early termination policy Bandit."


def test_a_cancel_ends_the_trials(service: Sweeps, name: str) -> None:
    service.start(name, "sleep 60", {"x": choice(*range(9))}, limits={**LIMITS, "maxTotalTrials": 9})
    service.wait_for_trials(name, "Running", "Running")
    assert service.post(f"jobs/{name}/cancel").status == 202
    assert service.wait(name)["status"] == "Canceled"
    assert service.trials(name) == {"0": "Canceled", "1": "Canceled"}


def test_time_limits_end_a_trial_and_a_sweep(service: Sweeps, name: str) -> None:
    space, limits = {"x": choice(1, 2)}, {"jobLimitsType": "Sweep", "trialTimeout": "PT0.3S"}
    assert service.sweep(name, "sleep 60", space, limits=limits)["status"] == "Completed"
    assert service.trials(name) == {"0": "Canceled", "1": "Canceled"}
    late = f"{name}-late"
    assert service.sweep(late, "sleep 60", space, limits={**limits, "trialTimeout": "PT1M", "timeout": "PT0.5S"})
    assert service.job(late)["status"] == "Canceled"
    assert set(service.trials(late).values()) == {"Canceled"}
    assert "limits.timeout of PT0.5S" in service.history("GET", f"runs/{late}").body["cancelationReason"]


def test_a_sweep_whose_trials_all_fail_has_failed(service: Sweeps, name: str) -> None:
    assert service.sweep(name, "exit ${{search_space.code}}", {"code": choice(3, 4)})["status"] == "Failed"
    error = service.details(name)["error"]["error"]
    assert (error["code"], error["message"]) == (
        "UserError",
        "User errors were found in at least one of the child runs.",
    )
    mixed = service.sweep(f"{name}-mixed", "exit ${{search_space.code}}", {"code": choice(3, 0)})
    assert (mixed["status"], "best_child_run_id" in mixed["properties"]) == ("Completed", False)


def test_the_same_sweep_again_starts_nothing(service: Sweeps, name: str) -> None:
    sent = {
        "jobType": "Sweep",
        "objective": {"goal": "maximize", "primaryMetric": "auc"},
        "samplingAlgorithm": {"samplingAlgorithmType": "Random"},
        "searchSpace": {"x": choice(1)},
        "trial": {"command": "true", "environmentId": ENVIRONMENT},
        "tags": {"k": "v"},
    }
    assert service.put(f"jobs/{name}", {"properties": sent}).status == 201
    service.wait(name)
    assert service.put(f"jobs/{name}", {"properties": sent}).status == 200
    assert service.put(f"jobs/{name}", {"properties": service.job(name)}).status == 200
    other = {**sent, "searchSpace": {"x": choice(2)}}
    assert service.put(f"jobs/{name}", {"properties": other}).status == 400
    assert service.trials(name) == {"0": "Completed"}
    assert service.request("DELETE", f"jobs/{name}").status in (200, 202)
    assert service.get(f"jobs/{name}_0").status == 404


def test_a_stop_of_the_emulator_ends_a_sweep_with_its_trials(fresh_emulator: RunningEmulator) -> None:
    service = Sweeps(fresh_emulator)
    service.start("cut", "sleep 60", {"x": choice(1, 2, 3)}, limits=LIMITS)
    service.wait_for_trials("cut", "Running", "Running")
    fresh_emulator.stop()
    fresh_emulator.start()
    assert service.job("cut")["status"] == "Failed"
    assert service.trials("cut") == {"0": "Failed", "1": "Failed"}


def test_a_sweep_that_had_not_begun_runs_after_a_restart(fresh_emulator: RunningEmulator) -> None:
    service = Sweeps(fresh_emulator)
    fresh_emulator.command("clock", "set", "jobs", "time", "--seconds", "3600")
    service.start("waits", RATED, {"rate": choice(0.5)})
    fresh_emulator.stop()
    fresh_emulator.start()
    assert service.wait("waits")["status"] in TERMINAL
    assert service.trials("waits") == {"0": "Completed"}
