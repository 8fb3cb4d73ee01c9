"""The hook against the emulator: its questions by name, its connection test, its form on both Airflow lines."""

from __future__ import annotations

import asyncio
import json
import subprocess
import time
import uuid
from pathlib import Path
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import AirflowFailException
from airflow.sdk.exceptions import ErrorType
from airflow.sdk.execution_time import task_runner
from airflow.sdk.execution_time.comms import ConnectionResult, ErrorResponse, GetConnection

from airflow_azureml.client import login_exchange
from airflow_azureml.exceptions import (
    AzureMLConnectionError,
    AzureMLException,
    AzureMLJobTimeoutError,
    AzureMLNotFoundError,
    AzureMLSpecError,
)
from airflow_azureml.hooks import AzureMLHook
from airflow_azureml.provider_info import CONNECTION_FIELDS
from airflow_azureml.rest import jobs
from airflow_azureml.rest.errors import AuthenticationError, SettingsError
from airflow_azureml.rest.resources import tracked
from airflow_azureml.rest.status import Phase
from tests.emulator_fixture import RunningEmulator

ENVIRONMENT = {"image": "python:3.11"}
HELLO = {
    "command": "echo one; echo hello ${{inputs.who}}; cp ${{inputs.text}} ${{outputs.copy}}/copy.txt;"
    " mkdir ${{outputs.copy}}/sub; echo more > ${{outputs.copy}}/sub/more.txt",
    "environment": ENVIRONMENT,
    "compute": "cpu-cluster",
    "outputs": {"copy": {"type": "uri_folder"}},
}


@pytest.fixture(autouse=True)
def quick_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Waiting looks every fifth of a second instead of twice a minute."""
    monkeypatch.setenv("AIRFLOW__AZUREML__POLL_INTERVAL", "0.2")


def new_name() -> str:
    return f"hook-{uuid.uuid4().hex[:10]}"


def reconnect(monkeypatch: pytest.MonkeyPatch, emulator: RunningEmulator, **changes: Any) -> AzureMLHook:
    """A hook whose connection differs from the emulator's own; names of extras may be given too."""
    connection = json.loads(emulator["airflow_connection"])
    for name, value in changes.items():
        (connection if name in ("login", "password", "conn_type") else connection["extra"])[name] = value
    monkeypatch.setenv("AIRFLOW_CONN_OTHER", json.dumps(connection))
    return AzureMLHook("other")


@pytest.fixture
def text(tmp_path: Path) -> Path:
    path = tmp_path / "text.txt"
    path.write_text("some text\n")
    return path


def test_a_job_from_submission_to_download(hook: AzureMLHook, text: Path, tmp_path: Path) -> None:
    name = new_name()
    inputs = {"who": "you", "text": {"type": "uri_file", "path": str(text)}}
    made = hook.create_job(HELLO, name, inputs=inputs, set={"display_name": "Hello"})
    assert (made.name, made.display_name) == (name, "Hello")
    ended = hook.wait_for_job(name, timeout=60)
    assert ended.phase is Phase.SUCCEEDED
    assert hook.get_job(name).status == "Completed"
    assert "hello you" in hook.get_logs(name)
    assert hook.get_logs(name, tail=2).splitlines() == hook.get_logs(name).splitlines()[-2:]
    assert hook.get_logs(name, tail=0) == ""
    result = hook.get_result(name)
    assert (result["job_name"], result["status"]) == (name, "Completed")
    assert result["outputs"]["copy"]["path"].endswith("/")
    files = hook.download_output(name, "copy", tmp_path / "out")
    assert sorted(files) == [str(tmp_path / "out" / "copy.txt"), str(tmp_path / "out" / "sub" / "more.txt")]
    assert (tmp_path / "out" / "copy.txt").read_text() == "some text\n"
    with pytest.raises(AzureMLSpecError, match=r"copy\.txt"):
        hook.download_output(name, "copy", tmp_path / "out")
    assert len(hook.download_output(name, "copy", tmp_path / "out", overwrite=True)) == 2
    with pytest.raises(AzureMLSpecError, match="'copies' is not an output of job"):
        hook.download_output(name, "copies", tmp_path / "out")


