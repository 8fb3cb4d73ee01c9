"""The flow that waits for a job: status requests, pauses, patience, deadline.

A failed look is not a failed job. While a job is waited for, a look may fail in any way (unreachable, throttled, a
token or a permission refused for a while): it only spends patience, which every good look renews. So whoever wants a
wrong secret to fail at once looks at the job by itself, before it waits. A job that is not there is tolerated for a
minute, since a job that was just submitted may be unknown for a moment.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from airflow_azureml.lifecycle.job_log import LogCopy, LogFollower
from airflow_azureml.lifecycle.late.looks import LateLooks
from airflow_azureml.lifecycle.news import QueueNote, StatusChange
from airflow_azureml.lifecycle.pacing.bad_spell import BadSpell
from airflow_azureml.lifecycle.pacing.pace import Ageing, Clock, Pace
from airflow_azureml.rest import history, jobs
from airflow_azureml.rest.errors import (
    AzureMLError,
    DeadlineError,
    NotFoundError,
    QueueTimeoutError,
    TransientError,
)
from airflow_azureml.rest.flow import Look, News, Pause, Steps
from airflow_azureml.rest.ids import Workspace
from airflow_azureml.rest.jobs import Job
from airflow_azureml.rest.status import WAITING

MISSING_OK_FOR = 60.0
"""Seconds for which a job may be missing, unless told otherwise."""

QUEUED_TOO_LONG, QUEUE_BEAT = 300.0, 600.0
"""Seconds in the queue after which the log says why, and between that line and the next."""

LOG_BEAT = 5.0
"""Seconds between two readings of a job's log, however rarely the job itself is looked at."""


@dataclass(frozen=True, slots=True)
class WaitOptions:
    """How a job is waited for.

    :param clock: returns epoch seconds.
    :param poll_interval: seconds from the end of a look to the next one, at most: jobs that are young or about to end
        are looked at sooner, see ``lifecycle.pacing``. Failures and a budget that is too small make looks come later.
    :param patience: seconds for which looks may go on failing.
    :param deadline: epoch seconds; the job is looked at once more then. None waits for ever.
    :param missing_ok_for: seconds for which the job may be missing.
    :param first_look_after: seconds before the first look, where the deadline is not nearer.
    :param settle: seconds before any look, also where time is up already.
    :param ageing: since when the looks grow rarer.
    :param experiment: the job's, where it is known.
    :param queue_timeout: seconds that the job has from when it was made until it runs; None for any number.
    :param stream_logs: report the lines that the job's log gains.
    :param log_files: glob patterns of the files that are its log; none: those that its kind of job has.
    :param late: when to look meanwhile for jobs that a *Clear* has left behind; None for never.
    """

    clock: Clock
    poll_interval: float
    patience: float
    deadline: float | None = None
    missing_ok_for: float = MISSING_OK_FOR
    first_look_after: float = 0.0
    settle: float = 0.0
    ageing: Ageing = "job"
    experiment: str | None = None
    stream_logs: bool = False
    log_files: tuple[str, ...] = ()
    queue_timeout: float | None = None
    late: LateLooks | None = None


def wait(ws: Workspace, name: str, options: WaitOptions) -> Steps[Job]:
    """Look at a job until it has ended; gives back the job as it ended, whichever way.

    On its way it reports ``StatusChange``, ``LogLines``, ``QueueNote``, ``LookTrouble`` and ``LogTrouble`` as news.

    :raises PatienceError: looks kept failing for longer than ``patience``; names the last cause.
    :raises DeadlineError: the deadline has come and the job has not ended.
    :raises QueueTimeoutError: the job's time in the queue is up and it has not begun.
    :raises NotFoundError: the job was missing for longer than ``missing_ok_for``.
    """
    clock, deadline = options.clock, options.deadline
    watch = _Watch(ws, name, options)
    follower = LogFollower(ws, name, LogCopy(options.log_files)) if options.stream_logs else None
    look_at = clock() + options.first_look_after
    while True:
        if follower is not None:
            yield from _follow(min(look_at, watch.limit), clock, follower)
        job: Job | None = None
        try:
            job = yield watch.planned(look_at, asks_again=follower is None)
            watch.spell.renew()
        except AzureMLError as error:
            yield from watch.spell.met(error)
        look_at = clock() + watch.pace.pause(job)
        if job is not None:
            yield from watch.report(job)
            if follower is not None:
                yield from follower.look(job)
            if job.phase.is_terminal:
                return job
        yield from watch.look_for_late()
        if deadline is not None and clock() >= deadline:
            seen = f"still {watch.status}" if watch.status is not None else "not seen yet"
            raise DeadlineError(f"Job {name} was {seen} at the deadline.") from None
        if clock() >= watch.begins_by:
            raise QueueTimeoutError(
                f"Job {name} was still {watch.status} {options.queue_timeout:g} seconds after its submission."
            ) from None


