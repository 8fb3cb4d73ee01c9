"""Looks, pauses, patience and deadline, on a clock that only pauses move."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timezone
from typing import Any

import pytest

from airflow_azureml.lifecycle.news import LogLines, LookTrouble, QueueNote, StatusChange
from airflow_azureml.lifecycle.wait import WaitOptions, look, wait
from airflow_azureml.rest.errors import (
    AuthenticationError,
    AzureMLError,
    BadRequestError,
    DeadlineError,
    ForbiddenError,
    NoAnswerError,
    NotFoundError,
    PatienceError,
    QueueTimeoutError,
    SettingsError,
    TransientServiceError,
    UnauthorizedError,
    UnreachableError,
    UntrustedHostError,
)
from airflow_azureml.rest.flow import Call, Look
from airflow_azureml.rest.jobs import Job
from airflow_azureml.rest.times import iso
from tests.rest.driving import WS, Drive, job, job_json, reply

GONE = NotFoundError("Job j not found.", reply(404))
DOWN = UnreachableError("arm.example:443 cannot be reached.")


def looks(*answers: str | AzureMLError, last: str | AzureMLError = "Running") -> Callable[[Any], Any]:
    """Answers to looks, in order and then for ever: statuses, or errors."""

    def endless() -> Iterator[str | AzureMLError]:
        yield from answers
        while True:
            yield last

    stream = endless()

    def respond(effect: Any) -> Any:
        assert isinstance(effect, Look), effect
        answer = next(stream)
        return job("j", answer) if isinstance(answer, str) else answer

    return respond


def waited(respond: Callable[[Any], Any], **limits: Any) -> tuple[Job, Drive]:
    """Wait for the job."""
    drive = Drive(respond)
    keywords = {"poll_interval": 30, "patience": 900, "ageing": "none", **limits}
    return drive.run(wait(WS, "j", WaitOptions(clock=drive.clock, **keywords))), drive


def failing(error: type[AzureMLError], respond: Callable[[Any], Any], **limits: Any) -> tuple[AzureMLError, Drive]:
    """Wait for the job in vain."""
    drive = Drive(respond)
    keywords = {"poll_interval": 30, "patience": 900, "ageing": "none", **limits}
    with pytest.raises(error) as caught:
        drive.run(wait(WS, "j", WaitOptions(clock=drive.clock, **keywords)))
    return caught.value, drive


@pytest.mark.parametrize("end", ["Completed", "Failed", "Canceled"])
def test_waits_for_the_end(end: str) -> None:
    ended, drive = waited(looks("Queued", "Running", "Running", end))
    assert (ended.name, ended.status) == ("j", end)
    assert drive.looked_at == [1000, 1030, 1060, 1090]
    assert drive.news == [
        StatusChange("j", "Queued"),
        StatusChange("j", "Running", "Queued"),
        StatusChange("j", end, "Running"),
    ]


def test_an_ended_job_is_not_waited_for() -> None:
    _, drive = waited(looks("Completed"))
    assert (drive.looked_at, drive.pauses) == ([1000], [])


@pytest.mark.parametrize("status", ["NotResponding", "Paused", "CancelRequested", "Unknown", "Finalizing", "NewWord"])
def test_these_end_nothing(status: str) -> None:
    assert waited(looks(status, status, "Completed"))[0].status == "Completed"


def test_each_change_is_told_once() -> None:
    _, drive = waited(looks("Running", "NotResponding", "NotResponding", "Running", "Completed"))
    assert [record.status for record in drive.news] == ["Running", "NotResponding", "Running", "Completed"]


def test_the_first_look_can_come_later() -> None:
    _, drive = waited(looks("Running", "Completed"), first_look_after=5)
    assert drive.looked_at == [1005, 1035]


def test_no_look_comes_early_although_looks_take_time() -> None:
    answers = looks("Running", "Running", DOWN, "Running", "Completed")

    def slow(effect: Any) -> Any:
        drive.now += 4
        return answers(effect)

    drive = Drive(slow)
    drive.run(wait(WS, "j", WaitOptions(clock=drive.clock, poll_interval=30, patience=900, ageing="none")))
    assert [later - earlier for earlier, later in zip(drive.looked_at, drive.looked_at[1:], strict=False)] == [34] * 4


def test_a_young_job_is_looked_at_sooner() -> None:
    answers = ["Starting", "Preparing", "Queued", *["Running"] * 5, "Completed"]
    _, drive = waited(looks(*answers), ageing="job")
    assert drive.looked_at == [1000, 1001, 1003, 1007, 1015, 1031, 1061, 1091, 1121]


def test_the_interval_is_the_longest_pause() -> None:
    _, drive = waited(looks(*["Running"] * 5, "Completed"), ageing="job", poll_interval=3)
    assert drive.looked_at == [1000, 1001, 1003, 1006, 1009, 1012]
    _, drive = waited(looks("Running", "Running", "Completed"), ageing="job", poll_interval=0.2)
    assert drive.pauses == [pytest.approx(0.2)] * 2


@pytest.mark.parametrize(
    ("made", "looked_at"),
    [
        (1000 - 3600, [1000, 1030, 1060]),
        (1000 - 10, [1000, 1008, 1024]),
        (1000 + 600, [1000, 1001, 1003]),  # the service's clock is ahead of ours
    ],
)
def test_a_job_that_is_old_already_is_not_young_again(made: float, looked_at: list[float]) -> None:
    """As after a retry, or when its trigger has moved."""
    created = {"systemData": {"createdAt": iso(datetime.fromtimestamp(made, timezone.utc))}}
    statuses = iter(["Running", "Running", "Completed"])
    drive = Drive(lambda _: Job.from_json({**job_json("j", next(statuses)), **created}))
    drive.run(wait(WS, "j", WaitOptions(clock=drive.clock, poll_interval=30, patience=900)))
    assert drive.looked_at == looked_at
    if made < 1000:
        statuses = iter(["Running", "Running", "Completed"])
        drive = Drive(lambda _: Job.from_json({**job_json("j", next(statuses)), **created}))
        drive.run(wait(WS, "j", WaitOptions(clock=drive.clock, poll_interval=30, patience=900, ageing="wait")))
        assert drive.looked_at == [1000, 1001, 1003]


LOG = "user_logs/std_log.txt"


def test_the_log_has_a_beat_of_its_own() -> None:
    """The job is looked at every 30 seconds, its log is read every 5; only a look asks where the files are."""
    lines = iter(range(100))
    asked: list[tuple[str, float]] = []
    statuses = iter(["Queued", "Running", "Running", "Completed"])

    def respond(effect: Any) -> Any:
        if isinstance(effect, Look):
            return job("j", next(statuses))
        if effect.path.endswith("/details"):
            asked.append(("details", drive.now))
            return reply(200, {"runId": "j", "logFiles": {LOG: "https://blob.example/log?sig=1"}})
        asked.append(("log", drive.now))
        return reply(206, body=f"line {next(lines)}\n".encode(), headers={"Content-Range": "bytes 0-0/7"})

    drive = Drive(respond)
    drive.run(
        wait(WS, "j", WaitOptions(clock=drive.clock, poll_interval=30, patience=900, ageing="none", stream_logs=True))
    )
    assert drive.looked_at == [1000, 1030, 1060, 1090]
    assert [at for what, at in asked if what == "details"] == [1030, 1060, 1090]
    assert [at for what, at in asked if what == "log"] == [*range(1030, 1086, 5), 1090]
    told = [line for record in drive.news if isinstance(record, LogLines) for line in record.lines]
    assert told == [f"line {number}" for number in range(13)]


FAILURES = [
    DOWN,
    NoAnswerError("No whole answer came."),
    TransientServiceError("busy", reply(429)),
    AuthenticationError("The login service refused."),
    UnauthorizedError("token", reply(401)),
    ForbiddenError("role", reply(403)),
    BadRequestError("odd", reply(400)),
]


@pytest.mark.parametrize("error", FAILURES, ids=lambda error: type(error).__name__)
def test_a_failed_look_is_not_a_failed_job(error: AzureMLError) -> None:
    ended, drive = waited(looks("Running", error, error, "Running", error, "Completed"))
    assert ended.status == "Completed"
    troubles = [record for record in drive.news if isinstance(record, LookTrouble)]
    assert [trouble.patience_left for trouble in troubles] == [900, 900], "told once per bad spell"
    assert troubles[0].message == str(error)


@pytest.mark.parametrize("error", FAILURES, ids=lambda error: type(error).__name__)
def test_patience_ends(error: AzureMLError) -> None:
    found, drive = failing(PatienceError, looks("Running", last=error), patience=100)
    assert str(found) == f"Reading job j kept failing for 100 seconds. Last error: {error}"
    assert drive.looked_at == [1000, 1030, 1060, 1090, 1120, 1150]


def test_a_good_look_renews_patience() -> None:
    answers: list[str | AzureMLError] = [DOWN, DOWN, DOWN, "Running"] * 20
    ended, _ = waited(looks(*answers, last="Completed"), patience=61)
    assert ended.status == "Completed"


def test_no_patience_at_all() -> None:
    _, drive = failing(PatienceError, looks(DOWN), patience=0)
    assert drive.looked_at == [1000]


@pytest.mark.parametrize("error", [SettingsError("tenant_id: missing."), UntrustedHostError("evil.example")])
def test_a_wrong_connection_fails_at_once(error: AzureMLError) -> None:
    found, drive = failing(type(error), looks("Running", error))
    assert found is error
    assert len(drive.looked_at) == 2


def test_a_missing_job_is_tolerated_for_a_minute() -> None:
    assert waited(looks(GONE, GONE, "Running", GONE, GONE, "Completed"))[0].status == "Completed"
    found, drive = failing(NotFoundError, looks(last=GONE))
    assert found is GONE
    assert drive.looked_at == [1000, 1030, 1060]
    _, drive = failing(NotFoundError, looks(last=GONE), missing_ok_for=0)
    assert drive.looked_at == [1000]


def test_missing_and_failing_are_counted_apart() -> None:
    found, _ = failing(NotFoundError, looks(GONE, DOWN, GONE, last=GONE), patience=900)
    assert found is GONE


def test_the_deadline_ends_the_wait_with_a_last_look() -> None:
    found, drive = failing(DeadlineError, looks("Running"), deadline=1070)
    assert str(found) == "Job j was still Running at the deadline."
    assert drive.looked_at == [1000, 1030, 1060, 1070]


def test_a_job_that_ended_by_the_deadline_has_ended() -> None:
    ended, drive = waited(looks("Running", "Completed"), deadline=1010)
    assert (ended.status, drive.looked_at) == ("Completed", [1000, 1010])


@pytest.mark.parametrize("deadline", [1000, 1, -5])
def test_a_deadline_that_has_passed_still_looks_once(deadline: float) -> None:
    assert waited(looks("Completed"), deadline=deadline, first_look_after=30)[0].status == "Completed"
    _, drive = failing(DeadlineError, looks("Running"), deadline=deadline, first_look_after=30)
    assert drive.looked_at == [1000]


def test_where_the_deadline_has_passed_nobody_is_told_before_things_have_settled() -> None:
    _, drive = failing(DeadlineError, looks("Running"), deadline=1, first_look_after=30, settle=5)
    assert drive.looked_at == [1005]
    _, drive = failing(DeadlineError, looks("Running"), deadline=1020, first_look_after=30, settle=5)
    assert drive.looked_at == [1020]


def test_a_deadline_while_looks_fail() -> None:
    found, drive = failing(DeadlineError, looks(last=DOWN), deadline=1045)
    assert "not seen yet" in str(found)
    assert drive.looked_at == [1000, 1030, 1045]
    found, _ = failing(DeadlineError, looks("Queued", last=DOWN), deadline=1045)
    assert "still Queued" in str(found)


class Queue:
    """A job that stays in the queue, and what the service says why."""

    def __init__(self, *reasons: str | AzureMLError | None) -> None:
        self.reasons = list(reasons)
        self.asked_at: list[float] = []
        self.drive = Drive(self)

    def __call__(self, effect: Any) -> Any:
        if isinstance(effect, Look):
            return job("j", "Queued" if self.drive.now < 3000 else "Completed")
        assert isinstance(effect, Call)
        assert effect.path.endswith("/runs/j")
        self.asked_at.append(self.drive.now)
        reason = self.reasons.pop(0)
        return reason if isinstance(reason, AzureMLError) else reply(200, {"queueingInfo": {"message": reason}})

    def notes(self) -> list[QueueNote]:
        """The reasons told."""
        self.drive.run(
            wait(WS, "j", WaitOptions(clock=self.drive.clock, poll_interval=30, patience=900, ageing="none"))
        )
        return [record for record in self.drive.news if isinstance(record, QueueNote)]


def test_why_it_is_queued_is_told_after_five_minutes_and_then_every_ten() -> None:
    queue = Queue("No nodes left.", None, DOWN)
    assert queue.notes() == [
        QueueNote("j", 300, "No nodes left."),
        QueueNote("j", 900, None),
        QueueNote("j", 1500, None),
    ]
    assert queue.asked_at == [1300, 1900, 2500]


@pytest.mark.parametrize("reason", ["Quota.", ""])
def test_why_it_is_queued_is_not_asked_where_a_look_tells(reason: str) -> None:
    answers = [replace(job("j", "Queued"), queue_message=reason)] * 30
    _, drive = waited(lambda effect: answers.pop() if answers else job("j", "Completed"))
    notes = [record for record in drive.news if isinstance(record, QueueNote)]
    assert notes == [QueueNote("j", 300, reason or None)]


def test_a_job_that_is_queued_again_is_queued_from_then_on() -> None:
    statuses = ["Queued"] * 5 + ["Running"] + ["Queued"] * 12 + ["Completed"]
    answers = [replace(job("j", status), queue_message="Quota.") for status in reversed(statuses)]
    _, drive = waited(lambda effect: answers.pop())
    assert [record for record in drive.news if isinstance(record, QueueNote)] == [QueueNote("j", 300, "Quota.")]


def test_a_look_says_when_it_is_wanted_and_what_it_belongs_to() -> None:
    _, drive = failing(DeadlineError, looks("Running"), first_look_after=5, deadline=1070, experiment="e")
    asked = [effect for effect in drive.effects if isinstance(effect, Look)]
    assert [(one.pause, one.not_before, one.latest) for one in asked] == [
        (5, 5, 70),
        (30, 0, 65),
        (30, 0, 35),
        (5, 0, 5),
    ]
    assert {(one.job, one.interval, one.experiment) for one in asked} == {("j", 30, "e")}


def first_of(options: dict[str, Any], *answers: Any) -> tuple[Look, Drive]:
    """The look that follows some answers, of a wait that goes on."""
    drive = Drive(looks(*answers))
    steps = wait(WS, "j", WaitOptions(clock=drive.clock, poll_interval=30, patience=900, **options))
    effect, given = next(steps), list(answers)
    while given or not isinstance(effect, Look):
        if not isinstance(effect, Look):
            effect = steps.send(None)
            continue
        answer = given.pop(0)
        effect = steps.throw(answer) if isinstance(answer, AzureMLError) else steps.send(job("j", answer))
    return effect, drive


def test_who_looks_may_look_again_while_nothing_is_new() -> None:
    look_at, drive = first_of({}, "Running")
    assert look_at.again is not None
    drive.now += 40
    assert look_at.again(job("j", "Running")) == 30
    assert look_at.again(job("j", "Finalizing")) is None
    assert look_at.again(job("j", "Completed")) is None


def test_the_first_look_and_the_first_good_one_after_a_bad_spell_are_wanted() -> None:
    for answers in ([], ["Running", DOWN], ["Running", GONE]):
        look_at, _ = first_of({}, *answers)
        assert look_at.again is not None
        assert look_at.again(job("j", "Running")) is None


def test_the_look_at_the_deadline_is_wanted_and_so_is_one_after_long_in_the_queue() -> None:
    look_at, drive = first_of({"deadline": 2000}, "Queued")
    assert look_at.again is not None
    drive.now = 1299
    assert look_at.again(job("j", "Queued")) == 30
    drive.now = 1300
    assert look_at.again(job("j", "Queued")) is None
    look_at, drive = first_of({"deadline": 2000}, "Running")
    assert look_at.again is not None
    drive.now = 2000
    assert look_at.again(job("j", "Running")) is None


def test_a_log_that_is_followed_wants_every_look() -> None:
    assert first_of({"stream_logs": True}, "Queued")[0].again is None


@pytest.mark.parametrize("status", ["Finalizing", "CancelRequested"])
def test_a_job_that_is_about_to_end_is_looked_at_sooner(status: str) -> None:
    made = {"systemData": {"createdAt": iso(datetime.fromtimestamp(0, timezone.utc))}}
    statuses = iter(["Running", "Running", status, status, status, "Running", "Completed"])
    drive = Drive(lambda _: Job.from_json({**job_json("j", next(statuses)), **made}))
    drive.run(wait(WS, "j", WaitOptions(clock=drive.clock, poll_interval=30, patience=900)))
    assert drive.looked_at == [1000, 1030, 1060, 1061, 1063, 1067, 1097]


def test_a_job_that_leaves_the_queue_is_not_asked_about() -> None:
    answers = ["Queued"] * 9 + ["Running"] + ["Queued"] * 9
    waited(looks(*answers, last="Completed"))


def test_one_good_look() -> None:
    drive = Drive(looks(DOWN, GONE, DOWN, "Running"))
    found = drive.run(look("j", WaitOptions(clock=drive.clock, poll_interval=5, patience=60)))
    assert (found.status, drive.looked_at) == ("Running", [1000, 1001, 1003, 1007])


@pytest.mark.parametrize(("error", "kind"), [(DOWN, PatienceError), (GONE, NotFoundError)])
def test_one_look_that_does_not_come(error: AzureMLError, kind: type[AzureMLError]) -> None:
    drive = Drive(looks(last=error))
    with pytest.raises(kind):
        drive.run(look("j", WaitOptions(clock=drive.clock, poll_interval=5, patience=60, missing_ok_for=60)))
    assert 1060 <= drive.now <= 1065


def queued(*answers: str, made: float = 990) -> Callable[[Any], Any]:
    """Answers to looks at a job that was made at a moment; the last one for ever."""
    left = list(answers)

    def respond(effect: Any) -> Any:
        if isinstance(effect, Call):
            return reply(200, {"runId": "j"})  # why it is queued for so long
        assert isinstance(effect, Look), effect
        status = left.pop(0) if len(left) > 1 else left[0]
        return replace(job("j", status), created_at=datetime.fromtimestamp(made, timezone.utc))

    return respond


def test_a_job_that_has_not_begun_in_time_is_not_waited_for() -> None:
    error, drive = failing(QueueTimeoutError, queued("Starting", "Queued"), queue_timeout=100)
    assert str(error) == "Job j was still Queued 100 seconds after its submission."
    assert drive.looked_at == [1000, 1030, 1060, 1090], "once more when its time is up, counted from when it was made"
    assert drive.now == 1090


def test_the_last_look_before_it_may_see_it_begin() -> None:
    ended, _ = waited(queued("Queued", "Queued", "Queued", "Running", "Completed"), queue_timeout=90)
    assert ended.status == "Completed"


@pytest.mark.parametrize("after", ["Queued", "Preparing"])
def test_a_job_that_has_run_may_be_queued_again_for_any_time(after: str) -> None:
    ended, drive = waited(queued("Running", *[after] * 20, "Running", "Completed"), queue_timeout=60)
    assert ended.status == "Completed"
    assert drive.now > 1300


def test_without_a_limit_a_job_may_be_queued_for_ever() -> None:
    assert waited(queued(*["Queued"] * 50, "Completed"))[1].now >= 2470


def test_the_deadline_comes_first_where_it_is_nearer() -> None:
    failing(DeadlineError, queued("Queued"), queue_timeout=100, deadline=1050)
    failing(QueueTimeoutError, queued("Queued"), queue_timeout=100, deadline=1150)


def test_looks_that_nobody_is_told_of_stop_when_the_time_in_the_queue_is_up() -> None:
    _, drive = failing(QueueTimeoutError, queued("Queued"), queue_timeout=100, ageing="job")
    again = next(effect.again for effect in reversed(drive.effects) if isinstance(effect, Look))
    seen = queued("Queued")(Look("j"))
    assert again is not None
    assert again(seen) is None
    drive.now = 1085
    assert again(seen) == 5
