"""The blob service's refusals: an XML body and the header ``x-ms-error-code``."""

from __future__ import annotations

from collections.abc import Mapping
from xml.sax.saxutils import escape

from aiohttp import web

MESSAGES: Mapping[str, tuple[int, str]] = {
    "AuthenticationFailed": (
        403,
        "Server failed to authenticate the request. Make sure the value of Authorization header"
        " is formed correctly including the signature.",
    ),
    "AuthorizationPermissionMismatch": (
        403,
        "This request is not authorized to perform this operation using this permission.",
    ),
    "AuthorizationServiceMismatch": (
        403,
        "This request is not authorized to perform this operation using this service.",
    ),
    "AuthorizationResourceTypeMismatch": (
        403,
        "This request is not authorized to perform this operation using this resource type.",
    ),
    "AuthorizationSourceIPMismatch": (
        403,
        "This request is not authorized to perform this operation using this source IP.",
    ),
    "NoAuthenticationInformation": (
        401,
        "Server failed to authenticate the request. Please refer to the information in the www-authenticate header.",
    ),
    "InvalidAuthenticationInfo": (
        401,
        "Server failed to authenticate the request. Please refer to the information in the www-authenticate header.",
    ),
    "CannotVerifyCopySource": (404, "Could not verify the copy source."),
    "CopySourceTooLarge": (
        409,
        "The source request body for synchronous copy is too large and exceeds the maximum permissible limit (256MB).",
    ),
    "SourceConditionNotMet": (
        412,
        "The source condition specified using HTTP conditional header(s) is not met.",
    ),
    "NoPendingCopyOperation": (409, "There is currently no pending copy operation."),
    "AccessTierNotSupportedForBlobType": (400, "The access tier is not supported for this blob type."),
    "InvalidBlobOrBlock": (400, "The specified blob or block content is invalid."),
    "BlobNotFound": (404, "The specified blob does not exist."),
    "ContainerNotFound": (404, "The specified container does not exist."),
    "ContainerAlreadyExists": (409, "The specified container already exists."),
    "BlobAlreadyExists": (409, "The specified blob already exists."),
    "PublicAccessNotPermitted": (409, "Public access is not permitted on this storage account."),
    "InvalidBlobType": (409, "The blob type is invalid for this operation."),
    "AppendPositionConditionNotMet": (412, "The append position condition specified was not met."),
    "ConditionNotMet": (412, "The condition specified using HTTP conditional header(s) is not met."),
    "InvalidRange": (416, "The range specified is invalid for the current size of the resource."),
    "InvalidBlockList": (400, "The specified block list is invalid."),
    "InvalidHeaderValue": (400, "The value for one of the HTTP headers is not in the correct format."),
    "InvalidInput": (400, "One of the request inputs is not valid."),
    "InvalidMetadata": (400, "The specified metadata is invalid. It has characters that are not permitted."),
    "InvalidQueryParameterValue": (
        400,
        "Value for one of the query parameters specified in the request URI is invalid.",
    ),
    "InvalidResourceName": (400, "The specified resource name contains invalid characters."),
    "InvalidXmlNodeValue": (
        400,
        "The value provided for one of the XML nodes in the request body was not in the correct format.",
    ),
    "InvalidXmlDocument": (400, "XML specified is not syntactically valid."),
    "AllBatchSubRequestsShouldBeSameApi": (400, "All batch subrequests should be the same api."),
    "BothCrc64AndMd5HeaderPresent": (400, "Both x-ms-content-crc64 header and Content-MD5 header are present."),
    "BothCrc64AndMd5RangeHeaderPresent": (
        400,
        "Both x-ms-range-get-content-crc64 header and x-ms-range-get-content-md5 header are present.",
    ),
    "Crc64Mismatch": (
        400,
        "The CRC64 value specified in the request did not match with the CRC64 value calculated by the server.",
    ),
    "LeaseNotPresentWithBlobOperation": (412, "There is currently no lease on the blob."),
    "LeaseNotPresentWithContainerOperation": (412, "There is currently no lease on the container."),
    "Md5Mismatch": (
        400,
        "The MD5 value specified in the request did not match with the MD5 value calculated by the server.",
    ),
    "MissingRequiredHeader": (400, "An HTTP header that's mandatory for this request is not specified."),
    "OutOfRangeQueryParameterValue": (
        400,
        "One of the query parameters specified in the request URI is outside the permissible range.",
    ),
    "RequestBodyTooLarge": (413, "The request body is too large and exceeds the maximum permissible limit."),
    "PathConflict": (409, "The emulator keeps blobs as files: one blob cannot be a folder of another (a and a/b)."),
    "NotEmulated": (501, "The emulator does not have this operation of the blob service; see docs/emulator.md."),
}
"""Status and text by code. Source: Azure Storage REST reference, common and blob error codes; the last two are ours."""


class BlobError(Exception):
    """A refusal of the blob service.

    :param detail: what the service puts into ``AuthenticationErrorDetail``, or which header or field is meant.
    :param cause: the refusal of a copy's source, whose status and message are the answer's.
    """

    def __init__(
        self,
        code: str,
        detail: str = "",
        headers: Mapping[str, str] | None = None,
        *,
        cause: BlobError | None = None,
    ) -> None:
        super().__init__(code)
        self.code = code
        self.detail = detail
        self.headers = dict(headers or {})
        self.cause = cause


def respond(error: BlobError, method: str) -> web.Response:
    """The HTTP answer; a HEAD has no body."""
    status, message = MESSAGES[(error.cause or error).code]
    detail = f"<AuthenticationErrorDetail>{escape(error.detail)}</AuthenticationErrorDetail>" if error.detail else ""
    inner = f"<Code>{error.code}</Code><Message>{message}</Message>{detail}"
    if error.cause:
        # Source: an answer of the service in Azure/azure-storage-python#720.
        inner += f"<CopySourceStatusCode>{status}</CopySourceStatusCode>"
        inner += f"<CopySourceErrorMessage>{message}</CopySourceErrorMessage>"
    text = f'<?xml version="1.0" encoding="utf-8"?><Error>{inner}</Error>'
    headers = {**error.headers, "x-ms-error-code": error.code}
    if method == "HEAD":
        return web.Response(status=status, headers=headers)
    return web.Response(status=status, headers=headers, text=text, content_type="application/xml")


def not_modified(etag: str) -> web.Response:
    """304: by the request's conditions the client's copy is current."""
    return web.Response(status=304, headers={"ETag": f'"{etag}"', "x-ms-error-code": "ConditionNotMet"})
