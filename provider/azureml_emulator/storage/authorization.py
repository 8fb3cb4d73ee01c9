"""Access to storage: shared access signature, shared key, or bearer token; exactly one of them."""

from __future__ import annotations

import hmac
import ipaddress
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import unquote_plus

from aiohttp import web

from azureml_emulator.core.clock import now
from azureml_emulator.core.routing import raw_path
from azureml_emulator.core.settings import ACCOUNT, STORAGE_AUDIENCE
from azureml_emulator.identity.authorization import bearer
from azureml_emulator.identity.tokens import TokenError
from azureml_emulator.storage.backend import Storage
from azureml_emulator.storage.blobs.policies import PolicyError, with_policy
from azureml_emulator.storage.errors import BlobError
from azureml_emulator.storage.sas import (
    account_text,
    delegated_key,
    delegated_text,
    is_signed,
    read_moment,
    service_text,
    signature,
    utc_seconds,
)

FOR_ONE_USER = ("sduoid", "skdutid", "srh", "srq")
"""Fields of a user delegation SAS that tie it to a user who has to sign in, too, or to parts of the request."""

GRANTED = "granted"
"""Under what name a request keeps the letters that its signature allows."""

VERSION = "version"
"""Under what name a request of a batch keeps the version that the batch was sent for."""

TOKENS_SINCE = "2017-11-09"
"""The blob service's version from which on it takes bearer tokens."""

SIGNED_HEADERS = (
    "content-encoding",
    "content-language",
    "content-length",
    "content-md5",
    "content-type",
    "date",
    "if-modified-since",
    "if-match",
    "if-none-match",
    "if-unmodified-since",
    "range",
)


@dataclass(frozen=True)
class RequestedAccess:
    """What a request asks to do.

    :param permissions: letters, any one of which allows it.
    :param level: ``s`` the account, ``c`` a container, ``o`` a blob: the resource types of an account signature; empty:
        any of them.
    :param account_only: of signatures only the account's allow it.
    """

    permissions: str
    level: str
    account: str
    container: str = ""
    blob: str = ""
    account_only: bool = False


def authorize(storage: Storage, request: web.Request, access: RequestedAccess) -> None:
    """Let a request pass, or refuse it as the blob service does.

    :raises BlobError: 401 or 403.
    """
    fields = dict(request.query)
    authorization = request.headers.get("Authorization", "")
    if "sig" in fields and authorization:
        raise BlobError("AuthenticationFailed", "A request carries a signature in its query or a header, not both.")
    if "sig" in fields:
        request[GRANTED] = check_signature(storage, fields, access)
        check_address(fields, request.remote or "")
    elif authorization.startswith("SharedKey "):
        check_shared_key(storage, request, access, authorization)
    else:
        check_token_version(request, access)
        check_token(storage, bearer(request))


def check_tag_permission(request: web.Request) -> None:
    """A signature that reads and writes blobs does not do so with their index tags.

    Source: https://learn.microsoft.com/azure/storage/blobs/storage-manage-find-blobs, SAS permissions; of the header
    ``x-ms-tags``, be it empty, kahing/goofys#816. For conditions on tags it is assumed.

    :raises BlobError: 403.
    """
    if "sig" in request.query and "t" not in request[GRANTED]:
        raise BlobError("AuthorizationPermissionMismatch")


def check_token_version(request: web.Request, access: RequestedAccess) -> None:
    """The blob service takes tokens since a version of its own, and requests without one for an older one.

    Source: https://learn.microsoft.com/rest/api/storageservices/authorize-with-azure-active-directory, Call storage
    operations with OAuth tokens; the words: https://blog.stigok.com/2022/03/09/azure-storage-blobs-rest-api-with-bearer-token.html.
    The Data Lake's address asks for none: https://learn.microsoft.com/rest/api/storageservices/datalakestoragegen2/path/read.

    :raises BlobError: 403.
    """
    version = request.headers.get("x-ms-version") or request.get(VERSION) or ""
    if bearer(request) and ".dfs." not in access.account and version < TOKENS_SINCE:
        raise BlobError("AuthenticationFailed", "Authentication scheme Bearer is not supported in this version.")


