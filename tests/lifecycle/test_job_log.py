"""A job's log in the task's log: every line once, whatever the looks and the addresses do."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_azureml.lifecycle.job_log import LogCopy, LogFollower, read_log
from airflow_azureml.lifecycle.news import LogCut, LogLines, LogTrouble, NoLogFile, lines
from airflow_azureml.lifecycle.wait import WaitOptions, wait
from airflow_azureml.rest import logs
from airflow_azureml.rest.errors import UnreachableError
from airflow_azureml.rest.flow import Call, Look, Plane, Reply, Turn
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

    def shown(self, **options: Any) -> list[tuple[str, str]]:
        """Wait with the log, and give back its lines as told: file and line."""
        waiting = WaitOptions(clock=self.drive.clock, poll_interval=2, patience=60, stream_logs=True, **options)
        self.drive.run(wait(WS, "j", waiting))
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


def told(job_: Growing, flow: Any) -> list[tuple[str, str]]:
    """The lines that one flow tells."""
    before = len(job_.drive.news)
    job_.drive.run(flow)
    records = [record for record in job_.drive.news[before:] if isinstance(record, LogLines)]
    return [(record.file, line) for record in records for line in record.lines]


def test_patterns_choose_files_and_see_those_that_come_later() -> None:
    other = "logs/azureml/executionlogs.txt"
    job_ = Growing(
        ("Running", {MAIN: b"a\n", other: b"o\n"}),
        ("Completed", {MAIN: b"a\n", RANK: b"x\n", other: b"o\np\n"}),
    )
    shown = job_.shown(log_files=("logs/azureml/*", "*_process_*"))
    assert shown == [(other, "o"), (other, "p"), (RANK, "x")]


def test_patterns_that_no_file_fits_are_named_once_with_the_files_there_are() -> None:
    job_ = Growing(("Running", {MAIN: b"a\n"}), ("Completed", {MAIN: b"a\n", RANK: b"x\n"}))
    assert job_.shown(log_files=("logs/azurml/*",)) == []
    assert [record for record in job_.drive.news if isinstance(record, NoLogFile)] == [
        NoLogFile("j", ("logs/azurml/*",), (MAIN, RANK))
    ]


def test_a_waiter_among_thousands_asks_for_the_files_once_and_has_its_turn_for_each_request() -> None:
    job_ = Growing()
    follower = LogFollower(WS, "j", LogCopy())
    follower.saw("Running")
    job_.files = {MAIN: b"a\n"}
    shown = told(job_, follower.keep_up())
    for number in range(300):
        job_.files = {MAIN: job_.files[MAIN] + b"%d\n" % number}
        shown += told(job_, follower.keep_up())
    job_.files = {MAIN: job_.files[MAIN] + b"end"}
    shown += told(job_, follower.finish())
    assert [line for _, line in shown] == ["a", *map(str, range(300)), "end"]
    assert job_.details == 1
    turns = [effect.plane for effect in job_.drive.effects if isinstance(effect, Turn)]
    assert turns == [Plane.DATA] + [Plane.SIGNED] * job_.reads


def test_files_that_are_not_there_are_asked_for_ever_more_rarely() -> None:
    job_ = Growing()
    follower = LogFollower(WS, "j", LogCopy())
    asked_at = []
    for number in range(600):
        before = job_.details
        assert told(job_, follower.keep_up()) == []
        asked_at += [number] * (job_.details - before)
    assert asked_at == [0, 2, 6, 14, 30, 62, 126, 254, 382, 510]


def test_files_that_patterns_choose_are_looked_for_again() -> None:
    job_ = Growing()
    follower = LogFollower(WS, "j", LogCopy(("user_logs/*",)))
    job_.files = {MAIN: b"a\n"}
    shown = told(job_, follower.keep_up())
    job_.files = {MAIN: b"a\n", RANK: b"x\n"}
    for _ in range(2):
        shown += told(job_, follower.keep_up())
    assert shown == [(MAIN, "a"), (RANK, "x")]


def test_a_fast_log_is_read_a_few_pieces_at_a_time_and_whole_at_the_end() -> None:
    content = b"".join(b"line %d\n" % number for number in range(1000))
    job_ = Growing()
    job_.files = {MAIN: content}
    follower = LogFollower(WS, "j", LogCopy(piece=100, pieces=3))
    shown = told(job_, follower.keep_up())
    assert job_.reads == 3
    shown += told(job_, follower.keep_up())
    assert job_.reads == 6
    shown += told(job_, follower.finish())
    assert [line for _, line in shown] == content.decode().splitlines()


@pytest.mark.parametrize("at_once", [True, False])
def test_a_log_of_100_mb_is_cut_and_the_line_says_where_the_whole_is(at_once: bool) -> None:
    content = b"x" * 99 + b"\n"
    job_ = Growing()
    follower = LogFollower(WS, "j", LogCopy(piece=2**16, pieces=4, most=2**22))
    follower.saw("Running")
    job_.files = {MAIN: content * 10**6} if at_once else {MAIN: b""}
    shown = 0
    for _ in range(40):
        if not at_once:
            job_.files = {MAIN: job_.files[MAIN] + content * 2000}
        if follower.reading:
            shown += len(told(job_, follower.keep_up()))
    read_before_the_end = job_.reads
    shown += len(told(job_, follower.finish()))
    assert job_.reads == read_before_the_end
    assert 2**22 - 2**18 <= shown * len(content) <= 2**22 + 2**18
    (cut,) = [record for record in job_.drive.news if isinstance(record, LogCut)]
    ((_, text),) = lines(cut)
    assert "longer than 4 MiB" in text
    assert "Studio" in text
    assert MAIN in text


def test_whoever_goes_on_repeats_and_loses_nothing() -> None:
    job_ = Growing()
    job_.files = {MAIN: b"a\nb\nunfin"}
    first = LogFollower(WS, "j", LogCopy())
    assert told(job_, first.keep_up()) == [(MAIN, "a"), (MAIN, "b")]
    (record,) = [record for record in job_.drive.news if isinstance(record, LogLines)]
    job_.files = {MAIN: b"a\nb\nunfinished\nc\n", RANK: b"x\n"}
    second = LogFollower(WS, "j", LogCopy(begin={record.file: record.end}))
    assert told(job_, second.finish()) == [(MAIN, "unfinished"), (MAIN, "c"), (RANK, "x")]
