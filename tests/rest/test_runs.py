"""Run history, log files, metrics and long-running operations: calls as they go out and the reading of answers."""

from __future__ import annotations

import math
from typing import Any

import pytest

from airflow_azureml.rest import history, logs, lro
from airflow_azureml.rest.errors import BadRequestError, ForbiddenError, PatienceError
from airflow_azureml.rest.flow import Call, Plane, Reply
from airflow_azureml.rest.history import RunOutput
from airflow_azureml.rest.logs import Cursor
from airflow_azureml.rest.mlflow import metrics
from tests.rest.driving import WS, Drive, reply, run

FAILED_RUN = {
    "runId": "j",
    "status": "Failed",
    "displayName": "step",
    "token": "SECRET",
    "startTimeUtc": "2023-04-19T21:23:36.5867466+00:00",
    "endTimeUtc": None,
    "error": {
        "error": {
            "code": "UserError",
            "message": "Script failed.",
            "innerError": {"code": "BadArgument", "innerError": {"code": "NonZeroExit", "innerError": None}},
        },
        "correlation": {"operation": "op"},
    },
    "warnings": [{"message": "careful"}, {"source": "x"}],
    "queueingInfo": {"code": "q", "message": "No nodes."},
    "logFiles": {"user_logs/std_log.txt": "https://a.blob.core.windows.net/c/l?sig=SECRET"},
}


def test_run() -> None:
    call = history.run(WS, "j")
    assert (call.method, call.plane, call.query) == ("GET", Plane.DATA, {"api-version": "v1.0"})
    assert call.path == f"/history/v1.0{WS.path}/runs/j"
    found = run(call, reply(200, FAILED_RUN))
    assert (found.id, found.status, found.display_name, found.queue_message) == ("j", "Failed", "step", "No nodes.")
    assert found.started_at is not None
    assert found.ended_at is None
    assert found.warnings == ("careful",)
    assert found.error is not None
    assert (found.error.message, found.error.code, found.error.correlation) == ("Script failed.", "NonZeroExit", "op")
    assert "SECRET" not in repr(found)


def test_details_hide_the_signed_addresses() -> None:
    details = run(history.details(WS, "j"), reply(200, FAILED_RUN))
    assert list(details.log_files) == ["user_logs/std_log.txt"]
    assert "SECRET" not in repr(details)


@pytest.mark.parametrize("value", [None, [], {}, {"error": None, "logFiles": None, "outputs": None, "properties": 3}])
def test_incomplete_runs_do_no_harm(value: Any) -> None:
    details = run(history.details(WS, "j"), reply(200, value))
    assert (details.run.status, details.run.error, details.log_files) == ("Unknown", None, {})
    assert run(history.run_data(WS, "j"), reply(200, value)).outputs == {}


def test_run_data_tells_outputs() -> None:
    call = history.run_data(WS, "j")
    flags = {"selectRunMetadata": True, "selectRunDefinition": True, "selectJobSpecification": True}
    assert (call.method, call.path, call.body) == ("POST", f"/history/v1.0{WS.path}/rundata", {"runId": "j", **flags})
    assert call.may_repeat
    value = {"runMetadata": {"runId": "j", "outputs": {"o": {"assetId": "azureml://x", "type": "UriFolder"}, "n": {}}}}
    assert run(call, reply(200, value)).outputs == {"o": RunOutput("azureml://x", "uri_folder")}


def test_children_come_in_pages() -> None:
    pages = [
        reply(200, {"value": [{"runId": "a"}], "nextLink": "https://data.example/next?t=1"}),
        reply(200, {"value": [{"runId": "b"}]}),
    ]
    drive = Drive(lambda _: pages.pop(0))
    assert [child.id for child in drive.run(history.children(WS, "j"))] == ["a", "b"]
    assert all(isinstance(effect, Call) and effect.plane is Plane.DATA for effect in drive.effects)


