"""Calls, effects and flows: a conversation with the service is a generator of effects that is sent their answers.

The law of this file: nothing here does anything. A ``Call`` describes one request and how its answer is read; a flow is
written once as a generator (``yield from`` gives back a typed answer); the sync and the async driver in
``client.drivers`` merely carry effects out and throw our own errors (``errors.AzureMLError``) back in at the point of
asking.
"""

from __future__ import annotations

import enum
import json
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, Protocol, TypeVar

from airflow_azureml.rest.json_values import Place, place_of_half

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)

Json = Any
"""A value that JSON can say; kept loose because the service's bodies are open."""


class Plane(enum.Enum):
    """Which base address and which token audience a call takes."""

    ARM = "arm"
    """Below the control plane's address, ARM audience; ``api-version`` is added unless the call's query has one."""
    DATA = "data"
    """Below the workspace's data-plane address (found by discovery), ARM audience."""
    DATA_ML = "data_ml"
    """Below the data-plane address with the Azure ML audience: lists of batch jobs."""
    SCORING = "scoring"
    """An absolute ``scoringUri``, Azure ML audience."""
    REGISTRY = "registry"
    """An absolute address below the one that discovery names for a registry, ARM audience."""
    OPEN = "open"
    """An absolute address that is asked without a token: discovery and cloud metadata."""
    SIGNED = "signed"
    """An absolute address that carries its own signature: never a token, never logged with its query."""


@dataclass(frozen=True)
class Reply:
    """One answer: status, headers (any case) and the raw body."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    method: str = ""
    url: str = ""
    """Where the answer came from, without its query."""

    def header(self, name: str) -> str | None:
        """Look a header up without regard to case."""
        wanted = name.lower()
        return next((value for key, value in self.headers.items() if key.lower() == wanted), None)

    def json(self) -> Json:
        """Read the body as JSON; an empty body, one that is not JSON or is nested too deeply to be read is None."""
        try:
            return json.loads(self.body) if self.body.strip() else None
        except (ValueError, RecursionError):
            return None


@dataclass(frozen=True)
class Call(Generic[T]):
    """One request and the reading of its answer; itself the shortest conversation (``yield from call``).

    :param path: below the plane's base address (starts with ``/``), or an absolute URL: for SCORING, REGISTRY, OPEN and
        SIGNED always, for the other planes where an answer gave it (``links.follow``); the driver checks that its host
        may have a token.
    :param parse: gets the reply of a success (see ``ok``) and makes the value; failures are raised by
        ``errors.check`` before it.
    :param body: JSON body, or None for none.
    :param bearer: a credential of the addressed resource itself, sent as the bearer token in place of the caller's; to
        trusted hosts alone, as every token.
    :param user_token: send the caller's Azure ML token as ``x-azureml-token`` beside the bearer token.
    :param repeatable: may the pipeline send it again after a fault? None goes by the method: GET, HEAD, PUT and
        DELETE yes, POST and PATCH no.
    :param ok: statuses that count as success.
    :param kept_for: seconds for which a client may give the same answer again without asking.
    :param anew: ask all the same, and keep the new answer.
    """

    method: str
    path: str
    parse: Callable[[Reply], T]
    plane: Plane = Plane.ARM
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Json = None
    bearer: str | None = field(default=None, repr=False)
    user_token: bool = False
    repeatable: bool | None = None
    ok: tuple[int, ...] = (200, 201, 202, 204)
    kept_for: float = 0.0
    anew: bool = False

    @property
    def may_repeat(self) -> bool:
        """Whether the pipeline may send this call again by itself."""
        if self.repeatable is None:
            return self.method in {"GET", "HEAD", "PUT", "DELETE"}
        return self.repeatable

    @property
    def makes_something(self) -> bool:
        """Whether something new may come of it: what a run that is being stopped does not begin any more."""
        return self.method in {"PUT", "PATCH"} or (self.method == "POST" and not self.may_repeat)

    def halves(self) -> Mapping[str, Place]:
        """Where half of a surrogate pair stands, which no request can hold: a place in each part that has one.

        Data to score are the author's own affair: JSON's escapes bring them to a script that wants them.
        """
        parts = {"address": self.path, "query": self.query, "": None if self.plane is Plane.SCORING else self.body}
        found = {part: place_of_half(value) for part, value in parts.items()}
        return {part: place for part, place in found.items() if place is not None}

    def __iter__(self) -> Generator[Effect, Any, T]:
        """Ask once and give back the typed answer."""
        answer: T = yield self
        return answer


@dataclass(frozen=True)
class Pause:
    """Wait so many seconds before going on; interruptible by the driver."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Turn:
    """Wait until one request beside the looks may go out, where many who wait in one process share a budget.

    Answered with None: at once where there is nobody to share with.

    :param plane: where the request goes: those for blob storage (``SIGNED``) have a budget of their own.
    """

    plane: Plane


