"""A small scripted https server that stands in for Azure where faults of the connection itself are needed."""

from __future__ import annotations

import base64
import contextlib
import functools
import json
import re
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import trustme

DROP = "drop"
"""Hang up after the request was read."""
TRUNCATE = "truncate"
"""Promise more bytes than are sent, then hang up."""
TRICKLE, CHUNKS = "trickle", "chunks"
"""Send a byte now and then, of a body of known length or in chunks, until the client hangs up."""


@dataclass(frozen=True)
class Seen:
    """One request that arrived."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    at: float

    @property
    def line(self) -> str:
        """Method and path with query."""
        return f"{self.method} {self.path}"


@dataclass
class Answer:
    """What is sent back."""

    status: int = 200
    value: Any = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)


class Stub:
    """One server: ``script(pattern, answers...)`` says what comes, the last answer again and again."""

    def __init__(self, folder: Path, ca: trustme.CA) -> None:
        self.seen: list[Seen] = []
        self.tokens = 0
        self.connections = 0
        self.token_life = 3600
        self.token_answer: Answer | str | None = None
        self.token_answers: list[Answer | str] = []
        """What the first requests for tokens are answered, before ``token_answer``."""
        self._scripts: list[tuple[re.Pattern[str], list[Answer | str]]] = []
        self._lock = threading.Lock()
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self.server.daemon_threads = True
        self.server.socket = server_context(ca).wrap_socket(self.server.socket, server_side=True)
        self.ca_file = folder / "ca.pem"
        ca.cert_pem.write_to_path(str(self.ca_file))
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02})
        self.thread.start()

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self.server.server_address[1])

    @property
    def url(self) -> str:
        """Its address."""
        return f"https://127.0.0.1:{self.port}"

    def script(self, pattern: str, *answers: Answer | str) -> None:
        """Answer requests whose ``METHOD path`` matches with these, one after the other; the last one stays."""
        self._scripts.insert(0, (re.compile(pattern), list(answers)))

    def lines(self, pattern: str = "") -> list[str]:
        """Requests that arrived, without those for tokens and metadata."""
        return [seen.line for seen in self.requests(pattern)]

    def requests(self, pattern: str = "") -> list[Seen]:
        """The same with all that is known of them."""
        with self._lock:
            return [seen for seen in self.seen if re.search(pattern, seen.line) and not is_login(seen.path)]

    def answer(self, seen: Seen) -> Answer | str:
        """Choose what to send back."""
        with self._lock:
            self.seen.append(seen)
            if seen.path.partition("?")[0].endswith("/token"):
                self.tokens += 1
                if self.token_answers:
                    return self.token_answers.pop(0)
                return self.token_answer or Answer(value=token(seen.body, self.tokens, self.token_life))
            for pattern, answers in self._scripts:
                if pattern.search(seen.line):
                    return answers.pop(0) if len(answers) > 1 else answers[0]
        return login(self.url, seen.path)

    def close(self) -> None:
        """Stop listening."""
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


@functools.cache
def server_context(ca: trustme.CA) -> ssl.SSLContext:
    """What all stubs of a certificate authority show: one certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ca.issue_cert("127.0.0.1", "localhost").configure_cert(context)
    return context


def is_login(path: str) -> bool:
    """Whether a request belongs to signing in."""
    return "/oauth2/" in path or "openid-configuration" in path or path.startswith("/metadata/")


def login(url: str, path: str) -> Answer:
    """What a control plane tells of itself."""
    if path.startswith("/metadata/endpoints"):
        cloud = {"name": "Stub", "portal": "https://portal.azure.stub", "resourceManager": f"{url}/"}
        rest = {"authentication": {"loginEndpoint": url}, "suffixes": {"storage": "stub"}}
        return Answer(value=[{**cloud, **rest}])
    if "openid-configuration" in path:
        tenant = path.split("/")[1]
        base = f"{url}/{tenant}"
        endpoints = {"token_endpoint": f"{base}/oauth2/v2.0/token", "authorization_endpoint": f"{base}/authorize"}
        return Answer(value={**endpoints, "issuer": f"{base}/v2.0"})
    return Answer()


def token(body: bytes, number: int, life: int) -> dict[str, Any]:
    """A token answer; the token's text tells its number and what it is for."""
    scope = re.search(rb"scope=([^&]*)", body)
    claims = {"aud": scope.group(1).decode() if scope else "", "number": number}
    parts = [json.dumps(part).encode() for part in ({"alg": "none"}, claims)] + [b"sign"]
    text = ".".join(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in parts)
    return {"token_type": "Bearer", "expires_in": life, "ext_expires_in": life, "access_token": text}


def claims_of(header: str) -> dict[str, Any]:
    """What a token says."""
    middle = header.removeprefix("Bearer ").split(".")[1]
    return dict(json.loads(base64.urlsafe_b64decode(middle + "=" * (-len(middle) % 4))))


def _handler(stub: Stub) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1  # one write per answer: unbuffered ones wait for acknowledgements

        def setup(self) -> None:
            stub.connections += 1
            super().setup()

        def do_GET(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            seen = Seen(self.command, self.path, dict(self.headers), self.rfile.read(length), time.monotonic())
            found = stub.answer(seen)
            if isinstance(found, str):
                self.break_off(found)
                return
            body = found.value if isinstance(found.value, bytes) else json.dumps(found.value).encode()
            self.send_response(found.status)
            for name, value in found.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)
            self.wfile.flush()

        do_POST = do_PUT = do_DELETE = do_PATCH = do_HEAD = do_GET

        def break_off(self, how: str) -> None:
            if how in (TRICKLE, CHUNKS):
                self.trickle(b"1\r\nx\r\n" if how == CHUNKS else b"x")
                return
            if how == TRUNCATE:
                self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{}")
                self.wfile.flush()
            self.close_connection = True
            self.connection.unwrap() if how == TRUNCATE else self.connection.shutdown(socket.SHUT_RDWR)

        def trickle(self, piece: bytes) -> None:
            length = b"Transfer-Encoding: chunked" if len(piece) > 1 else b"Content-Length: 1000000"
            self.close_connection = True
            with contextlib.suppress(OSError):
                self.wfile.write(b"HTTP/1.1 200 OK\r\n" + length + b"\r\n\r\n")
                for _ in range(600):
                    self.wfile.write(piece)
                    self.wfile.flush()
                    time.sleep(0.05)

        def log_message(self, *arguments: Any) -> None:
            pass

    return Handler


@contextmanager
def running(folder: Path, ca: trustme.CA) -> Iterator[Stub]:
    """A stub for the length of a block."""
    stub = Stub(folder, ca)
    try:
        yield stub
    finally:
        stub.close()
