"""A stand-in for Azure ML that answers at once, keeps a limit of requests, and counts; a process of its own.

Call: ``python -m benchmarks.waiting.service PLAN``: a JSON object, see ``Plan``. It prints its port. What it counted is
at ``/counts``. Jobs are called ``job-<number>``; when each ends follows from the plan (``end_of``).
"""

from __future__ import annotations

import asyncio
import json
import random
import ssl
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

PADDING = {f"azureml.property{number}": "x" * 60 for number in range(25)}
"""Makes a run as large as the service's: two to three kilobytes."""


@dataclass(frozen=True)
class Plan:
    """What is waited for, and what the service allows.

    :param jobs: how many there are.
    :param begin: epoch seconds at which the wait begins.
    :param first: seconds from then to the first end; ``last`` to the last one.
    :param rate: requests in a second, None for no limit; ``bucket`` of them may come at once.
    :param batches: whether run history tells of many jobs at once.
    :param folder: where ``ca.pem`` and ``server.pem`` are.
    """

    jobs: int
    begin: float
    first: float
    last: float
    rate: float | None
    bucket: float
    batches: bool
    folder: str

    @classmethod
    def read(cls, text: str) -> Plan:
        """Read the plan of a command line."""
        return cls(**json.loads(text))

    def end_of(self, number: int) -> float:
        """Epoch seconds at which a job ends."""
        return self.begin + random.Random(number).uniform(self.first, self.last)


@dataclass
class Service:
    """Answers requests, and counts them by the moment at which they came."""

    plan: Plan
    ends: dict[str, float] = field(default_factory=dict)
    seconds: Counter[int] = field(default_factory=Counter)
    moments: list[float] = field(default_factory=list)
    routes: Counter[str] = field(default_factory=Counter)
    statuses: Counter[int] = field(default_factory=Counter)
    looks: Counter[str] = field(default_factory=Counter)
    tokens: float = 0.0
    filled_at: float = 0.0
    port: int = 0

    def __post_init__(self) -> None:
        self.ends = {f"job-{number}": self.plan.end_of(number) for number in range(self.plan.jobs)}
        self.tokens, self.filled_at = self.plan.bucket, time.time()

    def answer(self, method: str, path: str, body: bytes) -> tuple[int, Any]:
        """Status and body of an answer."""
        route = path.partition("?")[0]
        if route == "/counts":
            return 200, self.counts()
        base = f"https://127.0.0.1:{self.port}"
        if route.endswith("/token"):
            self.routes["token"] += 1
            return 200, {"token_type": "Bearer", "expires_in": 86399, "access_token": "t" * 1200}
        if route == "/metadata/endpoints":
            audience = {"loginEndpoint": f"{base}/", "audiences": [f"{base}/"]}
            return 200, {
                "resourceManager": base,
                "authentication": audience,
                "suffixes": {"storage": "example.net"},
                "portal": base,
            }
        kind, status, value = self._look(method, route, body)
        now = time.time()
        self.moments.append(now)
        self.routes[kind] += 1
        if not self._allowed(now):
            status, value = 429, {"error": {"code": "TooManyRequests", "message": "Slow down."}}
        self.statuses[status] += 1
        return status, value

    def _look(self, method: str, route: str, body: bytes) -> tuple[str, int, Any]:
        base = f"https://127.0.0.1:{self.port}"
        now = time.time()
        last = route.rpartition("/")[2]
        if route.endswith("/discovery"):
            return "discovery", 200, {"api": base, "history": base}
        if last == "batchrundata" and self.plan.batches:
            names = list(json.loads(body)["requests"])
            self.looks.update(names)
            runs = {name: {"runMetadata": self._run(name, now)} for name in names if name in self.ends}
            return "many at once", 200, {"successfulResults": runs, "failedResults": {}}
        if "/history/" in route:
            return "refused", 404, {"error": {"code": "NotFound", "message": "There is no such route."}}
        if "/jobs/" in route and last in self.ends:
            self.looks[last] += 1
            properties = {"jobType": "Command", "experimentName": "exp", "status": self._status(last, now)}
            created = {"createdAt": "2025-01-01T00:00:00.000000+00:00"}
            return (
                "one job",
                200,
                {"name": last, "properties": {**properties, "properties": PADDING}, "systemData": created},
            )
        if route.endswith("/workspaces/ws"):
            return "workspace", 200, {"properties": {"discoveryUrl": f"{base}/discovery", "workspaceId": "guid"}}
        return "other", 404, {"error": {"code": "NotFound", "message": f"{method} {route}"}}

    def _status(self, name: str, now: float) -> str:
        return "Completed" if self.ends[name] <= now else "Running"

    def _run(self, name: str, now: float) -> dict[str, Any]:
        return {
            "runId": name,
            "status": self._status(name, now),
            "createdUtc": "2025-01-01T00:00:00.0000000+00:00",
            "properties": PADDING,
            "tags": {"airflow_dag_id": "d", "airflow_task_id": "t", "airflow_run_id": "r"},
            "outputs": None,
        }

    def _allowed(self, now: float) -> bool:
        if self.plan.rate is None:
            return True
        self.tokens = min(self.plan.bucket, self.tokens + (now - self.filled_at) * self.plan.rate)
        self.filled_at = now
        if self.tokens < 1:
            return False
        self.tokens -= 1
        return True

    def counts(self) -> dict[str, Any]:
        """What was counted."""
        return {
            "routes": dict(self.routes),
            "statuses": {str(status): count for status, count in self.statuses.items()},
            "moments": self.moments,
            "looks": dict(self.looks),
        }


class Connection(asyncio.Protocol):
    """One connection: whole requests in, answers out, in order."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._data = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Remember where answers go."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Answer each request that is there as a whole."""
        self._data += data
        while b"\r\n\r\n" in self._data:
            head, _, rest = self._data.partition(b"\r\n\r\n")
            lines = head.decode("latin-1").split("\r\n")
            headers = dict(line.lower().split(": ", 1) for line in lines[1:] if ": " in line)
            length = int(headers.get("content-length", 0))
            if len(rest) < length:
                return
            self._data = rest[length:]
            method, path, _ = lines[0].split(" ", 2)
            status, value = self._service.answer(method, path, rest[:length])
            content = json.dumps(value).encode()
            top = [f"HTTP/1.1 {status} X", "Content-Type: application/json", f"Content-Length: {len(content)}"]
            if status == 429:
                top.append("Retry-After: 5")
            assert self._transport is not None
            self._transport.write("\r\n".join([*top, "", ""]).encode() + content)


async def serve(plan: Plan) -> None:
    """Answer for ever."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(Path(plan.folder) / "server.pem")
    service = Service(plan)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Connection(service), "127.0.0.1", 0, ssl=context, backlog=4096)
    service.port = server.sockets[0].getsockname()[1]
    print(service.port, flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(Plan.read(sys.argv[1])))