def test_many_runs_are_read_by_one_request() -> None:
    call = history.read_many(WS, ["a", "b", "c", "d"])
    assert (call.method, call.path) == ("POST", f"/history/v1.0{WS.path}/batchrundata")
    assert not call.may_repeat, "whoever waits decides when to ask again"
    assert list(call.body["requests"]) == ["a", "b", "c", "d"]
    assert call.body["requests"]["a"] == {"runId": "a", "selectRunMetadata": True, "selectRunDefinition": False}
    answer = {
        "successfulResults": {
            "a": {"runMetadata": {"runId": "a", "status": "Running", "token": "SECRET"}},
            "b": {"RunMetadata": {**FAILED_RUN, "runId": "b", "endTimeUtc": "2023-04-19T21:23:36.5867466+00:00"}},
            "c": {"runMetadata": None},
            "stranger": {"runMetadata": {"runId": "stranger", "status": "Completed"}},
        },
        "failedResults": {"d": {"error": {"code": "UserError", "message": "Run d was not found."}}},
    }
    runs = run(call, reply(200, answer))
    assert {name: found.status for name, found in runs.items()} == {"a": "Running", "b": "Failed"}
    assert runs["b"].ended_at is not None
    assert "SECRET" not in repr(runs)


@pytest.mark.parametrize("value", [None, [], {}, {"successfulResults": None}, {"successfulResults": {"a": 3}}])
def test_an_answer_that_shows_no_run_shows_none(value: Any) -> None:
    assert run(history.read_many(WS, ["a"]), reply(200, value)) == {}
    assert run(history.read_many_in(WS, "e", ["a"]), reply(200, value)) == {}


def test_many_runs_of_an_experiment_come_in_pages() -> None:
    pages = [
        {"value": [{"runId": "b", "status": "Running"}], "continuationToken": "1"},
        {"value": [{"runId": "a", "status": "Completed"}, {"runId": "x", "status": "Failed"}]},
    ]
    asked: list[Call[Any]] = []

    def respond(call: Call[Any]) -> Reply:
        asked.append(call)
        return reply(200, pages[len(asked) - 1])

    runs = Drive(respond).run(history.read_many_in(WS, "my exp", ["a", "b", "gone"]))
    assert {name: found.status for name, found in runs.items()} == {"a": "Completed", "b": "Running"}
    assert asked[0].path == f"/history/v1.0{WS.path}/experiments/my%20exp/runs:query"
    condition = "(RunId eq a) or (RunId eq b) or (RunId eq gone)"
    assert [(call.body["filter"], call.body["continuationToken"]) for call in asked] == [
        (condition, None),
        (condition, "1"),
    ]


def test_resolve_asks_each_plane_once() -> None:
    answers = [
        reply(200, {"values": {"d1": {"uri": "azureml://u1", "type": "UriFolder"}, "d2": {"uri": None}}}),
        reply(200, {"values": {"m1": {"path": "azureml://p1", "type": "MLFlowModel"}}}),
    ]
    drive = Drive(lambda _: answers.pop(0))
    outputs = [
        RunOutput("d1", "uri_folder"),
        RunOutput("m1", "mlflow_model"),
        RunOutput("d2", "mltable"),
        RunOutput("d1", "uri_file"),
    ]
    assert drive.run(history.resolve(WS, outputs)) == {"d1": "azureml://u1", "m1": "azureml://p1"}
    data, models = drive.effects
    assert isinstance(data, Call)
    assert isinstance(models, Call)
    assert (data.path, data.body) == (f"/data/v1.0{WS.path}/dataversion/batchGetResolvedUris", {"values": ["d1", "d2"]})
    assert (models.path, models.body) == (
        f"/modelregistry/v1.0{WS.path}/models/batchGetResolvedUris",
        {"values": ["m1"]},
    )
    assert run(history.resolve(WS, [])) == {}


NAMES = [
    "user_logs/std_log.txt",
    "user_logs/std_log_process_00.txt",
    "user_logs/std_log_process_01.txt",
    "system_logs/lifecycler/lifecycler.log",
    "azureml-logs/70_driver_log.txt",
    "logs/azureml/executionlogs.txt",
    "azureml-logs/hyperdrive.txt",
]