@dataclass(frozen=True, slots=True)
class Look:
    """Ask for the status of one job; answered with a ``jobs.Job`` that has at least name, status and ``created_at``.

    A driver by itself pauses and asks. Where many wait in one process, a shared poller answers, and may do so sooner or
    later than asked for, as its budget of requests allows. Both look again by themselves as long as what they see is
    news to nobody.

    :param pause: seconds until the look is wanted.
    :param not_before: seconds for which no answer may come.
    :param interval: of the looks that this one belongs to, the longest pause in seconds; None for a look by itself,
        which is neither brought forward nor put off.
    :param latest: seconds after which it cannot be put off any more.
    :param again: told the job as it was seen; gives seconds until the next look, or None where the answer is wanted. It
        may be called in another coroutine than that of the flow. Without it every look is answered.
    :param experiment: the job's, where it is known.
    """

    job: str
    pause: float = 0.0
    not_before: float = 0.0
    interval: float | None = None
    latest: float | None = None
    again: Callable[[Any], float | None] | None = None
    experiment: str | None = None


@dataclass(frozen=True)
class News:
    """Something the waiting person should see: handed to the callback given to ``run``, in the caller's own task."""

    record: Any


@dataclass(frozen=True)
class LocalFiles:
    """Local files to send: pairs of absolute local path and name below the target, with ``/`` between parts."""

    files: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class LocalFolder:
    """A local folder to write to."""

    path: str
    overwrite: bool = False


@dataclass(frozen=True)
class StorageLocation:
    """A location in blob storage: an https URL of a container, prefix or blob, with the means to enter.

    :param url: without query; names in it are percent-encoded.
    :param sas: a shared access signature without ``?``; None and no key: the caller's own credential is used.
    :param key: a storage account key.
    """

    url: str
    sas: str | None = field(default=None, repr=False)
    key: str | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Transfer:
    """Move bytes: ``LocalFiles`` to a ``StorageLocation``, or one of those to a ``LocalFolder``.

    Answered with ``Transferred``.

    :param mark: metadata to leave on the first file (names sorted) once all are there; when the target already carries
        ``upload_status: completed`` nothing is sent. None: send without looking.
    :param done: names, as ``Transferred`` or the container has them, that have been moved already. The driver adds to
        it, so that an order which failed half-way can be given again.
    """

    source: LocalFiles | StorageLocation
    target: StorageLocation | LocalFolder
    mark: Mapping[str, str] | None = None
    done: set[str] = field(default_factory=set, compare=False, repr=False)


@dataclass(frozen=True)
class Transferred:
    """What a transfer did.

    :param count: how many files were moved, or had been there before.
    :param names: of those that were fetched, relative to the location; who sends files has their names.
    :param skipped: all had been there before.
    """

    count: int = 0
    names: tuple[str, ...] = ()
    skipped: bool = False


@dataclass(frozen=True)
class Peek:
    """Look for a file below a location in blob storage; answered with the name of the first one, or None."""

    location: StorageLocation


Effect = Call[Any] | Pause | Turn | Look | News | Transfer | Peek


class Flow(Protocol[T_co]):
    """A Call, or a generator of effects that ends with a value."""

    def __iter__(self) -> Generator[Effect, Any, T_co]:
        """Begin the conversation."""
        ...


Steps = Generator[Effect, Any, T]
"""What a generator function that is a flow is annotated with."""
