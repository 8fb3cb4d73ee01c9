"""Conditional headers and content headers of blob requests."""

from __future__ import annotations

import re
from collections.abc import Mapping
from email.utils import formatdate, parsedate_to_datetime
from functools import lru_cache

from aiohttp import web

from azureml_emulator.storage.blobs.records import Blob, Container
from azureml_emulator.storage.blobs.tag_expressions import ExpressionError, condition
from azureml_emulator.storage.errors import BlobError

IF_TAGS = "x-ms-if-tags"

TAG_OPTION = "x-ms-copy-source-tag-option"
"""The header that says whether a copy has the tags of its source."""

OF_A_BLOB = ("If-Match", IF_TAGS)
"""Conditions that do not hold where there is no blob; of the tags that is assumed."""

TOGETHER = ({"If-Match", "If-Unmodified-Since"}, {"If-None-Match", "If-Modified-Since"})
"""Conditions of which a write may name two. The service then looks at the first only; here both have to hold."""

LISTS = ("If-Match", "If-None-Match")
"""Conditions of which a read may name several entity tags."""

CONTENT_HEADERS = (
    "Content-Type",
    "Content-Encoding",
    "Content-Language",
    "Content-Disposition",
    "Cache-Control",
    "Content-MD5",
)
"""What a blob remembers; it arrives as ``x-ms-blob-<name>`` in lower case."""


def check_write(request: web.Request, blob: Blob | None, *, makes: bool = False) -> None:
    """Refuse a write whose conditions do not hold.

    Source: Azure Storage REST reference, conditional headers. Microsoft's Azurite 3.35 lets ``If-None-Match: *`` pass
    where a blob is changed and not made; the reference has it fail.

    :param makes: the request makes the blob: that one is there is 409.
    """
    check_single(request.headers)
    if request.headers.get("If-None-Match") == "*" and blob:
        raise BlobError("BlobAlreadyExists" if makes else "ConditionNotMet")
    if not (all_hold(request.headers, blob) if blob else not set(OF_A_BLOB) & set(request.headers)):
        raise BlobError("ConditionNotMet")


def check_single(headers: Mapping[str, str]) -> None:
    """Refuse conditions that no write may name together, and a list of entity tags.

    Source: Azure Storage REST reference, conditional headers, for write operations.

    :raises BlobError: 400.
    """
    named = {name for pair in TOGETHER for name in pair if name in headers}
    if (len(named) > 1 and named not in TOGETHER) or any("," in headers.get(name, "") for name in LISTS):
        raise BlobError("MultipleConditionHeadersNotSupported")


def all_hold(headers: Mapping[str, str], blob: Blob) -> bool:
    """Whether all conditions on a blob hold that is to be written over, or copied from."""
    return (
        ("If-Match" not in headers or matches(headers["If-Match"], blob.etag))
        and ("If-None-Match" not in headers or not matches(headers["If-None-Match"], blob.etag))
        and unmodified_since(headers, blob)
        and modified_since(headers, blob)
        and tags_hold(headers, blob)
    )


def tags_hold(headers: Mapping[str, str], blob: Blob) -> bool:
    """Whether a blob's index tags are as ``x-ms-if-tags`` says.

    :raises BlobError: 400: it is no expression.
    """
    try:
        return IF_TAGS not in headers or condition(headers[IF_TAGS]).holds(blob.tags)
    except ExpressionError as error:
        raise BlobError("InvalidHeaderValue", f"{IF_TAGS}: {error}") from None


def check_tags(headers: Mapping[str, str], blob: Blob) -> None:
    """Refuse a request whose condition on a blob's tags does not hold.

    :raises BlobError: 412.
    """
    if not tags_hold(headers, blob):
        raise BlobError("ConditionNotMet")


def is_current(request: web.Request, blob: Blob) -> bool:
    """Whether the client's copy is current by the conditions of a read (304).

    :raises BlobError: another condition does not hold (412), or none can (400): ``If-None-Match: *``, as azure-cli's
        recorded tests have it (``test_storage_oauth_scenarios.py``).
    """
    headers = request.headers
    if headers.get("If-None-Match") == "*":
        raise BlobError("UnsatisfiableCondition")
    if "If-Match" in headers and not matches(headers["If-Match"], blob.etag):
        raise BlobError("ConditionNotMet")
    if not unmodified_since(headers, blob):
        raise BlobError("ConditionNotMet")
    check_tags(headers, blob)
    if "If-None-Match" in headers:
        return matches(headers["If-None-Match"], blob.etag)
    return not modified_since(headers, blob)


