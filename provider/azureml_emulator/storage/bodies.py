"""Bodies of the blob service's requests: contents that become files, and small ones that are read whole."""

from __future__ import annotations

import base64
import hashlib
import os
from pathlib import Path
from xml.etree import ElementTree

from aiohttp import web

from azureml_emulator.storage.backend import Storage
from azureml_emulator.storage.blobs.blocks import PIECE
from azureml_emulator.storage.checksums import OF_BODY, check_one_hash, compare, md5, pieces_of
from azureml_emulator.storage.errors import BlobError

BUFFER = 64 * 1024
"""Bytes of a received file that are written at once."""

LARGE = 1024 * 1024
"""Bytes of a body that is received piece by piece."""

LARGEST_WHOLE = 16 * 1024 * 1024
"""Bytes of the largest body that is read whole: the service takes lists of 50,000 blocks."""


async def receive(storage: Storage, request: web.Request) -> tuple[Path, dict[str, str]]:
    """Write the request's body to a file, a large one piece by piece; returns it and what the answer says of it.

    :raises BlobError: the body does not match ``Content-MD5`` or ``x-ms-content-crc64``, or both are there.
    """
    check_one_hash(request, OF_BODY)
    file = storage.blobs.temporary()
    try:
        digest = await write_body(request, file)
        return file, await compare(request, OF_BODY, digest, lambda: pieces_of(file))
    except BaseException:
        file.unlink(missing_ok=True)
        raise


async def write_body(request: web.Request, file: Path) -> str:
    """Write the request's body to a new file; returns its MD5, base64."""
    if (request.content_length or LARGE) < LARGE:
        content = await request.read()
        write_new(file, content)
        return md5([content])
    digest = hashlib.md5(usedforsecurity=False)
    with file.open("wb", BUFFER) as out:
        async for piece in request.content.iter_chunked(PIECE):
            digest.update(piece)
            out.write(piece)
    return base64.b64encode(digest.digest()).decode()


def write_new(file: Path, content: bytes) -> None:
    """Write a file that is not there, past the layers of ``open``: thousands of small blobs come in a row."""
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
    try:
        left = memoryview(content)
        while left:
            left = left[os.write(descriptor, left) :]
    finally:
        os.close(descriptor)


async def read_small(request: web.Request) -> bytes:
    """A body that is read whole.

    :raises BlobError: it is larger than ``LARGEST_WHOLE``, or not what the request's headers say.
    """
    check_one_hash(request, OF_BODY)
    received = bytearray()
    async for piece in request.content.iter_any():
        received += piece
        if len(received) > LARGEST_WHOLE:
            raise BlobError("RequestBodyTooLarge")
    content = bytes(received)
    await compare(request, OF_BODY, md5([content]), lambda: [content])
    return content


async def read_xml(request: web.Request) -> ElementTree.Element:
    """A body that is an XML document, in UTF-8 and without entities of its own.

    :raises BlobError: it is none.
    """
    try:
        text = (await read_small(request)).decode("utf-8-sig")
        if "<!DOCTYPE" in text or "<!ENTITY" in text:
            raise BlobError("InvalidXmlDocument")
        return ElementTree.fromstring(text)
    except (UnicodeDecodeError, ElementTree.ParseError):
        raise BlobError("InvalidXmlDocument") from None
