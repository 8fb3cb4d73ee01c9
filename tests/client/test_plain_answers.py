"""Requests and answers as bytes, on a pair of sockets, and over TLS against a scripted server."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from airflow_azureml.client import MLClient
from airflow_azureml.client.plain_answers import LONGEST_HEAD, StrangeAnswerError, read_answer
from airflow_azureml.client.plain_blobs import head_of, send
from airflow_azureml.rest.flow import LocalFiles, Reply, StorageLocation, Transfer
from airflow_azureml.rest.settings import Settings
from tests.client.stub import Answer, Stub

HEAD = head_of("PUT", "/c/b?sig=1", {"Host": "h", "Content-Length": "3"})
CREATED = b"HTTP/1.1 201 Created\r\nETag: 1\r\n"


@pytest.fixture
def ends() -> Iterator[tuple[socket.socket, socket.socket]]:
    """Both ends of a connection, ours first."""
    ours, theirs = socket.socketpair()
    ours.settimeout(5)
    yield ours, theirs
    ours.close()
    theirs.close()


Ends = tuple[socket.socket, socket.socket]


def asked(ends: Ends, *answer: bytes, method: str = "PUT") -> Reply:
    """One exchange; the answer comes in these pieces, and nothing after them."""
    ours, theirs = ends
    for piece in answer:
        theirs.sendall(piece)
    theirs.shutdown(socket.SHUT_WR)
    send(ours, HEAD, b"abc")
    return read_answer(ours, method)


def test_a_request_arrives_as_it_was_written(ends: Ends) -> None:
    asked(ends, CREATED + b"Content-Length: 0\r\n\r\n")
    assert ends[1].recv(1000) == b"PUT /c/b?sig=1 HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc"


@pytest.mark.parametrize(
    ("method", "answer", "body"),
    [
        ("PUT", CREATED + b"Content-Length: 0\r\n\r\n", b""),
        ("PUT", CREATED + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", b""),
        (
            "GET",
            CREATED + b"transfer-encoding: Chunked\r\n\r\n3;x=1\r\nabc\r\n0a\r\n0123456789\r\n0\r\nT: 1\r\n\r\n",
            None,
        ),
        ("GET", CREATED + b"Content-Length: 13\r\n\r\nabc0123456789", None),
        ("HEAD", CREATED + b"Content-Length: 13\r\n\r\n", b""),
        ("DELETE", b"HTTP/1.1 204 No Content\r\nETag: 1\r\n\r\n", b""),
    ],
)
def test_an_answer_is_read_whole_however_it_comes(ends: Ends, method: str, answer: bytes, body: bytes | None) -> None:
    for cut in (1, len(answer) // 2, len(answer) - 1):
        ours, theirs = socket.socketpair()
        with ours, theirs:
            reply = asked((ours, theirs), answer[:cut], answer[cut:], method=method)
        assert reply.status in (201, 204)
        assert reply.headers["etag"] == "1"
        assert reply.body == (b"abc0123456789" if body is None else body)


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        CREATED,
        CREATED + b"Content-Length: 4\r\n\r\nabc",
        CREATED + b"\r\n",
        CREATED + b"Content-Length: -1\r\n\r\n",
        CREATED + b"Transfer-Encoding: gzip\r\n\r\n",
        CREATED + b"Transfer-Encoding: chunked\r\n\r\n-1\r\n\r\n",
        CREATED + b"Transfer-Encoding: chunked\r\n\r\n1\r\nab\r\n0\r\n\r\n",
        CREATED + b"Content-Length: 0\r\n\r\nHTTP/1.1 200 OK\r\n",
        CREATED + b" folded: 1\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\n",
        b"HTTP/1.0 201 Created\r\nContent-Length: 0\r\n\r\n",
        b"SSH-2.0-x\r\n\r\n",
        CREATED + b"x: " + bytes(LONGEST_HEAD + 1),
    ],
)
def test_what_is_no_plain_answer_is_not_taken_for_one(ends: Ends, answer: bytes) -> None:
    with pytest.raises(StrangeAnswerError):
        asked(ends, answer)


@pytest.mark.parametrize("value", ["a\r\nb: c", "a\nb", "\x00", "\u00e9"])
def test_a_head_takes_nothing_that_could_be_another_line(value: str) -> None:
    with pytest.raises(ValueError, match="printable ASCII"):
        head_of("PUT", "/", {"x": value})
    with pytest.raises(ValueError, match="printable ASCII"):
        head_of("PUT", f"/{value}", {})


def test_a_large_body_is_sent_while_nobody_answers_yet(ends: Ends) -> None:
    ours, theirs = ends
    content, received = bytes(1_000_000), bytearray()

    def serve() -> None:
        while len(received) < len(HEAD) + len(content):
            received.extend(theirs.recv(65536))
        theirs.sendall(CREATED + b"Content-Length: 0\r\n\r\n")

    thread = threading.Thread(target=serve)
    thread.start()
    send(ours, HEAD, content)
    assert read_answer(ours, "PUT").status == 201
    thread.join()
    assert bytes(received) == HEAD + content


def test_connections_are_used_again_until_the_server_ends_them(stub: Stub, settings: Settings, tmp_path: Path) -> None:
    files = []
    for number in range(40):
        (tmp_path / str(number)).write_text("content")
        files.append((str(tmp_path / str(number)), str(number)))
    place = StorageLocation(f"{stub.url}/acct.blob.local/container/x", sas="sig=abc")
    stub.script("PUT .*", Answer(201))
    with MLClient(settings) as client:
        client.perform(Transfer(LocalFiles(tuple(files)), place))
        client.perform(Transfer(LocalFiles(tuple(files)), place))
        assert stub.connections <= 20, "as many as files are sent at once, of which a busy machine may begin with fewer"
        stub.script("PUT .*", Answer(201, headers={"Connection": "close"}))
        client.perform(Transfer(LocalFiles(tuple(files)), place))
        client.perform(Transfer(LocalFiles(tuple(files)), place))
    assert len(stub.requests("PUT .*")) == 160