def check_token(storage: Storage, token: str | None) -> None:
    """A bearer token for storage; None where there is none."""
    challenge = (
        f"Bearer authorization_uri={storage.settings.authority}/{storage.settings.tenant_id}/oauth2/authorize"
        f" resource_id={STORAGE_AUDIENCE}"
    )
    if token is None:
        raise BlobError("NoAuthenticationInformation", headers={"WWW-Authenticate": challenge})
    try:
        storage.tokens.verify(token, storage.tokens.audiences.storage)
    except TokenError as error:
        raise BlobError("InvalidAuthenticationInfo", error.message, {"WWW-Authenticate": challenge}) from None


def account_names(storage: Storage, access: RequestedAccess) -> set[str]:
    """The names that clients use for the account: plain, as in the path, and as datastores answer it."""
    # A client of the Data Lake endpoint asks the blob endpoint, too, with what it signed for the one or the other.
    segments = {access.account.replace(".dfs.", ".blob."), access.account.replace(".blob.", ".dfs.")}
    return {ACCOUNT, storage.settings.account_name, *segments}


def check_signature(storage: Storage, fields: Mapping[str, str], access: RequestedAccess) -> str:
    """A service or account SAS: its signature, its time, what it allows; returns the letters of that."""
    names = account_names(storage, access)
    service = "sr" in fields
    place = signed_place(fields, access) if service else None
    if not is_valid(storage.settings.account_key, tuple(fields.items()), place, frozenset(names)):
        raise BlobError("AuthenticationFailed", "Signature did not match.")
    if service and "si" in fields:
        fields = obeying_policy(storage, fields, access.container)
    check_period(fields)
    if "skoid" in fields:
        check_period({"st": fields.get("skt", ""), "se": fields.get("ske", "")})
    if not service:
        check_account_scope(fields, access)
    elif access.level == "s" or (fields["sr"] == "b" and access.level != "o"):
        raise BlobError("AuthorizationResourceTypeMismatch")
    elif access.account_only:
        raise BlobError("AuthorizationFailure")
    granted = fields.get("sp", "")
    if not set(access.permissions) & set(granted):
        raise BlobError("AuthorizationPermissionMismatch")
    return granted


def obeying_policy(storage: Storage, fields: Mapping[str, str], container: str) -> dict[str, str]:
    """The fields of a service SAS with what the stored access policy says that it names.

    Source: https://learn.microsoft.com/rest/api/storageservices/define-stored-access-policy: none for a SAS of a user
    delegation key.

    :raises BlobError: 403.
    """
    kept = storage.blobs.container(container).policies if storage.blobs.has_container(container) else ()
    try:
        return with_policy(fields, () if "skoid" in fields else kept)
    except PolicyError as error:
        raise BlobError("AuthenticationFailed", str(error)) from None


def signed_place(fields: Mapping[str, str], access: RequestedAccess) -> str:
    """The container or the blob that a service SAS is for."""
    if fields["sr"] not in ("b", "c"):
        raise BlobError("NotEmulated")
    others = [name for name in FOR_ONE_USER if name in fields]
    if others:
        raise BlobError("NotEmulated", ", ".join(others))
    return f"{access.container}/{access.blob}" if fields["sr"] == "b" else access.container


@lru_cache(1024)
def is_valid(key: str, pairs: tuple[tuple[str, str], ...], place: str | None, names: Iterable[str]) -> bool:
    """Whether a SAS was signed with the key, for one of the account's names; one SAS comes with thousands of requests.

    :param pairs: the fields of the query.
    :param place: what a service SAS is for; None: it is an account SAS.
    """
    fields = dict(pairs)
    if place is None:
        texts = [account_text(fields, name) for name in names]
    elif "skoid" in fields:
        texts = [delegated_text(fields, f"/blob/{name}/{place}") for name in names]
        key = delegated_key(key, fields)
    else:
        texts = [service_text(fields, f"/blob/{name}/{place}") for name in names]
    return is_signed(key, fields, texts)


