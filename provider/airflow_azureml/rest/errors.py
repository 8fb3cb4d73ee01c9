"""What can go wrong, as a tree by meaning; free of Airflow and of any HTTP library.

AzureMLError
├── SpecError               the request is wrong: found before anything is sent
├── SettingsError           the connection is wrong: a field is missing or not accepted
│   └── UntrustedHostError  a token would have been sent to a host that is not trusted
├── AuthenticationError     no token: wrong secret, unknown tenant, no credential
├── ServiceError            the service answered with a failure; carries the reply
│   ├── BadRequestError         400 and other refusals of what was sent, 501 among them
│   │   └── NotEmulatedError        the emulator lacks it, the service does not
│   ├── UnauthorizedError       401: the token was rejected
│   ├── ForbiddenError          403
│   ├── NotFoundError           404
│   ├── ConflictError           409, or "already exists"
│   └── TransientServiceError   408, 429, 5xx (also a TransientError)
├── TransientError          may pass by itself
│   ├── TransientServiceError
│   ├── UnreachableError        the request never reached the server
│   └── NoAnswerError           the request may have reached the server
├── PatienceError           requests for the status kept failing for longer than the patience
├── DeadlineError           the job did not end in the time it was given
├── QueueTimeoutError       the job did not begin in the time it was given
├── NoCapacityError         the service refused a job for want of quota or nodes: there is none
├── UnfinishedJobError      asked for is what a job has only when it has ended
├── ForeignJobError         the job under our name is not ours
├── AmbiguousInvocationError  an invocation may or may not have started a job
└── RecordError             a record that came back from another process is not what was sent
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, NoReturn
from urllib.parse import urlsplit

from airflow_azureml.rest import error_payloads, times
from airflow_azureml.rest.error_payloads import ErrorPayload
from airflow_azureml.rest.json_values import Place
from airflow_azureml.rest.redaction import redact, shortened

if TYPE_CHECKING:
    from airflow_azureml.rest.flow import Reply


class AzureMLError(Exception):
    """Root of everything this package raises by itself; its text is complete on its own."""

    @property
    def retry_after(self) -> float | None:
        """Seconds after which the service wants to be asked again; None where it says nothing of that."""
        return None


@dataclass(frozen=True)
class Problem:
    """One mistake in a spec: where it is and what it is.

    :param path: dotted path of the field, such as ``jobs.train.inputs.data.mode``; empty for the document as a whole.
    :param message: what was given and what is accepted.
    :param file: the file it stands in, when there is one.
    :param line: 1-based line in that file or text, when known.
    """

    path: str
    message: str
    file: str | None = None
    line: int | None = None

    def __post_init__(self) -> None:
        """Keep out of the message what looks like a secret, such as the signature of an address that was given."""
        object.__setattr__(self, "message", redact(self.message))

    def __str__(self) -> str:
        """``file:line: dotted.path: message``, as far as known; what a log cannot hold is escaped in it."""
        place = ":".join(str(part) for part in (self.file, self.line) if part is not None)
        text = ": ".join(part for part in (place, self.path, self.message) if part)
        return text.encode(errors="backslashreplace").decode()


def half_at(place: Place, field: str = "") -> Problem:
    """The refusal of a text that no request can hold, where ``place_of_half`` has found it.

    :param field: what the value is that it was found in.
    """
    return _at(place, field, "half of a surrogate pair, which UTF-8 cannot write. Accepted: text of whole characters.")


def no_number_at(place: Place, field: str = "") -> Problem:
    """The refusal of a number that JSON has not, where ``place_of_no_number`` has found it."""
    return _at(place, field, "nan or an infinite number, which JSON does not have. Accepted: a finite number.")


def _at(place: Place, field: str, message: str) -> Problem:
    return Problem(".".join(map(str, (*([field] if field else ()), *place))), message)


class SpecError(AzureMLError):
    """A request that must not be sent; lists every problem found, one per line."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


class SettingsError(AzureMLError):
    """A connection field is missing, unknown or not accepted; the text names it."""


class UntrustedHostError(SettingsError):
    """An address from an answer or a setting leads to a host that gets no token."""


class AuthenticationError(AzureMLError):
    """No token could be had: wrong secret, unknown tenant, no credential found."""


class ServiceError(AzureMLError):
    """The service answered with a failure.

    :param code: the deepest code that the answer names, such as ``JobNotFound``.
    :param codes: all codes from the outermost to the deepest.
    :param correlation: the id that Microsoft's support asks for.
    """

    def __init__(self, message: str, reply: Reply, codes: Sequence[str] = (), correlation: str | None = None) -> None:
        super().__init__(message)
        self.reply = reply
        self.codes = tuple(codes)
        self.correlation = correlation

    @property
    def code(self) -> str | None:
        """The deepest code, which is the one that decides."""
        return self.codes[-1] if self.codes else None

    @property
    def retry_after(self) -> float | None:
        """Seconds after which the service wants to be asked again; None where it says nothing of that."""
        return times.retry_after(self.reply)


