"""Local things of jobs over real HTTPS and real storage: what a submission asks, and uploads that go wrong."""

from __future__ import annotations

import asyncio
import json
import re
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from airflow_azureml.client import AsyncMLClient, MLClient
from airflow_azureml.client.kept_answers import KeptAnswers
from airflow_azureml.jobspec.document.load import load
from airflow_azureml.jobspec.translate import translate
from airflow_azureml.lifecycle.job_log import read_log
from airflow_azureml.lifecycle.naming import TaskFacts, identify
from airflow_azureml.lifecycle.needs.fulfilment import Fulfilment
from airflow_azureml.lifecycle.resume import find_or_submit
from airflow_azureml.lifecycle.submission import prepare
from airflow_azureml.lifecycle.wait import WaitOptions, wait
from airflow_azureml.local.folders import scan
from airflow_azureml.rest import assets, workspace
from airflow_azureml.rest.errors import BadRequestError
from airflow_azureml.rest.flow import LocalFolder, Steps, StorageLocation, Transfer
from tests.emulator_fixture import RunningEmulator
from tests.lifecycle.test_against_emulator import settings_of

LOGIN = re.compile(r"^(GET|POST) /[^/]*/(v2\.0|oauth2)|/metadata/")


class Ground:
    """A folder with things to upload, an emulator, and a client that is warm: it has its token."""

    def __init__(self, emulator: RunningEmulator, folder: Path, client: MLClient) -> None:
        self.emulator, self.folder, self.client = emulator, folder, client
        self.home = client.workspace.path

    def job(self, **more: Any) -> dict[str, Any]:
        """A command job with code and an environment that is written out."""
        return {"command": "true", "code": "./src", "environment": {"image": "img"}, **more}

    def inputs(self, count: int) -> dict[str, Any]:
        """Local inputs."""
        return {f"i{number}": {"type": "uri_folder", "path": f"./data{number}"} for number in range(count)}

    def pipeline(self, *commands: str) -> dict[str, Any]:
        """A pipeline of components that share code and environment."""
        node = {"type": "command", "code": "./src", "environment": {"image": "img"}}
        jobs = {f"n{number}": {**node, "command": command} for number, command in enumerate(commands)}
        return {"type": "pipeline", "compute": "azureml:cpu-cluster", "jobs": jobs}

    def flow(self, job: dict[str, Any]) -> Steps[Any]:
        """Submit as a new task would."""
        ws = self.client.workspace
        identity = identify(TaskFacts("dag", uuid.uuid4().hex, None, "wire"))

        translation = translate(load(job, folder=str(self.folder)), ws)
        return (yield from find_or_submit(ws, identity, lambda *_: prepare(ws, translation)))

    def asked(self, job: dict[str, Any]) -> list[str]:
        """Submit, and tell the requests."""
        before = len(self.emulator.journal())
        self.client.run(self.flow(job))
        return self.since(before)

    def asked_anew(self, job: dict[str, Any]) -> list[str]:
        """Submit with a client that has its token and knows nothing else."""
        with MLClient(self.client.settings) as client:
            client.run(workspace.get(client.workspace))
            return Ground(self.emulator, self.folder, client).asked(job)

    def since(self, before: int) -> list[str]:
        """The requests from one on, as method and what is asked for."""
        lines = [f"{row['method']} {row['path'].removeprefix(self.home)}" for row in self.emulator.journal()[before:]]
        return [self.short(line) for line in lines if not LOGIN.search(line)]

    @staticmethod
    def short(line: str) -> str:
        """Leave out the names of a request."""
        method, _, path = line.partition(" ")
        what = "blob" if "LocalUpload" in path else path.strip("/").split("/")[0]
        return f"{method} {what}{' secret' if path.endswith('/listSecrets') else ''}"


