"""Bounds of an answer: its size and the time that it takes, in both drivers. What storage is asked for has none.

A service out of order, or somebody in its place, may send without an end or a byte now and then: neither ``requests``
nor aiohttp ends that by itself, whose time-outs are for silence alone.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from typing import Any

from azure.core.exceptions import ServiceResponseError
from azure.core.pipeline.policies import AsyncHTTPPolicy
from urllib3.exceptions import ProtocolError

from airflow_azureml.timeouts import timeout

MOST = 32 * 1024 * 1024
"""Bytes of an answer, unpacked, at most; the longest that are asked for, pages of jobs, take a hundredth of it."""

LONGEST = 300.0
"""Seconds for an answer, at most."""

PIECE = 64 * 1024
BODY = "airflow_azureml.body"
"""Where a response's context has the body that was read within these bounds."""


class UnboundedAnswerError(ProtocolError):
    """An answer is too long, or takes too long; asking again would bring the same."""


class Bounds:
    """The bounds of one answer."""

    def __init__(self) -> None:
        self._left, self._until = MOST, time.monotonic() + LONGEST

    def take(self, piece: bytes) -> bytes:
        """Let a piece of the answer pass.

        :raises UnboundedAnswerError: it is one too many, or comes too late.
        """
        self._left -= len(piece)
        if self._left < 0:
            raise UnboundedAnswerError(f"it is longer than {MOST // 1024**2} MiB")
        if time.monotonic() > self._until:
            raise UnboundedAnswerError(f"it takes longer than {LONGEST:g} seconds")
        return piece


class BoundedBody:
    """urllib3's response, whose body is read within the bounds: ``requests`` reads it by ``stream`` alone."""

    def __init__(self, raw: Any) -> None:
        self._raw, self._bounds = raw, Bounds()

    def __getattr__(self, name: str) -> Any:
        """All else is urllib3's."""
        return getattr(self._raw, name)

    def stream(self, amt: int = PIECE, decode_content: bool | None = None) -> Iterator[bytes]:
        """Give the body out as it comes in: ``read1``, which urllib3 2.0 lacks, does not wait for a whole piece."""
        read = getattr(self._raw, "read1", self._raw.read)
        try:
            while piece := read(max(amt, PIECE), decode_content=decode_content):
                yield self._bounds.take(piece)
        except UnboundedAnswerError:
            self._raw.close()
            raise


class AsyncBoundedAnswers(AsyncHTTPPolicy[Any, Any]):
    """Reads each answer whole, within the bounds, where retries still see what goes wrong."""

    async def send(self, request: Any) -> Any:
        """Send a request that is to be streamed, and leave the answer's body in its context."""
        try:
            async with timeout(LONGEST):
                return await self._read(request)
        except asyncio.TimeoutError:
            unbounded = UnboundedAnswerError(f"it takes longer than {LONGEST:g} seconds")
        except UnboundedAnswerError as error:
            unbounded = error
        raise ServiceResponseError(str(unbounded), error=unbounded) from unbounded

    async def _read(self, request: Any) -> Any:
        response = await self.next.send(request)
        bounds, pieces = Bounds(), []
        try:
            async for piece in response.http_response.iter_bytes():
                pieces.append(bounds.take(piece))
        except BaseException:
            await response.http_response.close()
            raise
        response.context[BODY] = b"".join(pieces)
        return response
