"""The flows of one task's life over real HTTPS, real storage and real processes."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from airflow_azureml.client import MLClient
from airflow_azureml.lifecycle.cancellation import cancel
from airflow_azureml.lifecycle.job_log import read_log
from airflow_azureml.lifecycle.naming import JobIdentity, TaskFacts, identify
from airflow_azureml.lifecycle.news import LogLines, LookTrouble, StatusChange
from airflow_azureml.lifecycle.records import OutputRecord
from airflow_azureml.lifecycle.result import failure, result
from airflow_azureml.lifecycle.resume import cancel_earlier, find_or_submit
from airflow_azureml.lifecycle.submission import Prepared
from airflow_azureml.lifecycle.wait import WaitOptions, wait
from airflow_azureml.rest import history, jobs, workspace
from airflow_azureml.rest.errors import NotFoundError
from airflow_azureml.rest.flow import LocalFolder, Steps, StorageLocation, Transfer
from airflow_azureml.rest.ids import Workspace, parse_datastore_path
from airflow_azureml.rest.jobs import Job
from airflow_azureml.rest.settings import Settings
from airflow_azureml.rest.status import phase
from tests.emulator_fixture import RunningEmulator, Start


def settings_of(emulator: RunningEmulator) -> Settings:
    """The connection to an emulator, by its endpoint alone."""
    workspace = Workspace(emulator["subscription_id"], emulator["resource_group"], emulator["workspace_name"])
    return Settings(
        workspace,
        auth="client_secret",
        tenant_id=emulator["tenant_id"],
        client_id=emulator["client_id"],
        client_secret=emulator["client_secret"],
        endpoint=emulator["endpoint"],
        verify=emulator["ca_bundle"],
    )


@pytest.fixture(scope="module")
def client(emulator: RunningEmulator) -> Iterator[MLClient]:
    """A client of the session's emulator."""
    with MLClient(settings_of(emulator)) as opened:
        yield opened


@pytest.fixture
def identity(request: pytest.FixtureRequest) -> JobIdentity:
    """The identity of a task that nobody else has."""
    return identify(TaskFacts("dag", uuid.uuid4().hex, None, request.node.originalname))


def prepared(command: str, **properties: Any) -> Prepared:
    """A request for a command."""
    inner = {
        "jobType": "Command",
        "command": command,
        "experimentName": "flows",
        "environmentId": "azureml:AzureML-x:1",
    }
    return Prepared({"properties": {**inner, **properties}})


def iter_once(request: Prepared) -> Steps[Prepared]:
    """A flow that gives a request without asking anybody."""
    yield from ()
    return request


def run_job(client: MLClient, identity: JobIdentity, request: Prepared, **limits: Any) -> tuple[Job, list[Any]]:
    """Submit a job and wait for its end; the job and the news."""
    news: list[Any] = []
    found = client.run(find_or_submit(client.workspace, identity, lambda *_: iter_once(request)), news=news.append)
    keywords = {"clock": time.time, "poll_interval": 0.1, "patience": 20, **limits}
    return client.run(wait(client.workspace, found.job.name, WaitOptions(**keywords)), news=news.append), news


def fetched(client: MLClient, output: OutputRecord, folder: Path) -> dict[str, str]:
    """What is at the place that an output names, downloaded by its https address."""
    path = parse_datastore_path(output.path)
    assert path is not None
    assert output.https_url is not None
    secret = client.run(workspace.secret(client.workspace, path.datastore))
    client.run(one(Transfer(StorageLocation(output.https_url, secret.sas, secret.key), LocalFolder(str(folder)))))
    return {str(file.relative_to(folder)): file.read_text() for file in folder.rglob("*") if file.is_file()}


def one(effect: Transfer) -> Steps[Any]:
    """A flow of one effect."""
    return (yield effect)


PRINT_AND_WRITE = (
    "echo first line; sleep 0.5; echo second line; "
    "mkdir -p ${{outputs.folder}}; echo a > ${{outputs.folder}}/a.txt; echo b > '${{outputs.file}}'; "
    "mkdir -p ${{outputs.kept}}; echo c > ${{outputs.kept}}/c.txt"
)


