"""The tutorial as one pipeline job, submitted by Microsoft's client from the files of the example."""

from __future__ import annotations

from typing import Any

import pytest

from tests import REPOSITORY
from tests.conformance.conftest import RunScript
from tests.emulator_fixture import RunningEmulator

pytestmark = pytest.mark.timeout(300)


@pytest.fixture(scope="module")
def seen(run_script: RunScript, emulator: RunningEmulator) -> dict[str, Any]:
    """What the script saw."""
    example = str(REPOSITORY / "dags_examples" / "credit_defaults")
    return run_script("tutorial.py", {**emulator.env, "EXAMPLE": example})


@pytest.mark.parametrize("way", ["decorator", "yaml"])
def test_the_tutorial_completes_as_one_pipeline(seen: dict[str, Any], way: str) -> None:
    assert (seen[way]["status"], seen[way]["outputs"]) == ("Completed", ["model", "test_data"])
    assert [status for _, status in seen[way]["steps"]] == ["Completed", "Completed"]


@pytest.mark.parametrize("way", ["decorator", "yaml"])
def test_the_outputs_of_the_pipeline_are_downloaded(seen: dict[str, Any], way: str) -> None:
    files = seen[way]["files"]
    assert files["named-outputs/test_data/data.csv"] > 10_000
    assert files["named-outputs/model/credit_defaults_model/MLmodel"] > 100


def test_a_step_registers_the_model(seen: dict[str, Any]) -> None:
    assert seen["model"] == ["credit_defaults_of_client", "mlflow_model"]
