"""The service, played back: the answers of the emulator to one scenario, of which one is changed.

What is below the drivers is left out, so that thousands of changed answers take seconds: ``tests/client`` has what can
go wrong with a connection.
"""

from __future__ import annotations

import contextlib
import copy
import json
import random
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from airflow_azureml.client import drivers
from airflow_azureml.client.session import Authenticate, GetToken, Once, Send
from airflow_azureml.rest.flow import Look, Pause, Reply, Turn

MOST = 3_000
"""Steps after which a scenario counts as one that never ends: it takes some dozens."""


class EndlessError(BaseException):
    """The conversation does not come to an end; no ``except Exception`` may hide it."""


@dataclass
class Recording:
    """What was answered to each request of a scenario, in order; and what transfers brought."""

    replies: dict[tuple[str, str], list[Reply]] = field(default_factory=lambda: defaultdict(list))
    moved: list[Any] = field(default_factory=list)

    @property
    def count(self) -> int:
        """How many answers there are."""
        return sum(map(len, self.replies.values()))


@contextlib.contextmanager
def recording(monkeypatch: pytest.MonkeyPatch) -> Iterator[Recording]:
    """Keep what is answered to all clients of this process."""
    kept, real, really_send = Recording(), drivers.MLClient._do, drivers.AsyncMLClient._send

    def do(client: drivers.MLClient, step: Any) -> Any:
        answer = real(client, step)
        if isinstance(step, Send):
            kept.replies[key(step.request)].append(answer)
        elif not isinstance(step, (GetToken, Once, Authenticate, Pause, Turn, Look)):
            kept.moved.append(answer)
        return answer

    async def send(client: drivers.AsyncMLClient, request: Any) -> Reply:
        answer = await really_send(client, request)
        kept.replies[key(request)].append(answer)
        return answer

    with monkeypatch.context() as patch:
        patch.setattr(drivers.MLClient, "_do", do)
        patch.setattr(drivers.AsyncMLClient, "_send", send)
        yield kept


def key(request: Any) -> tuple[str, str]:
    """What an answer is found again by."""
    return request.http.method, request.url


class Playback:
    """The service, as it was recorded, but for its answer number ``at``.

    :param change: makes another answer of that one.
    :ivar paused: seconds that the scenario would have paused for: none of them pass, so a clock must be put forward.
    """

    def __init__(self, kept: Recording, at: int, change: Callable[[Reply], Reply]) -> None:
        self._replies = {place: list(replies) for place, replies in kept.replies.items()}
        self._moved = list(kept.moved)
        self._at, self._change = at, change
        self._steps = self._answers = 0
        self.paused = 0.0
        self.changed: Reply | None = None

    @property
    def stand_in(self) -> Callable[[drivers.MLClient, Any], Any]:
        """What takes the place of ``MLClient._do``."""
        return lambda client, step: self._do(client, step)

    @property
    def send_in(self) -> Callable[[drivers.AsyncMLClient, Any], Awaitable[Reply]]:
        """What takes the place of ``AsyncMLClient._send``."""

        async def send(client: drivers.AsyncMLClient, request: Any) -> Reply:
            return self._next(request)

        return send

    def _do(self, client: drivers.MLClient, step: Any) -> Any:
        self._steps += 1
        if self._steps > MOST:
            raise EndlessError
        if isinstance(step, Once):
            return client._drive(step.steps)
        if isinstance(step, Look):
            return client._drive(client._session.look(replace(step, pause=0.0, not_before=0.0)))
        if isinstance(step, GetToken):
            return "token"
        if isinstance(step, Pause):
            self.paused += step.seconds
            return None
        if isinstance(step, (Authenticate, Turn)):
            return None
        if not isinstance(step, Send):
            return self._moved.pop(0) if len(self._moved) > 1 else (self._moved or [None])[0]
        return self._next(step.request)

    def _next(self, request: Any) -> Reply:
        reply = self._reply(request)
        self._answers += 1
        if self._answers - 1 == self._at:
            reply = self.changed = self._change(reply)
        return reply

    def _reply(self, request: Any) -> Reply:
        method, url = key(request)
        replies = self._replies.get((method, url))
        if replies is None:  # a request that the change has led to
            return Reply(404, {}, b'{"error": {"code": "NotFound", "message": "nothing here"}}', method, url)
        return replies.pop(0) if len(replies) > 1 else replies[0]


ODD: tuple[Any, ...] = (
    *(None, True, 0, -1, 5, 1.5, 10**30, float("nan"), float("inf"), "", "x", "\x00", "ä" * 3, "Completed", "https://"),
    *("https://evil.example/x", "//", "http://[", "azureml:", "azureml://", "/subscriptions/", "a" * 100_000),
    *([], [None], ["x"], [[]], [{}], {}, {"": None}, {"x": {}}, {"properties": 5}, {"value": [5]}, [[[[5]]]]),
)
RAW = (
    *(b"", b" ", b"null", b"[]", b"5", b'"x"', b"{", b"[" * 200_000, b'{"a":' * 200_000, b"<html></html>", b"\xff\xfe"),
    *(b'{"value": ' + b"1" * 10_000 + b"}", b"NaN", b"{} {}", b"\xef\xbb\xbf{}", b"\x00" * 100),
)
HEADERS = ("Location", "Azure-AsyncOperation", "Retry-After", "Content-Type", "x-ms-request-id", "Content-Length")
WORDS = ("", "x", "-1", "1e9", "nan", "https://evil.example/", "http://[", "/x", "Wed, 32 Jan 2025", "a" * 10_000, "ä")
STATUSES = (200, 201, 202, 204, 206, 302, 304, 400, 401, 403, 404, 409, 410, 412, 418, 429, 500, 502, 503, 504, 600)


def changed(reply: Reply, chance: random.Random) -> Reply:
    """An answer with something else in one place."""
    how = chance.random()
    if how < 0.15:
        return replace(reply, body=chance.choice(RAW))
    if how < 0.25:
        return replace(reply, body=reply.body[: chance.randrange(len(reply.body) + 1)])
    if how < 0.35:
        headers = {**reply.headers, chance.choice(HEADERS): chance.choice(WORDS)}
        return replace(reply, headers=headers, status=chance.choice((reply.status, reply.status, 202)))
    if how < 0.45:
        return replace(reply, status=chance.choice(STATUSES))
    value = copy.deepcopy(reply.json())
    places = list(containers(value))
    if not places:
        return replace(reply, body=json.dumps(chance.choice(ODD)).encode())
    for _ in range(chance.choice((1, 1, 1, 3))):
        holder, name = chance.choice(places)
        if chance.random() < 0.3 and isinstance(holder, dict):
            holder.pop(name, None)
        elif isinstance(holder, dict) or name < len(holder):
            holder[name] = chance.choice(ODD)
    return replace(reply, body=json.dumps(value).encode())


def containers(value: Any) -> Iterator[tuple[Any, Any]]:
    """All places in a value, as what holds them and the key there."""
    if isinstance(value, dict):
        for name, item in value.items():
            yield value, name
            yield from containers(item)
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield value, number
            yield from containers(item)
