"""Shared access signatures and shared keys of the storage account: made and verified as Azure Storage does."""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import datetime, timedelta, timezone
from urllib.parse import urlencode

from azureml_emulator.clock import now
from azureml_emulator.settings import ACCOUNT, STORAGE_SUFFIX, Settings

VERSION = "2021-12-02"
"""The version of the signatures that the emulator makes itself."""


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
        self, container: str, permissions: str = "rl", blob: str = "", *, lifetime: float = 3600, expiry: datetime | None = None
    ) -> str:
        """A service SAS (query text without ``?``) for a container, or for one blob of it.

        :param permissions: letters in the service's order (racwdxltmeop).
        :param lifetime: seconds from now; ``expiry`` names the moment instead.
        """
        ends = expiry or now() + timedelta(seconds=lifetime)
        fields = {
            "sv": VERSION,
            "sr": "b" if blob else "c",
            "sp": permissions,
            "st": utc_seconds(now() - timedelta(minutes=10)),
            "se": utc_seconds(ends),
            "spr": "https",
        }
        resource = f"/blob/{ACCOUNT}.blob.{STORAGE_SUFFIX}/{container}" + (f"/{blob}" if blob else "")
        fields["sig"] = signature(self._key, service_text(fields, resource))
        return urlencode(fields)

    def url(self, container: str, blob: str = "", permissions: str = "r", **options: float | datetime) -> str:
        """The address of a container or blob with a SAS at its end."""
        from urllib.parse import quote

        place = f"{self._storage_url}/{container}" + (f"/{quote(blob)}" if blob else "")
        return f"{place}?{self.sign(container, permissions, blob, **options)}"  # type: ignore[arg-type]


def service_text(fields: dict[str, str], resource: str) -> str:
    """The text that a service SAS signs. Source: Azure Storage REST reference, Create a service SAS, version 2020-12-06 and later."""
    names = ("sp", "st", "se", None, "si", "sip", "spr", "sv", "sr", "snapshot", "ses", "rscc", "rscd", "rsce", "rscl", "rsct")
    return "\n".join(resource if name is None else fields.get(name, "") for name in names)


def utc_seconds(moment: datetime) -> str:
    """A moment as signatures write it."""
    return f"{moment.astimezone(timezone.utc):%Y-%m-%dT%H:%M:%SZ}"
