"""Locations in blob storage: what an address means, the client for it, and its failures as our own errors."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urlsplit

from azure.core.credentials import AzureSasCredential
from azure.core.exceptions import AzureError, HttpResponseError
from tenacity import RetryCallState, wait_exponential

from airflow_azureml.client.pipeline import LONGEST_DELAY, USER_AGENT
from airflow_azureml.client.transport_errors import transport_error
from airflow_azureml.client.trust import check_address, untrusted
from airflow_azureml.rest.clouds import ControlPlane
from airflow_azureml.rest.errors import AzureMLError, ForbiddenError, Problem, ServiceError, SpecError, check
from airflow_azureml.rest.flow import Plane, Reply, StorageLocation
from airflow_azureml.rest.redaction import without_query

BACK_OFF = wait_exponential(multiplier=1, max=20)

ROLE_HINTS = {
    "KeyBasedAuthenticationNotPermitted": "The storage account refuses keys and signatures made from them; "
    "let the datastore use identity-based access.",
    "AuthorizationPermissionMismatch": "Grant the connection's principal the role Storage Blob Data Contributor "
    "(Storage Blob Data Reader for downloads) on the storage account.",
    "AuthorizationFailure": "The storage account's firewall refuses this machine, or the principal has no role on it.",
}
"""What helps against a 403 of the blob service. Source: Azure Storage, common REST API error codes."""


@dataclass(frozen=True)
class BlobAddress:
    """The parts of a blob storage address.

    :param account_url: scheme, host and, in path style, the account.
    :param account: the account's name as requests are signed with it.
    :param path: below the container, decoded, without a leading slash; may be empty, or end with ``/``.
    """

    account_url: str
    account: str
    container: str
    path: str

    @classmethod
    def parse(cls, url: str) -> BlobAddress:
        """Read an address in host style (``acct.blob.…/container``) or path style (``host:1/acct.blob.…/container``).

        Path style is recognised by a bare IP address or ``localhost``, as azure-storage-blob does, or by a first part
        with a dot in it: no container's name has one. A ``dfs`` address (Data Lake Gen2) is entered by its ``blob``
        one, which serves the same files.
        """
        parts = urlsplit(url)
        first, _, rest = parts.path.lstrip("/").partition("/")
        account = (parts.hostname or "").partition(".")[0]
        base = f"{parts.scheme}://{parts.netloc}"
        if "." in first or _is_local(parts.hostname or ""):
            account, base = first, f"{base}/{first}"
            first, _, rest = rest.partition("/")
        if not first:
            message = f"{without_query(url)!r} names no container. Expected https://<account>/<container>[/<path>]."
            raise SpecError([Problem("", message)])
        return cls(
            base.replace(".dfs.", ".blob.", 1), account.replace(".dfs.", ".blob.", 1), unquote(first), unquote(rest)
        )


def check_location(location: StorageLocation, control: ControlPlane) -> None:
    """Refuse a location that must not be asked.

    :raises UntrustedHostError: a token would be sent to a host that is not trusted, or the address is not https.
    """
    check_address(location.url, Plane.SIGNED if location.sas or location.key else Plane.DATA)
    if not location.sas and not location.key and not control.trusts(location.url):
        raise untrusted(location.url, control)


def open_container(location: StorageLocation, address: BlobAddress, transport: Any, tokens: Any, **options: Any) -> Any:
    """azure-storage-blob's client for the container of a location, entered by signature, key or the caller's own token.

    The location has been checked.

    :param options: further ones of ``ContainerClient``.
    """
    # Many submissions do without it, and it takes 0.1 s to load.
    from azure.storage.blob import ContainerClient, ExponentialRetry

    credential: Any = tokens
    if location.sas:
        credential = AzureSasCredential(location.sas)
    elif location.key:
        credential = {"account_name": address.account, "account_key": location.key}
    return ContainerClient(
        address.account_url,
        address.container,
        credential=credential,
        transport=transport,
        retry_policy=ExponentialRetry(initial_backoff=1, increment_base=2, retry_total=2, random_jitter_range=1),
        permit_redirects=False,
        user_agent=USER_AGENT,
        **options,
    )


def explained(error: AzureError, url: str, method: str) -> AzureMLError:
    """A failure of the blob service as the error of ours that fits, with the role to grant where that is the reason."""
    response: Any = error.response if isinstance(error, HttpResponseError) else None
    if response is None:
        return transport_error(error, url)
    try:
        body = response.body() if hasattr(response, "body") else b""
    except AzureError:
        body = b""
    try:
        check(Reply(response.status_code, dict(response.headers), body, method, url))
    except ForbiddenError as refused:
        hint = ROLE_HINTS.get(refused.code or "", "")
        return ForbiddenError(f"{refused} {hint}".strip(), refused.reply, refused.codes, refused.correlation)
    except ServiceError as failed:
        return failed


def as_long_as_asked(state: RetryCallState) -> float:
    """Seconds before the next try: ever more, and no less than the service asks for."""
    error = state.outcome.exception() if state.outcome else None
    asked = error.retry_after if isinstance(error, AzureMLError) else None
    return max(BACK_OFF(state), min(asked or 0.0, LONGEST_DELAY))


def is_folder(properties: Any) -> bool:
    """Whether a blob only stands for a folder, as storage with a hierarchical name space lists them."""
    return metadata_of(properties).get("hdi_isfolder", "").lower() == "true"


def metadata_of(properties: Any) -> Mapping[str, str]:
    """A blob's metadata with keys in lower case: the service keeps them as they were first written."""
    return {key.lower(): value for key, value in (properties.metadata or {}).items()}


def _is_local(host: str) -> bool:
    """Whether a host is ``localhost`` or a bare IP address."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return host == "localhost"
    return True