@pytest.fixture
def ground(emulator: RunningEmulator, tmp_path: Path) -> Iterator[Ground]:
    for name in ("src/main.py", "src/util.py", "data0/a", "data1/b", "data2/c"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(f"{name} {tmp_path}")
    with MLClient(settings_of(emulator)) as client:
        yield Ground(emulator, tmp_path, client)


FIRST = ["GET jobs", "GET codes", "PUT environments", "PUT jobs"]
"""What a process asks for a job with code and an environment, when it has asked nothing yet."""

WARM = ["GET jobs", "GET codes", "PUT jobs"]
"""What it asks for the next one."""

STORE = ["GET datastores", "POST datastores secret"]


def test_what_the_first_unchanged_submission_of_a_process_asks(ground: Ground) -> None:
    """Three requests besides the PUT; with inputs two for the datastore and one for each."""
    ground.asked(ground.job(inputs=ground.inputs(3)))
    assert ground.asked_anew(ground.job()) == FIRST
    one, three = (ground.asked_anew(ground.job(inputs=ground.inputs(count))) for count in (1, 3))
    assert one == [*FIRST[:-1], *STORE, "HEAD blob", "PUT jobs"]
    assert three == [*FIRST[:-1], *STORE, *3 * ["HEAD blob"], "PUT jobs"]


def test_what_the_next_unchanged_submissions_ask(ground: Ground) -> None:
    """Two requests besides the PUT, and one for each input."""
    ground.asked(ground.job(inputs=ground.inputs(3)))
    assert ground.asked(ground.job()) == WARM
    one, three = (ground.asked(ground.job(inputs=ground.inputs(count))) for count in (1, 3))
    assert one == [*WARM[:-1], "HEAD blob", "PUT jobs"]
    assert three == [*WARM[:-1], *3 * ["HEAD blob"], "PUT jobs"]


def test_a_compute_is_looked_at_once_in_a_while(ground: Ground) -> None:
    """It costs the first job of a process one request, and those that follow none."""
    job = ground.job(compute="cpu-cluster")
    ground.asked(job)
    assert ground.asked_anew(job) == [FIRST[0], "GET computes", *FIRST[1:]]
    assert ground.asked(job) == WARM
    other = ground.job(compute="azureml:cpu-cluster", command="echo other")
    assert ground.asked(other) == WARM
    assert ground.asked(ground.job(compute="serverless")) == WARM


def test_what_an_unchanged_pipeline_asks(ground: Ground) -> None:
    """Code and environment that components share are asked for once, and so are equal components."""
    job = ground.pipeline("echo 1", "echo 2", "echo 3", "echo 3")
    ground.asked(job)
    once = ["GET codes", "GET computes", "GET jobs", "PUT environments", "PUT jobs"]
    assert sorted(ground.asked_anew(job)) == sorted([*once, *3 * ["PUT components"]])
    assert sorted(ground.asked(job)) == ["GET codes", "GET jobs", "PUT jobs"]


@pytest.mark.parametrize(
    "asked_for_again", ["GET computes", "GET datastores", "POST datastores secret", "PUT environments"]
)
def test_what_is_known_is_asked_again_in_time(
    ground: Ground, monkeypatch: pytest.MonkeyPatch, asked_for_again: str
) -> None:
    now = time.monotonic()
    kept = KeptAnswers(lambda: now)
    monkeypatch.setattr(ground.client._session, "_kept", kept)
    job = ground.job(inputs=ground.inputs(1), compute="cpu-cluster")
    ground.asked(job)
    now += {"POST datastores secret": 1801, "GET computes": 61}.get(asked_for_again, 601)
    assert asked_for_again in ground.asked(job)
    assert asked_for_again not in ground.asked(job)


def test_the_asynchronous_driver_asks_the_same(ground: Ground) -> None:
    ground.asked(ground.job(inputs=ground.inputs(1)))

    async def go() -> list[list[str]]:
        async with AsyncMLClient(settings_of(ground.emulator)) as client:
            await client.run(ground.flow(ground.job()))
            found = []
            for job in (ground.job(), ground.job(inputs=ground.inputs(1)), ground.pipeline("echo 1")):
                before = len(ground.emulator.journal())
                await client.run(ground.flow(job))
                found.append(ground.since(before))
            return found

    warm, one, pipeline = asyncio.run(go())
    assert warm == WARM
    assert one == [*WARM[:-1], *STORE, "HEAD blob", "PUT jobs"]
    assert sorted(pipeline) == ["GET codes", "GET computes", "GET jobs", "PUT components", "PUT jobs"]


def stored(ground: Ground, code_id: str, target: Path) -> dict[str, str]:
    """Fetch what a code asset consists of."""
    _, _, path = code_id.partition("/codes/")
    name, _, version = path.split("/")
    found = ground.client.run(assets.get(ground.client.workspace, "codes", name, version))
    key = json.loads((ground.emulator.state / "identity.json").read_text())["account_key"]

    def fetch() -> Steps[Any]:
        return (yield Transfer(StorageLocation(f"{found.properties['codeUri']}/", key=key), LocalFolder(str(target))))

    ground.client.run(fetch())
    return {str(file.relative_to(target)): file.read_text() for file in target.rglob("*") if file.is_file()}


def provided(ground: Ground, job: dict[str, Any]) -> Any:
    """Provide what a job needs; the properties of its body."""
    ws = ground.client.workspace
    body = ground.client.run(Fulfilment(ws).fill(translate(load(job, folder=str(ground.folder)), ws).body))
    return body["properties"]


@pytest.mark.parametrize("part", ["src/util.py", "data0/b"])
def test_half_an_upload_is_never_taken_for_whole(ground: Ground, part: str) -> None:
    (ground.folder / "data0" / "b").write_text("the other half")
    name = Path(part).name
    ground.emulator.fault("status", route=f"PUT .*/{name}$", status=400)
    with pytest.raises(BadRequestError):
        provided(ground, ground.job(inputs=ground.inputs(1)))
    ground.emulator.clear_faults()
    before = len(ground.emulator.journal())
    provided(ground, ground.job(inputs=ground.inputs(1)))
    sent = [row["path"] for row in ground.emulator.journal()[before:] if row["method"] == "PUT"]
    assert any(path.endswith(f"/{part}") for path in sent)
    before = len(ground.emulator.journal())
    provided(ground, ground.job(inputs=ground.inputs(1)))
    assert "PUT blob" not in ground.since(before)


def test_a_signature_that_ends_during_an_upload_is_renewed(ground: Ground) -> None:
    """What was sent before it ended is not sent again, and the upload is marked complete."""
    for number in range(30):
        (ground.folder / "data0" / f"{number:02}").write_text(f"{number} {ground.folder}")
    ws = ground.client.workspace
    store = ground.client.run(workspace.default_datastore(ws))
    secret = ground.client.run(workspace.secret(ws, store.name))
    refused = replace(secret, sas=(secret.sas or "").replace("sig=", "sig=A"))
    ground.client._session._kept.keep(workspace.secret(ws, store.name), refused)
    before = len(ground.emulator.journal())
    provided(ground, ground.job(inputs=ground.inputs(1)))
    rows = ground.emulator.journal()[before:]
    asked = [row["path"] for row in rows if row["path"].endswith("/listSecrets")]
    assert len(asked) == 1
    before = len(ground.emulator.journal())
    provided(ground, ground.job(inputs=ground.inputs(1)))
    assert ground.since(before) == ["GET codes", "HEAD blob"]


def test_tasks_that_send_the_same_at_once(ground: Ground) -> None:
    def send(_: int) -> tuple[str, str]:
        with MLClient(settings_of(ground.emulator)) as client:
            other = Ground(ground.emulator, ground.folder, client)
            found = provided(other, ground.job(inputs=ground.inputs(1)))
            return found["codeId"], found["inputs"]["i0"]["uri"]

    with ThreadPoolExecutor(4) as pool:
        found = set(pool.map(send, range(4)))
    assert len(found) == 1
    code, _ = found.pop()
    wanted = {name: f"src/{name} {ground.folder}" for name in ("main.py", "util.py")}
    assert stored(ground, code, ground.folder / "back") == wanted


def test_code_of_our_name_with_other_content_is_left_alone(ground: Ground) -> None:
    digest = scan(str(ground.folder / "src")).content_hash
    name = assets.code_name(digest)
    other = {"properties": {"codeUri": "https://example.blob.core.windows.net/c/other", "isAnonymous": True}}
    ground.client.run(assets.create(ground.client.workspace, "codes", name, "1", other))
    code = provided(ground, ground.job())["codeId"]
    assert f"/codes/{name}/" not in code
    assert stored(ground, code, ground.folder / "back")["main.py"].startswith("src/main.py")
    assert provided(ground, ground.job())["codeId"] == code


@pytest.mark.parametrize("name", ["my cöde +1", "a&b=c;d", "ünï-漢字 (2)"])
def test_a_job_finds_its_code_whatever_its_folder_is_called(ground: Ground, name: str) -> None:
    (ground.folder / name).mkdir()
    (ground.folder / name / "ü %41#?.txt").write_text("found")
    (ground.folder / "data0" / "ü %41#?.txt").write_text("found, too")
    inputs = {"x": {"type": "uri_folder", "path": "./data0"}}
    command = "cat 'ü %41#?.txt' && cat ${{inputs.x}}/'ü %41#?.txt'"
    job = ground.job(code=f"./{name}", command=command, inputs=inputs)
    found = ground.client.run(ground.flow(job)).job
    keywords: dict[str, Any] = {"clock": time.time, "poll_interval": 0.1, "patience": 20}
    ended = ground.client.run(wait(ground.client.workspace, found.name, WaitOptions(**keywords)))
    assert ended.status == "Completed", ground.client.run(read_log(ground.client.workspace, ended))
    assert "foundfound, too" in ground.client.run(read_log(ground.client.workspace, ended))
