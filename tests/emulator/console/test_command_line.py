"""The command ``azureml-emulator``: its life cycle, files, exit codes and messages."""

from __future__ import annotations

import json
import os
import signal
import socket
import ssl
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import requests

from azureml_emulator.console.cli import parser
from azureml_emulator.console.options import environments
from demo.airflow import free_port
from tests.emulator_fixture import RunningEmulator, Start, run_apart

KEYS = {
    "endpoint",
    "authority",
    "ca_bundle",
    "tenant_id",
    "client_id",
    "client_secret",
    "subscription_id",
    "resource_group",
    "workspace_name",
    "region",
    "storage_url",
    "studio_url",
    "cloud_metadata_url",
    "cloud_metadata",
    "airflow_connection",
    "pid",
}
EXPORTS = [
    "ARM_CLOUD_METADATA_URL",
    "REGISTRY_DISCOVERY_ENDPOINT_URL",
    "AZURE_AUTHORITY_HOST",
    "AZURE_TENANT_ID",
    "AZURE_CLIENT_ID",
    "AZURE_CLIENT_SECRET",
    "REQUESTS_CA_BUNDLE",
    "SSL_CERT_FILE",
    "AZURE_ML_DISABLE_ON_DISK_CACHE",
    "AIRFLOW_CONN_AZUREML_DEFAULT",
    "AZUREML_SUBSCRIPTION_ID",
    "AZUREML_RESOURCE_GROUP",
    "AZUREML_WORKSPACE_NAME",
    "AIRFLOW__AZUREML__POLL_INTERVAL",
]


def run(*arguments: str, folder: Path | None = None, **environment: str) -> subprocess.CompletedProcess[str]:
    return run_apart(*arguments, folder=folder, environment={**os.environ, **environment})


def complains(done: subprocess.CompletedProcess[str], code: int, *words: str) -> None:
    """One line on stderr that says these words; no traceback."""
    assert done.returncode == code, done.stderr
    lines = done.stderr.strip().splitlines()
    assert "Traceback" not in done.stderr
    assert all(word in lines[-1] for word in words), done.stderr


def test_endpoint_json(emulator: RunningEmulator) -> None:
    file = emulator.state / "endpoint.json"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert set(emulator.endpoint) == KEYS
    assert emulator["pid"] == (emulator.process and emulator.process.pid)
    assert Path(emulator["ca_bundle"]).is_absolute()
    assert set(emulator["cloud_metadata"]) == {
        "resource_manager",
        "active_directory",
        "aml_resource_id",
        "storage_endpoint",
        "azure_portal",
        "registry_discovery_endpoint",
    }
    connection = json.loads(emulator["airflow_connection"])
    assert (connection["conn_type"], connection["login"]) == ("azureml", emulator["client_id"])
    assert connection["password"] == emulator["client_secret"]
    assert connection["extra"]["endpoint"] == emulator["endpoint"]
    assert connection["extra"]["verify"] == emulator["ca_bundle"]


def test_whoever_reads_the_bundle_at_a_restart_gets_all_of_it(start_emulator: Start) -> None:
    emulator = start_emulator(public_roots=True)
    bundle = Path(emulator["ca_bundle"])
    whole = bundle.read_bytes()
    emulator.stop()
    bundle.write_bytes(b"as an older emulator left it")
    with bundle.open("rb") as reader:
        emulator.start()
        assert reader.read() == b"as an older emulator left it"
    assert bundle.read_bytes() == whole


def test_a_bundle_that_is_no_bundle_is_one_line(start_emulator: Start) -> None:
    emulator = start_emulator()
    Path(emulator["ca_bundle"]).write_text("nothing")
    done = emulator.command("fault", "list", check=False)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1, done.stderr
    assert f"{emulator['endpoint']} does not answer" in done.stderr


def test_the_bundle_holds_the_public_roots_and_our_own(start_emulator: Start) -> None:
    import certifi

    emulator = start_emulator(public_roots=True)
    bundle = Path(emulator["ca_bundle"]).read_text()
    own = (emulator.state / "ca.pem").read_text()
    assert own.strip() in bundle
    assert bundle.count("BEGIN CERTIFICATE") == Path(certifi.where()).read_text().count("BEGIN CERTIFICATE") + 1
    for host in ("127.0.0.1", "localhost"):
        url = emulator["cloud_metadata_url"].replace("127.0.0.1", host)
        assert requests.get(url, verify=emulator["ca_bundle"]).status_code == 200
    with pytest.raises(requests.exceptions.SSLError):
        requests.get(emulator["cloud_metadata_url"], verify=certifi.where())


