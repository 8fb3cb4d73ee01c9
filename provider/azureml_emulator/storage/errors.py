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
    "AuthorizationFailure": (403, "This request is not authorized to perform this operation."),
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
    "OutOfRangeInput": (400, "The specified resource name length is not within the permissible limits."),
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
    "LeaseAlreadyPresent": (409, "There is already a lease present."),
    "LeaseIdMismatch": (412, "The lease ID specified did not match the lease ID for the resource."),
    "LeaseIdMismatchWithBlobOperation": (412, "The lease ID specified did not match the lease ID for the blob."),
    "LeaseIdMismatchWithContainerOperation": (
        412,
        "The lease ID specified did not match the lease ID for the container.",
    ),
    "LeaseIdMismatchWithLeaseOperation": (
        409,
        "The lease ID specified did not match the lease ID for the resource with the specified lease operation.",
    ),
    "LeaseIdMissing": (
        412,
        "There is currently a lease on the resource and no lease ID was specified in the request.",
    ),
    "LeaseIsBreakingAndCannotBeAcquired": (
        409,
        "The lease ID matched, but the lease is currently in breaking state and cannot be acquired until it is broken.",
    ),
    "LeaseIsBreakingAndCannotBeChanged": (
        409,
        "The lease ID matched, but the lease is currently in breaking state and cannot be changed.",
    ),
    "LeaseIsBrokenAndCannotBeRenewed": (
        409,
        "The lease ID matched, but the lease has been broken explicitly and cannot be renewed.",
    ),
    "LeaseLost": (412, "A lease ID was specified, but the lease for the resource has expired."),
    "LeaseNotPresent": (412, "There is currently no lease on the resource."),
    "LeaseNotPresentWithLeaseOperation": (
        409,
        "The lease ID is not present with the specified lease operation.",
    ),
    "LeaseNotPresentWithBlobOperation": (412, "There is currently no lease on the blob."),
    "LeaseNotPresentWithContainerOperation": (412, "There is currently no lease on the container."),
    "BothUserTagsAndSourceTagsCopyPresentException": (
        400,
        "x-ms-tags header must not be present with x-ms-copy-source-tag-option as COPY.",
    ),
    "EmptyTagName": (400, "The name of one of the tag key-value pairs is empty."),
    "DuplicateTagNames": (400, "The tags specified contain duplicate names."),
    "TagsTooLarge": (400, "The tags specified exceed the maximum permissible limit."),
    "Md5Mismatch": (
        400,
        "The MD5 value specified in the request did not match with the MD5 value calculated by the server.",
    ),
    "InvalidMd5": (
        400,
        "The MD5 value specified in the request is invalid. The MD5 value must be 128 bits and Base64-encoded.",
    ),
    "MaxBlobSizeConditionNotMet": (412, "The max blob size condition specified was not met."),
    "MissingRequiredHeader": (400, "An HTTP header that's mandatory for this request is not specified."),
    "MultipleConditionHeadersNotSupported": (400, "Multiple condition headers are not supported."),
    "OutOfRangeQueryParameterValue": (
        400,
        "One of the query parameters specified in the request URI is outside the permissible range.",
    ),
    "UnsatisfiableCondition": (400, "The request includes an unsatisfiable condition for this operation."),
    "RequestBodyTooLarge": (413, "The request body is too large and exceeds the maximum permissible limit."),
    "ContentLengthMustBeZero": (400, "The Content-Length request header must be zero."),
    "DirectoryNotEmpty": (409, "The recursive query parameter value must be true to delete a non-empty directory."),
    "FilesystemAlreadyExists": (409, "The specified filesystem already exists."),
    "FilesystemNotFound": (404, "The specified filesystem does not exist."),
    "HierarchicalNamespaceNotEnabled": (
        400,
        "This operation is only supported on a hierarchical namespace account.",
    ),
    "InvalidFlushOperation": (
        409,
        "The resource was created or modified by the Azure Blob Service API and cannot be written to by the Azure"
        " Data Lake Storage Service API.",
    ),
    "InvalidFlushPosition": (
        400,
        "The uploaded data is not contiguous or the position query parameter value is not equal to the length of the"
        " file after appending the uploaded data.",
    ),
    "InvalidPropertyName": (400, "The property name contains invalid characters."),
    "InvalidRenameSourcePath": (
        409,
        "The source directory cannot be the same as the destination directory, nor can the destination be a"
        " subdirectory of the source directory.",
    ),
    "InvalidSourceOrDestinationResourceType": (409, "The source and destination resource type must be identical."),
    "InvalidSourceUri": (400, "The source URI is invalid."),
    "MissingRequiredQueryParameter": (
        400,
        "A query parameter that's mandatory for this request is not specified.",
    ),
    "PathAlreadyExists": (409, "The specified path already exists."),
    "PathNotFound": (404, "The specified path does not exist."),
    "RenameDestinationParentPathNotFound": (404, "The parent directory of the destination path does not exist."),
    "ResourceTypeMismatch": (
        409,
        "The resource type specified in the request does not match the type of the resource.",
    ),
    "SourcePathNotFound": (404, "The source path for a rename operation does not exist."),
    "PathConflict": (409, "The emulator keeps blobs as files: one blob cannot be a folder of another (a and a/b)."),
    "NotEmulated": (501, "The emulator does not have this operation of the storage service; see docs/emulator.md."),
}
"""Status and text by code. Source: Azure Storage REST reference, common and blob error codes, and Data Lake Storage
(https://learn.microsoft.com/rest/api/storageservices/data-lake-storage-gen2); the last two texts are ours."""


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