def check_period(fields: Mapping[str, str]) -> None:
    """The time in which a SAS is valid."""
    ends, begins = read_moment(fields.get("se", "")), read_moment(fields.get("st", ""))
    moment = now()
    if ends is None or moment >= ends or (begins is not None and moment < begins):
        period = f"Start [{fields.get('st', '')}] - Expiry [{fields.get('se', '')}] - Current [{utc_seconds(moment)}]"
        raise BlobError("AuthenticationFailed", f"Signature not valid in the specified time frame: {period}")


def check_address(fields: Mapping[str, str], remote: str) -> None:
    """The addresses from which a SAS may be used: one, or a range."""
    if "sip" not in fields:
        return
    first, _, last = fields["sip"].partition("-")
    try:
        bounds = [int(ipaddress.ip_address(each)) for each in (first, remote, last or first)]
        allowed = bounds == sorted(bounds)
    except ValueError:
        allowed = False
    if not allowed:
        raise BlobError("AuthorizationSourceIPMismatch")


def check_account_scope(fields: Mapping[str, str], access: RequestedAccess) -> None:
    """The services and resource types of an account SAS."""
    if "b" not in fields.get("ss", ""):
        raise BlobError("AuthorizationServiceMismatch")
    if access.level not in fields.get("srt", ""):
        raise BlobError("AuthorizationResourceTypeMismatch")


def check_shared_key(storage: Storage, request: web.Request, access: RequestedAccess, authorization: str) -> None:
    """An ``Authorization: SharedKey account:signature`` header."""
    account, _, presented = authorization.removeprefix("SharedKey ").rpartition(":")
    if account not in account_names(storage, access):
        raise BlobError("AuthenticationFailed", "The account in the Authorization header is not this one.")
    accepted = [signature(storage.settings.account_key, text) for text in shared_key_texts(request, account)]
    if not any(hmac.compare_digest(presented.encode(), each.encode()) for each in accepted):
        raise BlobError("AuthenticationFailed", "The MAC signature found in the HTTP request is not the computed one.")


def shared_key_texts(request: web.Request, account: str) -> list[str]:
    """What the header may have signed. Source: Azure Storage REST reference, Authorize with Shared Key.

    Clients sort the ``x-ms-`` headers either by code or, as azure-storage-blob does, without regard to hyphens and with
    the underscore before digits; both are taken.
    """
    headers = {name.lower(): value.strip() for name, value in request.headers.items()}
    plain = [headers.get(name, "") for name in SIGNED_HEADERS]
    if plain[2] == "0":
        plain[2] = ""
    ms_headers = [name for name in headers if name.startswith("x-ms-")]
    resource = f"/{account}{raw_path(request)}" + canonical_query(request)
    orders = (sorted(ms_headers), sorted(ms_headers, key=lambda name: name.replace("-", "").replace("_", "!")))
    lead = "\n".join([request.method, *plain]) + "\n"
    return [lead + "".join(f"{name}:{squeeze(headers[name])}\n" for name in order) + resource for order in orders]


def squeeze(value: str) -> str:
    """A header's value as it is signed: line folding becomes one space."""
    return re.sub(r"\s*\r\n\s*", " ", value)


def canonical_query(request: web.Request) -> str:
    """The query's fields as they are signed: names in lower case and sorted, values decoded, a plus being a space."""
    raw = request.raw_path.partition("?")[2]
    values: dict[str, list[str]] = {}
    for pair in filter(None, raw.split("&")):
        name, _, value = pair.partition("=")
        values.setdefault(unquote_plus(name).lower(), []).append(unquote_plus(value))
    return "".join(f"\n{name}:{','.join(sorted(values[name]))}" for name in sorted(values))
