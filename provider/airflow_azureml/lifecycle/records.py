"""Records that cross processes, for events and XComs: small, frozen, and validated when they are read."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Literal, TypeVar, get_args

from airflow_azureml.lifecycle.naming import attempt_of
from airflow_azureml.rest.errors import RecordError
from airflow_azureml.rest.failures import FailureKind
from airflow_azureml.rest.ids import with_tenant
from airflow_azureml.rest.jobs import Job
from airflow_azureml.rest.times import parse

R = TypeVar("R", "JobEvent", "JobResult", "OutputRecord")

Outcome = Literal["finished", "deadline", "queue_timeout", "patience", "missing", "error"]
"""How a wait ended: the job did; time was up; the job was queued for too long; looks kept failing; the job is not
there; anything else."""


@dataclass(frozen=True)
class JobEvent:
    """What a trigger sends back to its task.

    :param status: the job's last known status, or None.
    :param message: a complete sentence for every outcome but ``finished``.
    :param try_number: of the try that was deferred; None where the trigger does not know it.
    """

    job_name: str
    outcome: Outcome
    status: str | None = None
    message: str = ""
    try_number: int | None = None

    def to_dict(self) -> dict[str, Any]:
        """The event as plain values."""
        return dict(vars(self))  # all of them are plain, and thousands may be told within a minute

    @classmethod
    def from_dict(cls, event: Any) -> JobEvent:
        """Read an event back; what a later release has added to it is passed over.

        :raises RecordError: it is none of ours: lost or strange.
        """
        known = {item.name for item in fields(cls)}
        if isinstance(event, Mapping) and known & set(event):
            event = {key: value for key, value in event.items() if key in known}
        record = _construct(cls, event, "The trigger's event")
        _expect(cls, "job_name", record.job_name, isinstance(record.job_name, str) and bool(record.job_name))
        _expect(cls, "outcome", record.outcome, record.outcome in get_args(Outcome))
        _expect(cls, "status", record.status, record.status is None or isinstance(record.status, str))
        _expect(cls, "message", record.message, isinstance(record.message, str))
        _expect(cls, "try_number", record.try_number, isinstance(record.try_number, int | None))
        return record


@dataclass(frozen=True)
class OutputRecord:
    """Where one output is.

    :param path: the long ``azureml://subscriptions/`` form, a folder ending in ``/``.
    :param https_url: the same place for HTTP, without a signature; None where there is none.
    :param abfss_url: the same place for Hadoop-like tools; None where there is none.
    :param asset_id: of an output that was registered; left out of the mapping when None.
    """

    type: str
    path: str
    https_url: str | None = None
    abfss_url: str | None = None
    asset_id: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """The mapping that XCom carries."""
        values = asdict(self)
        if self.asset_id is None:
            del values["asset_id"]
        return values

    @classmethod
    def from_dict(cls, value: Any) -> OutputRecord:
        """Read an output back.

        :raises RecordError: it is none of ours.
        """
        record = _construct(cls, value, "The output")
        for name in ("type", "path"):
            _expect(cls, name, getattr(record, name), isinstance(getattr(record, name), str))
        for name in ("https_url", "abfss_url", "asset_id"):
            _expect(cls, name, getattr(record, name), isinstance(getattr(record, name), str | None))
        return record


@dataclass(frozen=True)
class JobResult:
    """A job as XCom holds it. Times are ISO 8601 in UTC, or None.

    :param best_job_name: of a sweep, its best trial, whose metrics and outputs these are; else left out of the mapping.
    :param attempts: of a task's job, how many there were since the task was last cleared, with this one; else left out.
    :param usage: what the job has used, see ``costs.usage.Usage``; left out of one that is not waited for.
    """

    job_name: str
    status: str
    experiment_name: str | None = None
    studio_url: str | None = None
    started_at: str | None = None
    ended_at: str | None = None
    outputs: Mapping[str, OutputRecord] = field(default_factory=dict)
    metrics: Mapping[str, float | None] = field(default_factory=dict)
    best_job_name: str | None = None
    attempts: int | None = None
    usage: Mapping[str, Any] | None = None

    @classmethod
    def of_unfinished(cls, job: Job, tenant_id: str | None = None) -> JobResult:
        """What is known of a job that is not waited for: no end, no outputs, no metrics yet."""
        link = with_tenant(job.studio_url, tenant_id) if job.studio_url else None
        return cls(job.name, job.status, job.experiment_name, link, attempts=attempt_of(job.tags))

    def to_dict(self) -> dict[str, Any]:
        """The mapping that XCom carries."""
        values = {item.name: getattr(self, item.name) for item in fields(self)}
        outputs = {name: output.to_dict() for name, output in self.outputs.items()}
        for name in ("best_job_name", "attempts", "usage"):
            if values[name] is None:
                del values[name]
        return {**values, "outputs": outputs, "metrics": dict(self.metrics)}

    @classmethod
    def from_dict(cls, value: Any) -> JobResult:
        """Read a result back.

        :raises RecordError: it is none of ours.
        """
        record = _construct(cls, value, "The job's result")
        for name in ("job_name", "status"):
            _expect(cls, name, getattr(record, name), isinstance(getattr(record, name), str))
        for name in ("experiment_name", "studio_url", "best_job_name"):
            _expect(cls, name, getattr(record, name), isinstance(getattr(record, name), str | None))
        _expect(cls, "attempts", record.attempts, isinstance(record.attempts, int | None))
        _expect(cls, "usage", record.usage, isinstance(record.usage, Mapping | None))
        for name in ("started_at", "ended_at"):
            _expect(cls, name, getattr(record, name), _is_time(getattr(record, name)))
        for name in ("outputs", "metrics"):
            _expect(cls, name, getattr(record, name), isinstance(getattr(record, name), Mapping))
        for key, metric in record.metrics.items():
            _expect(cls, f"metrics.{key}", metric, _is_metric(metric))
        outputs = {name: OutputRecord.from_dict(output) for name, output in record.outputs.items()}
        return cls(**{**{item.name: getattr(record, item.name) for item in fields(cls)}, "outputs": outputs})


@dataclass(frozen=True)
class Failure:
    """Why a job failed.

    :param code: the deepest code that the service names, or None.
    :param reason: the service's own words, or a sentence saying that there are none.
    :param log_tail: the last lines of the job's log; empty when there is none.
    :param codes: all codes from the outermost, such as ``UserError``, to the deepest.
    :param kind: what kind of failure it is, see ``rest.failures``.
    :param usage: what the job has used, as in its result; None where that could not be read.
    """

    code: str | None
    reason: str
    log_tail: str = ""
    codes: tuple[str, ...] = ()
    kind: FailureKind = "unknown"
    usage: Mapping[str, Any] | None = field(default=None, compare=False)


@dataclass(frozen=True)
class Cancellation:
    """Why a job is Canceled.

    :param reason: what the service, or whoever canceled it, says; None where nothing is said.
    :param limit: the job's own limit in seconds where that has ended it; None where somebody canceled the job.
    :param left_in_queue: it never began, and was queued for as long as its task allows: the task has canceled it.
    :param usage: what the job has used, as in a result.
    """

    reason: str | None = None
    limit: float | None = None
    left_in_queue: bool = False
    usage: Mapping[str, Any] | None = field(default=None, compare=False)


def _construct(cls: type[R], value: Any, what: str) -> R:
    expected = ", ".join(item.name for item in fields(cls))
    if not isinstance(value, Mapping):
        raise RecordError(f"{what} is {_shown(value)}; expected a mapping with {expected}.") from None
    try:
        return cls(**value)
    except TypeError:
        keys = ", ".join(map(str, value)) or "nothing"
        raise RecordError(f"{what} has the keys {keys}; expected {expected}.") from None


def _expect(cls: type[R], name: str, given: Any, holds: bool) -> None:
    if not holds:
        raise RecordError(f"{cls.__name__}.{name} is {_shown(given)}, which is not accepted.") from None


def _is_time(value: Any) -> bool:
    if value is None:
        return True
    try:
        parse(value)
    except (TypeError, AttributeError, ValueError):
        return False
    return True


def _is_metric(value: Any) -> bool:
    if value is None:
        return True
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."
