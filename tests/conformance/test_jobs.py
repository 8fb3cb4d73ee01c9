"""Jobs submitted, followed, read, changed and stopped by Microsoft's client."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conformance.conftest import RunScript

BYTES = (bytes(range(256)) * 5000).hex()


@pytest.fixture(scope="module")
def seen(run_script: RunScript) -> dict[str, Any]:
    """What the script saw."""
    return run_script("jobs.py")


def test_a_job_with_local_code_is_submitted(seen: dict[str, Any]) -> None:
    assert seen["first"]["status"] == "Starting"
    assert seen["first"]["experiment"] == "conformance"
    assert "/runs/" in seen["first"]["studio"]
    assert "&tid=" in seen["first"]["studio"]
    assert seen["done"]["status"] == "Completed"
    assert seen["done"]["tags"] == {"k": "v"}
    assert seen["done"]["outputs"] == ["default", "named", "one", "out"]


def test_its_log_is_streamed(seen: dict[str, Any]) -> None:
    assert seen["stream_error"] == ""
    assert "Streaming user_logs/std_log.txt" in seen["log"]
    assert "nosuchpackage: not installed" in seen["log"]
    for word in ("main.py", "hello", "in.csv", "0.5", "a,b"):
        assert word in seen["log"]
    assert "secret.txt" not in seen["log"]


def test_each_line_is_streamed_once(seen: dict[str, Any]) -> None:
    assert seen["log"].count("hello") == 1


def test_a_job_has_neither_services_nor_children(seen: dict[str, Any]) -> None:
    assert seen["more"] == [None, []]


def test_its_outputs_are_downloaded_byte_for_byte(seen: dict[str, Any]) -> None:
    found = seen["downloaded"]
    assert found["named-outputs/out/deep/bytes.bin"] == BYTES
    assert found["named-outputs/out/empty"] == ""
    assert found["named-outputs/out/ünï code.txt"] == b"x".hex()
    assert found["named-outputs/one/one"] == b"5\n".hex()
    assert seen["everything"]["artifacts/outputs/note.txt"] == b"kept".hex()
    assert "artifacts/user_logs/std_log.txt" in seen["everything"]


def test_a_named_output_is_a_data_asset(seen: dict[str, Any]) -> None:
    assert seen["registered"].endswith("/named/")
    assert seen["upstream"] == "Completed"


def test_the_same_code_is_uploaded_once(seen: dict[str, Any]) -> None:
    assert seen["second"]["status"] == "Completed"
    one, two = seen["second"]["code"]
    assert one == two


def test_a_failed_job_raises_the_service_s_error(seen: dict[str, Any]) -> None:
    (printed, error), status = seen["failing"]
    assert status == "Failed"
    assert "reason" in printed
    assert error.startswith("JobException")
    assert "Submitted script failed with a non-zero exit code" in error


def test_a_job_is_canceled(seen: dict[str, Any]) -> None:
    assert seen["cancel"] == ["", "Canceled"]


def test_a_job_is_changed_archived_and_restored(seen: dict[str, Any]) -> None:
    assert seen["again"] == {"k": "v", "more": "1"}
    assert seen["updated"] == ["renamed", "said", {"k": "v", "more": "1", "z": "y"}]
    assert seen["listed"] == [True, False, True]


def test_serverless_jobs_run(seen: dict[str, Any]) -> None:
    """They name no cluster; the size of their machine is kept."""
    assert seen["serverless"] == [
        ["Completed", None, None],
        ["Completed", "serverless", None],
        ["Completed", None, "Standard_D2"],
    ]


def test_all_that_a_command_may_say_is_taken(seen: dict[str, Any]) -> None:
    status, environment, resources, services, timeout = seen["rich"]
    assert status == "Completed"
    assert (
        environment == "azureml://registries/azureml/environments/AzureML-sklearn-1.0-ubuntu20.04-py38-cpu/versions/33"
    )
    assert (resources["instance_count"], resources["shm_size"]) == (2, "3g")
    assert services == ["Studio", "Tracking", "jl"]
    assert timeout == 60
    assert seen["label"] == "Completed"


@pytest.mark.parametrize(
    ("what", "kind", "said"),
    [
        ("same name", "HttpResponseError", "A job with this name already exists"),
        ("compute", "HttpResponseError", "no-such-cluster"),
        ("environment", "HttpResponseError", "no-such-environment"),
        ("data", "HttpResponseError", "no-such-data"),
        ("missing", "ResourceNotFoundError", "Job no-such-job not found."),
    ],
)
def test_mistakes_are_refused(seen: dict[str, Any], what: str, kind: str, said: str) -> None:
    assert seen["refused"][what].startswith(kind)
    assert said in seen["refused"][what]
