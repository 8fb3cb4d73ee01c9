"""Request bodies: JSON objects read with suspicion."""

from __future__ import annotations

import json
import math
import zlib
from typing import Any, NoReturn

from aiohttp import web

from azureml_emulator.core.errors import Envelope, ServiceError

DEEPEST = 100
"""Levels of objects and arrays in a JSON body. What the service takes is not published; Azure ML's own bodies have at
most about twenty."""

LIMIT = 16 * 1024 * 1024
"""Bytes of the largest JSON body that is read."""

WINDOWS = {"gzip": 16 + zlib.MAX_WBITS, "deflate": zlib.MAX_WBITS}
"""Compressions of bodies, and how zlib calls their formats."""


async def read_object(
    request: web.Request,
    envelope: Envelope = Envelope.MANAGEMENT,
    *,
    optional: bool = False,
    not_finite: bool = False,
) -> dict[str, Any]:
    """The request's body as a JSON object.

    :param optional: an empty body is an empty object.
    :param not_finite: take the words ``NaN``, ``Infinity`` and ``-Infinity`` for numbers.
    :raises ServiceError: 400 when it is not a JSON object, 413 when it is larger than ``LIMIT``.
    """
    value = await read_value(request, envelope, optional=optional, not_finite=not_finite)
    if not isinstance(value, dict):
        raise refusal(f"The request body must be a JSON object; it is {type(value).__name__}.", envelope)
    return value


async def read_array(request: web.Request, envelope: Envelope = Envelope.MANAGEMENT) -> list[Any]:
    """The request's body as a JSON array.

    :raises ServiceError: 400 when it is none, 413 when it is larger than ``LIMIT``.
    """
    value = await read_value(request, envelope)
    if not isinstance(value, list):
        raise refusal(f"The request body must be a JSON array; it is {type(value).__name__}.", envelope)
    return value


async def read_value(
    request: web.Request, envelope: Envelope, *, optional: bool = False, not_finite: bool = False
) -> Any:
    """The request's body as JSON; an empty object where it is ``optional`` and empty."""
    received = unpacked(await read_body(request), request.headers.get("Content-Encoding", ""))
    if len(received) > LIMIT:
        raise ServiceError(413, "RequestEntityTooLarge", "The request body is too large.", envelope=envelope)
    if optional and not received.strip():
        return {}
    try:
        return read_json(received, not_finite=not_finite)
    except ValueError:
        raise refusal("The request body is not valid JSON.", envelope) from None


def read_json(content: bytes, *, not_finite: bool = False) -> Any:
    """A JSON text as values, all of which can be written as JSON again, but those that ``not_finite`` lets in.

    Source: RFC 8259, sections 6 and 8: there are no ``NaN`` and ``Infinity``, the text is UTF-8, and half of a
    surrogate pair is none.

    :raises ValueError: it is none, or nested more than ``DEEPEST`` levels deep.
    """
    try:
        # Bytes would be read as UTF-16, too, and with halves of surrogate pairs.
        constant = float if not_finite else not_json
        value = json.loads(content.decode("utf-8-sig"), parse_constant=constant, parse_float=finite)
    except RecursionError:
        raise ValueError("The JSON is nested too deeply.") from None
    if content.count(b"{") + content.count(b"[") > DEEPEST:
        check_depth(value)
    if b"\\u" in content:
        json.dumps(value, ensure_ascii=False).encode()
    return value


def check_depth(value: Any) -> None:
    """Refuse values within values beyond the limit: whoever walks through them would fail.

    :raises ValueError: they are too deep.
    """
    level = [value]
    for _ in range(DEEPEST):
        level = [
            each
            for holder in level
            if isinstance(holder, dict | list)
            for each in (holder.values() if isinstance(holder, dict) else holder)
        ]
        if not level:
            return
    if any(isinstance(each, dict | list) for each in level):
        raise ValueError("The JSON is nested too deeply.")


def not_json(word: str) -> NoReturn:
    """Refuse a word that Python reads as a number and JSON does not know."""
    raise ValueError(f"{word} is not JSON.")


def finite(digits: str) -> float:
    """A number with a fraction or an exponent.

    :raises ValueError: it is larger than a double can be.
    """
    value = float(digits)
    if not math.isfinite(value):
        raise ValueError(f"{digits} is too large.")
    return value


async def read_body(request: web.Request) -> bytes:
    """The request's body, no more of it than just beyond ``LIMIT``; it can be asked for again."""
    if "body" not in request:
        received = bytearray()
        async for chunk in request.content.iter_any():
            received += chunk
            if len(received) > LIMIT:
                break
        request["body"] = bytes(received)
    body: bytes = request["body"]
    return body


def unpacked(content: bytes, encoding: str) -> bytes:
    """A body without the compression that its header names, no more of it than just beyond ``LIMIT``.

    What Azure ML takes of this is not published. What is no such thing stays as it is, and is no JSON.
    """
    if encoding.lower() not in WINDOWS:
        return content
    try:
        return zlib.decompressobj(WINDOWS[encoding.lower()]).decompress(content, LIMIT + 1)
    except zlib.error:
        return content


def refusal(message: str, envelope: Envelope) -> ServiceError:
    """400 for a body that cannot be read."""
    code = "BAD_REQUEST" if envelope is Envelope.MLFLOW else "UserError"
    return ServiceError(400, code, message, ("BadArgument", "InvalidRequestBody"), envelope)
