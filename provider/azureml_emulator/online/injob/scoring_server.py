"""The scoring server: serves an online deployment's script on a Unix socket, inside of the deployment's interpreter.

A script of the standard library only: ``scoring_server.py SOCKET SCRIPT``. Its answers are those of Microsoft's
azureml-inference-server-http 1.5.1 (``routes.py``, ``aml_response.py``): ``GET /`` says ``Healthy``, ``/score`` calls
``run``, ``GET /swagger.json`` describes it; ``None`` becomes ``{}``, and what a script raises is 500 with a fixed
message, the traceback going to the log. ``WORKER_COUNT`` processes (1) share the socket, each with a script of its own
and one request at a time, as Gunicorn's do there. When ``init`` fails, all end with exit code 3.
"""

from __future__ import annotations

import contextlib
import io
import json
import logging
import os
import signal
import socket
import sys
import time
import traceback
import uuid
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from socketserver import BaseServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

if TYPE_CHECKING or __package__:
    from azureml_emulator.online.injob import scoring_script
else:
    import scoring_script  # run as a script: Python looks in the script's own folder first

BOOT_FAILED = 3
"""The exit code when a script cannot be served; Gunicorn's for a worker that failed to boot."""

VERSION = "azmlinfsrv/1.5.1"
LONGEST_ID = 100
SWAGGER_VERSIONS = ("2", "3", "3.1")
ROUTES = {"/": ("GET", "HEAD"), "/swagger.json": ("GET", "HEAD"), "/score": ("GET", "HEAD", "POST", "OPTIONS")}
NOT_FOUND = (
    "The requested URL was not found on the server. If you entered the URL manually please check your spelling and try "
    "again."
)
METHOD = "The method is not allowed for the requested URL."
UNEXPECTED = "An unexpected internal error occurred. Check the logs for more info."

logger = logging.getLogger("azmlinfsrv")


