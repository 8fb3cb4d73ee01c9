"""The pytest plugin in small projects of other people: what it costs unused, one emulator, faults that stay apart."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from pathlib import Path

from azureml_emulator.execution import supervisor

CLIENT = '''
import json, ssl, time, urllib.parse, urllib.request


def ask(emulator, method, path, body=None):
    """One request, with a token of the connection's application."""
    row = json.loads(emulator.airflow_connection)
    context = ssl.create_default_context(cafile=emulator["ca_bundle"])
    form = {"client_id": row["login"], "client_secret": row["password"], "grant_type": "client_credentials",
            "scope": f"{emulator.endpoint}/.default"}
    url = f"{emulator.endpoint}/{emulator['tenant_id']}/oauth2/v2.0/token"
    with urllib.request.urlopen(url, urllib.parse.urlencode(form).encode(), context=context) as answer:
        token = json.load(answer)["access_token"]
    names = ("subscription_id", "resource_group", "workspace_name")
    subscription, group, workspace = (emulator[name] for name in names)
    url = (f"{emulator.endpoint}/subscriptions/{subscription}/resourceGroups/{group}/providers"
           f"/Microsoft.MachineLearningServices/workspaces/{workspace}/{path}?api-version=2025-12-01")
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    data = json.dumps(body).encode() if body else None
    with urllib.request.urlopen(urllib.request.Request(url, data, headers, method=method), context=context) as answer:
        return json.load(answer)


def run(emulator, name):
    """The status of a job at its end."""
    body = {"jobType": "Command", "command": "true", "environmentId": "azureml:AzureML-minimal:1"}
    ask(emulator, "PUT", f"jobs/{name}", {"properties": body})
    while True:
        status = ask(emulator, "GET", f"jobs/{name}")["properties"]["status"]
        if status in ("Completed", "Failed", "Canceled"):
            return status
        time.sleep(0.05)


def wait_for(path):
    deadline = time.monotonic() + 60
    while not path.exists():
        assert time.monotonic() < deadline, path
        time.sleep(0.02)