def first_look(ws: Workspace, name: str, options: WaitOptions) -> Steps[Job]:
    """Look at a job that this process has not seen yet: a bad spell is ridden out, a wrong secret fails at once.

    :raises PatienceError: as for ``wait``.
    :raises NotFoundError: as for ``wait``.
    """
    try:
        return (yield from jobs.get(ws, name))
    except (NotFoundError, TransientError):
        return (yield from look(name, options))


def _follow(until: float, clock: Clock, follower: LogFollower) -> Steps[None]:
    """Read the log on a beat of its own, until the last beat before a moment."""
    while follower.reading and until - clock() > LOG_BEAT:
        yield Pause(LOG_BEAT)
        yield from follower.beat()


def look(name: str, options: WaitOptions) -> Steps[Job]:
    """Look at a job once, riding out looks that fail.

    :param options: between looks that fail lies the poll interval at most; the first come sooner.
    :raises PatienceError: as for ``wait``.
    :raises NotFoundError: as for ``wait``.
    """
    spell = BadSpell(name, options)
    pace = Pace(options.clock, options.poll_interval, "wait")
    while True:
        try:
            return (yield Look(name))  # type: ignore[no-any-return]
        except AzureMLError as error:
            yield from spell.met(error)
        yield Pause(pace.pause(None))


class _Watch:
    """What has been seen and reported of a job.

    ``status``: as it was last reported, or None. ``begins_by``: epoch seconds by which it must run; infinite where it
    has begun, may take any time, or has not been seen.
    """

    __slots__ = (
        "_ask_at",
        "_late_at",
        "_name",
        "_not_before",
        "_options",
        "_queued_at",
        "_queued_since",
        "_settled_at",
        "_ws",
        "begins_by",
        "pace",
        "spell",
        "status",
    )

    def __init__(self, ws: Workspace, name: str, options: WaitOptions) -> None:
        self._ws = ws
        self._name = name
        self._options = options
        self._ask_at = math.inf
        self._late_at = () if options.late is None else options.late.at
        self._queued_at = 0.0
        self._not_before = options.clock() + options.first_look_after
        self._settled_at = options.clock() + options.settle
        self.pace = Pace(options.clock, options.poll_interval, options.ageing)
        self.spell = BadSpell(name, options)
        self.status: str | None = None
        self.begins_by = self._queued_since = math.inf

    @property
    def limit(self) -> float:
        """Epoch seconds at which the job is looked at, however it is paced: it may not go on as it is; or infinite."""
        deadline = self._options.deadline
        moments = (self.begins_by, *self._late_at[:1])
        return max(self._settled_at, min(moments if deadline is None else (deadline, *moments)))

    def planned(self, look_at: float, *, asks_again: bool) -> Look:
        """The look that comes next.

        :param look_at: epoch seconds.
        :param asks_again: whoever looks may look again while this one has nothing to report.
        """
        now, limit, options = self._options.clock(), self.limit, self._options
        until = min(look_at, limit)
        return Look(
            self._name,
            pause=max(until - now, 0.0),
            not_before=max(min(self._not_before, until) - now, 0.0),
            interval=options.poll_interval,
            latest=None if limit == math.inf else max(limit - now, 0.0),
            again=self.again if asks_again else None,
            experiment=options.experiment,
        )

    def again(self, job: Job) -> float | None:
        """Seconds until the next look, while this one shows nothing to report."""
        now = self._options.clock()
        if job.status != self.status or self.spell.lasts or now >= self._ask_at:
            return None
        if now >= self.limit:
            return None
        return min(self.pace.pause(job), *(moment - now for moment in (self.begins_by, *self._late_at[:1])))

    def look_for_late(self) -> Steps[None]:
        """Look for jobs that have come late, where it is time: once, however much of it is over."""
        now, late = self._options.clock(), self._options.late
        left = tuple(moment for moment in self._late_at if moment > now)
        if late is not None and left != self._late_at:
            self._late_at = left
            yield from late.look(self._ws)

    def report(self, job: Job) -> Steps[None]:
        """Report a status that changed, and now and then for how long the job is queued, and why."""
        now = self._options.clock()
        self._limit_queue(job, now)
        if job.status != self.status:
            yield News(StatusChange(self._name, job.status, self.status))
            self.status = job.status
            self._queued_at = now
            self._ask_at = now + QUEUED_TOO_LONG if job.status == "Queued" else math.inf
        elif now >= self._ask_at:
            self._ask_at = now + QUEUE_BEAT
            yield from self._report_why(job, now)

    def _limit_queue(self, job: Job, now: float) -> None:
        """Know by when the job must run: one that has run before and is queued again has no such limit."""
        if job.status not in WAITING:
            self._queued_since, self.begins_by = -math.inf, math.inf
        elif self._options.queue_timeout is not None and self._queued_since > -math.inf:
            made = now if job.created_at is None else job.created_at.timestamp()
            self._queued_since = min(self._queued_since, made)
            self.begins_by = self._queued_since + self._options.queue_timeout

    def _report_why(self, job: Job, now: float) -> Steps[None]:
        message = job.queue_message
        if message is None:
            try:
                message = (yield from history.run(self._ws, self._name)).queue_message
            except AzureMLError:
                message = None
        yield News(QueueNote(self._name, now - self._queued_at, message or None))
