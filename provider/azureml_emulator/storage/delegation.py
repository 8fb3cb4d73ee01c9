"""User delegation keys: what a client signs with instead of the account's key, and the signatures made with them.

A key is derived from the account's key and its own terms, so that there is none to keep. Source: Azure Storage REST
reference, Get User Delegation Key (https://learn.microsoft.com/rest/api/storageservices/get-user-delegation-key) and
Create a user delegation SAS (https://learn.microsoft.com/rest/api/storageservices/create-user-delegation-sas).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from xml.etree import ElementTree

from aiohttp import web

from azureml_emulator.core.clock import now
from azureml_emulator.identity.authorization import bearer
from azureml_emulator.storage.backend import Storage
from azureml_emulator.storage.bodies import read_xml
from azureml_emulator.storage.elements import document
from azureml_emulator.storage.errors import BlobError
from azureml_emulator.storage.sas import delegated_key, read_moment, utc_seconds

LONGEST = timedelta(days=7)
"""How long a key lives at most."""

VERSION = "2021-12-02"
"""The version of a key for a request that names none."""


async def user_delegation_key(storage: Storage, request: web.Request, _: str, __: str) -> web.StreamResponse:
    """Get User Delegation Key, for whoever the request's token is for."""
    token = bearer(request)
    if token is None:
        raise BlobError("AuthenticationFailed", "Only authentication scheme Bearer is supported.")
    claims = storage.tokens.verify(token, storage.tokens.audiences.storage)
    version = request.headers.get("x-ms-version", VERSION)
    if not re.fullmatch(r"\d{4}-\d\d-\d\d", version):
        raise BlobError("InvalidHeaderValue", "x-ms-version")
    start, expiry = read_terms(await read_xml(request))
    terms = {
        "skoid": str(claims["oid"]),
        "sktid": str(claims["tid"]),
        "skt": utc_seconds(start),
        "ske": utc_seconds(expiry),
        "sks": "b",
        "skv": version,
    }
    rows = {**terms, "value": delegated_key(storage.settings.account_key, terms)}
    inner = "".join(f"<{ELEMENTS[name]}>{value}</{ELEMENTS[name]}>" for name, value in rows.items())
    return document(f"<UserDelegationKey>{inner}</UserDelegationKey>")


ELEMENTS: Mapping[str, str] = {
    "skoid": "SignedOid",
    "sktid": "SignedTid",
    "skt": "SignedStart",
    "ske": "SignedExpiry",
    "sks": "SignedService",
    "skv": "SignedVersion",
    "value": "Value",
}


def read_terms(root: ElementTree.Element) -> tuple[datetime, datetime]:
    """From when and until when a key is to be good; from now on where the body does not say it.

    :raises BlobError: there is no such time, or it is too long.
    """
    written = [(root.findtext(name) or "").strip() for name in ("Start", "Expiry")]
    start, expiry = read_moment(written[0]) if written[0] else now(), read_moment(written[1])
    if root.tag != "KeyInfo" or start is None or expiry is None or not start < expiry <= now() + LONGEST:
        raise BlobError("InvalidXmlNodeValue", "KeyInfo: Start before Expiry, which is within seven days.")
    return start, expiry
