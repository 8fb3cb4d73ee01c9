"""Pipelines submitted, followed, read, downloaded and stopped by Microsoft's client."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conformance.conftest import RunScript

TWICE, TENFOLD = ("".join(f"{number * factor}\n" for number in (1, 2, 3)).encode().hex() for factor in (2, 10))


@pytest.fixture(scope="module")
def seen(run_script: RunScript) -> dict[str, Any]:
    """What the script saw."""
    return run_script("pipelines.py")


def test_a_pipeline_made_by_the_decorator_completes(seen: dict[str, Any]) -> None:
    assert (seen["first"]["status"], seen["first"]["type"]) == ("Starting", "pipeline")
    assert "&tid=" in seen["first"]["studio"]
    nodes, outputs = ["first", "second", "third"], ["total", "word"]
    assert seen["done"] == {"status": "Completed", "outputs": outputs, "jobs": nodes, "tags": {"k": "v"}}


def test_its_execution_log_is_streamed(seen: dict[str, Any]) -> None:
    assert seen["stream_error"] == ""
    assert "Streaming logs/azureml/executionlogs.txt" in seen["log"]
    assert seen["log"].count("Submitting 1 runs") == 3
    assert "All nodes have completed." in seen["log"]


def test_its_steps_are_listed_and_read(seen: dict[str, Any]) -> None:
    assert seen["children"] == {name: ["_BaseJob", "Completed"] for name in ("first", "second", "third")}
    assert seen["child"] == [True, "Completed"]


def test_outputs_of_pipeline_and_step_are_downloaded(seen: dict[str, Any]) -> None:
    assert seen["downloaded"] == {"total/total": b"2+4+6\n".hex(), "word/word.txt": b"fixed\n".hex()}
    assert seen["of a child"] == {"prepared/rows.txt": TWICE}
    assert seen["everything"] == ["artifacts/logs/azureml/executionlogs.txt"]


def test_steps_of_the_same_pipeline_once_more_are_reused(seen: dict[str, Any]) -> None:
    assert seen["reused"] == dict.fromkeys(("first", "second", "third"), "true")
    assert seen["of a reused child"] == seen["of a child"]


def test_a_pipeline_read_and_put_again_starts_nothing(seen: dict[str, Any]) -> None:
    assert seen["again"] == [True, 3]
    assert seen["archived"]


def test_a_pipeline_of_a_file_with_nodes_of_each_origin(seen: dict[str, Any]) -> None:
    assert seen["of file"] == "Completed"
    assert seen["of file total"] == {"total/total": b"3+6+9\n".hex()}
    logs = {name.partition("/")[0]: bytes.fromhex(text).decode() for name, text in seen["logs"].items()}
    printed = {name: log.partition("\n")[2] for name, log in logs.items()}
    assert all(log.startswith("[azureml-emulator] ") for log in logs.values())
    assert printed == {"inline": "3\n6\n9\nhello 0.5\n", "registered": "said noted\n"}
    assert seen["named"].endswith("/prepared/")


def test_pipelines_inside_of_a_pipeline(seen: dict[str, Any]) -> None:
    assert seen["nested"] == "Completed"
    assert seen["nested outputs"] == {"second/rows.txt": TENFOLD, "total/total": b"10+20+30\n".hex()}


def test_a_registered_pipeline_component(seen: dict[str, Any]) -> None:
    assert seen["component"] == ["pipeline", ["note", "rows"], ["prepared"]]
    assert seen["of component"] == "Completed"


def test_an_optional_input_may_be_left_out(seen: dict[str, Any]) -> None:
    assert seen["optional"] == "Completed"


def test_a_failed_step_fails_the_pipeline(seen: dict[str, Any]) -> None:
    (printed, error), status = seen["failing"]
    assert status == "Failed"
    assert "is Failed" in printed
    assert error.startswith("JobException")
    assert "Pipeline has failed child jobs" in error


def test_a_cancel_ends_the_steps(seen: dict[str, Any]) -> None:
    assert seen["cancel"] == ["", "Canceled"]
    assert seen["canceled children"] == ["Canceled"]


def test_a_sweep_and_a_parallel_node(seen: dict[str, Any]) -> None:
    assert seen["sweep"] == "Completed"
    assert seen["trials"] == ["Completed", "Completed"]
    assert seen["of a trial"] == ["named-outputs/model/rows.txt"]
    assert bytes.fromhex(seen["scored"]) == b"hello ['1', '2', '3']\n"


def test_data_is_copied_by_a_node(seen: dict[str, Any]) -> None:
    assert seen["merge"] == "Completed"
    assert seen["merged"] == {"both.txt": b"two".hex(), "own.txt": b"own".hex()}