def test_an_output_of_a_job_that_goes_on_is_not_downloaded(hook: AzureMLHook, tmp_path: Path) -> None:
    name = new_name()
    spec = {**HELLO, "command": "echo part > ${{outputs.copy}}/f; sleep 60", "inputs": {}}
    hook.create_job(spec, name, outputs={"copy": {"type": "uri_folder"}})
    with pytest.raises(AzureMLException, match=rf'Azure ML job {name} is \w+: its output "copy" is') as refused:
        hook.download_output(name, "copy", tmp_path / "out")
    assert not isinstance(refused.value, AirflowFailException), "a retry may find it ended"
    assert not (tmp_path / "out").exists()
    hook.cancel_job(name)
    hook.wait_for_job(name, timeout=60)
    assert hook.get_job(name).status == "Canceled"
    hook.download_output(name, "copy", tmp_path / "out")


def test_a_job_is_cancelled(hook: AzureMLHook) -> None:
    name = new_name()
    hook.create_job({**HELLO, "command": "sleep 60", "outputs": {}}, name)
    assert hook.get_result(name)["ended_at"] is None
    with pytest.raises(AzureMLJobTimeoutError, match=name):
        hook.wait_for_job(name, timeout=0.2)
    hook.cancel_job(name)
    assert hook.wait_for_job(name, timeout=60).phase is Phase.CANCELED


def test_a_yaml_file_brings_its_folder(hook: AzureMLHook, tmp_path: Path) -> None:
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "main.py").write_text("print('from the folder')\n")
    (tmp_path / "job.yml").write_text(
        "command: python main.py\ncode: ./src\nenvironment: {image: 'python:3.11'}\ncompute: cpu-cluster\n"
    )
    name = new_name()
    hook.create_job(tmp_path / "job.yml", name)
    hook.wait_for_job(name, timeout=60)
    assert "from the folder" in hook.get_logs(name)


def test_a_wrong_spec_sends_nothing(hook: AzureMLHook, emulator: RunningEmulator) -> None:
    name = new_name()
    with pytest.raises(AzureMLSpecError, match="comand"):
        hook.create_job({"comand": "x", "environment": ENVIRONMENT}, name)
    assert not any(row["job"] == name for row in emulator.journal())