def test_a_job_from_its_name_to_its_result(client: MLClient, identity: JobIdentity, tmp_path: Path) -> None:
    asset = f"kept-{uuid.uuid4().hex[:8]}"
    outputs = {
        "folder": {"jobOutputType": "uri_folder"},
        "file": {
            "jobOutputType": "uri_file",
            "uri": f"azureml://datastores/workspaceblobstore/paths/given {asset}/f ü.txt",
        },
        "kept": {"jobOutputType": "uri_folder", "assetName": asset},
    }
    job, news = run_job(client, identity, prepared(PRINT_AND_WRITE, outputs=outputs), stream_logs=True)
    assert (job.name, job.status) == (identity.name(1), "Completed")
    assert {key: job.tags[key] for key in identity.tags(1)} == identity.tags(1)

    statuses = [record.status for record in news if isinstance(record, StatusChange)]
    assert statuses[-1] == "Completed"
    assert len(statuses) == len(set(statuses))
    lines = [line for record in news if isinstance(record, LogLines) for line in record.lines]
    assert lines == client.run(read_log(client.workspace, job)).splitlines()
    assert [line for line in lines if line.endswith(" line")] == ["first line", "second line"]

    found = client.run(result(client.workspace, job, tenant_id="t"))
    ws = client.workspace
    base = f"azureml://subscriptions/{ws.subscription_id}/resourcegroups/{ws.resource_group}/workspaces/{ws.name}/datastores"
    paths = {name: output.path for name, output in found.outputs.items()}
    assert paths["folder"] == f"{base}/workspaceblobstore/paths/azureml/{job.name}/folder/"
    assert paths["file"] == f"{base}/workspaceblobstore/paths/given {asset}/f ü.txt"
    assert paths["default"] == f"{base}/workspaceartifactstore/paths/ExperimentRun/dcid.{job.name}/"
    assert found.outputs["kept"].asset_id == f"{ws.path}/data/{asset}/versions/1"
    assert all(output.https_url and "?" not in output.https_url for output in found.outputs.values())
    assert fetched(client, found.outputs["folder"], tmp_path / "folder") == {"a.txt": "a\n"}
    assert fetched(client, found.outputs["file"], tmp_path / "file") == {"f ü.txt": "b\n"}
    assert fetched(client, found.outputs["kept"], tmp_path / "kept") == {"c.txt": "c\n"}
    assert "user_logs/std_log.txt" in fetched(client, found.outputs["default"], tmp_path / "default")
    assert found.started_at is not None
    assert found.ended_at is not None
    assert found.started_at <= found.ended_at
    assert found.metrics == {}
    assert found.studio_url is not None
    assert found.studio_url.endswith("tid=t")

    again = client.run(find_or_submit(client.workspace, identity, lambda *_: pytest.fail("a request was made")))
    assert (again.job.name, again.submitted) == (job.name, False)


def test_a_job_that_fails_says_why(client: MLClient, identity: JobIdentity) -> None:
    job, _ = run_job(client, identity, prepared("echo before the end; echo the reason >&2; exit 3"))
    assert job.status == "Failed"
    why = client.run(failure(client.workspace, job))
    assert why.reason
    assert why.code
    assert "the reason" in why.log_tail
    replaced, _ = run_job(client, identity, prepared("true"))
    assert (replaced.name, replaced.status) == (identity.name(2), "Completed")


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "drop", "when": "before"},
        {"kind": "drop", "when": "after"},
        {"kind": "status", "status": 500, "when": "before"},
        {"kind": "status", "status": 503, "when": "after"},
        {"kind": "status", "status": 429, "when": "before", "delay": 1},
    ],
    ids=lambda fault: "-".join(str(value) for value in fault.values()),
)
def test_a_submission_that_goes_wrong_makes_one_job(
    client: MLClient, emulator: RunningEmulator, identity: JobIdentity, fault: Mapping[str, Any]
) -> None:
    name = identity.name(1)
    options = {key: value for key, value in fault.items() if key != "kind"}
    emulator.fault(fault["kind"], route=f"PUT .*/jobs/{name}", times=1, **options)
    job, _ = run_job(client, identity, prepared("true"))
    assert any("came 1 times" in line for line in emulator.faults())
    assert (job.name, job.status) == (name, "Completed")
    asked = [f"{row['method']} {row['path'].rpartition('/')[2]}" for row in emulator.journal(name)]
    puts = [number for number, call in enumerate(asked) if call == f"PUT {name}"]
    assert len(puts) == (1 if fault["when"] == "after" else 2)
    assert all(asked[number - 1] == f"GET {name}" for number in puts), "each PUT is preceded by a look"
    assert [row["name"] for row in emulator.jobs() if row["name"].startswith(identity.stem)] == [name]


def test_a_clear_cancels_the_older_job(client: MLClient, identity: JobIdentity) -> None:
    old = client.run(find_or_submit(client.workspace, identity, lambda *_: iter_once(prepared("sleep 60")))).job
    cleared = identify(TaskFacts("dag", identity.facts.run_id, None, identity.facts.task_id, generation=1))
    assert client.run(cancel_earlier(client.workspace, cleared)) == (old.name,)
    ended = client.run(wait(client.workspace, old.name, WaitOptions(clock=time.time, poll_interval=0.1, patience=5)))
    assert ended.status == "Canceled"
    assert str(client.run(cancel(client.workspace, old.name))) == "had already ended: it is Canceled"


