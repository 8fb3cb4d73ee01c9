"""Invocations over real HTTPS, with real scoring: one job per task, the exact place of its scores, clear refusals."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from airflow_azureml.client import MLClient
from airflow_azureml.jobspec.batch.arguments import arguments
from airflow_azureml.jobspec.batch.invocation import read
from airflow_azureml.lifecycle.batch.invocation import invoke_once
from airflow_azureml.lifecycle.batch.submission import Plan, plan
from airflow_azureml.lifecycle.naming import JobIdentity, TaskFacts, identify
from airflow_azureml.lifecycle.records import OutputRecord
from airflow_azureml.lifecycle.result import failure, result
from airflow_azureml.lifecycle.resume import Found
from airflow_azureml.lifecycle.wait import WaitOptions, wait
from airflow_azureml.rest.errors import AmbiguousInvocationError, NotFoundError, SpecError
from airflow_azureml.rest.flow import Flow, Pause, Steps
from airflow_azureml.rest.ids import parse_datastore_path
from airflow_azureml.rest.jobs import Job
from tests.emulator.batch.service import BatchService
from tests.emulator_fixture import RunningEmulator
from tests.lifecycle.test_against_emulator import settings_of

FILES = {"a.txt": "1\n2\n", "b.txt": "3\n"}
ROWS = ["a.txt 10", "a.txt 20", "b.txt 30"]


class Hurry:
    """A driver in whose time pauses pass quickly."""

    def __init__(self, client: MLClient) -> None:
        self.client = client
        self.skipped = 0.0

    def clock(self) -> float:
        """Epoch seconds, ahead by what was skipped."""
        return time.time() + self.skipped

    def run(self, flow: Flow[Any]) -> Any:
        """Carry a flow through."""
        return self.client.run(self._hurried(flow))

    def _hurried(self, flow: Flow[Any]) -> Steps[Any]:
        steps = iter(flow)
        try:
            effect = next(steps)
            while True:
                if isinstance(effect, Pause):
                    self.skipped += effect.seconds
                    effect = Pause(0.02)
                try:
                    answer = yield effect
                except Exception as error:  # noqa: BLE001
                    effect = steps.throw(error)
                else:
                    effect = steps.send(answer)
        except StopIteration as end:
            return end.value


@pytest.fixture(scope="module")
def client(emulator: RunningEmulator) -> Iterator[MLClient]:
    with MLClient(settings_of(emulator)) as opened:
        yield opened


@pytest.fixture(scope="module")
def service(emulator: RunningEmulator) -> BatchService:
    return BatchService(emulator)


@pytest.fixture(scope="module")
def endpoint(service: BatchService) -> str:
    """An endpoint with a default deployment that scores, and one that only sums up."""
    return service.scoring_endpoint("blue", "sums")


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    folder.mkdir()
    for name, text in FILES.items():
        (folder / name).write_text(text)
    return folder


@pytest.fixture
def identity(request: pytest.FixtureRequest) -> JobIdentity:
    return identify(TaskFacts("dag", uuid.uuid4().hex, None, request.node.originalname))


def planned(client: MLClient, endpoint: str, deployment: str | None = None, **keywords: Any) -> Plan:
    invocation = read(arguments(**keywords), client.workspace)
    return client.run(plan(client.workspace, endpoint, deployment, invocation))


def invoked(client: MLClient, identity: JobIdentity, made: Plan) -> Found:
    hurry, ws = Hurry(client), client.workspace
    found: Found = hurry.run(invoke_once(ws, identity, made.target, lambda: made.request(ws), clock=hurry.clock))
    return found


def scored(client: MLClient, identity: JobIdentity, made: Plan) -> tuple[Job, OutputRecord]:
    name = invoked(client, identity, made).job.name
    job = client.run(wait(client.workspace, name, WaitOptions(clock=time.time, poll_interval=0.1, patience=20)))
    assert job.status == "Completed", client.run(failure(client.workspace, job))
    return job, client.run(result(client.workspace, job)).outputs["score"]


def jobs_of(emulator: RunningEmulator, endpoint: str) -> int:
    """How many jobs the endpoint has, without their children."""
    return sum(row["experiment"] == endpoint and row["type"].lower() == "pipeline" for row in emulator.jobs())


def posts_of(emulator: RunningEmulator, endpoint: str) -> int:
    return sum(row["method"] == "POST" for row in emulator.journal(f"/scoring/{endpoint}"))


def test_the_scores_of_a_local_folder_are_one_exact_file(
    client: MLClient, service: BatchService, endpoint: str, data: Path, identity: JobIdentity
) -> None:
    job, score = scored(client, identity, planned(client, endpoint, input=str(data)))
    assert (job.kind, job.experiment_name) == ("Pipeline", endpoint)
    assert score.type == "uri_file"
    place = parse_datastore_path(score.path)
    assert place is not None
    assert place.path.endswith("/score/predictions.csv")
    assert sorted(service.read(place.short).decode().splitlines()) == ROWS
    assert score.https_url is not None
    assert score.https_url.endswith(place.path)


def test_an_overridden_file_name_is_found(
    client: MLClient, service: BatchService, endpoint: str, data: Path, identity: JobIdentity
) -> None:
    made = planned(client, endpoint, input=str(data), output_file_name="tonight.csv", mini_batch_size=1)
    _, score = scored(client, identity, made)
    assert score.path.endswith("/tonight.csv")


def test_a_named_place_is_told_as_it_was_given(
    client: MLClient, endpoint: str, data: Path, identity: JobIdentity
) -> None:
    path = f"out/{uuid.uuid4().hex}/scores.csv"
    outputs = {"score": {"type": "uri_file", "path": f"azureml://datastores/workspaceblobstore/paths/{path}"}}
    _, score = scored(client, identity, planned(client, endpoint, inputs={"d": {"path": str(data)}}, outputs=outputs))
    assert score.type == "uri_file"
    assert score.path.endswith(f"/datastores/workspaceblobstore/paths/{path}")


def test_scores_that_lie_there_already_are_told_of(
    client: MLClient, endpoint: str, data: Path, identity: JobIdentity
) -> None:
    folder = f"azureml://datastores/workspaceblobstore/paths/out/{uuid.uuid4().hex}/"
    made = planned(client, endpoint, inputs={"d": {"path": str(data)}}, outputs={"score": {"path": folder}})
    told: list[Any] = []
    client.run(made.request(client.workspace), news=told.append)
    assert not told
    scored(client, identity, made)
    client.run(made.request(client.workspace), news=told.append)
    (news,) = told
    assert f"outputs.score: {folder} already contains files" in news.message
    assert "predictions.csv. Azure ML does not overwrite" in news.message


def test_a_file_of_scores_that_is_there_already_is_told_of(
    client: MLClient, endpoint: str, data: Path, identity: JobIdentity
) -> None:
    file = f"azureml://datastores/workspaceblobstore/paths/out/{uuid.uuid4().hex}/scores.csv"
    output = {"score": {"type": "uri_file", "path": file}}
    made = planned(client, endpoint, inputs={"d": {"path": str(data)}}, outputs=output)
    told: list[Any] = []
    client.run(made.request(client.workspace), news=told.append)
    assert not told
    scored(client, identity, made)
    client.run(made.request(client.workspace), news=told.append)
    (news,) = told
    assert f"outputs.score: {file} already exists" in news.message


def test_sums_are_a_folder(client: MLClient, endpoint: str, data: Path, identity: JobIdentity) -> None:
    _, score = scored(client, identity, planned(client, endpoint, "sums", input=str(data)))
    assert score.type == "uri_folder"
    assert score.path.endswith("/score/")


@pytest.mark.parametrize("echoes", [True, False])
@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize(("kind", "options"), [("status", {"status": 500}), ("drop", {})])
def test_one_job_at_the_most(
    client: MLClient, emulator: RunningEmulator, service: BatchService, data: Path, identity: JobIdentity,
    kind: str, options: dict[str, Any], when: str, echoes: bool,
) -> None:  # fmt: skip
    endpoint = service.endpoint()
    service.deployment(endpoint, "blue")
    service.set_default(endpoint, "blue")
    made = planned(client, endpoint, input=str(data))
    if not echoes:
        emulator.fault("drop_mark", times=1)
    emulator.fault(kind, route="POST /scoring/", times=1, when=when, **options)
    if when == "after" and echoes:
        assert not invoked(client, identity, made).job.phase.is_terminal
    else:
        with pytest.raises(AmbiguousInvocationError):
            invoked(client, identity, made)
    emulator.clear_faults()
    assert posts_of(emulator, endpoint) == 1
    assert jobs_of(emulator, endpoint) == (1 if when == "after" else 0)
    if when == "after":
        again = identify(TaskFacts(**{**vars(identity.facts), "try_number": 2}))
        if echoes:
            assert not invoked(client, again, made).submitted
        else:
            with pytest.raises(AmbiguousInvocationError, match="Unmarked jobs"):
                invoked(client, again, made)
        assert posts_of(emulator, endpoint) == 1


def test_a_retry_takes_the_job_that_is_there(
    client: MLClient, emulator: RunningEmulator, endpoint: str, data: Path
) -> None:
    facts = TaskFacts("dag", uuid.uuid4().hex, None, "retry")
    made, before = planned(client, endpoint, input=str(data)), posts_of(emulator, endpoint)
    first = invoked(client, identify(facts), made)
    again = invoked(client, identify(TaskFacts(**{**vars(facts), "try_number": 2})), made)
    assert (again.job.name, again.submitted) == (first.job.name, False)
    assert posts_of(emulator, endpoint) == before + 1


def test_a_failed_job_tells_what_its_script_raised(
    client: MLClient, service: BatchService, data: Path, identity: JobIdentity
) -> None:
    endpoint = service.endpoint()
    script = "def init():\n    pass\n\ndef run(files):\n    raise ValueError('no such column: age')\n"
    service.deployment(endpoint, "blue", script, errorThreshold=0, retrySettings={"maxRetries": 0, "timeout": "PT30S"})
    name = invoked(client, identity, planned(client, endpoint, "blue", input=str(data))).job.name
    job = client.run(wait(client.workspace, name, WaitOptions(clock=time.time, poll_interval=0.1, patience=20)))
    why = client.run(failure(client.workspace, job))
    assert job.status == "Failed"
    assert "no such column: age" in why.log_tail + why.reason


def test_all_that_is_wrong_is_said_at_once_and_nothing_is_sent(
    client: MLClient, emulator: RunningEmulator, endpoint: str, data: Path
) -> None:
    before = len([row for row in emulator.journal() if row["method"] != "GET"])
    inputs = {"my-data": {"path": str(data)}, "table": {"type": "mltable", "path": "azureml:t:1"}, "n": 3}
    outputs = {"score": {"path": "https://acct.blob.core.windows.net/c/out"}}
    with pytest.raises(SpecError) as caught:
        planned(client, endpoint, inputs=inputs, outputs=outputs)
    said = str(caught.value)
    for part in (
        'Did you mean "my_data"?',
        "inputs.n: a literal cannot be given to a model deployment",
        "inputs.table: a model deployment takes no mltable",
        "inputs: a model deployment takes one data input; 2 are given: my-data, table.",
        "outputs.score.path",
    ):
        assert part in said
    assert len([row for row in emulator.journal() if row["method"] != "GET"]) == before


def test_what_is_missing_is_named_beside_what_is_there(client: MLClient, service: BatchService, endpoint: str) -> None:
    with pytest.raises(NotFoundError, match=rf"batch endpoint 'nowhere' does not exist.*Existing: .*{endpoint}"):
        planned(client, "nowhere", input="azureml:d:1")
    with pytest.raises(SpecError, match=r"has no deployment 'green'\. Existing: blue, sums"):
        planned(client, endpoint, "green", input="azureml:d:1")
    empty = service.endpoint()
    with pytest.raises(SpecError, match=r"deployment_name: endpoint .* has no default deployment"):
        planned(client, empty, input="azureml:d:1")
    outputs = {"score": {"path": "azureml://datastores/nowhere/paths/x/"}}
    with pytest.raises(SpecError, match=r"outputs.score.path: datastore 'nowhere' does not exist"):
        planned(client, endpoint, input="azureml:d:1", outputs=outputs)
