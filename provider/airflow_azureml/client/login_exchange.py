"""The last exchange with the login service for a token: request, answer, and whether a failure is transient or mended.

azure-identity raises ``ClientAuthenticationError`` for nearly every failure and rarely keeps the answer; a chain of
credentials keeps only texts. So hooks in the credentials' own pipelines note what is sent and answered.
"""

from __future__ import annotations

import re
import subprocess
import time
from collections.abc import Iterable
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlsplit

from azure.core.exceptions import AzureError

from airflow_azureml.rest.flow import Reply
from airflow_azureml.rest.redaction import without_query
from airflow_azureml.rest.settings import Settings

PASSING_STATUSES = frozenset({408, 429})
"""Answers of a login service that may pass, beside all of 500 and above."""

IDENTITY_SERVICE_STATUSES = PASSING_STATUSES | {404, 410}
"""The same for a virtual machine's own identity service, which is updating then.

Source: azure-identity 1.27, ``imds.PIPELINE_SETTINGS``; Microsoft Learn, "How to use managed identities … to acquire an
access token", retry guidance.
"""

IDENTITY_SERVICE = "/metadata/identity/oauth2/token"

PASSING_WORDS = frozenset({"temporarily_unavailable", "server_error"})
"""OAuth's words for "ask again". Source: RFC 6749, 4.1.2.1; Microsoft identity platform, client credentials flow."""

PASSING_CODES = frozenset({50000, 50196, 90006, 90012, 90024, 90033, 90055})
"""Codes of Microsoft Entra that may pass: an issue of the sign-in service, too many requests of one client, the service
or its directory out of order, a time-out, a budget used up, a throttled tenant.

Source: Microsoft Entra authentication and authorization error codes.
"""

BROKEN_OFF = re.compile(
    r"Max retries exceeded|Connection (?:aborted|reset|refused|timed out)|Read timed out|RemoteDisconnected"
    r"|Temporary failure in name resolution|Name or service not known|Network is unreachable|EOF occurred in violation"
    r"|Failed to invoke the Azure CLI|Timed out waiting for Azure CLI"
)
"""What Azure's command-line tools write when they got no answer, and azure-identity when they took too long."""


FORESEEN = (AzureError, ValueError)
"""What credentials raise where no token can be had; ``ValueError`` is msal's, for an authority that it cannot use."""


READ_AGAIN_AFTER = 30.0
"""Seconds, at least, from one reading of a connection to the next, where the login service refuses who it names."""

LOGIN_FIELDS = (
    *("auth", "tenant_id", "client_id", "client_secret", "certificate_path", "certificate_password"),
    *("managed_identity_client_id", "workload_identity_tenant_id"),
)
"""The settings that a client may exchange: all others are about where it leads."""


@dataclass
class Exchange:
    """The last request that a credential sent, and its answer.

    :param reply: None where there was no request, or no answer to the last one.
    """

    url: str | None = None
    reply: Reply | None = field(default=None, repr=False)

    @property
    def is_unanswered(self) -> bool:
        """Whether a request of a login service was sent in vain; a machine need not have an identity service."""
        return self.url is not None and self.reply is None and urlsplit(self.url).path != IDENTITY_SERVICE

    def explains(self, error: Exception) -> bool:
        """Whether what a credential has raised comes of a login service: its own kinds do, others only after an answer.

        Coroutines of azure-identity raise a bare ``TypeError`` for an answer that holds JSON but no object; up to
        1.25.1 also for one without a body, whatever its status.
        """
        return self.reply is not None or isinstance(error, FORESEEN)

    def may_pass(self) -> bool:
        """Whether the answer says: not now."""
        if self.reply is None:
            return False
        asked = urlsplit(self.reply.url)
        passing = IDENTITY_SERVICE_STATUSES if asked.path == IDENTITY_SERVICE else PASSING_STATUSES
        if self.reply.status in passing or self.reply.status >= 500:
            return True
        body = self.reply.json() if self.reply.status >= 400 else None
        if not isinstance(body, dict):
            return False
        return _passing(body.get("error"), body.get("error_codes"), body.get("error_description"))


LISTENING: ContextVar[Exchange | None] = ContextVar("azureml_signing_in", default=None)
"""Where the hooks leave what they see: in the thread or coroutine that asks for the token."""


def _sent(request: Any) -> None:
    exchange = LISTENING.get()
    if exchange is not None:
        exchange.url, exchange.reply = without_query(request.http_request.url), None


def _answered(response: Any) -> None:
    exchange = LISTENING.get()
    if exchange is not None:
        http = response.http_response
        body = _body(http) if http.status_code >= 400 else b""
        # Without a method: it is not the answer to the request that wanted the token.
        exchange.reply = Reply(http.status_code, dict(http.headers), body, url=without_query(http.request.url))


HOOKS = {"raw_request_hook": _sent, "raw_response_hook": _answered}
"""What each credential that sends requests is given. Source: azure-core, ``CustomHookPolicy``."""


def texts_may_pass(errors: Iterable[BaseException]) -> bool:
    """Whether what a credential says in words alone is an outage: of a command line, or of a chain of credentials."""
    for error in errors:
        if isinstance(error, subprocess.TimeoutExpired):
            return True
        text = str(error)
        status = re.search(r"HTTP (?:Error|status): (\d{3})", text)
        if status and (int(status[1]) in PASSING_STATUSES or int(status[1]) >= 500):
            return True
        codes = [int(code) for code in re.findall(r"AADSTS(\d+)", text)]
        if codes:
            return _passing(text, codes, None)
        if any(word in text for word in PASSING_WORDS) or BROKEN_OFF.search(text):
            return True
    return False


def _passing(error: Any, codes: Any, description: Any) -> bool:
    words = f"{error or ''} {description or ''}"
    found = {int(code) for code in re.findall(r"AADSTS(\d+)", words)}
    found |= {code for code in codes if isinstance(code, int)} if isinstance(codes, list) else set()
    return bool(found & PASSING_CODES) or any(word in words for word in PASSING_WORDS)


def _body(response: Any) -> bytes:
    """The body of an answer: azure-identity 1.25.0 sends the older of azure-core's two kinds of requests."""
    body: bytes = response.content if hasattr(response, "content") else response.body()
    return body


class Renewal:
    """When to read a connection anew, and what it has become: another one may sign in by then.

    A secret may be exchanged while a job is waited for, which takes days at times. Tokens of the old one are good for
    an hour or so; then the login service refuses it, though Airflow's connection has the new one by then.

    :param settings: as it was read.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._not_before = time.monotonic() + READ_AGAIN_AFTER

    def begins(self) -> bool:
        """Whether it is time to read the connection; for others it is not, then."""
        due = time.monotonic() >= self._not_before
        if due:
            self._not_before = time.monotonic() + READ_AGAIN_AFTER
        return due

    def takes(self, fresh: Settings) -> bool:
        """Take settings over that say otherwise who signs in, and nothing else."""
        same_place = replace(fresh, **{name: getattr(self.settings, name) for name in LOGIN_FIELDS}) == self.settings
        if not same_place or fresh == self.settings:
            return False
        self.settings = fresh
        return True