def test_the_cloud_describes_itself(emulator: RunningEmulator) -> None:
    (cloud,) = requests.get(emulator["cloud_metadata_url"], verify=emulator["ca_bundle"]).json()
    assert emulator["cloud_metadata_url"].startswith(cloud["resourceManager"])
    assert cloud["authentication"]["loginEndpoint"].rstrip("/") == emulator["authority"]
    assert cloud["suffixes"]["storage"] == "local"
    assert "https://ml.azure." + cloud["portal"].split(".", 2)[2] == emulator["cloud_metadata"]["aml_resource_id"]


def test_a_client_that_says_localhost_stays_there(emulator: RunningEmulator) -> None:
    url = emulator["cloud_metadata_url"].replace("127.0.0.1", "localhost")
    (cloud,) = requests.get(url, verify=emulator["ca_bundle"]).json()
    assert url.startswith(cloud["resourceManager"])
    assert cloud["authentication"]["loginEndpoint"] == cloud["resourceManager"]
    answer = requests.get(url, headers={"Host": "attacker.example"}, verify=emulator["ca_bundle"])
    assert answer.json()[0]["resourceManager"] == f"{emulator['endpoint']}/"
    form = {
        "grant_type": "client_credentials",
        "client_id": emulator["client_id"],
        "client_secret": emulator["client_secret"],
        "scope": f"{cloud['resourceManager']}.default",
    }
    where = f"{cloud['authentication']['loginEndpoint']}{emulator['tenant_id']}/oauth2/v2.0/token"
    assert requests.post(where, form, verify=emulator["ca_bundle"]).status_code == 200


def test_env_survives_a_shell(emulator: RunningEmulator) -> None:
    printed = emulator.command("env").stdout
    script = f'{printed}\n{sys.executable} -c "import json, os; print(json.dumps(dict(os.environ)))"'
    done = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=True)
    assert {name: json.loads(done.stdout)[name] for name in EXPORTS} == emulator.env
    assert list(emulator.env) == EXPORTS
    assert emulator.env["AIRFLOW_CONN_AZUREML_DEFAULT"] == emulator["airflow_connection"]


def test_status_and_a_second_start(emulator: RunningEmulator) -> None:
    done = emulator.command("status")
    assert (done.returncode, len(done.stdout.splitlines())) == (0, 1)
    assert done.stdout.startswith(f"running: {emulator['endpoint']}")
    complains(emulator.command("start", check=False), 2, str(emulator.state), str(emulator["pid"]))
    complains(emulator.command("reset", check=False), 2, str(emulator["pid"]))
    assert emulator.command("status").returncode == 0


@pytest.mark.parametrize("way", ["SIGTERM", "SIGINT", "stop"])
def test_it_ends_cleanly_and_keeps_its_choices(way: str, fresh_emulator: RunningEmulator) -> None:
    emulator, first = fresh_emulator, dict(fresh_emulator.endpoint)
    own_root = (emulator.state / "ca.pem").read_text()
    assert emulator.process
    if way == "stop":
        assert emulator.command("stop").stdout.startswith("stopped")
        assert emulator.process.wait(10) == 0
    else:
        assert emulator.signal(getattr(signal, way)) == 0
    assert not (emulator.state / "endpoint.json").exists()
    status = emulator.command("status", check=False)
    assert (status.returncode, len(status.stdout.splitlines())) == (3, 1)
    assert emulator.command("stop").returncode == 0
    emulator.start()
    assert {**emulator.endpoint, "pid": 0} == {**first, "pid": 0}
    assert (emulator.state / "ca.pem").read_text() == own_root


