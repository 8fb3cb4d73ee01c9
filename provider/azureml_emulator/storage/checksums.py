"""CRC-64 as Azure Storage counts it, to compare what has arrived with what was sent.

Source: the headers are those of the Azure Storage REST reference (Put Blob, Put Block, Get Blob); the polynomial is
that of Microsoft's clients (Azure.Storage.Common ``StorageCrc64HashAlgorithm``), which is also known as CRC-64/NVME.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator
from pathlib import Path

POLYNOMIAL = 0x9A6C9329AC4BC9B5
ONES = 0xFFFFFFFFFFFFFFFF
PIECE = 1024 * 1024


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


def pieces_of(file: Path) -> Iterator[bytes]:
    """A file's content, piece by piece."""
    with file.open("rb") as content:
        while piece := content.read(PIECE):
            yield piece