@pytest.mark.parametrize(
    ("kind", "names", "expected"),
    [
        ("Command", NAMES, ["user_logs/std_log.txt", "user_logs/std_log_process_00.txt"]),
        (None, NAMES[3:], ["azureml-logs/70_driver_log.txt"]),
        ("Pipeline", NAMES, ["logs/azureml/executionlogs.txt"]),
        ("Sweep", NAMES, ["azureml-logs/hyperdrive.txt"]),
        ("Command", NAMES[3:4], []),
        ("Command", ["x/user_logs/std_log.txt", "user_logs/std_logXtxt"], []),
    ],
)
def test_which_logs_are_followed(kind: str | None, names: list[str], expected: list[str]) -> None:
    assert list(logs.followed(names, kind)) == expected
    assert list(logs.followed(reversed(names), kind)) == expected


def test_all_processes_logs() -> None:
    assert list(logs.written_by_user(NAMES)) == NAMES[:3]


@pytest.mark.parametrize(
    ("answer", "data", "size"),
    [
        (reply(206, body=b"bc", headers={"content-range": "bytes 1-2/9"}), b"bc", 9),
        (reply(200, body=b"abcdef"), b"bc", 6),
        (reply(416, body=b"<Error/>", headers={"Content-Range": "bytes */1"}), b"", 1),
        (reply(404), b"", None),
    ],
)
def test_reading_a_range(answer: Reply, data: bytes, size: int | None) -> None:
    call = logs.read("https://a/l?sig=S", 1, 3)
    assert (call.plane, call.headers, call.path) == (Plane.SIGNED, {"Range": "bytes=1-2"}, "https://a/l?sig=S")
    chunk = run(call, answer)
    assert (chunk.data, chunk.size) == (data, size)


def test_an_expired_signature_shows() -> None:
    with pytest.raises(ForbiddenError) as caught:
        run(logs.read("https://a/l?sig=SECRET", 0, 1), reply(403, headers={"x-ms-error-code": "AuthenticationFailed"}))
    assert "SECRET" not in str(caught.value)


def serve(content: bytes) -> Any:
    """A blob that honours ranges."""

    def respond(call: Call[Any]) -> Reply:
        first, last = (int(part) for part in call.headers["Range"].removeprefix("bytes=").split("-"))
        if first >= len(content):
            return reply(416, headers={"Content-Range": f"bytes */{len(content)}"})
        part = content[first : last + 1]
        return reply(206, body=part, headers={"Content-Range": f"bytes {first}-{first + len(part) - 1}/{len(content)}"})

    return respond


@pytest.mark.parametrize(("content", "expected"), [(b"", b""), (b"abc", b"abc"), (b"0123456789", b"56789")])
def test_the_end_of_a_file(content: bytes, expected: bytes) -> None:
    assert Drive(serve(content)).run(logs.read_end("https://a/l", 5)) == expected


def test_a_cursor_tells_every_line_once() -> None:
    text = "one\ntwo ü\r\n10%\r50%\r100%\n\nlast".encode()
    for size in range(1, len(text) + 1):
        cursor = Cursor()
        found: list[str] = []
        for start in range(0, len(text), size):
            cursor, new = cursor.advance(text[start : start + size])
            found += new
        assert found == ["one", "two ü", "100%", ""]
        assert cursor.offset == len(text)
        cursor, rest = cursor.finish()
        assert rest == ("last",)
        assert cursor.finish()[1] == ()


def test_a_line_without_end_does_not_fill_memory() -> None:
    cursor, found = Cursor(), 0
    for _ in range(20):
        cursor, new = cursor.advance(b"x" * 10_000)
        found += sum(len(line) for line in new)
        assert len(cursor.rest) <= logs.LONGEST_LINE
    assert found + len(cursor.rest) == 200_000


def metric(key: str, value: Any, step: Any = 0, timestamp: Any = 0) -> dict[str, Any]:
    """One row of MLflow's answer."""
    return {"key": key, "value": value, "step": step, "timestamp": timestamp}