def test_what_a_killed_one_left_misleads_nobody(fresh_emulator: RunningEmulator) -> None:
    emulator = fresh_emulator
    assert emulator.signal(signal.SIGKILL) == -signal.SIGKILL
    assert (emulator.state / "endpoint.json").exists()
    assert emulator.command("status", check=False).returncode == 3
    complains(emulator.command("env", check=False), 3, "No emulator is running", str(emulator.state))
    assert emulator.command("stop").returncode == 0
    (emulator.state / "endpoint.json").unlink()
    emulator.start()
    assert emulator.command("status").returncode == 0


def test_reset_removes_all_of_it_and_nothing_else(fresh_emulator: RunningEmulator, tmp_path: Path) -> None:
    first = fresh_emulator["tenant_id"]
    fresh_emulator.stop()
    assert fresh_emulator.command("reset").returncode == 0
    assert not fresh_emulator.state.exists()
    assert fresh_emulator.command("reset").returncode == 0
    fresh_emulator.start()
    assert fresh_emulator["tenant_id"] != first
    precious = tmp_path / "precious"
    precious.mkdir()
    (precious / "file").touch()
    complains(run("reset", "--state", str(precious)), 2, "--state", str(precious))
    assert (precious / "file").exists()


def test_the_state_directory_is_here_unless_named(tmp_path: Path) -> None:
    done = run("status", folder=tmp_path, XDG_STATE_HOME=str(tmp_path / "register"))
    assert done.returncode == 3
    assert str(tmp_path / ".azureml-emulator") in done.stdout
    assert not (tmp_path / ".azureml-emulator").exists()


USAGE: list[tuple[list[str], list[str]]] = [
    (["start", "--port", "http"], ["--port", "'http'", "1 to 65535"]),
    (["start", "--port", "70000"], ["--port", "'70000'"]),
    (["start", "--pace", "slow"], ["--pace", "'slow'", "0 and above"]),
    (["start", "--pace", "-1"], ["--pace", "'-1'"]),
    (["start", "--pace", "inf"], ["--pace", "'inf'"]),
    (["start", "--pace", "nan"], ["--pace", "'nan'"]),
    (["journal", "--path", "p", "--jobs"], ["--path", "--jobs"]),
    (["journal", "--experiment", "e"], ["--experiment", "--jobs"]),
    (["start", "--environment", "python3"], ["--environment", "'python3'", "NAME=PYTHON"]),
    (["start", "--environment", "*=/no/such/python"], ["--environment *", "'/no/such/python'"]),
    (["start", "--state", "file"], ["--state", "file", "not a directory"]),
    (["start", "--state", "file/below"], ["--state", "'file/below'", "cannot be made"]),
    (["begin"], ["begin", "start", "stop"]),
    (["fault"], ["COMMAND"]),
    (["fault", "add"], ["KIND"]),
    ([], ["COMMAND"]),
]


