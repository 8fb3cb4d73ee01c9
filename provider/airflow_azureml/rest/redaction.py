"""What a secret looks like in a text, and the text without it."""

from __future__ import annotations

import re

_SECRETS = (
    # The signature of a shared access signature; the rest of its query says nothing secret.
    re.compile(r"(?i)(?<=\bsig=)[^&\s\"'<>\\]+"),
    re.compile(r"(?i)(?<=\bAccountKey=)[^;\s\"'<>\\]+"),
    re.compile(r"(?i)(?<=\bSharedAccessKey=)[^;\s\"'<>\\]+"),
    re.compile(r"(?i)(?<=\bclient_secret=)[^&\s\"'<>\\]+"),
    # JSON Web Tokens, wherever they stand.
    re.compile(r"\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*"),
    # User and password (or token) before the host of a URL.
    re.compile(r"(?<=://)[^/\s@\"'<>]+(?=@)"),
)


def redact(text: str) -> str:
    """Replace what looks like a signature, an account key, a token or a URL's credential with ``***``."""
    for secret in _SECRETS:
        text = secret.sub("***", text)
    return text


def without_query(url: str) -> str:
    """An address without its query, fragment and credentials: fit for a message."""
    return redact(re.split(r"[?#]", url, maxsplit=1)[0])
