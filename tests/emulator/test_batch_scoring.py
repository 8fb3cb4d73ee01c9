"""Model deployments that really score: scripts, mini-batches, failures, retries, results."""

from __future__ import annotations

from typing import Any

import pytest

from tests.emulator.batch import BatchService
from tests.emulator_fixture import RunningEmulator

NUMBERS = {f"f{index}.txt": f"{index}\n{index + 1}\n".encode() for index in range(5)}


@pytest.fixture(scope="module")
def service(emulator: RunningEmulator) -> BatchService:
    """The session's emulator."""
    return BatchService(emulator)


def deployed(service: BatchService, script: str | None = None, **properties: Any) -> str:
    """A new endpoint whose default deployment runs a script."""
    endpoint = service.endpoint()
    service.deployment(endpoint, "main", **({"script": script} if script else {}), **properties)
    service.set_default(endpoint, "main")
    return endpoint


def test_a_script_scores_every_file_once(service: BatchService) -> None:
    endpoint = deployed(service, miniBatchSize=2)
    job = service.started(endpoint, service.folder(NUMBERS))
    assert service.await_batch(endpoint, job) == "Completed"
    expected = [f"f{index}.txt {10 * value}" for index in range(5) for value in (index, index + 1)]
    assert service.scores(job) == expected
    assert "5 files in 3 mini-batches" in service.log(service.child(job))


def test_the_job_is_a_pipeline_with_one_child(service: BatchService) -> None:
    endpoint = deployed(service)
    mark = {"airflow_invocation": "dag-task-1", "team": "alpha"}
    job = service.started(endpoint, service.folder(NUMBERS), properties=mark, tags={"k": "v"}, name="nightly")
    assert service.await_batch(endpoint, job) == "Completed"
    arm = service.job(job)
    assert (arm["jobType"], arm["status"], arm["displayName"]) == ("Pipeline", "Completed", "nightly")
    assert arm["experimentName"] == endpoint
    own = {"azureml.batchrun": "true", "azureml.jobtype": "azureml.batchjob", "azureml.deploymentname": "main"}
    assert arm["tags"] == {"k": "v", **own, "inputType": "uri_folder", "outputType": "uri_folder"}
    assert mark.items() <= arm["properties"].items()
    run = service.history("GET", f"runs/{job}").body
    assert mark.items() <= run["properties"].items()
    assert run["runType"] == "azureml.PipelineRun"
    child = service.child(job)
    assert child != job
    assert service.outputs(child)["score"]["uri"].endswith(f"/paths/azureml/{child}/score/")
