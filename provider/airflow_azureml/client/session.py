"""The decisions of the two drivers, without I/O: a generator that yields the next step and is sent its result.

The law of this file: nothing here sends, sleeps, locks or opens anything. ``Session`` decides in which order a call's
addresses, its tokens and its request are needed and what the answer means; ``drivers`` carries each ``Step`` out, once
in threads and once in coroutines, and throws our own errors back in at the point of asking.
"""

from __future__ import annotations

import enum
import logging
import math
import threading
import time
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeVar
from urllib.parse import quote, urlencode, urlsplit

from azure.core.rest import HttpRequest

from airflow_azureml.client.interruption import Interrupted
from airflow_azureml.client.kept_answers import KeptAnswers
from airflow_azureml.client.trust import TOKENLESS, check_address, check_texts, check_token, data_plane_of
from airflow_azureml.lifecycle.pacing.throttle import Throttle
from airflow_azureml.rest import clouds, jobs, workspace
from airflow_azureml.rest.clouds import ControlPlane
from airflow_azureml.rest.errors import AzureMLError, NotFoundError, SettingsError, check
from airflow_azureml.rest.flow import Call, Effect, Flow, Look, News, Pause, Peek, Plane, Reply, Transfer, Turn
from airflow_azureml.rest.redaction import without_query
from airflow_azureml.rest.settings import Settings

T = TypeVar("T")

log = logging.getLogger(__name__)

PLANE = "plane"
"""The option of the pipeline by which a request says where it goes."""

Listener = Callable[[Any], None]
"""What ``News`` is handed to: a plain function, called in the caller's own task or coroutine."""

BELOW_DATA_PLANE = frozenset({Plane.DATA, Plane.DATA_ML})


QUERY_SAFE = "!$'()*,/:?@"
"""What a query may hold as it is: aiohttp takes the escapes of these back, and both drivers shall send the same."""


LOOKS_PER_SECOND = 5.0
"""The budget of looks at jobs, where no other is given."""


class Discovery(enum.Enum):
    """What a client asks for once, however many threads or coroutines need it at the same time."""

    CONTROL_PLANE = "control plane"
    DATA_PLANE = "data plane"


@dataclass(frozen=True)
class OutgoingRequest:
    """One request, ready to travel.

    :param audience: what its bearer token is for; None sends none.
    :param options: options of the pipeline for this request alone; ``plane`` is for whoever counts.
    """

    http: HttpRequest
    audience: str | None
    options: Mapping[str, Any]

    @property
    def url(self) -> str:
        """Where it goes, without the query."""
        return without_query(self.http.url)


@dataclass(frozen=True)
class Send:
    """Send a request through the pipeline of its audience; answered with the ``Reply``, whatever its status."""

    request: OutgoingRequest


@dataclass(frozen=True)
class GetToken:
    """Get a token for a header of its own; answered with its text."""

    scope: str


@dataclass(frozen=True)
class Authenticate:
    """Make the credential for a control plane; every later ``Send`` and ``GetToken`` uses it. Answered with None."""

    control: ControlPlane


@dataclass(frozen=True)
class Once:
    """Work through ``steps`` while nobody else works on the same discovery; answered with their value."""

    discovery: Discovery
    steps: Generator[Step, Any, Any]


Step = Send | GetToken | Authenticate | Once | Pause | Turn | Look | Transfer | Peek
"""What a driver can be asked to do."""

Run = Generator[Step, Any, T]
"""What a generator of steps is annotated with."""