class BadRequestError(ServiceError):
    """The service refuses what was sent; sending it again cannot help."""


class NotEmulatedError(BadRequestError):
    """The emulator lacks what was asked for: nothing is wrong with the request, and the service would take it."""


class UnauthorizedError(ServiceError):
    """The token was rejected."""


class ForbiddenError(ServiceError):
    """The caller lacks a permission."""


class NotFoundError(ServiceError):
    """What was asked for is not there."""


class ConflictError(ServiceError):
    """It exists already, otherwise."""


class TransientError(AzureMLError):
    """Something that may pass by itself."""


class TransientServiceError(ServiceError, TransientError):
    """Throttling or a fault of the service: 408, 429 and 5xx."""


class UnreachableError(TransientError):
    """The request never reached the server: nothing can have happened there."""


class NoAnswerError(TransientError):
    """The request was sent and no complete answer came: the server may have acted."""


class PatienceError(AzureMLError):
    """Requests for the status kept failing for longer than the patience; names the last cause."""


class DeadlineError(AzureMLError):
    """The job was still active at the deadline."""


class QueueTimeoutError(AzureMLError):
    """The job had not begun to run when its time in the queue was up."""


class NoCapacityError(AzureMLError):
    """The service refused a job for want of quota or nodes: there is none. Later, or elsewhere, it may take it.

    :param job_name: the name that it would have had.
    """

    def __init__(self, job_name: str, refusal: ServiceError) -> None:
        super().__init__(str(refusal))
        self.job_name = job_name
        self.codes = refusal.codes


class UnfinishedJobError(AzureMLError):
    """Asked for is what a job has only when it has ended."""


class ForeignJobError(AzureMLError):
    """A job of the name that we would use is there, and its tags say that it is not ours."""


class AmbiguousInvocationError(AzureMLError):
    """An invocation may or may not have started a job, and no job is known to be its own: nothing is sent again."""


class RecordError(AzureMLError):
    """A record that came back from another process is not what was sent; names what is wrong."""


STATUSES: dict[int, type[ServiceError]] = {
    401: UnauthorizedError,
    403: ForbiddenError,
    404: NotFoundError,
    408: TransientServiceError,
    409: ConflictError,
    410: NotFoundError,
    429: TransientServiceError,
    # Sending it again cannot help: the service does not know the operation.
    501: BadRequestError,
    505: BadRequestError,
}
"""What a status means; any other 5xx is transient, and anything else a refusal of what was sent."""

NOT_EMULATED = "NotEmulated"
"""The code with which an emulator says that the service has more than it does."""

CONFLICTS = frozenset({"JobPropertyImmutable"})
"""Codes that mean *it exists already, otherwise* although their status does not say so (a job's name that is taken)."""


def kind_of(status: int, payload: ErrorPayload) -> type[ServiceError]:
    """Decide which error an answer is: by its status, then by the deepest code."""
    if status == 501 and payload.code == NOT_EMULATED:
        return NotEmulatedError
    kind = STATUSES.get(status, TransientServiceError if status >= 500 else BadRequestError)
    taken = payload.code in CONFLICTS or "already exists" in payload.message.lower()
    return ConflictError if taken and kind is BadRequestError and status < 500 else kind


def check(reply: Reply) -> NoReturn:
    """Raise what a failed answer means; for every reply whose status its call does not count as success.

    The text says what the service said, then where: status, deepest code, method and the end of the address,
    correlation id. (The drivers log the whole address at debug level.)

    :raises ServiceError: always, as the class that fits.
    """
    payload = error_payloads.from_reply(reply)
    said = payload.message or f"The service gave no reason for {_status(reply.status)}."
    if 300 <= reply.status < 400:
        said = f"The service redirects to {_host(reply)}; redirects are not followed."
    if kind_of(reply.status, payload) is NotEmulatedError:
        said = f"The emulator does not support this; the service does. {said}"
    where = [_status(reply.status), payload.code, f"{reply.method} {shortened(reply.url)}".strip()]
    if payload.correlation:
        where.append(f"correlation id {payload.correlation}")
    message = f"{said} [{'; '.join(part for part in where if part)}]"
    raise kind_of(reply.status, payload)(message, reply, payload.codes, payload.correlation) from None


def _host(reply: Reply) -> str:
    """The host that a redirect leads to."""
    return urlsplit(reply.header("Location") or "").netloc or "another path of the same host"


def _status(status: int) -> str:
    """A status in words, as far as it has any."""
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)
