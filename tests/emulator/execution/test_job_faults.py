"""Faults of jobs: a node is taken away or lost, a job waits in the queue, there are no cores, no image."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
import requests

from azureml_emulator.core.transitions import PACE
from azureml_emulator.jobs.job_run import STEPS
from tests.emulator.service import Service, walk
from tests.emulator_fixture import RunningEmulator, Start

ENDLESS = "echo begun; trap 'echo warned; exit 3' TERM; sleep 300 & wait"
PREEMPTION = (
    "AzureMLCompute job failed. PreemptionError: Nodes of this job got pre-empted. "
    "Check if the run has failed or restarted. Reason: Received pre-emption warning signal"
)


def error_of(service: Service, name: str) -> dict[str, Any]:
    """The root error of a run."""
    return dict(service.details(name)["error"]["error"])


def words(text: str) -> str:
    """A text with single spaces."""
    return " ".join(text.split())


def test_a_preempted_job_fails_with_the_words_of_the_service(
    emulator: RunningEmulator, service: Service, name: str
) -> None:
    emulator.fault("preempt", route=name, delay=1.5)
    outputs = {"kept": {"jobOutputType": "uri_folder"}, "lost": {"jobOutputType": "uri_folder", "mode": "Upload"}}
    command = (
        "echo a > ${{outputs.kept}}/a; echo b > ${{outputs.lost}}/b; echo c > outputs/c; "
        "trap 'echo warned; exit 3' TERM; echo begun; sleep 300 & wait"
    )
    job = service.run(name, command, outputs=outputs)
    assert job["status"] == "Failed"
    error = error_of(service, name)
    assert (error["code"], words(error["message"]), error["innerError"]) == ("UserError", PREEMPTION, None)
    assert service.printed(name).split() == ["begun", "warned"]
    assert "fault preempt" in service.log(name)
    base = f"azureml://datastores/workspaceblobstore/paths/azureml/{name}"
    assert service.read(f"{base}/kept/a") == b"a\n"
    with pytest.raises(FileNotFoundError):
        service.read(f"{base}/lost/b")
    with pytest.raises(FileNotFoundError):
        service.read(f"azureml://datastores/workspaceartifactstore/paths/ExperimentRun/dcid.{name}/outputs/c")
    assert service.outputs(name) == {}
    (line,) = emulator.faults()
    assert "came 1 times" in line


def test_every_view_of_a_preempted_job_says_the_same(emulator: RunningEmulator, service: Service, name: str) -> None:
    emulator.fault("preempt", route=name)
    service.run(name, ENDLESS, experimentName=name)
    selection = {"runId": name, "selectRunMetadata": True}
    runs = [
        service.history("GET", f"runs/{name}").body,
        service.details(name),
        service.history("POST", "rundata", selection).body["runMetadata"],
        service.history("POST", "batchrundata", {"requests": {"one": selection}}).body["successfulResults"]["one"][
            "runMetadata"
        ],
        *service.history("POST", f"experiments/{name}/runs:query", {}).body["value"],
    ]
    assert len(runs) == 5
    assert {row["status"] for row in runs} == {"Failed"}
    assert {words(row["error"]["error"]["message"]) for row in runs} == {PREEMPTION}
    listed = {row["name"]: row["properties"]["status"] for row in service.get("jobs").body["value"]}
    assert listed[name] == "Failed"
    page = requests.get(f"{emulator['studio_url']}/runs/{name}").text
    assert "Failed" in page
    assert "Nodes of this job got pre-empted" in page
    run = service.request("GET", f"/mlflow/v1.0{service.ws}/api/2.0/mlflow/runs/get?run_id={name}").body["run"]
    assert run["info"]["status"] == "FAILED"


def test_a_requeued_job_starts_anew_under_its_name(emulator: RunningEmulator, service: Service, name: str) -> None:
    emulator.fault("preempt", route=name, times=2, delay=1.5, requeue=True)
    command = (
        "ls outputs ${{outputs.kept}} | grep . ; n=$(ls ${{outputs.kept}} | wc -l); "
        "touch ${{outputs.kept}}/$n outputs/$n mine-$n; ls mine-*; "
        'if [ "$n" -lt 2 ]; then sleep 300; fi; echo "the end"'
    )
    service.submit(name, command, outputs={"kept": {"jobOutputType": "uri_folder"}})
    service.wait(name)
    assert service.job(name)["status"] == "Completed"
    printed = service.printed(name)
    assert "mine-2" in printed.splitlines()
    assert printed.count("mine-0") == printed.count("mine-1") == printed.count("the end") == 1
    details = service.details(name)
    assert details["error"] is None
    assert details["lastStartTimeUtc"] > details["startTimeUtc"]
    outputs = service.outputs(name)
    assert [service.read(f"{outputs['kept']['uri']}{n}") for n in range(3)] == [b""] * 3
    artifacts = f"azureml://datastores/workspaceartifactstore/paths/ExperimentRun/dcid.{name}/outputs"
    assert service.read(f"{artifacts}/2") == b""
    with pytest.raises(FileNotFoundError):
        service.read(f"{artifacts}/1")
    (line,) = emulator.faults()
    assert "came 2 times" in line


def test_a_requeued_job_is_in_the_queue_again(emulator: RunningEmulator, service: Service, name: str) -> None:
    emulator.fault("preempt", route=name, times=1, requeue=True)
    assert service.run(name, "true")["status"] == "Completed"
    words = ["Preparing", "Queued", "Running", "Queued", "Running", "Finalizing", "Completed"]
    assert service.statuses(name)[-7:] == words


def test_a_requeued_job_can_be_canceled(emulator: RunningEmulator, service: Service, name: str) -> None:
    emulator.fault("preempt", route=name, delay=0.3, requeue=True, times=1, then=[{"kind": "queue"}])
    service.submit(name, ENDLESS)
    deadline = time.monotonic() + 30
    while service.history("GET", f"runs/{name}").body["queueingInfo"] is None and time.monotonic() < deadline:
        time.sleep(0.05)
    assert service.job(name)["status"] == "Queued"
    run = service.request("GET", f"/mlflow/v1.0{service.ws}/api/2.0/mlflow/runs/get?run_id={name}").body["run"]
    assert run["info"]["status"] == "SCHEDULED"
    assert service.post(f"jobs/{name}/cancel").status == 202
    assert service.wait(name)["status"] == "Canceled"


def test_a_command_that_ends_before_its_node_is_taken_away(
    emulator: RunningEmulator, service: Service, name: str
) -> None:
    emulator.fault("preempt", route=name, delay=60)
    assert service.run(name, "echo done")["status"] == "Completed"
    (line,) = emulator.faults()
    assert "came 0 times" in line


def test_a_fault_that_is_cleared_before_it_came(
    emulator: RunningEmulator, service: Service, name: str, tmp_path: Path
) -> None:
    go = tmp_path / "go"
    for delay in (1, 10, 60):  # longer where the machine has taken longer than that until the fault is cleared
        job = f"{name}-{delay}"
        emulator.fault("preempt", route=job, delay=delay)
        begun = time.monotonic()
        service.submit(job, f"until [ -e {go} ]; do sleep 0.05; done")
        service.wait(job, "Running")
        emulator.clear_faults()
        if time.monotonic() - begun < delay:
            break
    time.sleep(delay + 0.5)
    go.touch()
    assert service.wait(job)["status"] == "Completed"


def test_a_job_of_a_lost_node_gets_no_warning(emulator: RunningEmulator, service: Service, name: str) -> None:
    emulator.fault("node_lost", route=name, delay=1.5)
    assert service.run(name, f"echo $$; {ENDLESS}")["status"] == "Failed"
    error = error_of(service, name)
    assert error["code"] == "ServiceError"
    assert "NodeLost" in error["message"]
    assert "begun" in service.printed(name)
    assert "warned" not in service.printed(name)


def test_a_lost_node_does_not_respond_for_a_while(unhurried: RunningEmulator, name: str) -> None:
    service = Service(unhurried)
    unhurried.fault("node_lost", route=name)
    assert service.run(name, ENDLESS)["status"] == "Failed"
    seen = walk(unhurried, name)
    assert [status for status, _ in seen[-3:]] == ["Running", "NotResponding", "Failed"]
    assert (seen[-1][1] - seen[-2][1]).total_seconds() >= PACE * STEPS["NotResponding"]


def test_a_job_is_held_in_the_queue_with_a_reason(emulator: RunningEmulator, service: Service, name: str) -> None:
    emulator.fault("queue", route=name)
    service.submit(name, "echo done", computeId="cpu-cluster")
    assert service.wait(name, "Queued")["status"] == "Queued"
    time.sleep(0.3)
    assert service.job(name)["status"] == "Queued"
    info = service.history("GET", f"runs/{name}").body["queueingInfo"]
    assert info["message"].startswith("Job is waiting for available resources")
    assert "4 vCPU(s)" in info["message"]
    assert "waiting for available resources" in requests.get(f"{emulator['studio_url']}/runs/{name}").text
    emulator.clear_faults()
    assert service.wait(name)["status"] == "Completed"
    assert service.history("GET", f"runs/{name}").body["queueingInfo"] is None


def test_a_job_leaves_the_queue_after_a_time(emulator: RunningEmulator, service: Service, name: str) -> None:
    emulator.fault("queue", route=name, delay=1)
    begun = time.monotonic()
    assert service.run(name, "echo done")["status"] == "Completed"
    assert time.monotonic() - begun >= 1


def test_a_job_fails_for_want_of_cores(emulator: RunningEmulator, service: Service, name: str) -> None:
    emulator.fault("quota", route=name)
    job = service.run(name, "echo done", computeId="cpu-cluster", resources={"instanceCount": 2})
    assert job["status"] == "Failed"
    message = error_of(service, name)["message"]
    assert "status code JobNodeCountExceedsCoreQuota, The specified subscription has a Standard DSv2 family" in message
    assert "the requested job node count of 2 which maps to 8 vCPUs" in message
    assert service.printed(name) == ""


def test_a_job_waits_for_cores(emulator: RunningEmulator, service: Service, name: str) -> None:
    emulator.fault("quota", route=name, delay=600)
    service.submit(name, "echo done", computeId="gpu-cluster")
    assert service.wait(name, "Queued")["status"] == "Queued"
    info = service.history("GET", f"runs/{name}").body["queueingInfo"]
    assert "a Standard NCSv3 family vCPU quota of 0" in info["message"]
    emulator.clear_faults()
    assert service.wait(name)["status"] == "Completed"


def test_a_job_is_refused_for_want_of_cores(emulator: RunningEmulator, service: Service, name: str) -> None:
    emulator.fault("quota", scope=name, when="before", times=1)
    refused = service.submit(name, "echo done", tags={"test": name})
    assert (refused.status, refused.body["error"]["code"]) == (400, "UserError")
    assert "JobNodeCountExceedsCoreQuota" in refused.body["error"]["message"]
    assert service.get(f"jobs/{name}").status == 404
    assert service.submit(name, "echo done", tags={"test": name}).status == 201
    assert service.wait(name)["status"] == "Completed"


def test_an_image_that_cannot_be_built(emulator: RunningEmulator, service: Service, name: str) -> None:
    emulator.fault("image_build_fails", route=name)
    assert service.run(name, "echo done")["status"] == "Failed"
    error = error_of(service, name)
    log = "azureml-logs/20_image_build_log.txt"
    assert error["message"].startswith(f"Image build failed. For more details, check log file {log}.")
    assert error["messageFormat"] == "Image build failed. For more details, check log file {ArtifactPath}."
    assert error["messageParameters"] == {"ArtifactPath": log}
    assert log in service.details(name)["logFiles"]
    assert service.printed(name) == ""


@pytest.mark.parametrize(("tier", "priority"), [("Dedicated", "Dedicated"), ("LowPriority", "LowPriority")])
def test_a_run_names_the_priority_of_its_nodes(service: Service, name: str, tier: str, priority: str) -> None:
    compute = {"computeType": "AmlCompute", "properties": {"vmSize": "STANDARD_DS3_V2", "vmPriority": tier}}
    cluster = f"c{name[-10:]}"
    made = service.put(f"computes/{cluster}", {"location": "eastus", "properties": compute})
    assert made.status == 201, made.content
    service.run(name, "echo done", computeId=cluster)
    assert service.details(name)["compute"]["priority"] == priority


def test_a_serverless_run_names_the_priority_of_its_tier(service: Service, name: str) -> None:
    service.run(name, "echo done", queueSettings={"jobTier": "Spot"})
    assert service.details(name)["compute"]["priority"] == "LowPriority"


def test_a_sequence_goes_on_over_the_attempts_of_a_task(emulator: RunningEmulator, service: Service, name: str) -> None:
    emulator.fault("preempt", scope=name, times=2, then=[{"kind": "node_lost"}, {"kind": "quota", "times": 1}])
    ends = []
    for attempt in range(5):
        tags = {"airflow_run_id": name}
        job = service.run(f"{name}-{attempt}", "sleep 1; echo done", tags=tags)
        error = (service.details(f"{name}-{attempt}")["error"] or {"error": {"message": ""}})["error"]["message"]
        ends.append((job["status"], next((w for w in ("Preemption", "NodeLost", "Quota") if w in error), "")))
    assert ends == [
        ("Failed", "Preemption"),
        ("Failed", "Preemption"),
        ("Failed", "NodeLost"),
        ("Failed", "Quota"),
        ("Completed", ""),
    ]


def test_a_fault_reaches_a_step_by_its_way(emulator: RunningEmulator, service: Service, name: str) -> None:
    emulator.fault("preempt", route=f"^{name}/train$")
    component = service.put(
        f"components/{name}/versions/1",
        {
            "properties": {
                "componentSpec": {
                    "type": "command",
                    "name": name,
                    "version": "1",
                    "command": "sleep 1",
                    "environment": "azureml:AzureML-minimal:1",
                }
            }
        },
    )
    assert component.status == 201, component.content
    node = {"type": "command", "componentId": component.body["id"]}
    token = {"x-azureml-token": service.token(emulator["cloud_metadata"]["aml_resource_id"])}
    jobs = {"prepare": node, "train": node}
    pipeline = {"jobType": "Pipeline", "jobs": jobs, "settings": {"continue_on_step_failure": True}}
    answer = service.put(f"jobs/{name}", {"properties": pipeline}, headers=token)
    assert answer.status == 201, answer.content
    assert service.wait(name)["status"] == "Failed"
    children = service.history("GET", f"runs/{name}/children").body["value"]
    assert {row["displayName"]: row["status"] for row in children} == {"prepare": "Completed", "train": "Failed"}


def test_after_a_restart_in_the_middle_a_preempted_job_runs_on(start_emulator: Start, name: str) -> None:
    emulator = start_emulator()
    service = Service(emulator)
    emulator.fault("preempt", route=name, delay=1.5, requeue=True, times=1, then=[{"kind": "queue"}])
    service.submit(
        name,
        "echo begun; [ -e ${{outputs.kept}}/once ] || { touch ${{outputs.kept}}/once; sleep 300; }",
        outputs={"kept": {"jobOutputType": "uri_folder"}},
    )
    deadline = time.monotonic() + 30
    while service.history("GET", f"runs/{name}").body["queueingInfo"] is None and time.monotonic() < deadline:
        time.sleep(0.05)
    assert service.job(name)["status"] == "Queued"
    assert emulator.stop() == 0
    emulator.start()
    assert emulator.faults() == []
    service = Service(emulator)
    assert service.wait(name)["status"] == "Completed"
    assert service.printed(name).split() == ["begun", "begun"]


def test_the_emulator_ends_while_jobs_are_held(start_emulator: Start, name: str) -> None:
    emulator = start_emulator()
    service = Service(emulator)
    emulator.fault("queue")
    service.submit(name, "echo done")
    service.wait(name, "Queued")
    begun = time.monotonic()
    assert emulator.stop() == 0
    assert time.monotonic() - begun < 10
