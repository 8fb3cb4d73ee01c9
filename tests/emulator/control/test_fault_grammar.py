"""Faults of one test, and faults that follow each other; tokens that have expired."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
import requests
from azure.identity import ClientSecretCredential

from tests.emulator.service import Service
from tests.emulator_fixture import RunningEmulator

LIVES = (2, 10, 60)
"""Seconds that a token lives: the longer ones are for a machine that takes longer than that to use it."""


def test_a_scope_is_the_value_of_a_tag(emulator: RunningEmulator, service: Service, name: str) -> None:
    emulator.fault("quota", scope=f"manual__{name}")
    other = service.run(f"{name}-other", "echo done", tags={"airflow_run_id": "manual__other"})
    assert other["status"] == "Completed"
    assert service.run(f"{name}-none", "echo done")["status"] == "Completed"
    assert service.run(name, "echo done", tags={"airflow_run_id": f"manual__{name}"})["status"] == "Failed"
    (line,) = emulator.faults()
    assert f"scope=manual__{name}" in line
    assert "came 1 times" in line


def test_a_scope_holds_for_the_requests_that_name_its_jobs(
    emulator: RunningEmulator, service: Service, name: str
) -> None:
    service.submit(f"{name}-other", "echo done", tags={"test": "another"})
    emulator.fault("status", scope=name, status=503)
    assert service.submit(name, "echo done", tags={"test": name}).status == 503
    assert service.get(f"jobs/{name}-other").status == 200
    assert service.get("datastores").status == 200
    assert service.history("GET", f"runs/{name}-other").status == 200
    emulator.clear_faults()
    emulator.fault("status", scope=name, status=500, when="after")
    assert service.submit(name, "echo done", tags={"test": name}).status == 500
    assert service.history("GET", f"runs/{name}").status == 500
    emulator.clear_faults()
    assert service.wait(name)["status"] == "Completed"


def test_only_the_faults_of_a_scope_are_cleared(emulator: RunningEmulator) -> None:
    emulator.fault("drop", route="^NEVER", scope="one", then=[{"kind": "timeout"}])
    emulator.fault("drop", route="^NEVER", scope="other")
    emulator.fault("drop", route="^NEVER")
    assert emulator.command("fault", "clear", "--scope", "one").stdout == "cleared: 2\n"
    assert [line.split()[-1] for line in emulator.faults()] == ["scope=other", "when=before"]


def metadata(emulator: RunningEmulator) -> int:
    return requests.get(emulator["cloud_metadata_url"], verify=emulator["ca_bundle"]).status_code


def test_faults_follow_each_other(emulator: RunningEmulator) -> None:
    following: list[dict[str, Any]] = [{"kind": "status", "status": 502, "times": 2}, {"kind": "status", "status": 504}]
    emulator.fault("status", route="GET /metadata", status=503, then=following)
    assert [metadata(emulator) for _ in range(5)] == [503, 502, 502, 504, 504]
    assert all("route=GET /metadata" in line for line in emulator.faults())
    assert [line.split("came ")[1].split()[0] for line in emulator.faults()] == ["1", "2", "2"]


def test_a_sequence_on_the_command_line(emulator: RunningEmulator) -> None:
    words = ["preempt", "--requeue", "--times", "2", "--scope", "s", "--then", "queue", "--delay", "5"]
    done = emulator.command("fault", "add", *words, "--then", "quota")
    emulator.faulty.add(emulator)
    assert done.stdout.split(": ")[1] == "preempt, then queue, then quota\n"
    first, second, third = (set(line.split()) for line in emulator.faults())
    numbers = [line.split()[0] for line in emulator.faults()]
    assert first >= {"preempt", "times=2", "requeue=True", "scope=s"}
    assert second >= {"queue", "times=1", "delay=5.0", "scope=s", f"after={numbers[0]}"}
    assert third >= {"quota", "scope=s", "when=after", f"after={numbers[1]}"}
    assert not any(word.startswith("times=") for word in third)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["quota", "--requeue"], ["requeue", "'quota'", "preempt"]),
        (["preempt", "--then", "explode"], ["kind", "'explode'", "node_lost"]),
        (["preempt", "--then", "queue", "--delay", "-1"], ["delay", "-1"]),
        (["preempt", "--scope", ""], ["scope", "''", "tag"]),
    ],
)
def test_a_sequence_that_cannot_be(emulator: RunningEmulator, arguments: list[str], words: list[str]) -> None:
    done = emulator.command("fault", "add", *arguments, check=False)
    assert done.returncode == 2
    (line,) = done.stderr.strip().splitlines()
    assert all(word in line for word in words), line
    assert emulator.faults() == []


@pytest.mark.parametrize("then", ["queue", [1], {"kind": "queue"}])
def test_a_sequence_over_http_is_a_list(emulator: RunningEmulator, then: Any) -> None:
    answer = requests.post(
        f"{emulator['endpoint']}/emulator/faults",
        json={"kind": "preempt", "then": then},
        headers={"Authorization": f"Bearer {emulator['client_secret']}"},
        verify=emulator["ca_bundle"],
    )
    assert answer.status_code == 400
    assert "then" in answer.json()["error"]["message"]
    assert emulator.faults() == []


def test_tokens_that_have_expired(emulator: RunningEmulator, service: Service) -> None:
    assert service.get("jobs").status == 200
    emulator.fault("token_expired")
    refused = service.get("jobs")
    assert (refused.status, refused.body["error"]["code"]) == (401, "ExpiredAuthenticationToken")
    assert "is earlier than current UTC time" in refused.body["error"]["message"]
    assert 'error="invalid_token"' in refused.headers["www-authenticate"]
    assert service.history("GET", "runs/none").status == 401
    assert Service(emulator).get("jobs").status == 200
    assert service.get("jobs").status == 401


def test_tokens_that_live_for_a_moment(emulator: RunningEmulator, service: Service) -> None:
    assert service.get("jobs").status == 200  # by a token that lives long
    for seconds in LIVES:
        emulator.clear_faults()
        emulator.fault("token_expired", delay=seconds)
        begun = time.monotonic()
        old = Service(emulator)
        first = old.get("jobs").status
        if time.monotonic() - begun < seconds - 1:
            break
    assert first == 200
    assert service.get("jobs").status == 200
    time.sleep(seconds + 0.1)
    refused = old.get("jobs")
    assert (refused.status, refused.body["error"]["code"]) == (401, "ExpiredAuthenticationToken")
    assert "is earlier than current UTC time" in refused.body["error"]["message"]
    assert Service(emulator).get("jobs").status == 200
    (line,) = emulator.faults()
    assert "came 2 times" in line


def test_a_client_of_azure_identity_renews_its_tokens_in_time(
    emulator: RunningEmulator, emulator_environment: object, workspace: str
) -> None:
    url = f"{emulator['endpoint']}{workspace}?api-version=2024-10-01-preview"
    for seconds in LIVES:
        emulator.clear_faults()
        emulator.fault("token_expired", delay=seconds)
        credential = ClientSecretCredential(
            emulator["tenant_id"], emulator["client_id"], emulator["client_secret"], disable_instance_discovery=True
        )
        statuses: dict[str, int] = {}
        slowest = 0.0
        for _ in range(2):
            begun = time.monotonic()
            given = credential.get_token(f"{emulator['endpoint']}/.default")
            assert given.expires_on - time.time() <= seconds
            headers = {"Authorization": f"Bearer {given.token}"}
            answer = requests.get(url, headers=headers, verify=emulator["ca_bundle"])
            statuses[given.token] = answer.status_code
            slowest = max(slowest, time.monotonic() - begun)
            time.sleep(seconds + 0.1)
        if slowest < seconds - 1:
            break
    assert list(statuses.values()) == [200, 200]


def test_a_token_of_a_job_does_not_expire(
    emulator: RunningEmulator, service: Service, name: str, tmp_path: Path
) -> None:
    go = tmp_path / "go"
    service.submit(
        name,
        f"until [ -e {go} ]; do sleep 0.05; done; "
        'python3 -c "import os,ssl,urllib.request as u; c=ssl.create_default_context(cafile=os.environ['
        "'SSL_CERT_FILE']); r=u.Request(os.environ['MLFLOW_TRACKING_URI'].replace('azureml:','https:').split('?')[0]"
        "+'/api/2.0/mlflow/runs/get?run_id='+os.environ['AZUREML_RUN_ID'],headers={'Authorization':"
        "'Bearer '+os.environ['MLFLOW_TRACKING_TOKEN']}); print(u.urlopen(r,context=c).status)\"",
    )
    assert service.wait(name, "Running")["status"] == "Running"
    emulator.fault("token_expired")
    go.touch()
    fresh = Service(emulator)
    assert fresh.wait(name)["status"] == "Completed", fresh.log(name)
    assert fresh.printed(name).strip() == "200"


def test_a_client_of_azure_identity_asks_for_a_new_token(
    emulator: RunningEmulator, credential: ClientSecretCredential, bearer: Any, workspace: str
) -> None:
    url = f"{emulator['endpoint']}{workspace}?api-version=2024-10-01-preview"
    old = bearer()
    emulator.fault("token_expired")
    new = ClientSecretCredential(
        emulator["tenant_id"], emulator["client_id"], emulator["client_secret"], disable_instance_discovery=True
    )
    token = new.get_token(f"{emulator['endpoint']}/.default").token
    answers = [
        requests.get(url, headers=headers, verify=emulator["ca_bundle"]).status_code
        for headers in (old, {"Authorization": f"Bearer {token}"})
    ]
    assert answers == [401, 200]