def test_a_connection_that_airflow_cannot_read_is_told_from_one_that_is_not_there(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_BROKEN", "{not json")
    fine, said = AzureMLHook("broken").test_connection()
    assert not fine
    assert said == (
        "azureml_conn_id: Airflow cannot read the value of AIRFLOW_CONN_BROKEN. "
        "Accepted: a connection as JSON or as a URI."
    )
    assert AzureMLHook("absent").test_connection()[1].startswith("azureml_conn_id: Airflow has no connection 'absent'.")


@pytest.mark.parametrize("given", [3, None, "", " ", ["a"], "a\ud800b"])
def test_what_is_no_id_of_a_connection_is_refused(given: Any) -> None:
    said = f"azureml_conn_id: {given!r} is not accepted. Accepted: the id of a connection."
    assert AzureMLHook(given).test_connection() == (False, said)
    with pytest.raises(SettingsError, match=r"^azureml_conn_id: "):
        asyncio.run(AzureMLHook(given).async_settings())


@pytest.mark.parametrize(
    ("name", "said"),
    [
        *((name, "is not a valid job name") for name in ("a b/c", "-a", 256 * "a")),
        ("", '^name: "" is not accepted'),
    ],
)
def test_a_job_needs_a_name_that_a_job_may_have(
    hook: AzureMLHook, name: str, said: str, emulator: RunningEmulator
) -> None:
    before = len(emulator.journal())
    with pytest.raises(AzureMLSpecError, match=said):
        hook.create_job(HELLO, name, inputs={"who": "you", "text": {"type": "uri_file", "path": __file__}})
    assert not any(row["method"] == "PUT" for row in emulator.journal()[before:])


def test_a_tag_of_nothing_is_sent_as_microsofts_client_sends_it_and_is_no_text(hook: AzureMLHook) -> None:
    name, spec = new_name(), {"command": "true", "environment": ENVIRONMENT, "compute": "cpu-cluster"}
    hook.create_job({**spec, "tags": {"a": None, "b": "c"}, "properties": {"p": None}}, name)
    with hook.client() as client:
        sent = client.run(tracked.get(f"{client.workspace.path}/jobs/{name}")).raw["properties"]
    assert sent["tags"]["a"] is None
    assert sent["properties"]["p"] is None
    job = hook.wait_for_job(name)
    assert dict(job.tags) == {"b": "c"}
    assert hook.get_result(name)["status"] == "Completed"


@pytest.mark.parametrize("ask", ["get_job", "wait_for_job", "get_result", "get_logs"])
def test_a_missing_job_is_told_at_once(hook: AzureMLHook, ask: str) -> None:
    began = time.monotonic()
    with pytest.raises(AzureMLNotFoundError, match="nothing-1"):
        getattr(hook, ask)("nothing-1")
    assert time.monotonic() - began < 10


def test_the_connection_is_read_once_per_hook(hook: AzureMLHook, monkeypatch: pytest.MonkeyPatch) -> None:
    first = hook.settings()
    monkeypatch.delenv("AIRFLOW_CONN_AZUREML_DEFAULT")
    assert hook.settings() is first


def test_a_connection_that_is_not_there_is_told() -> None:
    hook = AzureMLHook("nowhere")
    with pytest.raises(SettingsError, match="azureml_conn_id: Airflow has no connection 'nowhere'"):
        hook.settings()
    with pytest.raises(SettingsError, match="azureml_conn_id: Airflow has no connection 'nowhere'"):
        asyncio.run(hook.async_settings())
    with pytest.raises(AzureMLConnectionError, match="nowhere"):
        hook.get_job("x")
    assert hook.test_connection()[0] is False


def test_coroutines_share_a_client_and_read_the_same_settings(hook: AzureMLHook) -> None:
    async def go() -> None:
        other = AzureMLHook()
        async with await hook.async_client() as first, await other.async_client() as second:
            assert first is second
            found = await asyncio.gather(*(first.run(jobs.list(first.workspace)) for _ in range(3)))
            assert found[0] == found[1] == found[2]

    asyncio.run(go())
    assert hook.settings() == AzureMLHook().settings()


def test_the_official_providers_connection_reaches_the_workspace(
    emulator: RunningEmulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    extra = {"tenantId": emulator["tenant_id"], "subscriptionId": emulator["subscription_id"]}
    own = json.loads(emulator["airflow_connection"])["extra"]
    extra |= {name: own[name] for name in ("endpoint", "verify")}
    connection = {"conn_type": "azure", "login": emulator["client_id"], "password": emulator["client_secret"]}
    monkeypatch.setenv("AIRFLOW_CONN_AZURE_DEFAULT", json.dumps({**connection, "extra": extra}))
    hook = AzureMLHook(
        "azure_default", resource_group=emulator["resource_group"], workspace_name=emulator["workspace_name"]
    )
    assert hook.test_connection() == (
        True,
        f"Workspace '{emulator['workspace_name']}' in eastus answers; auth=client_secret.",
    )


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"password": "wr0ng-secret"}, "`password`: it must be the secret's value, not its id"),
        ({"login": str(uuid.uuid4())}, "`login`"),
        ({"tenant_id": str(uuid.uuid4())}, "`tenant_id`"),
        ({"workspace_name": "nope"}, "Check `workspace_name`, which is 'nope'."),
        ({"resource_group": "nope"}, "Check `resource_group`, which is 'nope'."),
        ({"subscription_id": str(uuid.UUID(int=0))}, "Check `subscription_id`, which is '00000000-"),
        ({"endpoint": "https://127.0.0.1:9"}, "127.0.0.1:9 cannot be reached: Connection refused"),
        ({"verify": None}, "name its CA bundle in the connection's extra `verify`"),
        ({"auth": "secret"}, "auth: 'secret' is not accepted"),
        ({"workspace_name": None}, "workspace_name: missing"),
    ],
)
def test_the_connection_test_says_what_to_fix(
    emulator: RunningEmulator, monkeypatch: pytest.MonkeyPatch, changes: dict[str, Any], said: str
) -> None:
    began = time.monotonic()
    fine, message = reconnect(monkeypatch, emulator, **changes).test_connection()
    assert not fine
    assert said in message
    assert "wr0ng-secret" not in message
    assert emulator["client_secret"] not in message
    assert time.monotonic() - began < 15


