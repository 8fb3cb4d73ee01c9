"""Calls from the command line to a running emulator's control routes."""

from __future__ import annotations

import json
import ssl
import urllib.error
import urllib.request
from collections.abc import Mapping
from typing import Any

PATIENCE = 10.0
"""Seconds until a call is given up."""


class RemoteError(Exception):
    """The emulator did not answer."""


class RefusedError(RemoteError):
    """The emulator refused the request; the text is its message."""


def opener(endpoint: Mapping[str, Any]) -> urllib.request.OpenerDirector:
    """What opens the emulator's addresses, past any proxy.

    :raises OSError: the bundle of roots cannot be read.
    """
    secured = urllib.request.HTTPSHandler(context=ssl.create_default_context(cafile=endpoint["ca_bundle"]))
    return urllib.request.build_opener(urllib.request.ProxyHandler({}), secured)


def call(endpoint: dict[str, Any], method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
    """One request to the emulator, past any proxy, with its own secret.

    :param endpoint: the content of ``endpoint.json``.
    :raises RefusedError: 400.
    :raises RemoteError: no answer, or another error.
    """
    headers = {"Authorization": f"Bearer {endpoint['client_secret']}", "Content-Type": "application/json"}
    data = json.dumps(body).encode() if body is not None else None
    request = urllib.request.Request(endpoint["endpoint"] + path, data, headers, method=method)
    try:
        with opener(endpoint).open(request, timeout=PATIENCE) as answer:
            content: dict[str, Any] = json.load(answer)
            return content
    except urllib.error.HTTPError as error:
        error_type = RefusedError if error.code == 400 else RemoteError
        raise error_type(message_of(error.read())) from None
    except (OSError, ValueError) as error:
        raise RemoteError(f"{endpoint['endpoint']} does not answer: {error}") from None


def message_of(body: bytes) -> str:
    """The message of an error answer."""
    try:
        return str(json.loads(body)["error"]["message"])
    except (ValueError, KeyError, TypeError):
        return "the emulator answered with an error that is not readable"