class Session:
    """What one client has found out about its workspace, and how it works through flows. Threads may share it.

    :param budget: looks at jobs in a second.
    :param clock: tells seconds; a steady one.

    ``control``: addresses and audiences, once they are known. ``data_plane``: the address of the workspace's data
    plane, once it is known.
    """

    def __init__(
        self, settings: Settings, budget: float = LOOKS_PER_SECOND, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.settings = settings
        self._clock = clock
        self._throttle = Throttle(budget)
        self.control: ControlPlane | None = None
        self.data_plane: str | None = None
        self._kept = KeptAnswers()

    def run(self, flow: Flow[T], news: Listener | None = None, stop: threading.Event | None = None) -> Run[T]:
        """Work through a flow; the generator's value is the flow's.

        :param news: called with the record of each ``News``.
        :param stop: once it is set nothing new is begun.
        :raises Interrupted: something new was to be begun although ``stop`` was set.
        """
        effects = iter(flow)
        try:
            effect = next(effects)
            while True:
                _check_stop(stop, effect)
                try:
                    # A generator less for each of those who wait.
                    answer = (yield effect) if isinstance(effect, Look) else (yield from self.perform(effect, news))
                except AzureMLError as error:
                    effect = effects.throw(error)
                else:
                    effect, answer = effects.send(answer), None  # as above: nothing is kept while they wait
        except StopIteration as end:
            result: T = end.value
            return result
        finally:
            effects.close()

    def perform(self, effect: Effect, news: Listener | None = None) -> Run[Any]:
        """Do one thing that a flow asks for."""
        if isinstance(effect, Call):
            return (yield from self.call(effect))
        if isinstance(effect, News):
            return news(effect.record) if news is not None else None
        return (yield effect)

    def look(self, look: Look) -> Run[jobs.Job]:
        """Look at one job by itself when it is wanted, and again as long as that is news to nobody.

        A look that fails is told of when the next one fails, too.
        """
        clock, throttle = self._clock, self._throttle
        due = clock() + look.pause
        latest = math.inf if look.latest is None else clock() + look.latest
        while True:
            pause = min(max(due, throttle.free_at), latest) - clock()
            if pause > 0:
                yield Pause(pause)
            throttle.sent(clock())
            try:
                # The throttle decides when to ask again, not the pipeline.
                job = yield from self.call(replace(jobs.get(self.settings.workspace, look.job), repeatable=False))
            except (NotFoundError, SettingsError):
                raise
            except AzureMLError as error:
                throttle.failed(clock(), error.retry_after)
                if throttle.failures != 1 or clock() >= latest:
                    raise
                continue
            throttle.succeeded()
            again = look.again(job) if look.again is not None else None
            if again is None:
                return job
            due = clock() + again

    def call(self, call: Call[T]) -> Run[T]:
        """Make one call: find out where it goes, with which tokens, send it, and read the answer.

        An answer that may be kept is given from memory meanwhile.

        :raises UntrustedHostError: the address must not be asked, or must not be sent a token.
        :raises ServiceError: the service answered with a failure.
        """
        for answer in self._kept.find(call):
            return answer  # type: ignore[no-any-return]
        control = None if call.plane in TOKENLESS else (yield from self.control_plane())
        data_plane = None
        if call.plane in BELOW_DATA_PLANE:
            data_plane = self.data_plane or (yield Once(Discovery.DATA_PLANE, self._find_data_plane()))
        request = _prepared(call, self.settings, control, data_plane)
        if control is not None and call.user_token:
            request.http.headers["x-azureml-token"] = yield GetToken(scope(control.ml_audience))
        reply: Reply = yield Send(request)
        if reply.status not in call.ok:
            log.debug("%s %s was answered with status %s.", reply.method, reply.url, reply.status)
            check(reply)
        answer = call.parse(reply)
        self._kept.keep(call, answer)
        return answer

    def control_plane(self) -> Run[ControlPlane]:
        """Addresses and audiences, asked for once."""
        return self.control or (yield Once(Discovery.CONTROL_PLANE, self._find_control_plane()))

    def _find_control_plane(self) -> Run[ControlPlane]:
        # Another thread or coroutine may have found it while this one waited for its turn.
        if self.control is None:
            control = yield from self.run(clouds.control_plane(self.settings))
            yield Authenticate(control)
            self.control = control
        return self.control

    def _find_data_plane(self) -> Run[str]:
        if self.data_plane is None:
            found = yield from self.run(workspace.data_plane(self.settings.workspace))
            control = yield from self.control_plane()
            self.control = data_plane_of(found, control, self.settings)
            self.data_plane = found
        return self.data_plane


def _check_stop(stop: threading.Event | None, effect: Effect) -> None:
    """Begin nothing new once the stop event of a run is set.

    :raises Interrupted: it is, and something new would come of the effect.
    """
    new = isinstance(effect, Transfer) or (isinstance(effect, Call) and effect.makes_something)
    if new and stop is not None and stop.is_set():
        raise Interrupted("The flow was interrupted before its next request or transfer.")


# -- a call as a request


def _prepared(
    call: Call[Any], settings: Settings, control: ControlPlane | None, data_plane: str | None
) -> OutgoingRequest:
    """Give a call its address, audience and options.

    :param control: the control plane; None only for planes that take no token.
    :param data_plane: the data plane's address, for the planes that live there.
    :raises UntrustedHostError: the address must not be asked, or must not see a token.
    """
    check_texts(call)
    arm = control.arm if control else None
    base = {Plane.ARM: arm, Plane.DATA: data_plane, Plane.DATA_ML: data_plane}.get(call.plane)
    url = (base or "").rstrip("/") + call.path if call.path.startswith("/") else call.path
    check_address(url, call.plane)
    if control is not None:
        check_token(url, control, base, settings)
    content: dict[str, Any] = {} if call.body is None else {"json": call.body}
    request = HttpRequest(call.method, _addressed(url, call, settings), headers=dict(call.headers), **content)
    repeats: dict[str, Any] = {"retry_on_methods": frozenset({call.method})} if call.may_repeat else {"retry_total": 0}
    if call.bearer is not None:
        request.headers["Authorization"] = f"Bearer {call.bearer}"
    audience = None if call.bearer is not None else _audience(call.plane, control)
    return OutgoingRequest(request, audience, {**repeats, PLANE: call.plane.value})


def _addressed(url: str, call: Call[Any], settings: Settings) -> str:
    """The address with the call's query; ARM requires a version, which an address from an answer may carry already."""
    query = dict(call.query)
    if call.plane is Plane.ARM and "api-version=" not in urlsplit(url).query:
        query.setdefault("api-version", settings.api_version)
    if not query:
        return url
    return url + ("&" if "?" in url else "?") + urlencode(query, quote_via=quote, safe=QUERY_SAFE)


def _audience(plane: Plane, control: ControlPlane | None) -> str | None:
    """What the token of a plane is for."""
    if control is None or plane in TOKENLESS:
        return None
    return control.ml_audience if plane in (Plane.DATA_ML, Plane.SCORING) else control.arm_audience


def scope(audience: str) -> str:
    """A token scope: the audience, one slash, ``.default``. Source: azure-ai-ml 1.35.2, ``_azure_environments``."""
    return audience.rstrip("/") + "/.default"
