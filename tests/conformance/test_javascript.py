"""What Microsoft's client for JavaScript, of the api-version 2022-10-01, does with the emulator."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests import REPOSITORY
from tests.conformance.conftest import MARK
from tests.emulator_fixture import RunningEmulator

SCRIPT = Path(__file__).parent / "javascript" / "client.js"
NOT_FOUND = ["RestError", 404, "UserError"]


@pytest.fixture(scope="module")
def node_environment() -> dict[str, str]:
    """The variables with which ``node`` finds the client."""
    modules = REPOSITORY / ".venvs" / "javascript" / "node_modules"
    if shutil.which("node") is None:
        pytest.skip("There is no node on PATH.")
    if not (modules / "@azure" / "arm-machinelearning").exists():
        pytest.skip(
            ".venvs/javascript is missing; `make install` makes it where there is npm and it finds its packages."
        )
    return {"PATH": os.environ["PATH"], "NODE_PATH": str(modules), "NO_PROXY": "*", "no_proxy": "*"}


@pytest.fixture(scope="module")
def seen(emulator: RunningEmulator, node_environment: dict[str, str]) -> dict[str, Any]:
    """What the script saw."""
    told = {**node_environment, **emulator.env, "NODE_EXTRA_CA_CERTS": emulator["ca_bundle"]}
    done = subprocess.run(["node", SCRIPT], env=told, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[-3000:]
    line = next(line for line in done.stdout.splitlines() if line.startswith(MARK))
    return dict(json.loads(line.removeprefix(MARK)))


def test_assets_are_made_listed_and_read(seen: dict[str, Any], emulator: RunningEmulator) -> None:
    assert seen["workspace"] == emulator["workspace_name"]
    assert seen["environment"] == [True, True, {"by": "js"}]
    assert (seen["versions"], seen["container"], seen["missing"]) == (["1"], "1", NOT_FOUND)
    assert seen["datastore"] == ["AzureBlob", True, "AccountKey"]
    assert (seen["data"], seen["models"]) == ("uri_folder", True)


def test_the_region_the_connections_and_the_workspace_are_asked_and_changed(seen: dict[str, Any]) -> None:
    assert (seen["usages"], seen["quota"], seen["size"]) == (True, "Success", 4)
    assert (seen["connection"], seen["no connection"]) == (["PAT", True, True], NOT_FOUND)
    assert seen["itself"] == [{"by": "js"}, {}, True]
    assert seen["another"] == ["Succeeded", "F", True, 501, 404]
    assert (seen["keys"], seen["diagnosis"], seen["operations"]) == (True, [], True)


def test_jobs_run_are_listed_canceled_and_deleted(seen: dict[str, Any]) -> None:
    assert seen["made"][1:] == ["Command", "Starting"]
    assert seen["ended"] == ["Completed", {"kind": "made"}, ["code", "default", "model"], ["Studio", "Tracking"]]
    assert seen["listed"] is True
    assert seen["refused"] == ["RestError", 400, "UserError"]
    assert (seen["canceled"], seen["deleted"]) == ("Canceled", NOT_FOUND)


def test_a_schedule_is_made_and_deleted(seen: dict[str, Any]) -> None:
    assert (seen["schedule"], seen["no schedule"]) == ([True, "0 3 * * *"], NOT_FOUND)


def test_an_online_endpoint_answers_and_is_deleted(seen: dict[str, Any]) -> None:
    assert seen["online"] == ["Succeeded", "Succeeded", {"blue": 100}]
    assert seen["scored"] == [200, [2, 4]]
    assert (seen["logs"], seen["gone"]) == ("string", NOT_FOUND)
