"""Request bodies: JSON objects read with suspicion."""

from __future__ import annotations

import json
from typing import Any

from aiohttp import web

from azureml_emulator.core.errors import Envelope, ServiceError

LIMIT = 16 * 1024 * 1024
"""Bytes of the largest JSON body that is read."""


async def read_object(
    request: web.Request, envelope: Envelope = Envelope.MANAGEMENT, *, optional: bool = False
) -> dict[str, Any]:
    """The request's body as a JSON object.

    :param optional: an empty body is an empty object.
    :raises ServiceError: 400 when it is not a JSON object, 413 when it is larger than ``LIMIT``.
    """
    received = await read_body(request)
    if len(received) > LIMIT:
        raise ServiceError(413, "RequestEntityTooLarge", "The request body is too large.", envelope=envelope)
    if optional and not received.strip():
        return {}
    try:
        value = json.loads(received)
    except (ValueError, RecursionError):
        raise refusal("The request body is not valid JSON.", envelope) from None
    if not isinstance(value, dict):
        raise refusal(f"The request body must be a JSON object; it is {type(value).__name__}.", envelope)
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


def refusal(message: str, envelope: Envelope) -> ServiceError:
    """400 for a body that cannot be read."""
    code = "BAD_REQUEST" if envelope is Envelope.MLFLOW else "UserError"
    return ServiceError(400, code, message, ("BadArgument", "InvalidRequestBody"), envelope)