def test_the_connection_test_names_the_role_to_grant(
    emulator: RunningEmulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    emulator.fault("status", route=f"GET .*/workspaces/{emulator['workspace_name']}$", status=403, times=1)
    fine, message = reconnect(monkeypatch, emulator).test_connection()
    assert not fine
    assert f"Grant the service principal {emulator['client_id']} the role `AzureML Data Scientist`" in message


def test_airflow_2_builds_the_form(airflow2_python: Path) -> None:
    code = (
        "import json; from airflow_azureml.hooks.azureml import AzureMLHook as H; w = H.get_connection_form_widgets();"
        "print(json.dumps([list(w), sorted(H.get_ui_field_behaviour()), H.conn_name_attr, H.conn_type]))"
    )
    run = subprocess.run([airflow2_python, "-c", code], check=True, capture_output=True, text=True)
    widgets, behaviour, attribute, kind = json.loads(run.stdout.splitlines()[-1])
    assert widgets == list(CONNECTION_FIELDS)
    assert behaviour == ["hidden_fields", "placeholders", "relabeling"]
    assert (attribute, kind) == ("azureml_conn_id", "azureml")


@pytest.mark.parametrize("driver", ["threads", "coroutines"])
def test_a_client_that_is_refused_takes_another_secret_over_and_no_other_workspace(
    emulator: RunningEmulator, monkeypatch: pytest.MonkeyPatch, driver: str
) -> None:
    """As when a secret is exchanged while a job is waited for."""
    row = json.loads(emulator["airflow_connection"])

    def say(password: str, **extra: str) -> None:
        given = {**row, "password": password, "extra": {**row["extra"], **extra}}
        monkeypatch.setenv("AIRFLOW_CONN_AZUREML_DEFAULT", json.dumps(given))

    async def look(client: Any) -> None:
        looked = client.run(jobs.find(client.workspace, "no-such-job"))
        assert (await looked if driver == "coroutines" else looked) is None

    async def go() -> None:
        hook = AzureMLHook()
        client: Any = await hook.async_client() if driver == "coroutines" else hook.client(own=True)
        say(row["password"], workspace_name="another")
        with pytest.raises(AuthenticationError):
            await look(client)
        say(row["password"])
        await look(client)
        closing = client.close()
        if driver == "coroutines":
            await closing

    monkeypatch.setattr(login_exchange, "READ_AGAIN_AFTER", 0.0)
    say("of yesterday")
    asyncio.run(go())


def test_a_trigger_finds_a_connection_of_the_database_where_a_dag_is_tested_in_one_process(
    emulator: RunningEmulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who answers it there cannot be asked in a coroutine."""
    row = json.loads(emulator["airflow_connection"])
    row |= {"extra": json.dumps(row["extra"]), "host": None, "schema": None, "port": None}
    answer = ConnectionResult(conn_id="stored", **row)

    class InOneProcess:
        """As ``dag.test()`` has it on 3.3."""

        def send(self, asked: GetConnection) -> Any:
            return answer if asked.conn_id == "stored" else ErrorResponse(error=ErrorType.CONNECTION_NOT_FOUND)

    monkeypatch.setattr(task_runner, "SUPERVISOR_COMMS", InOneProcess(), raising=False)
    assert asyncio.run(AzureMLHook("stored").async_settings()).client_secret == row["password"]
    with pytest.raises(SettingsError, match="no connection 'missing'"):
        asyncio.run(AzureMLHook("missing").async_settings())