def test_a_wait_rides_out_what_passes(client: MLClient, emulator: RunningEmulator, identity: JobIdentity) -> None:
    name = identity.name(1)
    # Looks that fail come 0, 1 and 3 seconds after the first: what passes lasts for much longer.
    emulator.fault("not_responding", route=name, delay=8)
    client.run(find_or_submit(client.workspace, identity, lambda *_: iter_once(prepared("sleep 5"))))
    emulator.fault("status", route=f"GET .*/jobs/{name}", times=2, status=403)
    news: list[Any] = []
    flow = wait(client.workspace, name, WaitOptions(clock=time.time, poll_interval=0.1, patience=20))
    job = client.run(flow, news=news.append)
    assert any("came 2 times" in line for line in emulator.faults())
    assert job.status == "Completed"
    assert sum(isinstance(record, LookTrouble) for record in news) == 1
    assert "NotResponding" in [record.status for record in news if isinstance(record, StatusChange)]


def test_outputs_without_a_uri_are_resolved(
    client: MLClient, emulator: RunningEmulator, identity: JobIdentity, tmp_path: Path
) -> None:
    emulator.fault("null_outputs", route=identity.name(1))
    outputs = {"o": {"jobOutputType": "uri_folder"}, "f": {"jobOutputType": "uri_file"}}
    command = "mkdir -p ${{outputs.o}}; echo x > ${{outputs.o}}/x; echo y > ${{outputs.f}}"
    job, _ = run_job(client, identity, prepared(command, outputs=outputs))
    assert job.outputs["o"].uri is None
    found = client.run(result(client.workspace, job)).outputs
    assert found["o"].path.endswith(f"/datastores/workspaceblobstore/paths/azureml/{job.name}/o/")
    assert not found["f"].path.endswith("/")
    assert fetched(client, found["o"], tmp_path / "o") == {"x": "x\n"}
    assert fetched(client, found["f"], tmp_path / "f") == {"f": "y\n"}


def test_a_missing_workspace_is_named(emulator: RunningEmulator, identity: JobIdentity) -> None:
    settings = settings_of(emulator)
    elsewhere = Workspace(settings.workspace.subscription_id, settings.workspace.resource_group, "nowhere")
    with (
        MLClient(Settings(**{**vars(settings), "workspace": elsewhere})) as client,
        pytest.raises(NotFoundError, match="nowhere"),
    ):
        client.run(find_or_submit(elsewhere, identity, lambda *_: pytest.fail("a request was made")))


def test_expired_log_addresses_harm_nobody(start_emulator: Start, identity: JobIdentity) -> None:
    emulator = start_emulator()
    emulator.fault("expired_log_sas")
    with MLClient(settings_of(emulator)) as client:
        job, _ = run_job(client, identity, prepared("echo x; exit 3"), stream_logs=True)
        assert job.status == "Failed"
        assert client.run(failure(client.workspace, job)).reason


@pytest.mark.parametrize(
    ("fault", "kind"),
    [("preempt", "preempted"), ("node_lost", "node"), ("quota", "capacity"), ("image_build_fails", "image")],
)
def test_what_the_platform_did_is_told_from_what_the_job_did(
    client: MLClient, emulator: RunningEmulator, identity: JobIdentity, fault: str, kind: str
) -> None:
    emulator.fault(fault, route=identity.name(1))
    job, _ = run_job(client, identity, prepared("sleep 60"))
    assert job.status == "Failed"
    assert client.run(failure(client.workspace, job)).kind == kind


def test_a_job_that_starts_anew_is_followed_to_its_end(
    client: MLClient, emulator: RunningEmulator, identity: JobIdentity
) -> None:
    emulator.fault("preempt", route=identity.name(1), requeue=True, times=2, delay=1.5)
    command = "n=$(ls ${{outputs.o}} | wc -l); touch ${{outputs.o}}/$n; echo start $n; [ $n -gt 1 ] || sleep 60"
    job, news = run_job(
        client, identity, prepared(command, outputs={"o": {"jobOutputType": "uri_folder"}}), stream_logs=True
    )
    assert job.status == "Completed"
    lines = [line for record in news if isinstance(record, LogLines) for line in record.lines]
    assert [line for line in lines if line.startswith("start ")] == ["start 0", "start 1", "start 2"]


def test_many_jobs_are_read_at_once(client: MLClient) -> None:
    names = [f"many-{uuid.uuid4().hex[:8]}" for _ in range(3)]
    for name, command in zip(names, ("true", "exit 3", "sleep 60"), strict=True):
        client.run(jobs.create(client.workspace, name, prepared(command).body))
    for name in names[:2]:
        client.run(wait(client.workspace, name, WaitOptions(clock=time.time, poll_interval=0.1, patience=20)))
    asked = [*names, "never-made"]
    runs = client.run(history.read_many(client.workspace, asked))
    assert client.run(history.read_many_in(client.workspace, "flows", asked)).keys() == runs.keys() == set(names)
    assert client.run(history.read_many_in(client.workspace, "others", asked)) == {}
    assert [runs[name].status for name in names[:2]] == ["Completed", "Failed"]
    assert not phase(runs[names[2]].status).is_terminal
    assert runs[names[1]].ended_at is not None
    assert runs[names[2]].created_at is not None
    client.run(cancel(client.workspace, names[2]))
