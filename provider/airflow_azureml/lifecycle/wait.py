"""The flow that waits for a job: status requests, pauses, patience, deadline.

A failed look is not a failed job. While a job is waited for, a look may fail in any way (unreachable, throttled, a
token or a permission refused for a while): it only spends patience, which every good look renews. So whoever wants a
wrong secret to fail at once looks at the job by itself, before it waits. A job that is not there is tolerated for a
minute, since a job that was just submitted may be unknown for a moment.
"""

from __future__ import annotations

from dataclasses import dataclass

from airflow_azureml.lifecycle.job_log import LogFollower
from airflow_azureml.lifecycle.news import LookTrouble, QueueNote, StatusChange
from airflow_azureml.lifecycle.pace import Ageing, Clock, Pace
from airflow_azureml.rest import history, jobs
from airflow_azureml.rest.errors import (
    AzureMLError,
    DeadlineError,
    NotFoundError,
    PatienceError,
    ServiceError,
    SettingsError,
    TransientError,
)
from airflow_azureml.rest.flow import Look, News, Pause, Steps
from airflow_azureml.rest.ids import Workspace
from airflow_azureml.rest.jobs import Job
from airflow_azureml.rest.times import retry_after

QUEUED_TOO_LONG = 300.0
"""Seconds in the queue after which the service is asked why, and between the questions until it has an answer."""

LOG_BEAT = 5.0
"""Seconds between two readings of a job's log, however rarely the job itself is looked at."""


@dataclass(frozen=True)
class WaitOptions:
    """How a job is waited for.

    :param clock: returns epoch seconds.
    :param poll_interval: seconds from the end of a look to the next one, at most: young jobs are looked at sooner, see
        ``lifecycle.pace``. Only a service that asks for more (``Retry-After``) makes a look come later.
    :param patience: seconds for which looks may go on failing.
    :param deadline: epoch seconds; the job is looked at once more then. None waits for ever.
    :param missing_ok_for: seconds for which the job may be missing.
    :param first_look_after: seconds before the first look.
    :param ageing: since when the looks grow rarer.
    :param stream_logs: report the lines that the job's log gains.
    """

    clock: Clock
    poll_interval: float
    patience: float
    deadline: float | None = None
    missing_ok_for: float = 60.0
    first_look_after: float = 0.0
    ageing: Ageing = "job"
    stream_logs: bool = False


def wait(ws: Workspace, name: str, options: WaitOptions) -> Steps[Job]:
    """Look at a job until it has ended; gives back the job as it ended, whichever way.

    On its way it reports ``StatusChange``, ``LogLines``, ``QueueNote``, ``LookTrouble`` and ``LogTrouble`` as news.

    :raises PatienceError: looks kept failing for longer than ``patience``; names the last cause.
    :raises DeadlineError: the deadline has come and the job has not ended.
    :raises NotFoundError: the job was missing for longer than ``missing_ok_for``.
    """
    clock, deadline = options.clock, options.deadline
    spell = _BadSpell(name, options)
    story = _Story(ws, name, clock)
    follower = LogFollower(ws, name) if options.stream_logs else None
    pace = Pace(clock, options.poll_interval, options.ageing)
    last, look_at = None, clock() + options.first_look_after
    not_before = look_at
    while True:
        until = look_at if deadline is None else min(look_at, deadline)
        yield from _follow(until, clock, follower)
        now = clock()
        planned = Look(
            name,
            pause=max(until - now, 0.0),
            not_before=max(min(not_before, until) - now, 0.0),
            interval=options.poll_interval,
            latest=None if deadline is None else max(deadline - now, 0.0),
        )
        job = yield from _look(planned, spell)
        looked_at = clock()
        if job is not None:
            last = job
            yield from story.report(job)
            if follower is not None:
                yield from follower.look(job)
            if job.phase.is_terminal:
                return job
        if deadline is not None and clock() >= deadline:
            seen = f"still {last.status}" if last is not None else "not seen yet"
            raise DeadlineError(f"Job {name} was {seen} at the deadline.") from None
        not_before = looked_at + spell.asked
        look_at = max(looked_at + pace.pause(job), not_before)


