"""The ways to point Microsoft's client at the emulator beside its environment variables."""

from __future__ import annotations

import pytest

from tests.conformance.conftest import RunScript
from tests.emulator_fixture import RunningEmulator


@pytest.mark.parametrize("recipe", ["keywords", "developer address"])
def test_a_job_runs(run_script: RunScript, emulator: RunningEmulator, recipe: str) -> None:
    base = emulator["endpoint"].rstrip("/")
    variables = {
        "SUBSCRIPTION": emulator["subscription_id"],
        "GROUP": emulator["resource_group"],
        "WORKSPACE": emulator["workspace_name"],
        "TENANT": emulator["tenant_id"],
        "CLIENT": emulator["client_id"],
        "SECRET": emulator["client_secret"],
        "BASE": base,
        "REQUESTS_CA_BUNDLE": emulator["ca_bundle"],
    }
    if recipe == "developer address":
        variables["AZUREML_DEV_URL_MFE"] = base
    seen = run_script("recipes.py", variables)
    assert seen["status"] == "Completed"
    assert "copying" in seen["log"]
    assert seen["files"] == {"named-outputs/out/in.csv": b"a,b\n".hex()}
