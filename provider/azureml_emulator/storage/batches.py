"""Blob Batch: many deletions or access tiers in one request, each with its own credential and its own answer.

Source: Azure Storage REST reference, Blob Batch (https://learn.microsoft.com/rest/api/storageservices/blob-batch).
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from email.message import Message
from email.parser import Parser
from http import HTTPStatus
from urllib.parse import unquote

from aiohttp import web
from yarl import URL

from azureml_emulator.core.settings import ACCOUNT
from azureml_emulator.storage import write
from azureml_emulator.storage.authorization import VERSION, RequestedAccess
from azureml_emulator.storage.backend import Storage
from azureml_emulator.storage.bodies import read_small
from azureml_emulator.storage.conditions import IF_TAGS
from azureml_emulator.storage.errors import BlobError
from azureml_emulator.storage.operations import Operation, Table, key_of, perform

MOST = 256
"""Requests in one batch."""

OPERATIONS: Table = {
    ("DELETE", ""): Operation("d", write.delete, leased=True, obeys=(IF_TAGS,)),
    ("PUT", "tier"): Operation("w", write.set_tier, obeys=(IF_TAGS,)),
}

PLACE = re.compile(rf"(?:/({ACCOUNT}(?:\.blob\.[^/]+)?))?/([^/]+)/(.+)", re.IGNORECASE)
"""A blob's path. Clients put what they take for the account's name in front of it, or nothing."""


@dataclass(frozen=True)
class Part:
    """One request of a batch, as it was written.

    :param content_id: what the answer to it is marked with.
    :param target: path and query.
    """

    content_id: str
    method: str
    target: str
    headers: Mapping[str, str]


@dataclass(frozen=True)
class Inner:
    """One request of a batch, ready to be performed.

    :param content_id: what the answer to it is marked with.
    :param access: the blob that it is for.
    """

    content_id: str
    request: web.Request
    access: RequestedAccess


async def submit(storage: Storage, request: web.Request, container: str, _: str) -> web.StreamResponse:
    """Blob Batch, of the account or of one container: 202 with the answers in the order of the requests.

    :raises BlobError: it is no batch; then none of its requests has been performed.
    """
    parts = list(read_parts(request.headers.get("Content-Type", ""), await read_small(request)))
    if not 1 <= len(parts) <= MOST:
        raise BlobError("InvalidInput", f"A batch has 1 to {MOST} requests.")
    request[VERSION] = request.headers.get("x-ms-version")
    inners = [inner(request, container, part) for part in parts]
    if len({key_of(each.request) for each in inners}) > 1:
        raise BlobError("AllBatchSubRequestsShouldBeSameApi")
    boundary = f"batchresponse_{uuid.uuid4()}"
    lines = []
    for each in inners:
        lines += [f"--{boundary}", "Content-Type: application/http", f"Content-ID: {each.content_id}", ""]
        lines += [written(await perform(storage, each.request, OPERATIONS, each.access)), ""]
    text = "\r\n".join([*lines, f"--{boundary}--", ""])
    headers = {"Content-Type": f"multipart/mixed; boundary={boundary}"}
    return web.Response(status=202, body=text.encode(), headers=headers)


def inner(request: web.Request, container: str, part: Part) -> Inner:
    """A request of a batch, which came with the batch's own.

    :param container: the batch's container; empty: any.
    :raises BlobError: it is for no blob, or for one of another container.
    """
    path = part.target.partition("?")[0]
    match = PLACE.fullmatch(path)
    if not match or (container and unquote(match[2]) != container):
        raise BlobError("InvalidInput", path)
    # The batch's body was read piece by piece, which is why the request can still be cloned.
    cloned = request.clone(
        method=part.method,
        rel_url=URL(part.target, encoded=True),
        headers={**part.headers, "Host": request.headers.get("Host", "")},
    )
    access = RequestedAccess("", "o", match[1] or ACCOUNT, unquote(match[2]), unquote(match[3]))
    return Inner(part.content_id, cloned, access)


def written(response: web.StreamResponse) -> str:
    """An answer as HTTP writes it."""
    assert isinstance(response, web.Response)
    body = response.body if isinstance(response.body, bytes) else b""
    own = {**response.headers, "x-ms-request-id": str(uuid.uuid4()), "Content-Length": str(len(body))}
    head = [f"HTTP/1.1 {response.status} {HTTPStatus(response.status).phrase}", *(f"{k}: {v}" for k, v in own.items())]
    return "\r\n".join([*head, "", body.decode()])


def read_parts(content_type: str, content: bytes) -> Iterator[Part]:
    """The requests of a batch's body.

    :raises BlobError: it is no batch.
    """
    try:
        message = Parser().parsestr(f"Content-Type: {content_type}\r\n\r\n{content.decode()}")
    except UnicodeDecodeError:
        raise BlobError("InvalidInput", "The body is not UTF-8.") from None
    if message.get_content_type() != "multipart/mixed" or not message.is_multipart():
        raise BlobError("InvalidInput", "The body is not multipart/mixed.")
    for part in message.get_payload():
        if not isinstance(part, Message) or part.is_multipart():
            raise BlobError("InvalidInput", "A part of the body is no request.")
        line, _, head = str(part.get_payload()).lstrip().partition("\n")
        words = line.split()
        if len(words) != 3 or not words[1].startswith("/"):
            raise BlobError("InvalidInput", "A part of the body is no request.")
        headers = Parser().parsestr(head, headersonly=True)
        yield Part(part.get("Content-ID", ""), words[0], words[1], dict(headers.items()))