def matches(header: str, etag: str) -> bool:
    """Whether a list of entity tags holds this one; quotes may be left out."""
    tags = [tag.strip().removeprefix("W/").strip('"') for tag in header.split(",")]
    return "*" in tags or etag in tags


def modified_since(headers: Mapping[str, str], blob: Blob | Container) -> bool:
    """Whether ``If-Modified-Since`` holds, or is not there."""
    return "If-Modified-Since" not in headers or whole_second(blob) > read_date(headers["If-Modified-Since"])


def unmodified_since(headers: Mapping[str, str], blob: Blob | Container) -> bool:
    """Whether ``If-Unmodified-Since`` holds, or is not there."""
    return "If-Unmodified-Since" not in headers or whole_second(blob) <= read_date(headers["If-Unmodified-Since"])


def whole_second(blob: Blob | Container) -> float:
    """The time of modification as ``Last-Modified`` shows it."""
    return float(int(blob.modified.timestamp()))


def read_date(text: str) -> float:
    """Epoch seconds of an HTTP date."""
    try:
        return parsedate_to_datetime(text).timestamp()
    except (TypeError, ValueError):
        raise BlobError("InvalidHeaderValue", text) from None


PLAIN_HEADERS = ("Cache-Control", "Content-Encoding", "Content-Language", "Content-Type")
"""Those that Put Blob takes of its body. Source: https://learn.microsoft.com/rest/api/storageservices/put-blob."""


def content_headers(request: web.Request, *, plain: bool = False) -> dict[str, str]:
    """The content headers that a write gives its blob.

    :param plain: the request's body is the blob's content, so that its own ``PLAIN_HEADERS`` count, too.
    """
    headers = {name: request.headers.get(f"x-ms-blob-{name.lower()}") for name in CONTENT_HEADERS}
    for name in PLAIN_HEADERS if plain else ():
        headers[name] = headers[name] or request.headers.get(name)
    return {name: value for name, value in headers.items() if value}


OWN_TIER = "Hot"
"""The access tier of the account."""

OWN_SCOPE = {
    "x-ms-default-encryption-scope": "$account-encryption-key",
    "x-ms-deny-encryption-scope-override": "false",
}
"""What containers are told to encrypt with: the account's key. Source: Azure Storage REST reference, Get Container
Properties."""

TIERS = {tier.lower(): tier for tier in ("Hot", "Cool", "Cold")}
"""Access tiers whose blobs can be read at once."""

ELSEWHERE = ("archive", "smart")
"""Access tiers from which nothing can be read, or that change by themselves."""


def tier_header(request: web.Request) -> str | None:
    """The access tier that a write gives its blob. Source: Azure Storage REST reference, Set Blob Tier.

    :raises BlobError: 400: it is none; 501: it is one of those that are not here.
    """
    text = request.headers.get("x-ms-access-tier")
    if text is None:
        return None
    if text.lower() in ELSEWHERE:
        raise BlobError("NotEmulated", f"x-ms-access-tier: {text}")
    if text.lower() not in TIERS:
        raise BlobError("InvalidHeaderValue", "x-ms-access-tier")
    return TIERS[text.lower()]


def metadata_headers(request: web.Request) -> dict[str, str]:
    """The ``x-ms-meta-`` headers, names without the prefix, their case kept."""
    headers = {name[10:]: value for name, value in request.headers.items() if name.lower().startswith("x-ms-meta-")}
    for name in headers:
        if not re.fullmatch(r"[A-Za-z_]\w*", name):
            raise BlobError("InvalidMetadata", name)
    return headers


def version_headers(blob: Blob) -> dict[str, str]:
    """ETag and Last-Modified."""
    return {"ETag": f'"{blob.etag}"', "Last-Modified": http_date(int(blob.modified.timestamp()))}


@lru_cache(1024)
def http_date(second: int) -> str:
    """Epoch seconds as HTTP writes them."""
    return formatdate(second, usegmt=True)
