"""From azure-core's and azure-identity's exceptions to our own: was the server reached, was the credential refused?"""

from __future__ import annotations

import os
import re
import ssl
import sys
from collections.abc import Iterator

from azure.core.exceptions import AzureError, ServiceRequestError, ServiceResponseError

from airflow_azureml.client.answers import UnboundedAnswerError
from airflow_azureml.client.login_exchange import FORESEEN, Exchange, texts_may_pass
from airflow_azureml.client.trust import host_and_port, is_loopback
from airflow_azureml.rest.errors import (
    AuthenticationError,
    AzureMLError,
    NoAnswerError,
    SettingsError,
    TransientServiceError,
    UnreachableError,
)
from airflow_azureml.rest.redaction import redact
from airflow_azureml.rest.settings import Settings

RETRIED_STATUSES = frozenset({408, 429, 500, 502, 503, 504, 530})
"""530 is a front-end code of Azure ML for a node that is just starting. Source: azureml-core 1.61, ``clientbase``."""

AADSTS_FIELDS = {
    "AADSTS7000215": "`password`: it must be the secret's value, not its id",
    "AADSTS7000222": "`password`: the secret has expired, make a new one",
    "AADSTS7000216": "`password`: the authority requires a secret or a certificate",
    "AADSTS700016": "`login` (client id) and `tenant_id`: the tenant does not know this application",
    "AADSTS700027": "`certificate_path`: the certificate is not registered with the application, or has expired",
    "AADSTS90002": "`tenant_id`: the authority does not know this tenant",
    "AADSTS900023": "`tenant_id`: it is neither a GUID nor a verified domain",
    "AADSTS900382": "`cloud`: the application belongs to another cloud",
    "AADSTS500011": "`cloud`, `endpoint` and `ml_audience`: the tenant does not know what the token is for",
    "AADSTS70021": "the federated credential of the identity: issuer, subject or audience do not match",
}
"""Codes of Microsoft Entra and the connection's fields to look at. Source: Microsoft Entra error code reference."""

METHOD_FIELDS = {
    "client_secret": "`login`, `password` and `tenant_id`",
    "client_certificate": "`login`, `tenant_id`, `certificate_path` and `password`",
    "workload_identity": "`workload_identity_tenant_id`, `login` and the pod's service account",
    "managed_identity": "`managed_identity_client_id`, and that this machine has the identity",
    "azure_cli": "`tenant_id`, and that `az login` was done for this user on this machine",
    "default": "`auth`, `login`, `password` and `tenant_id`, or the identity of this machine",
}


def transport_error(error: AzureError, url: str) -> AzureMLError:
    """The error for a request that got no reply.

    The two transports file the same event under different names (with aiohttp a server that hangs up counts as "request
    error"), so what lies beneath decides; in doubt the server may have acted.
    """
    where = host_and_port(url)
    if _never_sent(error):
        emulator = f" {START}" if refuses_connections(error, url) else ""
        return UnreachableError(f"{where} cannot be reached: {_reason(error)}{_hint(error)}{emulator}")
    return NoAnswerError(f"{where} gave no complete answer: {_reason(error)}; it may have acted on the request.")


def token_error(error: Exception, settings: Settings, authority: str, exchange: Exchange) -> AzureMLError:
    """The error for a token that could not be had: no server was reached, it is out of order, or it refused.

    :param exchange: the last request that the credential sent, and its answer.
    """
    for cause in _chain(error):
        if isinstance(cause, SettingsError):
            return cause
        if isinstance(cause, ServiceRequestError | ServiceResponseError):
            # Whatever became of the request for a token: the one that needed it was not sent.
            return UnreachableError(str(transport_error(cause, authority)))
    message = redacted(_said(error), settings)
    where = host_and_port(exchange.url or authority)
    if exchange.reply is not None and exchange.may_pass():
        reason = message if "AADSTS" in message else "no reason given."
        text = f"{where} issues no tokens at the moment (HTTP {exchange.reply.status}): {reason}"
        return TransientServiceError(text, exchange.reply)
    if exchange.is_unanswered or texts_may_pass(_chain(error)):
        return UnreachableError(f"{where} issues no tokens at the moment: {message}")
    return AuthenticationError(
        f"No token with auth={settings.auth!r}: {message} Check the connection's {fields_of(message, settings)}."
    )


