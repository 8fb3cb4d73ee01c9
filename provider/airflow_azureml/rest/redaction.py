"""Patterns of secrets in text, and their removal."""

from __future__ import annotations

import re
from collections.abc import Iterator

_CREDENTIAL = re.compile(r"(?<=://)[^/\s@\"'<>]+(?=@)")
"""User and password (or token) before the host of a URL."""

_TOKEN = 20
"""Letters from which on a user without a password is taken for a token."""

_SECRETS = (
    # The signature of a shared access signature; the rest of its query says nothing secret.
    re.compile(r"(?i)(?<=\bsig=)[^&\s\"'<>\\]+"),
    re.compile(r"(?i)(?<=sig%3D)[^&\s\"'<>\\/]+"),  # the same in an address that stands in another
    re.compile(r"(?i)(?<=\bAccountKey=)[^;\s\"'<>\\]+"),
    re.compile(r"(?i)(?<=\bSharedAccessKey=)[^;\s\"'<>\\]+"),
    re.compile(r"(?i)(?<=\bclient_secret=)[^&\s\"'<>\\]+"),
    # JSON Web Tokens, wherever they stand.
    re.compile(r"\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*"),
    # Private keys as OpenSSL and OpenSSH write them, also where their end has been cut off.
    re.compile(r"(?s)-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)"),
    _CREDENTIAL,
)


def redact(text: str) -> str:
    """Replace what looks like a signature, a key, a token or a URL's credential with ``***``."""
    for secret in _SECRETS:
        text = secret.sub("***", text)
    return text


def secrets_in(text: str) -> Iterator[str]:
    """Name the secrets that ``redact`` would replace.

    Of what stands before the host of a URL that is a password, or a token: a user alone is none, nor is the container
    of an ``abfss`` address.
    """
    for secret in _SECRETS:
        for match in secret.finditer(text):
            user, colon, password = match.group().partition(":")
            if secret is not _CREDENTIAL:
                yield match.group()
            elif colon and password:
                yield password
            elif len(user) >= _TOKEN and text.endswith(("http://", "https://"), 0, match.start()):
                yield user


def without_query(url: str) -> str:
    """An address without its query, fragment and credentials: fit for a message."""
    return redact(re.split(r"[?#]", url, maxsplit=1)[0])


_WORKSPACE = re.compile(r"https?://[^/]+/.*/workspaces/[^/]+(?=/.)", re.IGNORECASE)
_LONG = 100
"""Letters of an address beyond which its middle says less than it hides."""


def shortened(url: str) -> str:
    """An address as a message shows it: from its workspace on, ``…/jobs/NAME``, and never long. Without its query."""
    plain = without_query(url)
    short = _WORKSPACE.sub("…", plain)
    if len(short) <= _LONG:
        return short
    scheme, slashes, rest = short.rpartition("://")
    return f"{scheme}{slashes}{rest.partition('/')[0]}/…/{'/'.join(rest.split('/')[-2:])[-_LONG:]}"
