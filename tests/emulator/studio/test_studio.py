"""Studio pages: what a browser on this machine sees of jobs, while they run and afterwards."""

from __future__ import annotations

import time
import uuid
from html import escape
from typing import Any

import pytest
import requests

from tests.emulator.conftest import Call, wait_for_job
from tests.emulator_fixture import RunningEmulator

ENVIRONMENT = "azureml:AzureML-sklearn-1.0:1"
EVIL = "<script>alert('x')</script>&"


def put(call: Call, command: str, **properties: Any) -> str:
    name = f"studio-{uuid.uuid4().hex[:10]}"
    body = {"jobType": "Command", "experimentName": "pages", "environmentId": ENVIRONMENT, "command": command}
    status, answer = call("PUT", f"{{ws}}/jobs/{name}?api-version=2025-12-01", {"properties": {**body, **properties}})
    assert status == 201, answer
    return name


def get(emulator: RunningEmulator, path: str, **headers: str) -> requests.Response:
    return requests.get(f"{emulator['studio_url']}{path}", headers=headers, timeout=10)


def test_a_jobs_own_link_leads_to_its_page(emulator: RunningEmulator, call: Call) -> None:
    name = put(
        call,
        "echo said by the job; exit 3",
        displayName=EVIL,
        tags={"tag <b>": EVIL},
        inputs={"ratio": {"jobInputType": "literal", "value": f"0.25 {EVIL}"}},
        outputs={"model_dir": {"jobOutputType": "uri_folder"}},
        environmentVariables={"PASSWORD": "never-shown"},
    )
    job = wait_for_job(call, name)
    link = job["properties"]["services"]["Studio"]["endpoint"]
    assert link.startswith(f"{emulator['studio_url']}/runs/{name}")
    answer = requests.get(link, timeout=10)
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("text/html")
    for text in (name, "Failed", "pages", "ratio", "model_dir", "said by the job", "tag &lt;b&gt;", "Error", "exit 3"):
        assert text in answer.text
    assert EVIL not in answer.text
    assert escape(EVIL) in answer.text
    assert "never-shown" not in answer.text
    assert "Compute<td>serverless<" in answer.text
    assert "'unsafe-inline'" not in answer.headers["Content-Security-Policy"]
    listed = get(emulator, "/").text
    assert f'href="/runs/{name}"' in listed
    assert EVIL not in listed


def test_metrics_and_parameters_are_on_the_page(emulator: RunningEmulator, call: Call) -> None:
    name = put(call, "sleep 0")
    logging = "/mlflow/v1.0{ws}/api/2.0/mlflow/runs/log-batch"
    metrics = [{"key": "loss<", "value": value, "step": step, "timestamp": 1} for step, value in enumerate([3, 2.5])]
    body = {"run_id": name, "metrics": metrics, "params": [{"key": "depth", "value": EVIL}]}
    assert call("POST", logging, body)[0] == 200
    text = get(emulator, f"/runs/{name}").text
    assert "loss&lt;<td>2.5" in text
    assert "2 points" in text
    assert f"depth<td>{escape(EVIL)}" in text
    wait_for_job(call, name)


def test_the_log_is_followed_while_the_job_runs(emulator: RunningEmulator, call: Call) -> None:
    name = put(call, "echo first ä; sleep 2; printf 'last \\303'; sleep 0.3; printf '\\244'")
    received, offset, early = "", "0", False
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        active = 'data-active="true"' in get(emulator, f"/runs/{name}").text
        answer = get(emulator, f"/runs/{name}/log?offset={offset}")
        received, offset = received + answer.text, answer.headers["X-Log-Offset"]
        early = early or (active and "first ä" in received and "last" not in received)
        if not active:
            break
        time.sleep(0.05)
    assert early
    assert received.count("first ä") == 1
    assert received.rstrip().endswith("last ä")
    assert "\ufffd" not in received
    whole = get(emulator, f"/runs/{name}/logs/user_logs/std_log.txt")
    assert whole.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert whole.content.decode() == received


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/runs/nobody", 404),
        ("/runs/nobody/log", 404),
        ("/runs/{name}/log?offset=-1", 400),
        ("/runs/{name}/logs/none.txt", 404),
        ("/runs/{name}/logs/..%2F..%2F..%2F..%2Fidentity.json", 404),
        ("/runs/{name}/logs/%2E%2E/user_logs/std_log.txt", 404),
        ("/no/such/page", 501),
    ],
)
def test_what_there_is_not(emulator: RunningEmulator, call: Call, path: str, status: int) -> None:
    name = put(call, "true")
    wait_for_job(call, name)
    answer = get(emulator, path.replace("{name}", name))
    assert answer.status_code == status
    assert emulator["client_secret"] not in answer.text


def test_pages_are_for_this_machine_only(emulator: RunningEmulator) -> None:
    port = emulator["studio_url"].rsplit(":", 1)[1]
    assert get(emulator, "/", Host=f"attacker.example:{port}").status_code == 403
    assert get(emulator, "/", Host=f"localhost:{port}").status_code == 200


def test_pages_are_not_on_the_other_port_nor_in_the_journal(emulator: RunningEmulator) -> None:
    get(emulator, "/studio.css")
    answer = requests.get(f"{emulator['endpoint']}/studio.css", verify=emulator["ca_bundle"], timeout=10)
    assert answer.status_code == 501
    assert [row["status"] for row in emulator.journal() if row["path"] == "/studio.css"] == [501]


def test_style_and_script(emulator: RunningEmulator) -> None:
    for path, kind in (("/studio.css", "text/css"), ("/studio.js", "text/javascript")):
        answer = get(emulator, path)
        assert answer.headers["Content-Type"].startswith(kind)
        assert path in get(emulator, "/").text