def first_look(ws: Workspace, name: str, options: WaitOptions) -> Steps[Job]:
    """Look at a job that this process has not seen yet: a bad spell is ridden out, a wrong secret fails at once.

    :raises PatienceError: as for ``wait``.
    :raises NotFoundError: as for ``wait``.
    """
    try:
        return (yield from jobs.get(ws, name))
    except (NotFoundError, TransientError):
        return (yield from look(name, options))


def _follow(until: float, clock: Clock, follower: LogFollower | None) -> Steps[None]:
    """Read the log on a beat of its own, until the last beat before a moment."""
    while follower is not None and follower.reading and until - clock() > LOG_BEAT:
        yield Pause(LOG_BEAT)
        yield from follower.beat()


def look(name: str, options: WaitOptions) -> Steps[Job]:
    """Look at a job once, riding out looks that fail.

    :param options: between looks that fail lies the poll interval at most; the first come sooner.
    :raises PatienceError: as for ``wait``.
    :raises NotFoundError: as for ``wait``.
    """
    spell = _BadSpell(name, options)
    pace = Pace(options.clock, options.poll_interval, "wait")
    while (job := (yield from _look(Look(name), spell))) is None:
        yield Pause(max(pace.pause(None), spell.asked))
    return job


def _look(planned: Look, spell: _BadSpell) -> Steps[Job | None]:
    """Look once; None when that failed within what is tolerated."""
    try:
        job: Job = yield planned
    except SettingsError:
        # The connection itself is wrong: no look can succeed.
        raise
    except AzureMLError as error:
        trouble = spell.spend(error)
        if trouble is not None:
            yield News(trouble)
        return None
    spell.renew()
    return job


class _BadSpell:
    """How long looks have been failing, and whether that is still tolerated.

    ``asked``: seconds that the service asked to be left alone for, the last time it failed.
    """

    asked = 0.0

    def __init__(self, name: str, options: WaitOptions) -> None:
        self._name = name
        self._clock = options.clock
        self._patience = options.patience
        self._missing_ok_for = options.missing_ok_for
        self._failing_since: float | None = None
        self._missing_since: float | None = None

    def renew(self) -> None:
        """Begin anew, after a good look."""
        self._failing_since = self._missing_since = None
        self.asked = 0.0

    def spend(self, error: AzureMLError) -> LookTrouble | None:
        """Count a failed look; what to report, the first time in a spell.

        :raises PatienceError: the patience is used up.
        :raises NotFoundError: the job has been missing for too long.
        """
        now = self._clock()
        self.asked = (retry_after(error.reply) or 0.0) if isinstance(error, ServiceError) else 0.0
        if isinstance(error, NotFoundError):
            begun = self._missing_since is None
            self._missing_since = now if self._missing_since is None else self._missing_since
            left = self._missing_since + self._missing_ok_for - now
            if left <= 0:
                raise error from None
        else:
            begun = self._failing_since is None
            self._failing_since = now if self._failing_since is None else self._failing_since
            left = self._failing_since + self._patience - now
            if left <= 0:
                text = f"Reading job {self._name} kept failing for {self._patience:g} seconds. Last error: {error}"
                raise PatienceError(text) from None
        return LookTrouble(self._name, str(error), left) if begun else None


class _Story:
    """What has been reported about a job."""

    def __init__(self, ws: Workspace, name: str, clock: Clock) -> None:
        self._ws = ws
        self._name = name
        self._clock = clock
        self._status: str | None = None
        self._ask_at: float | None = None
        self._reported_why = False

    def report(self, job: Job) -> Steps[None]:
        """Report a status that changed, and once why the job is queued for so long."""
        if job.status != self._status:
            yield News(StatusChange(self._name, job.status, self._status))
            self._status = job.status
            self._ask_at = self._clock() + QUEUED_TOO_LONG if job.status == "Queued" else None
        elif self._ask_at is not None and self._clock() >= self._ask_at and not self._reported_why:
            self._ask_at = self._clock() + QUEUED_TOO_LONG
            yield from self._report_why(job.queue_message)

    def _report_why(self, message: str | None) -> Steps[None]:
        if message is None:
            try:
                message = (yield from history.run(self._ws, self._name)).queue_message
            except AzureMLError:
                return
        if message:
            self._reported_why = True
            yield News(QueueNote(self._name, message))