def test_metrics() -> None:
    call = metrics.last_values(WS, "j")
    assert (call.method, call.plane, call.query) == ("GET", Plane.DATA, {"run_id": "j"})
    assert call.path == f"/mlflow/v2.0{WS.path}/api/2.0/mlflow/runs/get"
    rows = [
        metric("auc", 0.9, step=3),
        metric("auc", 0.5, step="1"),
        metric("loss", 1, timestamp="20"),
        metric("loss", 2, timestamp="100"),
        metric("nan", math.nan),
        metric("words", "Infinity"),
        metric("text", "0.25"),
        metric("odd", None),
        metric("flag", True),
        metric("huge", 10**400),
        {"value": 1},
        "odd",
    ]
    found = run(call, reply(200, {"run": {"data": {"metrics": rows}}}))
    assert found == {
        "auc": 0.9, "loss": 2.0, "nan": None, "words": None, "text": 0.25, "odd": None, "flag": None, "huge": None
    }  # fmt: skip
    assert type(found["loss"]) is float


@pytest.mark.parametrize("value", [None, {}, {"run": {}}, {"run": {"data": {"metrics": None}}}, {"run": {"data": []}}])
def test_no_metrics(value: Any) -> None:
    assert run(metrics.last_values(WS, "j"), reply(200, value)) == {}


STATUS_URL = "https://arm.example/operations/1?api-version=9"


def finish(first: Reply, *answers: Reply, **limits: float) -> tuple[Reply, Drive]:
    """Carry an operation to its end."""
    waiting = list(answers)
    drive = Drive(lambda _: waiting.pop(0))
    last = drive.run(lro.finish(first, **limits))
    assert not waiting
    return last, drive


def test_nothing_to_poll() -> None:
    for first in (reply(200, {"a": 1}), reply(201, {}, headers={"Location": "https://arm.example/itself"}), reply(204)):
        last, drive = finish(first)
        assert last is first
        assert drive.effects == []


def test_status_resource() -> None:
    first = reply(
        201,
        {},
        headers={"azure-asyncoperation": STATUS_URL, "Location": "https://arm.example/itself", "Retry-After": "4"},
    )
    last, drive = finish(first, reply(200, {"status": "Updating"}), reply(202, {}), reply(200, {"status": "Succeeded"}))
    assert last.json() == {"status": "Succeeded"}
    assert drive.pauses == [4, lro.INTERVAL, lro.INTERVAL]
    polls = [effect for effect in drive.effects if isinstance(effect, Call)]
    assert {poll.path for poll in polls} == {"https://arm.example/operations/1"}
    assert {poll.query["api-version"] for poll in polls} == {"9"}


def test_location() -> None:
    moved = reply(202, headers={"Location": "https://arm.example/2"})
    last, drive = finish(reply(202, headers={"Location": "https://arm.example/1"}), moved, reply(202), reply(204))
    assert last.status == 204
    polls = [effect.path for effect in drive.effects if isinstance(effect, Call)]
    assert polls == ["https://arm.example/1", "https://arm.example/2", "https://arm.example/2"]


@pytest.mark.parametrize("status", ["Failed", "Canceled"])
def test_an_operation_that_fails(status: str) -> None:
    first = reply(202, headers={"Azure-AsyncOperation": STATUS_URL})
    answer = reply(200, {"status": status, "error": {"code": "Quota", "message": "No cores."}})
    with pytest.raises(BadRequestError, match=f"ended as {status}: No cores") as caught:
        finish(first, answer)
    assert caught.value.code == "Quota"


@pytest.mark.parametrize("told", ["0", "30"])
def test_an_operation_without_end(told: str) -> None:
    pending = reply(202, headers={"Location": "https://arm.example/1?sig=SECRET", "Retry-After": told})
    with pytest.raises(PatienceError, match="did not finish within") as caught:
        Drive(lambda _: pending).run(lro.finish(pending, patience=100))
    assert "SECRET" not in str(caught.value)
