"""One HTTP request and its answer, as bytes on an open connection: what libraries spend on each costs more than TLS.

Only what a client of blob storage needs: HTTP/1.1, a body of known length on the way there, one of known length or in
chunks on the way back. Whatever else comes is ``StrangeAnswerError``, after which the connection must be closed.

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

STATUS = re.compile(r"HTTP/1\.1 ([2-5]\d\d)(?: .*)?")
UNSENDABLE = re.compile(r"[^\x20-\x7e]")


class StrangeAnswerError(Exception):
    """What came is no answer of the kind that is read here."""


def head_of(method: str, target: str, headers: Mapping[str, str]) -> bytes:
    """The head of a request.

    :param target: path and query.
    :raises ValueError: a line holds something else than printable ASCII.
    """
    lines = [f"{method} {target} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
    if any(UNSENDABLE.search(line) for line in lines):
        raise ValueError("A request's head takes printable ASCII.")
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def exchange(connection: socket.socket, method: str, head: bytes, content: bytes) -> Reply:
    """Send a request, and read the answer whole.

    :return: the answer, the names of its headers in lower case.
    :raises StrangeAnswerError: what came is not understood here, or ended too early.
    :raises OSError: the connection broke, or nothing came in time.
    """
    if len(content) <= PIECE:
        connection.sendall(head + content)
    else:
        connection.sendall(head)
        connection.sendall(content)
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
    if coding is None and length.isascii() and length.isdigit():
        return incoming.exactly(int(length))
    if coding is None or coding.lower() != "chunked":
        raise StrangeAnswerError(f"Transfer-Encoding {coding}, Content-Length {length}"[:80])
    body = bytearray()
    while size := incoming.size():
        body += incoming.exactly(size)
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
