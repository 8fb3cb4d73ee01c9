"""Schedules as Microsoft's client handles them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conformance.conftest import RunScript


@pytest.fixture(scope="module")
def seen(run_script: RunScript) -> dict[str, Any]:
    """What the script saw."""
    return run_script("schedules.py")


def test_one_is_made_and_listed(seen: dict[str, Any]) -> None:
    assert seen["made"][1:] == ["Succeeded", True, "15 10 * * 1", "Pacific Standard Time"]
    assert seen["listed"] is True


def test_one_is_triggered_once(seen: dict[str, Any]) -> None:
    assert seen["once"] == ["CreateJob", "Completed"]
    assert seen["display name"].startswith(f"{seen['made'][0]}-2")


def test_one_is_disabled_enabled_and_deleted(seen: dict[str, Any]) -> None:
    assert (seen["disabled"], seen["in list"], seen["enabled"]) == (False, False, True)
    assert seen["gone"].startswith("ResourceNotFoundError: (UserError) Resource Trigger")


def test_a_job_that_is_there_is_repeated_when_it_is_due(seen: dict[str, Any]) -> None:
    assert seen["pattern"] is True
    assert seen["due"] == ["Completed", True]