def _said(error: Exception) -> str:
    """What a credential says; of an error that only an answer explains, its words would mislead."""
    known = isinstance(error, FORESEEN)
    return str(getattr(error, "message", None) or error) if known else "the login service's answer cannot be read"


def redacted(text: str, settings: Settings) -> str:
    """One line of a message, cut to a readable length, in which no secret of the connection stands."""
    for secret in (settings.client_secret, settings.certificate_password):
        if secret:
            text = text.replace(secret, "***")
    text = re.split(r"\s*(?:Trace ID:|Correlation ID:|To mitigate this issue)", redact(" ".join(text.split())))[0]
    entra = re.search(r"AADSTS\d+:.*", text)
    text = entra[0].rstrip("'") if entra else text
    text = text if len(text) <= 600 else text[:600] + "…"
    return text if text.endswith((".", "…", "?")) else text + "."


def fields_of(message: str, settings: Settings) -> str:
    """The connection's fields to look at: by Microsoft Entra's code in a message, else by the way to sign in."""
    code = re.search(r"AADSTS\d+", message)
    by_method = METHOD_FIELDS.get(settings.auth, METHOD_FIELDS["default"])
    return AADSTS_FIELDS.get(code.group(), by_method) if code else by_method


def _never_sent(error: AzureError) -> bool:
    """Whether the connection itself failed: name, port, proxy, certificate."""
    for cause in _chain(error):
        if isinstance(
            cause, (ssl.SSLCertVerificationError, *_of_aiohttp("ClientConnectorError", "ClientHttpProxyError"))
        ):
            return True
        if isinstance(cause, (ssl.SSLError, ConnectionResetError, BrokenPipeError, *_of_aiohttp("ClientError"))):
            return False
    return isinstance(error, ServiceRequestError)


def _of_aiohttp(*names: str) -> tuple[type[BaseException], ...]:
    """Errors of aiohttp; none where it is not loaded, which takes 0.1 s and is for coroutines alone."""
    library = sys.modules.get("aiohttp")
    return tuple(getattr(library, name) for name in names) if library else ()


START = "Is the emulator running? Start it with `azureml-emulator start`."


def refuses_connections(error: BaseException, url: str) -> bool:
    """Whether an address on this machine refused the connection: it will until a server is started there."""
    return is_loopback(url) and any(isinstance(cause, ConnectionRefusedError) for cause in _chain(error))


def is_unbounded(error: BaseException) -> bool:
    """Whether an answer was given up because it was too long, or took too long."""
    return any(isinstance(cause, UnboundedAnswerError) for cause in _chain(error))


def _reason(error: Exception) -> str:
    """The innermost cause in its own words: the outer ones repeat it inside library names."""
    inner = error
    for cause in _chain(error):
        inner = cause
        if isinstance(cause, UnboundedAnswerError):
            return str(cause)
        # aiohttp has an error of this kind that wraps the one with the reason.
        if isinstance(cause, ssl.SSLCertVerificationError) and hasattr(cause, "verify_message"):
            return f"its certificate is not trusted ({cause.verify_message})"
    if isinstance(inner, OSError) and inner.errno and inner.errno > 0:
        return os.strerror(inner.errno)
    text = re.sub(r"\?\S*", "", str(inner)) or type(inner).__name__
    return redact(text.rpartition("object at 0x")[2].partition(": ")[2] or text)


def _hint(error: Exception) -> str:
    if any(isinstance(cause, ssl.SSLCertVerificationError) for cause in _chain(error)):
        return ". If it is signed by a private authority, name its CA bundle in the connection's extra `verify`."
    return ". Nothing was sent."


def _chain(error: BaseException) -> Iterator[Exception]:
    """The exception and what lies beneath it; requests and urllib3 also keep causes in ``args`` and ``reason``."""
    seen: set[int] = set()
    todo: list[object] = [error]
    while todo:
        item = todo.pop(0)
        if not isinstance(item, Exception) or id(item) in seen:
            continue
        seen.add(id(item))
        yield item
        todo += [getattr(item, "inner_exception", None), item.__cause__, getattr(item, "reason", None), *item.args]
        todo += [getattr(item, "os_error", None), getattr(item, "certificate_error", None), item.__context__]
