"""MD5 and CRC-64 of contents, and what a request says that they are.

Source: the headers are those of the Azure Storage REST reference (Put Blob, Put Block, Put Block List, Append Block
From URL, Get Blob); the polynomial is that of Microsoft's clients (Azure.Storage.Common
``StorageCrc64HashAlgorithm``), which is also known as CRC-64/NVME.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from aiohttp import web

from azureml_emulator.storage.blobs.blocks import PIECE
from azureml_emulator.storage.errors import BlobError

POLYNOMIAL = 0x9A6C9329AC4BC9B5
ONES = 0xFFFFFFFFFFFFFFFF


class HashHeaders(NamedTuple):
    """The headers in which a request may say what a content's hashes are."""

    md5: str
    crc64: str


OF_BODY = HashHeaders("Content-MD5", "x-ms-content-crc64")
OF_SOURCE = HashHeaders("x-ms-source-content-md5", "x-ms-source-content-crc64")


def check_one_hash(request: web.Request, names: HashHeaders) -> None:
    """Refuse a request that names both hashes of one content.

    :raises BlobError: 400.
    """
    if all(name in request.headers for name in names):
        raise BlobError("BothCrc64AndMd5HeaderPresent", ", ".join(names))


async def compare(
    request: web.Request, names: HashHeaders, digest: str, pieces: Callable[[], Iterable[bytes]]
) -> dict[str, str]:
    """What an answer says of a content: its MD5, and its CRC-64 where the request names one.

    :param digest: the content's MD5, base64.
    :param pieces: the content once more; it is asked for in a thread, and only where its CRC-64 is wanted.
    :raises BlobError: the request names other hashes.
    """
    check_md5(request.headers.get(names.md5), digest)
    told, named = {OF_BODY.md5: digest}, request.headers.get(names.crc64)
    if named is not None:
        told[OF_BODY.crc64] = await asyncio.to_thread(lambda: crc64(pieces()))
        if told[OF_BODY.crc64] != named:
            raise BlobError("Crc64Mismatch") if is_hash(named, 8) else BlobError("InvalidHeaderValue", names.crc64)
    return told


def check_md5(named: str | None, digest: str) -> None:
    """Refuse a content that has another MD5 than a request names.

    Source of what is no MD5 at all: Microsoft's Azurite 3.36, whose makers have compared it with the service.

    :param digest: the content's MD5, base64.
    :raises BlobError: 400.
    """
    if named is not None and named != digest:
        raise BlobError("Md5Mismatch" if is_hash(named, 16) else "InvalidMd5")


def is_hash(text: str, length: int) -> bool:
    """Whether a text is base64 of so many bytes."""
    try:
        return len(base64.b64decode(text, validate=True)) == length
    except ValueError:
        return False


def table() -> Iterator[int]:
    """What each byte does to the remainder."""
    for byte in range(256):
        remainder = byte
        for _ in range(8):
            remainder = remainder >> 1 ^ (POLYNOMIAL if remainder & 1 else 0)
        yield remainder


TABLE = tuple(table())


def crc64(pieces: Iterable[bytes]) -> str:
    """The CRC-64 of pieces, one after the other, as headers write it: base64, the lowest byte first."""
    remainder = ONES
    for piece in pieces:
        for byte in piece:
            remainder = TABLE[(remainder ^ byte) & 0xFF] ^ remainder >> 8
    return base64.b64encode((remainder ^ ONES).to_bytes(8, "little")).decode()


def md5(pieces: Iterable[bytes]) -> str:
    """The MD5 of pieces, one after the other, as headers write it: base64."""
    digest = hashlib.md5(usedforsecurity=False)
    for piece in pieces:
        digest.update(piece)
    return base64.b64encode(digest.digest()).decode()


def pieces_of(file: Path) -> Iterator[bytes]:
    """A file's content, piece by piece."""
    with file.open("rb") as content:
        while piece := content.read(PIECE):
            yield piece