class Handler(BaseHTTPRequestHandler):
    """Answers one request by the script; one connection, one request."""

    script: scoring_script.Script
    timeout_ms: int
    app_root: Path

    def handle_one_request(self) -> None:
        """Read a request and answer it, whatever its method."""
        self.raw_requestline = self.rfile.readline(65537)
        if not self.raw_requestline or not self.parse_request():
            return
        path, _, query = self.path.partition("?")
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        began = time.perf_counter()
        try:
            status, content, headers = self._answer(path, query, body)
        except Exception:  # noqa: BLE001 - whatever happens, the client gets an answer
            logger.error("Encountered Exception: %s", traceback.format_exc())
            status, content, headers = failure(500, UNEXPECTED)
        self._send(status, content, headers)
        if path != "/":
            took = (time.perf_counter() - began) * 1000
            logger.info("%s %s %s %.3fms %s", self.command, self.path, status, took, len(content))

    def _answer(self, path: str, query: str, body: bytes) -> tuple[int, bytes, dict[str, str]]:
        if path not in ROUTES:
            return failure(404, NOT_FOUND)
        if self.command not in ROUTES[path]:
            return failure(405, METHOD)
        ids, refused = self._ids()
        if refused:
            status, content, headers = failure(431, refused)
        elif path == "/score":
            status, content, headers = self._score(query, body)
        elif path == "/":
            status, content, headers = 200, b"Healthy", {"Content-Type": "text/html; charset=utf-8"}
        else:
            status, content, headers = self._swagger(parse_qs(query).get("version", ["2"])[0])
        return status, content, {**headers, **ids}

    def _swagger(self, version: str) -> tuple[int, bytes, dict[str, str]]:
        if version not in SWAGGER_VERSIONS:
            supported = ", ".join(SWAGGER_VERSIONS)
            return failure(404, f"Swagger version [{version}] is not valid. Supported versions: [{supported}].")
        return answer(200, description(self.app_root))

    def _score(self, query: str, body: bytes) -> tuple[int, bytes, dict[str, str]]:
        headers = dict(self.headers.items())
        environ = self._environ(query, headers, body)
        request = scoring_script.Request(self.command, query, headers, body, environ)
        try:
            outcome = self.script.call(request, self.timeout_ms / 1000)
        except scoring_script.Refusal as refusal:
            if refusal.status == 405 and self.command == "OPTIONS":
                return 200, b"", {"Content-Type": "text/html; charset=utf-8", "x-ms-run-function-failed": "False"}
            return failure(refusal.status, refusal.message)
        except TimeoutError:
            logger.error("Encountered Exception: %s", traceback.format_exc())
            return failure(500, f"Scoring timeout after {self.timeout_ms} ms", run_failed=True)
        except Exception:  # noqa: BLE001 - whatever a script raises, the client gets an answer
            logger.error("Encountered Exception: %s", traceback.format_exc())
            return failure(500, scoring_script.FAILED, run_failed=True)
        try:
            status, content, told = response(outcome.value)
        except Exception:  # noqa: BLE001 - a value that is no JSON
            logger.error("Encountered Exception: %s", traceback.format_exc())
            return failure(500, UNEXPECTED)
        return status, content, {**told, "x-ms-run-fn-exec-ms": f"{outcome.elapsed:.3f}"}

    def _environ(self, query: str, headers: Mapping[str, str], body: bytes) -> dict[str, Any]:
        """The request as WSGI has it."""
        return {
            "REQUEST_METHOD": self.command,
            "PATH_INFO": "/score",
            "QUERY_STRING": query,
            "SERVER_NAME": "localhost",
            "SERVER_PORT": "5001",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "CONTENT_TYPE": headers.get("Content-Type", ""),
            "CONTENT_LENGTH": str(len(body)),
            "wsgi.input": io.BytesIO(body),
            "wsgi.url_scheme": "http",
            **{f"HTTP_{name.upper().replace('-', '_')}": value for name, value in headers.items()},
        }

    def _ids(self) -> tuple[dict[str, str], str]:
        """The ids of a request, as they are given back, with the server's version; and what is wrong with them."""
        told = {"x-ms-server-version": VERSION}
        if "TraceId" in self.headers:
            told["TraceId"] = self.headers["TraceId"]
        request = self.headers.get("x-request-id") or str(uuid.uuid4())
        if len(request) > LONGEST_ID:
            return told, f"x-request-id must not exceed {LONGEST_ID} characters"
        told["x-request-id"] = request
        client = self.headers.get("x-ms-client-request-id") or self.headers.get("x-ms-request-id") or ""
        legacy = self.headers.get("x-ms-request-id") or client or request
        if max(len(client), len(legacy)) > LONGEST_ID:
            return told, f"x-ms-request-id and x-ms-client-request-id must not exceed {LONGEST_ID} characters"
        return {**told, "x-ms-request-id": legacy, **({"x-ms-client-request-id": client} if client else {})}, ""

    def _send(self, status: int, content: bytes, headers: Mapping[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        with contextlib.suppress(OSError):  # the client is gone
            self.wfile.write(b"" if self.command == "HEAD" else content)

    def log_message(self, *arguments: Any) -> None:
        """Nothing: requests are logged with what they took."""


def answer(status: int, value: Any, *, run_failed: bool = False) -> tuple[int, bytes, dict[str, str]]:
    """A value as JSON; None as an empty object.

    :raises TypeError: JSON cannot hold it.
    """
    content = json.dumps({} if value is None else value).encode()
    return status, content, {"Content-Type": "application/json", "x-ms-run-function-failed": str(run_failed)}


def failure(status: int, message: str, *, run_failed: bool = False) -> tuple[int, bytes, dict[str, str]]:
    """An error."""
    return answer(status, {"message": message}, run_failed=run_failed)


def response(value: Any) -> tuple[int, bytes, dict[str, str]]:
    """What ``run`` returned: a response of Flask's as it is, other values as JSON."""
    if not (hasattr(value, "status_code") and hasattr(value, "get_data")):
        return answer(200, value)
    headers = {name: text for name, text in value.headers.items() if name.lower() != "content-length"}
    if value.status_code >= 500:
        headers["x-ms-run-function-failed"] = "True"
    return value.status_code, value.get_data(), headers


def description(app_root: Path) -> dict[str, Any]:
    """The script's own ``swagger.json``, or one that knows no more than that there is ``/score``."""
    with contextlib.suppress(OSError, ValueError):
        return dict(json.loads((app_root / "swagger.json").read_text(encoding="utf-8")))
    anything = {"type": "object", "example": {}}
    body = {"name": "serviceInputPayload", "in": "body", "schema": {"$ref": "#/definitions/ServiceInput"}}
    scored = {"200": {"description": "The prediction.", "schema": {"$ref": "#/definitions/ServiceOutput"}}}
    return {
        "swagger": "2.0",
        "info": {"title": "ML service", "version": "1.0"},
        "consumes": ["application/json"],
        "produces": ["application/json"],
        "paths": {"/score": {"post": {"operationId": "RunMLService", "parameters": [body], "responses": scored}}},
        "definitions": {"ServiceInput": anything, "ServiceOutput": anything},
    }


def boot(path: str) -> bool:
    """Load the script and call its ``init``; False when it cannot be served, with the reason in the log."""
    try:
        script = scoring_script.Script(path)
        logger.info("Invoking user's init function")
        script.init()
    except BaseException:  # noqa: BLE001 - whatever a script raises, its deployment fails with it in the log
        logger.error("User's init function failed\nEncountered Exception %s", traceback.format_exc())
        return False
    logger.info("Users's init has completed successfully")
    Handler.script = script
    Handler.timeout_ms = int(os.environ.get("SCORING_TIMEOUT_MS") or 3600 * 1000)
    Handler.app_root = Path(os.environ["AML_APP_ROOT"])
    logger.info("Worker with pid %s ready for serving traffic", os.getpid())
    return True


def serve(listener: socket.socket) -> None:
    """Answer one request after the other."""
    server = BaseServer(("", 0), Handler)
    while True:
        connection, _ = listener.accept()
        with connection, contextlib.suppress(OSError):  # the client is gone
            Handler(connection, ("", 0), server)
        sys.stdout.flush()


def start_worker(listener: socket.socket, path: str) -> int:
    """Fork a worker; its pid."""
    pid = os.fork()
    if pid:
        return pid
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    code = BOOT_FAILED
    try:
        if boot(path):
            code = 1
            serve(listener)
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def main() -> int:
    """Keep the workers running until one cannot boot."""
    address, path = sys.argv[1], sys.argv[2]
    logging.basicConfig(
        level=os.environ.get("AZUREML_LOG_LEVEL") or "INFO",
        format="%(asctime)s %(levelname).1s [%(process)d] %(name)s - %(message)s",
        stream=sys.stdout,
    )
    sys.path.append(os.environ["AML_APP_ROOT"])
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(address)
    listener.listen(128)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    workers: set[int] = set()
    try:
        for _ in range(max(1, int(os.environ.get("WORKER_COUNT") or 1))):
            workers.add(start_worker(listener, path))
        while True:
            pid, status = os.wait()
            workers.discard(pid)
            if os.waitstatus_to_exitcode(status) == BOOT_FAILED:
                return BOOT_FAILED
            logger.error("Worker with pid %s ended; another one is started", pid)
            workers.add(start_worker(listener, path))
    finally:
        for pid in workers:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGTERM)


if __name__ == "__main__":
    sys.exit(main())
