"""The news of flows, and its lines in the task log: one per thing that happened."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True)
class Submitting:
    """News: the job of this name is about to be submitted."""

    job_name: str
    attempt: int


@dataclass(frozen=True)
class Warned:
    """News: something about the request that its author should know."""

    message: str


@dataclass(frozen=True)
class Repairing:
    """News: the next job takes steps of one before over, and runs the others.

    :param taken: names of the steps that have finished.
    :param again: names of those that run.
    """

    job_name: str
    taken: tuple[str, ...]
    again: tuple[str, ...]


@dataclass(frozen=True)
class Noted:
    """News: something that was done or found, as a complete sentence."""

    message: str


@dataclass(frozen=True)
class IterationReplaced:
    """News: a job was still active although a *Clear* has replaced its iteration of a Task Loop.

    :param outcome: what its cancel came to, as the end of a sentence.
    """

    job_name: str
    outcome: str


@dataclass(frozen=True)
class Changing:
    """A resource that is there is about to be changed.

    :param what: the resource, as the beginning of a sentence.
    :param changes: each value that changes.
    """

    what: str
    changes: tuple[str, ...]


@dataclass(frozen=True)
class ResourceState:
    """News: the state of a resource that is waited for, once for each change.

    :param what: the resource, as the beginning of a sentence.
    """

    what: str
    state: str


@dataclass(frozen=True)
class Invoking:
    """News: an endpoint is about to be invoked; the job will have a name of the service's choice.

    :param mark: what distinguishes the job from all others.
    """

    endpoint: str
    mark: str


@dataclass(frozen=True)
class MayStart:
    """News: the jobs that an invocation may start, or has started, while nobody knows their names.

    :param record: ``batch.outstanding.Outstanding`` as plain values, for whoever is to look for them later.
    """

    record: dict[str, Any]


@dataclass(frozen=True)
class Invoked:
    """News: the name of the job that an invocation started, or that was found to be this task's."""

    job_name: str


@dataclass(frozen=True)
class InvocationTrouble:
    """News: it is not known whether an invocation has started a job; it is looked for.

    :param seconds: how long at the most.
    """

    endpoint: str
    message: str
    seconds: float


@dataclass(frozen=True)
class StatusChange:
    """News: a job's status, once for each change; ``previous`` is None the first time."""

    job_name: str
    status: str
    previous: str | None = None


@dataclass(frozen=True)
class ChildChange:
    """News: the status of a run that the job has started, once for each change that was seen.

    :param child: its display name, or its name.
    """

    job_name: str
    child: str
    status: str


@dataclass(frozen=True)
class Ended:
    """News: when a job that has ended was made, started and ended; None for what run history does not say."""

    created_at: datetime | None
    started_at: datetime | None
    ended_at: datetime | None


@dataclass(frozen=True)
class LogLines:
    """News: whole lines that a log file of the job has gained.

    :param end: bytes of the file up to the end of these lines.
    """

    job_name: str
    file: str
    lines: tuple[str, ...]
    end: int = 0


@dataclass(frozen=True)
class LogCut:
    """News: the log is longer than what is copied of it; nothing more follows.

    :param most: bytes of all files together after which nothing is copied.
    """

    job_name: str
    file: str
    most: int


@dataclass(frozen=True)
class NoLogFile:
    """News: the job has ended, and none of its log files is one of those that were asked for."""

    job_name: str
    patterns: tuple[str, ...]
    files: tuple[str, ...]


@dataclass(frozen=True)
class QueueNote:
    """News: for how long the job is seen to be queued, and why, in the service's words.

    :param seconds: as this process has seen it.
    :param message: None where the service gives no reason.
    """

    job_name: str
    seconds: float
    message: str | None


@dataclass(frozen=True)
class LookTrouble:
    """News: a look at the job failed; once per bad spell.

    :param patience_left: seconds for which looks may go on failing.
    """

    job_name: str
    message: str
    patience_left: float


@dataclass(frozen=True)
class LogTrouble:
    """News: the job's log cannot be read for now; once per bad spell. The job does not suffer from it."""

    job_name: str
    message: str


def reporter(log: Any) -> Callable[[Any], None]:
    """What writes a flow's news into a task's log: ``client.run(flow, news=reporter(self.log))``."""

    def report(record: Any) -> None:
        for level, text in lines(record):
            log.log(level, "%s", text)

    return report


def lines(record: Any) -> Iterator[tuple[int, str]]:
    """Say a record of a flow's ``News`` in words: pairs of log level and text; nothing for a record without a word."""
    if isinstance(record, Submitting):
        yield logging.INFO, f"Submitting Azure ML job {record.job_name}."
    elif isinstance(record, Warned):
        yield logging.WARNING, record.message
    elif isinstance(record, Repairing):
        taken, again = ", ".join(record.taken), ", ".join(record.again)
        yield (
            logging.INFO,
            f"Azure ML job {record.job_name} is repaired. Steps taken over: {taken}. Run again: {again}.",
        )
    elif isinstance(record, Noted):
        yield logging.INFO, record.message
    elif isinstance(record, IterationReplaced):
        yield (
            logging.WARNING,
            f"Azure ML job {record.job_name}, of an iteration that a Clear has replaced, {record.outcome}",
        )
    elif isinstance(record, Changing):
        yield logging.INFO, f"{record.what} already exists and is updated. {'; '.join(record.changes)}."
    elif isinstance(record, ResourceState):
        yield logging.INFO, f"{record.what} is {record.state}."
    elif isinstance(record, Invoking):
        yield logging.INFO, f"Invoking Azure ML batch endpoint {record.endpoint}; the mark of its job is {record.mark}."
    elif isinstance(record, Invoked):
        yield logging.INFO, f"The Azure ML batch job is {record.job_name}."
    elif isinstance(record, InvocationTrouble):
        yield (
            logging.WARNING,
            f"Searching for a job of {record.endpoint} for up to {record.seconds:.0f} s: {record.message}",
        )
    elif isinstance(record, StatusChange):
        yield logging.INFO, f"Azure ML job {record.job_name} is {record.status}."
    elif isinstance(record, ChildChange):
        yield logging.INFO, f"Azure ML job {record.job_name}: {record.child} is {record.status}."
    elif isinstance(record, QueueNote):
        minutes, why = record.seconds / 60, record.message or "the service gives no reason."
        yield logging.INFO, f"Azure ML job {record.job_name} is still queued, for {minutes:.0f} minutes: {why}"
    elif isinstance(record, LookTrouble):
        left = f"{record.patience_left:.0f} s"
        yield (
            logging.WARNING,
            f"Cannot read Azure ML job {record.job_name}, retrying for up to {left}: {record.message}",
        )
    elif isinstance(record, LogTrouble):
        yield logging.INFO, f"The log of Azure ML job {record.job_name} cannot be read for now: {record.message}"
    elif isinstance(record, LogCut):
        yield (
            logging.WARNING,
            f"Nothing more is copied of the log of Azure ML job {record.job_name}: it is longer than "
            f"{record.most // 2**20} MiB. Azure ML Studio has the whole of {record.file}, in tab Outputs + logs.",
        )
    elif isinstance(record, NoLogFile):
        yield (
            logging.WARNING,
            f"log_files: no log file of Azure ML job {record.job_name} fits {', '.join(record.patterns)}. "
            f"It has: {', '.join(record.files) or 'none'}.",
        )
    elif isinstance(record, LogLines):
        file = record.file.rpartition("/")[2]
        for line in record.lines:
            yield logging.INFO, f"{file} | {line}"
