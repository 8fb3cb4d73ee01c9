"""The answer to an HTTP request, as bytes from an open connection: what libraries spend on each costs more than TLS.

Only what a client of blob storage needs: HTTP/1.1, a body of known length or in chunks. Whatever else comes is
``StrangeAnswerError``, after which the connection must be closed.

Source: RFC 9112.
"""

from __future__ import annotations

import re
import socket
from collections.abc import Mapping

from airflow_azureml.rest.flow import Reply

PIECE = 64 * 1024
"""Bytes that are taken from a connection at once."""

LONGEST_HEAD = 64 * 1024
"""Bytes of an answer's head, or of a line between chunks, that are read."""

LONGEST_BODY = 4 * 1024 * 1024
"""Bytes of an answer's body that are read: storage answers an upload with less than a hundredth of it."""

STATUS = re.compile(r"HTTP/1\.1 ([2-5]\d\d)(?: .*)?")


class StrangeAnswerError(Exception):
    """What came is no answer of the kind that is read here."""


def read_answer(connection: socket.socket, method: str) -> Reply:
    """Read the answer to a request that was sent, whole.

    :param method: of the request.
    :return: the answer, the names of its headers in lower case.
    :raises StrangeAnswerError: what came is not understood here, or ended too early.
    :raises OSError: the connection broke, or nothing came in time.
    """
    incoming = _Incoming(connection)
    first, *lines = incoming.until(b"\r\n\r\n").decode("latin-1").split("\r\n")
    status = STATUS.fullmatch(first)
    headers = dict(_header(line) for line in lines)
    if status is None:
        raise StrangeAnswerError(first[:80])
    reply = Reply(int(status[1]), headers, _body(incoming, method, int(status[1]), headers), method)
    if incoming.left:
        raise StrangeAnswerError("More came than the answer.")
    return reply


def _header(line: str) -> tuple[str, str]:
    """A header, its name in lower case."""
    name, colon, value = line.partition(":")
    if not colon or not name or name != name.strip():
        raise StrangeAnswerError(line[:80])
    return name.lower(), value.strip()


def _body(incoming: _Incoming, method: str, status: int, headers: Mapping[str, str]) -> bytes:
    """The body of an answer."""
    if method == "HEAD" or status in (204, 304):
        return b""
    coding, length = headers.get("transfer-encoding"), headers.get("content-length", "")
    if coding is None and length.isascii() and length.isdigit() and len(length) < 10:
        return incoming.exactly(int(length))
    if coding is None or coding.lower() != "chunked":
        raise StrangeAnswerError(f"Transfer-Encoding {coding}, Content-Length {length}"[:80])
    body = bytearray()
    while size := incoming.size():
        body += incoming.exactly(size)
        if len(body) > LONGEST_BODY:
            raise StrangeAnswerError(f"A body of {len(body)} bytes or more.")
        if incoming.until(b"\r\n"):
            raise StrangeAnswerError("A chunk is longer than it says.")
    while incoming.until(b"\r\n"):
        pass  # what may follow the last chunk says nothing here
    return bytes(body)


class _Incoming:
    """What comes in on a connection."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self.left = bytearray()
        """What came in and was not read yet."""

    def until(self, end: bytes) -> bytes:
        """What comes before a mark, which is taken away as well."""
        while (place := self.left.find(end)) < 0:
            if len(self.left) > LONGEST_HEAD:
                raise StrangeAnswerError("A head without an end.")
            self._take(PIECE)
        found = bytes(self.left[:place])
        del self.left[: place + len(end)]
        return found

    def exactly(self, count: int) -> bytes:
        """So many bytes."""
        if count > LONGEST_BODY:
            raise StrangeAnswerError(f"A body of {count} bytes.")
        while len(self.left) < count:
            self._take(max(PIECE, count - len(self.left)))
        found = bytes(self.left[:count])
        del self.left[:count]
        return found

    def size(self) -> int:
        """The size of the next chunk; 0: there are no more."""
        digits = self.until(b"\r\n").partition(b";")[0].strip()
        if not re.fullmatch(rb"[0-9a-fA-F]{1,8}", digits):
            raise StrangeAnswerError("A chunk without a size.")
        return int(digits, 16)

    def _take(self, most: int) -> None:
        piece = self._connection.recv(most)
        if not piece:
            raise StrangeAnswerError("The answer ends too early.")
        self.left += piece