@pytest.mark.parametrize(("arguments", "words"), USAGE)
def test_usage_errors(arguments: list[str], words: list[str], tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    complains(run(*arguments, folder=tmp_path), 2, *words)
    assert not (tmp_path / ".azureml-emulator" / "endpoint.json").exists()


@pytest.mark.parametrize(
    "command", [["env"], ["doctor"], ["fault", "list"], ["fault", "clear"], ["fault", "add", "drop"]]
)
def test_commands_that_need_a_running_one_say_so(command: list[str], tmp_path: Path) -> None:
    done = run(*command, "--state", str(tmp_path / "state"))
    complains(done, 3, "No emulator is running", str(tmp_path / "state"))
    assert done.stdout == ("(exit 3)\n" if command == ["env"] else "")


def test_a_port_that_is_taken(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        complains(run("start", "--state", str(tmp_path / "state"), "--port", str(port)), 1, str(port), "--port")
    assert not (tmp_path / "state" / "endpoint.json").exists()


def test_a_database_that_is_damaged(tmp_path: Path) -> None:
    (tmp_path / "journal.sqlite").write_text("no database at all")
    for command in (["start"], ["journal"]):
        done = run(*command, "--state", str(tmp_path))
        complains(done, 1, str(tmp_path / "journal.sqlite"), "not a database", "azureml-emulator reset")


def test_an_address_of_another_machine(tmp_path: Path) -> None:
    complains(run("start", "--state", str(tmp_path / "state"), "--host", "192.0.2.1"), 1, "192.0.2.1")


def test_a_port_can_be_chosen_and_is_kept(start_emulator: Start, tmp_path: Path) -> None:
    port = free_port()
    emulator = start_emulator("--port", str(port))
    assert emulator["endpoint"] == f"https://127.0.0.1:{port}"
    emulator.stop()
    assert start_emulator(state=emulator.state)["endpoint"] == f"https://127.0.0.1:{port}"


def test_a_host_beyond_loopback_is_warned_about(start_emulator: Start) -> None:
    emulator = start_emulator("--host", "0.0.0.0")
    assert "warning:" in emulator.log.read_text()
    assert emulator["endpoint"].startswith("https://127.0.0.1:")
    assert requests.get(emulator["cloud_metadata_url"], verify=emulator["ca_bundle"]).status_code == 200


def test_loopback_is_not_warned_about(emulator: RunningEmulator) -> None:
    assert "warning" not in emulator.log.read_text()


def test_environments_become_absolute_and_follow_no_link(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    link = tmp_path / "python"
    link.symlink_to(sys.executable)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))
    options = parser().parse_args(["start", "--environment", f"a={link}", "b=./python", "--environment", "*=python"])
    assert environments(options.environment) == dict.fromkeys(("a", "b", "*"), str(link))


def test_the_secret_is_in_no_message(emulator: RunningEmulator) -> None:
    for arguments in (["status"], ["doctor"], ["journal"], ["fault", "list"], ["start"], ["reset"]):
        done = emulator.command(*arguments, check=False)
        assert emulator["client_secret"] not in done.stdout + done.stderr
    assert emulator["client_secret"] not in emulator.log.read_text()


def doctor(emulator: RunningEmulator, **changes: str | None) -> subprocess.CompletedProcess[str]:
    told = {**os.environ, **emulator.env, **changes}
    shell = {name: value for name, value in told.items() if value is not None}
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy", "NO_PROXY", "no_proxy"):
        if name not in changes:
            shell.pop(name, None)
    return run_apart("doctor", "--state", str(emulator.state), environment=shell)


def test_the_doctor_finds_nothing_in_a_shell_that_was_told(emulator: RunningEmulator) -> None:
    done = doctor(emulator)
    assert (done.returncode, done.stdout[:3]) == (0, "ok:")


AILMENTS: list[tuple[dict[str, str | None], list[str]]] = [
    ({"ARM_CLOUD_METADATA_URL": None}, ["ARM_CLOUD_METADATA_URL", "not set"]),
    ({"AZURE_CLIENT_SECRET": "other"}, ["AZURE_CLIENT_SECRET", "not this emulator's"]),
    ({"AZURE_AUTHORITY_HOST": "https://login.example"}, ["AZURE_AUTHORITY_HOST", "https://login.example"]),
    ({"REQUESTS_CA_BUNDLE": "/no/such/file"}, ["REQUESTS_CA_BUNDLE", "/no/such/file", "not a file"]),
    ({"SSL_CERT_FILE": __file__}, ["SSL_CERT_FILE", "does not hold"]),
    ({"HTTPS_PROXY": "http://proxy.example:3128"}, ["HTTPS_PROXY", "NO_PROXY", "127.0.0.1"]),
    ({"AZUREML_CURRENT_CLOUD": "AzureCloud"}, ["AZUREML_CURRENT_CLOUD", "AzureCloud"]),
    ({"AZUREML_DEV_URL_MFE": "https://other"}, ["AZUREML_DEV_URL_MFE"]),
    ({"AZURE_FEDERATED_TOKEN_FILE": "/x"}, ["AZURE_FEDERATED_TOKEN_FILE"]),
]


@pytest.mark.parametrize(("changes", "words"), AILMENTS)
def test_the_doctor_names_the_ailment(
    emulator: RunningEmulator, changes: dict[str, str | None], words: list[str]
) -> None:
    done = doctor(emulator, **changes)
    assert done.returncode == 1
    (line,) = done.stdout.strip().splitlines()
    assert all(word in line for word in words)


def test_the_journal_lists_every_request(emulator: RunningEmulator, bearer: Callable[..., dict[str, str]]) -> None:
    secret = "sig=never-written-down"
    path = f"{emulator['endpoint']}/no/such%20route/jobs/some-job?{secret}"
    headers = {**bearer(), "x-ms-client-request-id": "my-request-1"}
    requests.get(path, headers=headers, verify=emulator["ca_bundle"])
    entry = next(row for row in emulator.journal() if row["client_request_id"] == "my-request-1")
    assert entry["time"].endswith("+00:00")
    assert (entry["method"], entry["path"], entry["status"]) == ("GET", "/no/such route/jobs/some-job", 501)
    assert set(entry) == {"time", "method", "path", "status", "client_request_id", "job"}
    text = emulator.command("journal").stdout
    assert "my-request-1" in text
    files = b"".join(file.read_bytes() for file in emulator.state.glob("journal*"))
    assert b"never-written-down" not in files
    assert headers["Authorization"].split()[1].encode() not in files


def test_odd_requests_leave_the_emulator_and_its_journal_in_order(emulator: RunningEmulator) -> None:
    host, port = "127.0.0.1", int(emulator["endpoint"].rsplit(":", 1)[1])
    context = ssl.create_default_context(cafile=emulator["ca_bundle"])
    for path in (b"/odd\xff/path", b"/odd%0Apath%00", b"//odd", b"/%2e%2e/odd", b"/" + b"x" * 20_000):
        with context.wrap_socket(socket.create_connection((host, port)), server_hostname=host) as connection:
            connection.sendall(b"GET " + path + b" HTTP/1.1\r\nHost: x\r\nx-ms-client-request-id: a\xffb\r\n\r\n")
            status = connection.recv(1000).split(b" ")[1]
        assert status in (b"400", b"501"), path
    assert sum("odd" in row["path"] for row in emulator.journal()) >= 3
    assert all(row.startswith("20") for row in emulator.command("journal").stdout.splitlines())


def test_the_journal_names_the_job(emulator: RunningEmulator, bearer: Callable[..., dict[str, str]]) -> None:
    scope = (
        f"/subscriptions/{emulator['subscription_id']}/resourceGroups/{emulator['resource_group']}"
        f"/providers/Microsoft.MachineLearningServices/workspaces/{emulator['workspace_name']}"
    )
    url = f"{emulator['endpoint']}{scope}/jobs/job-of-nobody?api-version=2025-12-01"
    answer = requests.get(url, headers=bearer(), verify=emulator["ca_bundle"])
    if answer.status_code == 501:
        pytest.fail("the route of jobs is missing")
    assert emulator.journal()[-1]["job"] == "job-of-nobody"


def test_the_journal_is_asked_for_a_part(emulator: RunningEmulator) -> None:
    for word in ("asked-for-one", "asked-for-other", "another"):
        requests.get(f"{emulator['endpoint']}/{word}/x", verify=emulator["ca_bundle"])
    assert [row["path"] for row in emulator.journal("asked-for-one")] == ["/asked-for-one/x"]
    assert len(emulator.journal("asked-for-")) == 2
    assert len(emulator.journal()) > 2


def test_the_journal_outlives_the_emulator(fresh_emulator: RunningEmulator) -> None:
    requests.get(fresh_emulator["cloud_metadata_url"], verify=fresh_emulator["ca_bundle"])
    fresh_emulator.stop()
    assert fresh_emulator.journal()[0]["path"] == "/metadata/endpoints"
    assert fresh_emulator.jobs() == []


def test_a_start_without_the_extra_says_what_to_install(tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text("import sys; sys.modules['trustme'] = None\n")
    shell = {**os.environ, "PYTHONPATH": f"{tmp_path}:{os.environ.get('PYTHONPATH', '')}"}
    command = [sys.executable, "-m", "azureml_emulator.console.cli", "start", "--state", str(tmp_path / "state")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, env=shell)
    complains(done, 1, "trustme is not installed: pip install 'airflow-provider-azureml[emulator]'")


def test_coverage_lists_the_operations_of_the_service_and_none_of_the_emulators_own() -> None:
    done = run("coverage", "--json")
    assert done.returncode == 0, done.stderr
    rows = json.loads(done.stdout)
    assert {"plane": "arm", "method": "PUT", "path": "{ws}/jobs/{name}"} in rows
    assert {row["plane"] for row in rows} == {"arm", "data", "mlflow", "online", "open", "scoring", "storage"}
    assert len(rows) > 200
