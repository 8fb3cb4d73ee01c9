"""Sweeps submitted, followed, read, downloaded and stopped by Microsoft's client."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conformance.conftest import RunScript

BEST = b"0.75 rows".hex()


@pytest.fixture(scope="module")
def seen(run_script: RunScript) -> dict[str, Any]:
    """What the script saw."""
    return run_script("sweeps.py")


def test_a_sweep_of_a_command_completes_and_names_its_best_trial(seen: dict[str, Any]) -> None:
    assert seen["first"] == ["Starting", "sweep", "maximize", ["rate"]]
    assert seen["done"] == ["Completed", "1", "0.75", "v"]


def test_its_log_is_streamed(seen: dict[str, Any]) -> None:
    assert seen["stream_error"] == ""
    assert "Streaming azureml-logs/hyperdrive.txt" in seen["log"]
    assert seen["log"].count("Successfully scheduled a job.") == 3
    assert "Changing Run Status from Running to Completed" in seen["log"]


def test_its_trials_are_its_children(seen: dict[str, Any]) -> None:
    assert seen["children"] == dict.fromkeys("012", "Completed")
    assert seen["trial"] == ["Command", "0.75"]
    assert seen["listed"]


def test_downloads_are_those_of_the_best_trial(seen: dict[str, Any]) -> None:
    assert seen["model"] == {"named-outputs/model/rate.txt": BEST}
    assert seen["everything"] == [
        "artifacts/outputs/note.txt",
        "artifacts/user_logs/std_log.txt",
        "hd-artifacts/azureml-logs/hyperdrive.txt",
    ]
    assert seen["logs"] == seen["everything"]


def test_a_sweep_read_and_put_again_starts_nothing(seen: dict[str, Any]) -> None:
    assert seen["again"] == ["Completed", 3]


def test_a_sweep_of_a_file(seen: dict[str, Any]) -> None:
    assert seen["of file"] == ["Completed", False, 5]
    layers, rate, by_variable, word = seen["printed"]
    assert (layers in ("2", "4"), rate == by_variable, word) == (True, True, "hello")


def test_a_cancel_ends_the_trials(seen: dict[str, Any]) -> None:
    assert seen["cancel"] == ["", "Canceled"]
    assert seen["canceled children"]
