"""Refusals of the Data Lake endpoint: those of the blob service in its own words, as JSON.

Source: https://learn.microsoft.com/rest/api/storageservices/data-lake-storage-gen2, the errors of each operation.
"""

from __future__ import annotations

from collections.abc import Mapping

from aiohttp import web

from azureml_emulator.storage.errors import MESSAGES, BlobError

CODES: Mapping[str, str] = {
    "BlobAlreadyExists": "PathAlreadyExists",
    "BlobNotFound": "PathNotFound",
    "ContainerAlreadyExists": "FilesystemAlreadyExists",
    "ContainerNotFound": "FilesystemNotFound",
    "InvalidMetadata": "InvalidPropertyName",
    "LeaseIdMismatchWithBlobOperation": "LeaseIdMismatch",
    "LeaseIdMismatchWithContainerOperation": "LeaseIdMismatch",
    "LeaseNotPresentWithBlobOperation": "LeaseNotPresent",
    "LeaseNotPresentWithContainerOperation": "LeaseNotPresent",
}
"""What the endpoint calls what the blob service calls otherwise."""


def respond_json(error: BlobError, method: str) -> web.Response:
    """The HTTP answer; a HEAD has no body, and its reason says what the message would."""
    code = CODES.get(error.code, error.code)
    status, message = MESSAGES[code]
    headers = {**error.headers, "x-ms-error-code": code}
    if method == "HEAD":
        return web.Response(status=status, reason=message, headers=headers)
    text = f"{message} {error.detail}".strip()
    return web.json_response({"error": {"code": code, "message": text}}, status=status, headers=headers)
