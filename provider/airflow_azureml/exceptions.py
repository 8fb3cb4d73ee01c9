"""What users catch: the exceptions that leave operators, sensors, triggers and the hook's methods.

    AzureMLException (AirflowException)       retried, like everything below it that says nothing else
    ├── AzureMLJobFailedError                 the job ended as Failed
    │   └── AzureMLNoCapacityError            the service refused the job for want of quota or nodes: there is none
    ├── AzureMLJobCanceledError               somebody else canceled the job; raised itself, it is retried
    │   └── AzureMLJobCanceledFinalError      the same, not retried (also AirflowFailException): ``on_canceled="fail"``
    ├── AzureMLQueueTimeoutError              the job was queued for too long, on each of its computes
    ├── AzureMLJobTimeoutError                the task's time was up (also AirflowTaskTimeout)
    ├── AzureMLServiceError                   the service did not answer, or kept failing for longer than the patience
    │   └── AzureMLNotEmulatedError           the emulator lacks it; not retried (also AirflowFailException)
    └── not retried (also AirflowFailException)
        ├── AzureMLSpecError                  the request is wrong
        ├── AzureMLConnectionError            the connection is wrong, or its credential was refused
        ├── AzureMLPermissionError            the credential's principal lacks a role
        ├── AzureMLNotFoundError              what was asked for is not there
        └── AzureMLAmbiguousInvocationError   an invocation may or may not have started a job

``rest.errors`` stays free of Airflow; the table at the end of this file maps its classes to these.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

from airflow_azureml.version_compat import AirflowException, AirflowFailException, AirflowTaskTimeout

if TYPE_CHECKING:
    from airflow_azureml.rest.errors import AzureMLError
    from airflow_azureml.rest.failures import FailureKind


class AzureMLException(AirflowException):
    """Root of everything that this provider raises at its users; its text is complete on its own."""


class AzureMLJobFailedError(AzureMLException):
    """The job ended as Failed, or as Canceled by its own limit of time.

    ``failure`` says what kind of failure it was: ``preempted``, ``capacity`` (no quota, no nodes), ``node`` (lost,
    unhealthy), ``image`` (build, pull or start), ``data`` (cannot be mounted or read), ``timeout``, ``user``,
    ``service`` or ``unknown``.

    :param status: the job's last status in the service's own word.
    :param code: the service's deepest error code, the one that decides; None where it gives none.
    :param reason: the service's own message; None where it gives none.
    :param log_tail: the last lines of the job's log; empty where none could be read.
    :param studio_url: the job's page; None where the service gives none.
    :param codes: all of the service's codes, from the outermost, such as ``UserError``, to the deepest.
    :param failure: the kind of failure; None reads it from codes and reason, see ``rest.failures``.
    :param usage: what the job has used, as in a result; None where that is not known.
    """

    def __init__(
        self,
        job_name: str,
        *,
        status: str = "Failed",
        code: str | None = None,
        reason: str | None = None,
        log_tail: str = "",
        studio_url: str | None = None,
        codes: Sequence[str] = (),
        failure: FailureKind | None = None,
        usage: Mapping[str, Any] | None = None,
    ) -> None:
        from airflow_azureml.rest import failures

        self.job_name = job_name
        self.status = status
        self.code = code
        self.reason = reason
        self.log_tail = log_tail
        self.studio_url = studio_url
        self.codes = tuple(codes)
        codes = self.codes or ((code,) if code else ())
        self.failure: FailureKind = failures.kind(codes, reason) if failure is None else failure
        self.usage = None if usage is None else dict(usage)
        super().__init__(self._text())

    def _text(self) -> str:
        cause = ": ".join(part for part in (self.code, self.reason) if part) or "the service gives no reason"
        lines = [f"Azure ML job {self.job_name} ended as {self.status}: {cause}"]
        if self.log_tail:
            lines += ["Last lines of its log:", *(f"    {line}" for line in self.log_tail.splitlines())]
        if self.studio_url:
            lines.append(f"Azure ML Studio: {self.studio_url}")
        return "\n".join(lines)

    def _keywords(self) -> dict[str, Any]:
        names = ("status", "code", "reason", "log_tail", "studio_url", "codes", "failure", "usage")
        return {name: getattr(self, name) for name in names}

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle by the arguments: the default would hand the finished text to ``job_name``."""
        return partial(type(self), **self._keywords()), (self.job_name,)

    def serialize(self) -> tuple[str, tuple[Any, ...], dict[str, Any]]:
        """Say how Airflow rebuilds this exception in another process."""
        return f"{type(self).__module__}.{type(self).__qualname__}", (self.job_name,), self._keywords()


class AzureMLNoCapacityError(AzureMLJobFailedError):
    """The service refused the job for want of quota or nodes, on each of its computes: there is no job.

    Its ``failure`` is ``capacity``, as that of a job that has failed for the same reason; its ``status`` is
    ``NotStarted``.
    """

    def _text(self) -> str:
        cause = self.reason or "the service gives no reason"
        return f"Azure ML refused job {self.job_name} for want of quota or nodes: {cause}"


