"""One scoring script and requests for it, asked of Microsoft's inference server or of the emulator's.

``python -m tests.emulator.online.inference_server PYTHON`` asks the azureml-inference-server-http of an interpreter and
keeps its answers in ``inference_server.json``, which the tests hold the emulator's scoring server to.
"""

from __future__ import annotations

import http.client
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

RECORDED = Path(__file__).with_suffix(".json")
JSON = {"Content-Type": "application/json"}
LONG = "x" * 101
UNTOLD = {"date", "server", "connection", "content-length", "transfer-encoding"}
"""Headers of the HTTP server itself."""

SCRIPT = """
import time

def init():
    print("the weights are loaded")

def run(raw_data, request_headers):
    if raw_data == "none":
        return None
    if raw_data == "raise":
        raise ValueError("no such row")
    if raw_data == "set":
        return {1, 2}
    if raw_data == "sleep":
        time.sleep(2)
    if raw_data == "bytes":
        return b"abc"
    if raw_data == "text":
        return "gr\\u00fcn"
    return {"data": raw_data, "kind": type(raw_data).__name__, "own": request_headers.get("X-Own-Thing")}
"""


class Asked(NamedTuple):
    """A request."""

    method: str
    path: str
    headers: Mapping[str, str] = JSON
    body: bytes | None = None

    def __str__(self) -> str:
        told = {name: value for name, value in self.headers.items() if self.headers is not JSON}
        return " ".join((self.method, self.path, *map(" ".join, told.items()), repr(self.body or b"")[1:])).strip()


REQUESTS = (
    *(Asked("POST", "/score", JSON, text) for text in (b'{"a": 1}', b"", b"none", b"raise", b"set", b"text", b"bytes")),
    Asked("POST", "/score", JSON, b"sleep"),
    Asked("POST", "/score", JSON, b"\xff\xfe"),
    Asked("POST", "/score", {}, b"no type"),
    Asked("POST", "/score", {"X-Own-Thing": "v"}, b"a header"),
    Asked("POST", "/score", {"Content-Type": "application/x-www-form-urlencoded"}, b"a=1"),
    Asked("POST", "/score?x=1", JSON, b"a query"),
    Asked("GET", "/score?a=1&b=x&a=2&c=", {}),
    *(Asked(method, "/score", {}) for method in ("GET", "PUT", "DELETE", "PATCH", "OPTIONS", "HEAD")),
    *(Asked(method, "/", {}) for method in ("GET", "HEAD", "POST")),
    Asked("GET", "/nothing", {}),
    Asked("POST", "/score/", JSON, b"none"),
    Asked("GET", "/swagger.json?version=9", {}),
    Asked("POST", "/swagger.json", {}),
    *(
        Asked("POST", "/score", headers, b"none")
        for headers in (
            {"x-request-id": "one", "x-ms-request-id": "two", "x-ms-client-request-id": "three", "TraceId": "four"},
            {"x-request-id": "one"},
            {"x-ms-request-id": "two"},
            {"x-ms-client-request-id": "three"},
            {"x-request-id": LONG},
            {"x-ms-client-request-id": LONG},
        )
    ),
)


class OverSocket(http.client.HTTPConnection):
    """A connection to a Unix socket."""

    def __init__(self, path: str) -> None:
        super().__init__("localhost", timeout=20)
        self.path = path

    def connect(self) -> None:
        """Connect."""
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(20)
        self.sock.connect(self.path)


Connect = Callable[[], http.client.HTTPConnection]


def ask(connect: Connect, asked: Asked) -> dict[str, Any]:
    """Status, headers and text of the answer; times and ids that are made up become ``…``."""
    connection = connect()
    try:
        connection.request(asked.method, asked.path, asked.body, dict(asked.headers))
        answer = connection.getresponse()
        text = answer.read().decode()
    finally:
        connection.close()
    headers = {name.lower(): value for name, value in answer.getheaders() if name.lower() not in UNTOLD}
    for name, value in headers.items():
        if name == "x-ms-run-fn-exec-ms" or value.count("-") == 4:
            headers[name] = "…"
    return {"status": answer.status, "headers": dict(sorted(headers.items())), "text": text.strip()}


@contextmanager
def served(words: list[str], connect: Connect, folder: Path) -> Iterator[None]:
    """A server that answers, until the end of the block."""
    settings = {"AML_APP_ROOT": str(folder), "SCORING_TIMEOUT_MS": "300", "PYTHONDONTWRITEBYTECODE": "1"}
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(words, env={**os.environ, **settings}, stdout=log, stderr=log)
    try:
        deadline = time.monotonic() + 60
        while not is_healthy(connect):
            assert process.poll() is None, (folder / "log").read_text()
            assert time.monotonic() < deadline
            time.sleep(0.05)
        yield
    finally:
        process.terminate()
        process.wait(20)
    assert not is_healthy(connect), "workers outlived their server"


def is_healthy(connect: Connect) -> bool:
    """Whether a server answers."""
    try:
        return bool(ask(connect, Asked("GET", "/", {}))["status"] == 200)
    except OSError:
        return False


def free_port() -> int:
    """A port that nothing listens on."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def record(python: str) -> None:
    """Ask Microsoft's server and keep what it answers."""
    with tempfile.TemporaryDirectory() as place:
        script = Path(place) / "score.py"
        script.write_text(SCRIPT)
        port = free_port()
        words = [python, "-m", "azureml_inference_server_http", "--entry_script", str(script), "--port", str(port)]

        def connect() -> http.client.HTTPConnection:
            return http.client.HTTPConnection("127.0.0.1", port, timeout=20)

        with served([*words, "--health_port", str(free_port())], connect, script.parent):
            answers = {str(asked): ask(connect, asked) for asked in REQUESTS}
    assert len(answers) == len(REQUESTS)
    RECORDED.write_text(json.dumps(answers, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    record(sys.argv[1])
