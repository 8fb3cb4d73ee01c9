"""The least role for what clients asked: an action for each request, of those that Microsoft publishes."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from azureml_emulator.app import Emulator
from azureml_emulator.control.role_actions import WORKSPACE, actions_of
from azureml_emulator.core.routing import Plane
from azureml_emulator.core.settings import load_settings
from tests.emulator.console.test_command_line import complains, run
from tests.emulator.service import Service
from tests.emulator_fixture import RunningEmulator, Start

BLOBS = "emuacct.blob.local"
WS = "/subscriptions/s/resourceGroups/g/providers/Microsoft.MachineLearningServices/workspaces/w"
NOT_PUBLISHED = {
    "DELETE {ws}/environments/x",
    "POST {ws}/computes/x/enableSso",
    "POST {ws}/schedules/x/trigger",
    "POST {ws}/featuresets/x/versions/x/backfill",
    "POST {ws}/serverlessEndpoints/x/regenerateKeys",
    "GET {ws}/marketplaceSubscriptions",
    "GET {ws}/marketplaceSubscriptions/x",
    "PUT {ws}/marketplaceSubscriptions/x",
    "DELETE {ws}/marketplaceSubscriptions/x",
    "GET /subscriptions/x/providers/Microsoft.MachineLearningServices/locations/x/registryOperationsStatus/x",
    "GET /genericasset{ws}/indexes",
    "GET /genericasset{ws}/indexes/x",
    "POST /genericasset{ws}/indexes/x:getNextVersion",
    "GET /genericasset{ws}/indexes/x/versions",
    "GET /genericasset{ws}/indexes/x/versions/x",
    "PUT /genericasset{ws}/indexes/x/versions/x",
}


@pytest.mark.parametrize(
    ("request_line", "actions"),
    [
        (f"GET {WS}", ["read"]),
        (f"GET {WS}/jobs/a", ["jobs/read"]),
        (f"POST {WS}/jobs/a/cancel", ["jobs/cancel/action"]),
        (f"PUT {WS}/codes/a/versions/1", ["codes/versions/write"]),
        (f"POST {WS}/codes/a/versions/1/startPendingUpload", ["codes/versions/write"]),
        (f"GET {WS}/environments/e/labels/latest", ["environments/versions/read"]),
        (f"POST {WS}/datastores/d/listSecrets", ["datastores/listsecrets/action"]),
        (f"POST {WS}/computes/c/start", ["computes/start/action"]),
        (f"POST {WS}/connections/c/listsecrets", ["connections/listsecrets/action"]),
        (f"POST {WS}/diagnose", ["diagnose/read"]),
        (f"GET {WS}/featuresets/f/versions/1/features", ["featuresets/read"]),
        (f"POST {WS}/serverlessEndpoints/e/listKeys", ["serverlessEndpoints/listKeys/action"]),
        (f"POST {WS}/onlineEndpoints/e/listKeys", ["onlineendpoints/listkeys/action"]),
        (f"GET /history/v1.0{WS}/runs/a/details", ["experiments/runs/read"]),
        (f"POST /history/v1.0{WS}/batchrundata", ["experiments/runs/read"]),
        (f"PATCH /history/v1.0{WS}/runs/a", ["experiments/runs/write"]),
        (f"GET /history/v1.0{WS}/runs/a/artifacts/prefix/contentinfo", ["metadata/artifacts/read"]),
        ("POST /tenant/oauth2/v2.0/token", []),
    ],
)
def test_the_action_of_a_request(request_line: str, actions: list[str]) -> None:
    method, path = request_line.split()
    assert actions_of(method, path, BLOBS) == ([f"{WORKSPACE}/{name}" for name in actions], [])


def test_publishing_reads_the_workspace_and_writes_the_registry() -> None:
    found = actions_of("POST", f"{WS}/models/m/versions/1/publish", BLOBS)
    registry = WORKSPACE.replace("workspaces", "registries")
    assert found == ([f"{WORKSPACE}/models/versions/read", f"{registry}/assets/write"], [])


@pytest.mark.parametrize(
    ("path", "actions"),
    [
        ("/tenants", []),
        ("/subscriptions", ["read"]),
        ("/subscriptions/s/locations", ["locations/read"]),
        ("/subscriptions/s/resourcegroups/g", ["resourceGroups/read"]),
        ("/subscriptions/s/resources", ["resources/read"]),
        ("/subscriptions/s/resourcegroups/g/resources", ["resourcegroups/resources/read"]),
    ],
)
def test_the_action_of_what_lies_around_the_workspace(path: str, actions: list[str]) -> None:
    assert actions_of("GET", path, BLOBS) == ([f"Microsoft.Resources/subscriptions/{name}" for name in actions], [])


def test_the_actions_of_the_storage_account() -> None:
    accounts = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Storage/storageAccounts"
    assert actions_of("GET", f"{accounts}/a", BLOBS) == (["Microsoft.Storage/storageAccounts/read"], [])
    found = actions_of("POST", f"{accounts}/a/listKeys", BLOBS)
    assert found == (["Microsoft.Storage/storageAccounts/listkeys/action"], [])


@pytest.mark.parametrize(
    ("request_line", "action"),
    [
        ("GET {r}", "read"),
        ("PUT {r}", "write"),
        ("DELETE {r}", "delete"),
        ("POST {r}/datareferences/m/versions/1", "assets/read"),
        ("GET /registrymanagement/v1.0/registries/r/discovery", "read"),
        ("GET {r}/models/m/versions/1", "assets/read"),
        ("PUT /mferp/managementfrontend{r}/models/m/versions/1", "assets/write"),
        ("DELETE {r}/models/m", "assets/delete"),
        ("PUT /mferp/managementfrontend{r}/tempdatarefs/m/versions/1", "assets/write"),
        ("POST /mferp/managementfrontend{r}/datarefs/m/versions/1", "assets/read"),
        ("POST /mferp/managementfrontend{r}/import", "assets/write"),
    ],
)
def test_the_action_of_a_request_to_a_registry(request_line: str, action: str) -> None:
    method, path = request_line.format(r=WS.replace("workspaces/w", "registries/r")).split()
    assert actions_of(method, path, BLOBS) == ([f"Microsoft.MachineLearningServices/registries/{action}"], [])


@pytest.mark.parametrize(
    ("request_line", "action"),
    [
        (f"POST /metric/v2.0{WS}/runs/r/batch", "experiments/runs/write"),
        (f"POST /metric/v2.0{WS}/runs/r/full", "experiments/runs/read"),
        (f"GET /modelmanagement/v1.0{WS}/models", "models/read"),
        (f"PATCH /modelmanagement/v1.0{WS}/models/m:1", "models/write"),
        (f"DELETE /modelmanagement/v1.0{WS}/models/m:1", "models/delete"),
        (f"POST /modelmanagement/v1.0{WS}/assets", "assets/write"),
        (f"GET /modelmanagement/v1.0{WS}/assets/a", "assets/read"),
    ],
)
def test_the_action_of_a_request_of_the_first_sdk(request_line: str, action: str) -> None:
    method, path = request_line.split()
    assert actions_of(method, path, BLOBS) == ([f"{WORKSPACE}/{action}"], [])


def test_submitting_and_invoking_need_more_than_their_own_action() -> None:
    submit = actions_of("PUT", f"{WS}/jobs/a", BLOBS)
    assert submit is not None
    assert {f"{WORKSPACE}/jobs/write", f"{WORKSPACE}/environments/build/action"} <= set(submit[0])
    invoke = actions_of("POST", "/scoring/e/jobs", BLOBS)
    assert invoke is not None
    assert f"{WORKSPACE}/batchEndpoints/jobs/write" in invoke[0]


def test_bearer_tokens_for_storage_need_data_actions() -> None:
    blobs = "Microsoft.Storage/storageAccounts/blobServices/containers/blobs"
    assert actions_of("PUT", f"/{BLOBS}/container/a/b", BLOBS) == ([], [f"{blobs}/write"])


def test_each_route_has_an_action(tmp_path: Path) -> None:
    emulator, without = Emulator(load_settings(tmp_path, "127.0.0.1", None, {})), set()
    for bound in emulator.service.routes:
        path = "/" + "/".join(re.sub(r"\{\w+\*?\}", "x", part) for part in bound.route.segments)
        if bound.route.plane is not Plane.STORAGE and actions_of(bound.route.method, path, BLOBS) is None:
            shown = re.sub(r"/subscriptions/x/resourceGroups/x/providers/[^/]+/workspaces/x", "{ws}", path)
            without.add(f"{bound.route.method} {shown}")
    assert without == NOT_PUBLISHED


def permissions(emulator: RunningEmulator, *words: str) -> Any:
    return json.loads(emulator.command("permissions", *words).stdout)


def test_the_role_of_a_journal(start_emulator: Start, tmp_path: Path) -> None:
    emulator = start_emulator()
    complains(emulator.command("permissions", check=False), 1, "the journal has no request that needs a permission")
    service = Service(emulator)
    service.run("one", "python -c 'import mlflow' ; true")
    service.history("GET", "runs/one/details")
    service.request("DELETE", "environments/unknown")
    done = emulator.command("permissions", "--name", "Mine", "--scope", "/subscriptions/1")
    role = json.loads(done.stdout)
    assert (role["Name"], role["IsCustom"], role["AssignableScopes"]) == ("Mine", True, ["/subscriptions/1"])
    names = [
        "environments/build/action",
        "environments/read",
        "environments/readSecrets/action",
        "experiments/runs/read",
    ]
    names += ["jobs/read", "jobs/write", "metadata/artifacts/write"]
    assert role["Actions"] == [f"{WORKSPACE}/{name}" for name in names]
    assert role["DataActions"] == []
    assert "no published action is known for DELETE" in done.stderr
    assert "SUBSCRIPTION_ID" in permissions(emulator)["AssignableScopes"][0]


def test_what_jobs_ask_for_themselves_counts_for_nothing(start_emulator: Start, forked_jobs_python: Path) -> None:
    emulator = start_emulator("--environment", f"*={forked_jobs_python}")
    service = Service(emulator)
    service.run("one", "python -c 'import mlflow; mlflow.log_metric(\"a\", 1)'")
    assert [row for row in emulator.journal("/mlflow/") if row["path"].endswith("/log-metric")]
    assert f"{WORKSPACE}/jobs/write" in permissions(emulator)["Actions"]
    assert f"{WORKSPACE}/experiments/runs/write" not in permissions(emulator)["Actions"]


def test_no_journal(tmp_path: Path) -> None:
    complains(run("permissions", "--state", str(tmp_path)), 3, "No emulator is running")
