"""Answers without an end, in size or in time, and those that cannot be read: an error soon, no memory for them."""

from __future__ import annotations

import asyncio
import gzip
import time
from types import SimpleNamespace
from typing import Any

import pytest

from airflow_azureml.client import answers
from airflow_azureml.rest import jobs
from airflow_azureml.rest.errors import NoAnswerError
from tests.client.conftest import WORKSPACE, Drive
from tests.client.stub import CHUNKS, TRICKLE, Answer, Stub

PATTERN = "GET .*/jobs/j"
ASK = jobs.get(WORKSPACE, "j")


def test_an_answer_that_is_too_long_is_given_up_and_not_asked_for_again(
    drive: Drive, stub: Stub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answers, "MOST", 2 * 1024 * 1024)
    stub.script(PATTERN, Answer(value=b"x" * (3 * 1024 * 1024)))
    with pytest.raises(NoAnswerError, match="gave no complete answer: it is longer than 2 MiB"):
        drive(ASK)
    assert len(stub.lines(PATTERN)) == 1


def test_an_answer_that_is_long_when_unpacked_is_given_up(
    drive: Drive, stub: Stub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answers, "MOST", 2 * 1024 * 1024)
    packed = gzip.compress(b"x" * (64 * 1024 * 1024))
    assert len(packed) < 100_000
    stub.script(PATTERN, Answer(value=packed, headers={"Content-Encoding": "gzip"}))
    with pytest.raises(NoAnswerError, match="longer than 2 MiB"):
        drive(ASK)


def test_a_packed_answer_is_read(drive: Drive, stub: Stub) -> None:
    packed = gzip.compress(b'{"name": "j", "properties": {"status": "Running"}}')
    stub.script(PATTERN, Answer(value=packed, headers={"Content-Encoding": "gzip"}))
    assert drive(ASK).status == "Running"


@pytest.mark.parametrize("how", [TRICKLE, CHUNKS])
def test_an_answer_that_never_ends_is_given_up_in_time(
    drive: Drive, stub: Stub, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    monkeypatch.setattr(answers, "LONGEST", 1.0)
    stub.script(PATTERN, how)
    began = time.monotonic()
    with pytest.raises(NoAnswerError, match="takes longer than 1 seconds"):
        drive(ASK)
    assert time.monotonic() - began < 15
    assert len(stub.lines(PATTERN)) == 1


@pytest.mark.parametrize("turns", range(8))
async def test_a_cancel_is_heard_at_whichever_turn_of_the_answer_it_comes(turns: int) -> None:
    class Response:
        async def iter_bytes(self) -> Any:
            yield b"{}"

    class Service:
        async def send(self, request: Any) -> Any:
            return SimpleNamespace(http_response=Response(), context={})

    policy = answers.AsyncBoundedAnswers()
    policy.next = Service()  # type: ignore[assignment]
    asking = asyncio.create_task(policy.send(None))
    for _ in range(turns):
        await asyncio.sleep(0)
    if asking.cancel():
        with pytest.raises(asyncio.CancelledError):
            await asking
    else:
        assert (await asking).context[answers.BODY] == b"{}"


@pytest.mark.usefixtures("no_garbage_collection")
@pytest.mark.parametrize(
    "body", [b"[" * 200_000, b'{"a":' * 200_000, b"", b"null", b"<html>", b"\xff\xfe", b"1" * 10_000, b"{} {}"]
)
def test_what_is_no_job_is_a_job_of_which_nothing_is_known(drive: Drive, stub: Stub, body: bytes) -> None:
    """Its name is the one that was asked for: whoever waits goes on waiting for that."""
    stub.script(PATTERN, Answer(value=body))
    job = drive(ASK)
    assert (job.name, job.status) == ("j", "Unknown")