'''


def run_pytest(folder: Path, *words: str, options: str = "", **files: str) -> tuple[str, int]:
    """The output and the exit code of pytest in a project of these files.

    :param options: a line of its settings.
    """
    (folder / "pytest.ini").write_text(f"[pytest]\n{options}\n")
    for name, text in {"client": CLIENT, **files}.items():
        (folder / f"{name}.py").write_text(textwrap.dedent(text))
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-p",
        "azureml_emulator.testing.plugin",
        "-p",
        "no:cacheprovider",
        "-W",
        "error",
        *words,
    ]
    variables = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "AIRFLOW_HOME": str(folder / "airflow")}
    done = subprocess.run(command, cwd=folder, env=variables, capture_output=True, text=True, timeout=120)
    return done.stdout + done.stderr, done.returncode


def test_faults_and_records_are_a_tests_own(tmp_path: Path) -> None:
    output, code = run_pytest(
        tmp_path,
        "--basetemp=temp",
        test_own="""
            import json, os
            from urllib.error import HTTPError
            import pytest
            from client import ask, run

            def test_a_fault(azureml_emulator):
                fault = azureml_emulator.fault("quota")
                assert (run(azureml_emulator, "one"), fault.count) == ("Failed", 1)
                assert [job["name"] for job in azureml_emulator.jobs()] == ["one"]
                assert {row["job"] for row in azureml_emulator.journal("/jobs/")} == {"one"}
                assert azureml_emulator.journal("/nowhere") == []

            def test_a_fault_of_a_compute_and_one_of_a_refusal(azureml_emulator):
                fails = azureml_emulator.fault("operation_fails")
                refused = azureml_emulator.fault("quota", when="before")
                body = {"computeType": "AmlCompute", "properties": {
                    "vmSize": "STANDARD_DS3_V2", "scaleSettings": {"minNodeCount": 0, "maxNodeCount": 1}}}
                ask(azureml_emulator, "PUT", "computes/its-own", {"location": "westeurope", "properties": body})
                with pytest.raises(HTTPError, match="400"):
                    run(azureml_emulator, "refused")
                assert (fails.count, refused.count) == (1, 1)

            def test_it_is_gone(azureml_emulator, tmp_path):
                assert azureml_emulator.jobs() == [] == azureml_emulator.journal()
                assert run(azureml_emulator, "two") == "Completed"
                assert [job["name"] for job in azureml_emulator.jobs()] == ["two"]
                assert (tmp_path.parent / "azureml-emulator" / "endpoint.json").exists()

            def test_the_connection(azureml_emulator):
                assert os.environ["AIRFLOW_CONN_AZUREML_DEFAULT"] == azureml_emulator.airflow_connection
                assert azureml_emulator.env["AIRFLOW_CONN_AZUREML_DEFAULT"] == azureml_emulator.airflow_connection
                assert json.loads(azureml_emulator.airflow_connection)["extra"]["endpoint"] == azureml_emulator.endpoint

            def test_a_fault_that_there_is_not(azureml_emulator):
                with pytest.raises(ValueError, match="'rain' is not a kind of fault. Accepted: status, delay"):
                    azureml_emulator.fault("rain")
        """,
    )
    assert code == 0, output
    assert not (tmp_path / "temp" / "azureml-emulator" / "endpoint.json").exists()


def test_workers_share_one_emulator_and_no_fault(tmp_path: Path) -> None:
    output, code = run_pytest(
        tmp_path,
        "-p",
        "xdist",
        "-n",
        "2",
        "--dist",
        "loadfile",
        "--basetemp=temp",
        test_first="""
            from pathlib import Path
            from client import run, wait_for

            def test_its_fault_holds_while_the_other_runs_a_job(azureml_emulator):
                fault = azureml_emulator.fault("quota")
                Path("asked").touch()
                wait_for(Path("unharmed"))
                assert fault.count == 0
                assert run(azureml_emulator, "first") == "Failed"
                assert [job["name"] for job in azureml_emulator.jobs()] == ["first"]
                Path("pid1").write_text(str(azureml_emulator["pid"]))
        """,
        test_second="""
            from pathlib import Path
            from client import run, wait_for

            def test_another_fault_is_not_its_own(azureml_emulator):
                wait_for(Path("asked"))
                assert run(azureml_emulator, "second") == "Completed"
                Path("unharmed").touch()
                assert [job["name"] for job in azureml_emulator.jobs()] == ["second"]
                Path("pid2").write_text(str(azureml_emulator["pid"]))
        """,
    )
    assert code == 0, output
    pids = {(tmp_path / name).read_text() for name in ("pid1", "pid2")}
    assert len(pids) == 1
    assert int(pids.pop()) not in supervisor.parents()


def test_options_that_are_not_accepted(tmp_path: Path) -> None:
    options = "azureml_emulator_options = --pace quick"
    output, code = run_pytest(tmp_path, "-q", options=options, test_it="def test_it(azureml_emulator): pass")
    assert code == 1
    assert "azureml_emulator_options: " in output
    assert "--pace: 'quick' is not a number of seconds" in output
    assert "Traceback" not in output


def test_a_missing_extra_is_told(tmp_path: Path) -> None:
    conftest = """
        import importlib.util
        find = importlib.util.find_spec
        importlib.util.find_spec = lambda name, *rest: None if name == "trustme" else find(name, *rest)
    """
    output, code = run_pytest(tmp_path, "-q", conftest=conftest, test_it="def test_it(azureml_emulator): pass")
    assert code == 1
    assert "trustme is not installed: pip install 'airflow-provider-azureml[emulator]'" in output


def test_it_costs_nothing_unused(tmp_path: Path) -> None:
    output, code = run_pytest(
        tmp_path,
        "-q",
        test_it="""
            import sys

            def test_it():
                heavy = ("azureml_emulator", "airflow", "aiohttp", "sqlite3", "ssl")
                loaded = {name for name in sys.modules if name.partition(".")[0] in heavy}
                ours = {"azureml_emulator", "azureml_emulator.testing", "azureml_emulator.testing.plugin"}
                assert loaded == ours
        """,
    )
    assert code == 0, output
