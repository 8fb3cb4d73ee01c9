"""Shared access signatures: made and verified with the account's key as Azure Storage does."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta, timezone
from functools import lru_cache
from urllib.parse import quote, urlencode

from azureml_emulator.core.clock import now
from azureml_emulator.core.settings import ACCOUNT, Settings

VERSION = "2021-12-02"
"""The version of the signatures that the emulator makes itself."""

PERMISSIONS = "racwdxyltmeopif"
"""Letters of what a signature of a container or a blob may allow. Source: Azure Storage REST reference, Create a
service SAS."""

OVERRIDES = ("rscc", "rscd", "rsce", "rscl", "rsct")
"""Query fields that replace headers of the answer: cache control, disposition, encoding, language, type."""


@lru_cache(1024)
def signature(key: str, text: str) -> str:
    """HMAC-SHA256 of a text under a base64 key, base64."""
    digest = hmac.new(base64.b64decode(key), text.encode(), hashlib.sha256).digest()
    return base64.b64encode(digest).decode()


class Signer:
    """Makes service signatures for the workspace's storage account."""

    def __init__(self, settings: Settings) -> None:
        self._key = settings.account_key
        self._storage_url = settings.storage_url

    def sign(
        self,
        container: str,
        permissions: str = "rl",
        blob: str = "",
        *,
        lifetime: float = 3600,
        expiry: datetime | None = None,
    ) -> str:
        """A service SAS (query text without ``?``) for a container, or for one blob of it.

        :param permissions: letters in the service's order (racwdxltmeop).
        :param lifetime: seconds from now; ``expiry`` names the moment instead.
        """
        begins = now() - timedelta(minutes=10)
        ends = expiry or now() + timedelta(seconds=lifetime)
        fields = {
            "sv": VERSION,
            "sr": "b" if blob else "c",
            "sp": permissions,
            "st": utc_seconds(min(begins, ends - timedelta(minutes=10))),
            "se": utc_seconds(ends),
            "spr": "https",
        }
        resource = f"/blob/{ACCOUNT}/{container}" + (f"/{blob}" if blob else "")
        fields["sig"] = signature(self._key, service_text(fields, resource))
        return urlencode(fields)

    def url(
        self,
        container: str,
        blob: str = "",
        permissions: str = "r",
        *,
        lifetime: float = 3600,
        expiry: datetime | None = None,
    ) -> str:
        """The address of a container or blob with a SAS at its end; see ``sign``."""
        place = f"{self._storage_url}/{container}" + (f"/{quote(blob)}" if blob else "")
        return f"{place}?{self.sign(container, permissions, blob, lifetime=lifetime, expiry=expiry)}"


def service_text(fields: Mapping[str, str], resource: str) -> str:
    """The text that a service SAS signs. Source: Azure Storage REST reference, Create a service SAS.

    :param resource: ``/blob/<account>/<container>[/<blob>]``.
    """
    version = fields.get("sv", "")
    values = [fields.get("sp", ""), fields.get("st", ""), fields.get("se", ""), resource]
    values += [fields.get(name, "") for name in ("si", "sip", "spr", "sv")]
    if version >= "2018-11-09":
        values += [fields.get(name, "") for name in ("sr", "snapshot")]
    if version >= "2020-12-06":
        values.append(fields.get("ses", ""))
    return "\n".join([*values, *(fields.get(name, "") for name in OVERRIDES)])


DELEGATED = ("skoid", "sktid", "skt", "ske", "sks", "skv")
"""Query fields that say which user delegation key has signed: whose, from when, until when, for which service."""


def delegated_key(key: str, fields: Mapping[str, str]) -> str:
    """The user delegation key of these terms, base64."""
    return signature(key, "\n".join(fields.get(name, "") for name in DELEGATED))


def delegated_text(fields: Mapping[str, str], resource: str) -> str:
    """The text that a user delegation SAS signs. Source: Azure Storage REST reference, Create a user delegation SAS; of
    the versions since 2025-07-05 azure-storage-blob 12.31.

    :param resource: as for ``service_text``.
    """
    version = fields.get("sv", "")
    values = [fields.get("sp", ""), fields.get("st", ""), fields.get("se", ""), resource]
    values += [fields.get(name, "") for name in (*DELEGATED, "saoid", "suoid", "scid")]
    if version >= "2025-07-05":
        values += [fields.get(name, "") for name in ("skdutid", "sduoid")]
    values += [fields.get(name, "") for name in ("sip", "spr", "sv", "sr", "snapshot")]
    if version >= "2020-12-06":
        values.append(fields.get("ses", ""))
    if version >= "2026-04-06":
        values += ["", ""]
    return "\n".join([*values, *(fields.get(name, "") for name in OVERRIDES)])


def account_text(fields: Mapping[str, str], account: str) -> str:
    """The text that an account SAS signs. Source: Azure Storage REST reference, Create an account SAS."""
    names = ["sp", "ss", "srt", "st", "se", "sip", "spr", "sv"]
    if fields.get("sv", "") >= "2020-12-06":
        names.append("ses")
    return "\n".join([account, *(fields.get(name, "") for name in names)]) + "\n"


def is_signed(key: str, fields: Mapping[str, str], texts: Iterable[str]) -> bool:
    """Whether the signature among the fields is that of one of the texts."""
    presented = fields.get("sig", "").encode()
    return any(hmac.compare_digest(presented, signature(key, text).encode()) for text in texts)


def utc_seconds(moment: datetime) -> str:
    """A moment as signatures write it."""
    return f"{moment.astimezone(timezone.utc):%Y-%m-%dT%H:%M:%SZ}"


@lru_cache(1024)
def read_moment(text: str) -> datetime | None:
    """A moment of a signature: a date, or a date and time to the minute, the second or a part of it, in UTC; None when
    it is none.
    """
    text = re.sub(r"(\.\d{6})\d*Z", r"\1Z", text)
    for pattern in ("%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%dT%H:%M:%S.%fZ", "%Y-%m-%dT%H:%MZ", "%Y-%m-%d"):
        try:
            return datetime.strptime(text, pattern).replace(tzinfo=timezone.utc)
        except ValueError:
            continue
    return None
