"""A job's log in the task's log: every line once, whatever the looks and the addresses do."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_azureml.lifecycle.job_log import read_log
from airflow_azureml.lifecycle.news import LogLines, LogTrouble
from airflow_azureml.lifecycle.wait import WaitOptions, wait
from airflow_azureml.rest import logs
from airflow_azureml.rest.errors import UnreachableError
from airflow_azureml.rest.flow import Call, Look, Plane, Reply
from tests.rest.driving import WS, Drive, job, reply

MAIN, RANK = "user_logs/std_log.txt", "user_logs/std_log_process_0.txt"


class Growing:
    """A job whose log files grow with each look.

    :param steps: for each look the status, and what the files hold by then.
    :param lifetime: details that an address of a file stays good for.
    """

    def __init__(self, *steps: tuple[str, dict[str, bytes]], lifetime: int = 10**6) -> None:
        self.steps = list(steps)
        self.lifetime = lifetime
        self.files: dict[str, bytes] = {}
        self.status = ""
        self.details = 0
        self.broken: list[str] = []
        self.reads = 0
        self.drive = Drive(self)

    def __call__(self, effect: Any) -> Any:
        if isinstance(effect, Look):
            self.status, self.files = self.steps.pop(0)
            return job("j", self.status)
        assert isinstance(effect, Call)
        if effect.plane is Plane.DATA:
            self.details += 1
            if "details" in self.broken:
                return UnreachableError("data.example:443 cannot be reached.")
            files = {name: f"https://blob.example/{name}?sig={self.details}" for name in self.files}
            return reply(200, {"runId": "j", "logFiles": files})
        return self._blob(effect)

    def _blob(self, call: Call[Any]) -> Reply:
        self.reads += 1
        path, _, signature = call.path.partition("?sig=")
        if self.details - int(signature) >= self.lifetime or "expired" in self.broken:
            return reply(403, headers={"x-ms-error-code": "AuthenticationFailed"})
        content = self.files[path.removeprefix("https://blob.example/")]
        first, last = (int(part) for part in call.headers["Range"].removeprefix("bytes=").split("-"))
        if first >= len(content):
            return reply(416, headers={"Content-Range": f"bytes */{len(content)}"})
        return reply(206, body=content[first : last + 1], headers={"Content-Range": f"bytes 0-0/{len(content)}"})

    def shown(self) -> list[tuple[str, str]]:
        """Wait with the log, and give back its lines as told: file and line."""
        self.drive.run(
            wait(WS, "j", WaitOptions(clock=self.drive.clock, poll_interval=2, patience=60, stream_logs=True))
        )
        told = [record for record in self.drive.news if isinstance(record, LogLines)]
        return [(record.file, line) for record in told for line in record.lines]


def test_every_line_once() -> None:
    job_ = Growing(
        ("Queued", {}),
        ("Running", {}),
        ("Running", {MAIN: b""}),
        ("Running", {MAIN: b"one\ntw"}),
        ("Running", {MAIN: b"one\ntwo\nthree\n"}),
        ("Running", {MAIN: b"one\ntwo\nthree\n"}),
        ("Completed", {MAIN: b"one\ntwo\nthree\nlast without end"}),
    )
    assert [line for _, line in job_.shown()] == ["one", "two", "three", "last without end"]


def test_nothing_is_asked_while_nothing_can_be_there() -> None:
    job_ = Growing(("NotStarted", {}), ("Starting", {}), ("Preparing", {}), ("Queued", {}), ("Completed", {}))
    assert job_.shown() == []
    assert job_.details == 1


def test_several_files_side_by_side() -> None:
    job_ = Growing(("Running", {MAIN: b"a\n", RANK: b"x\n"}), ("Failed", {MAIN: b"a\nb\n", RANK: b"x\ny"}))
    assert job_.shown() == [(MAIN, "a"), (RANK, "x"), (MAIN, "b"), (RANK, "y")]


def test_an_expired_address_is_asked_for_anew() -> None:
    class Stale(Growing):
        """Hands out an address that has expired, every other time."""

        def _blob(self, call: Call[Any]) -> Reply:
            if int(call.path.partition("?sig=")[2]) % 2:
                return reply(403)
            return super()._blob(call)

    job_ = Stale(("Running", {MAIN: b"a\n"}), ("Completed", {MAIN: b"a\nb\n"}))
    assert [line for _, line in job_.shown()] == ["a", "b"]
    assert not [record for record in job_.drive.news if isinstance(record, LogTrouble)]


@pytest.mark.parametrize("broken", ["details", "expired"])
def test_a_log_that_cannot_be_read_harms_nobody(broken: str) -> None:
    job_ = Growing(("Running", {MAIN: b"a\n"}), ("Running", {MAIN: b"a\n"}), ("Completed", {MAIN: b"a\nb\n"}))
    job_.broken = [broken]
    assert job_.shown() == []
    troubles = [record for record in job_.drive.news if isinstance(record, LogTrouble)]
    assert len(troubles) == 1
    assert "sig=" not in troubles[0].message


def test_a_log_that_can_be_read_again_is_told_from_where_it_was() -> None:
    steps: list[tuple[str, dict[str, bytes]]] = [("Running", {MAIN: b"a\n"}), ("Running", {MAIN: b"a\nb\n"})]
    job_ = Growing(*steps, ("Completed", {MAIN: b"a\nb\nc\n"}))
    seen = job_.__call__

    def second_look_fails(effect: Any) -> Any:
        job_.broken = ["details"] if len(job_.steps) == 1 else []
        return seen(effect)

    job_.drive.respond = second_look_fails
    assert [line for _, line in job_.shown()] == ["a", "b", "c"]


def test_a_large_log_comes_in_pieces() -> None:
    content = b"".join(b"line %d\n" % number for number in range(300_000))
    job_ = Growing(("Completed", {MAIN: content}))
    assert [line for _, line in job_.shown()] == content.decode().splitlines()
    assert job_.reads == len(content) // logs.CHUNK + 1


def test_the_whole_log() -> None:
    job_ = Growing()
    job_.files = {MAIN: b"a\nb", RANK: b"c\n"}
    assert job_.drive.run(read_log(WS, job("j", "Completed"))) == "a\nb\nc"
    job_.files = {}
    assert job_.drive.run(read_log(WS, job("j", "Completed"))) == ""