class AzureMLJobCanceledError(AzureMLException):
    """The job was canceled, and not because this task asked for it."""


class AzureMLJobCanceledFinalError(AzureMLJobCanceledError, AirflowFailException):
    """The same, if it is not to be retried: whoever canceled the job has decided."""


class AzureMLJobTimeoutError(AzureMLException, AirflowTaskTimeout):
    """The task's ``execution_timeout`` was up before the job ended."""


class AzureMLQueueTimeoutError(AzureMLException):
    """The job was queued for longer than ``queue_timeout``, on the last of its computes, and was canceled.

    :param seconds: the task's ``queue_timeout``.
    :param computes: those that this try had come to, in their order; empty where the job names none.
    """

    def __init__(self, job_name: str, *, seconds: float, computes: Sequence[str] = ()) -> None:
        self.job_name = job_name
        self.seconds = seconds
        self.computes = tuple(computes)
        tried = f" Tried: {', '.join(self.computes)}." if self.computes else ""
        super().__init__(
            f"Azure ML job {job_name} had not begun {seconds:g} seconds after its submission (queue_timeout), and was "
            f"canceled.{tried}"
        )

    def _keywords(self) -> dict[str, Any]:
        return {"seconds": self.seconds, "computes": self.computes}

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle by the arguments: the default would hand the finished text to ``job_name``."""
        return partial(type(self), **self._keywords()), (self.job_name,)

    def serialize(self) -> tuple[str, tuple[Any, ...], dict[str, Any]]:
        """Say how Airflow rebuilds this exception in another process."""
        return f"{type(self).__module__}.{type(self).__qualname__}", (self.job_name,), self._keywords()


class AzureMLServiceError(AzureMLException):
    """The service could not be reached, or looks kept failing for longer than the task's patience."""


class AzureMLNotEmulatedError(AzureMLServiceError, AirflowFailException):
    """The emulator lacks what the task asks for; the service has it, and nothing is wrong with the request."""


class AzureMLSpecError(AzureMLException, AirflowFailException):
    """The request is wrong; names each field, what was given and what is accepted.

    What looks like a secret in what was given, such as the signature of a storage address, is shown as ``***``.
    """

    def __init__(self, *given: object) -> None:
        from airflow_azureml.rest.redaction import redact

        super().__init__(*(redact(text) if isinstance(text, str) else text for text in given))


class AzureMLConnectionError(AzureMLException, AirflowFailException):
    """The Airflow connection is wrong or incomplete, or its credential was refused."""


class AzureMLPermissionError(AzureMLException, AirflowFailException):
    """The credential is good, but its principal may not do this."""


class AzureMLNotFoundError(AzureMLException, AirflowFailException):
    """What was asked for does not exist."""


class AzureMLAmbiguousInvocationError(AzureMLException, AirflowFailException):
    """An invocation that must not be sent twice got no answer: it may or may not have started a job."""


def public(error: AzureMLError) -> AzureMLException:
    """Dress an error of the core for Airflow: the same text, the class that says whether a retry can help."""
    from airflow_azureml.rest import errors

    if isinstance(error, errors.NoCapacityError):
        return AzureMLNoCapacityError(
            error.job_name,
            status="NotStarted",
            code=error.codes[-1] if error.codes else None,
            reason=str(error),
            codes=error.codes,
            failure="capacity",
        )
    # From the special to the general: the first row that fits decides.
    table: tuple[tuple[type[AzureMLError], type[AzureMLException]], ...] = (
        (errors.SpecError, AzureMLSpecError),
        (errors.SettingsError, AzureMLConnectionError),
        (errors.AuthenticationError, AzureMLConnectionError),
        (errors.ForeignJobError, AzureMLSpecError),
        (errors.AmbiguousInvocationError, AzureMLAmbiguousInvocationError),
        (errors.DeadlineError, AzureMLJobTimeoutError),
        (errors.TransientError, AzureMLServiceError),
        (errors.PatienceError, AzureMLServiceError),
        (errors.UnauthorizedError, AzureMLConnectionError),
        (errors.ForbiddenError, AzureMLPermissionError),
        (errors.NotFoundError, AzureMLNotFoundError),
        (errors.NotEmulatedError, AzureMLNotEmulatedError),
        (errors.BadRequestError, AzureMLSpecError),
        (errors.ConflictError, AzureMLSpecError),
        (errors.ServiceError, AzureMLServiceError),
    )
    found = next((ours for theirs, ours in table if isinstance(error, theirs)), AzureMLException)
    return found(str(error))


@contextmanager
def translated() -> Iterator[None]:
    """Let nothing of the core's error tree out: raise the public exception instead, ``from None``."""
    from airflow_azureml.rest.errors import AzureMLError

    try:
        yield
    except AzureMLError as error:
        raise public(error) from None
