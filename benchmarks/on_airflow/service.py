"""A stand-in for Azure ML whose jobs end at known moments; a process of its own.

Call: ``python -m benchmarks.on_airflow.service PLAN``, a JSON object, see ``Plan``. It prints its port. What Airflow
does is real; of the service there is what a wait and the end of a task ask: addresses, a token, the workspace, jobs and
run history, and now and then a 429. Jobs are called ``job-<number>``.
"""

from __future__ import annotations

import asyncio
import json
import ssl
import sys
import time
from dataclasses import asdict, dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from aiohttp import web

THROTTLED_OF = 40
"""Of so many requests for the state of jobs, one is answered with 429."""

TOKEN_PLACES = ("authorization_endpoint", "token_endpoint")


@dataclass(frozen=True)
class Plan:
    """Which jobs there are.

    :param jobs: how many.
    :param made: epoch seconds of their creation; each has started within two minutes.
    :param first: epoch seconds of the first end; ``last`` of the last one, the others between them at equal distances.
    :param folder: where ``ca.pem`` and ``server.pem`` are.
    """

    jobs: int
    made: float
    first: float
    last: float
    folder: str

    def end_of(self, number: int) -> float:
        """Epoch seconds at which a job ends."""
        return self.first + (self.last - self.first) * number / max(self.jobs - 1, 1)

    def to_text(self) -> str:
        """The plan for a command line."""
        return json.dumps(asdict(self))


class Service:
    """Answers by the clock."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.base = ""
        self.asked = 0

    def run(self, name: str) -> dict[str, Any]:
        """A job as run history shows it."""
        number = int(name.removeprefix("job-"))
        end = self.plan.end_of(number)
        ended = time.time() >= end
        return {
            "runId": name,
            "status": "Completed" if ended else "Running",
            "createdUtc": at(self.plan.made),
            "startTimeUtc": at(min(self.plan.made + 20 + 17 * number % 100, end)),
            "endTimeUtc": at(end) if ended else None,
            "outputs": None,
        }

    async def endpoints(self, request: web.Request) -> web.Response:
        """Addresses and audiences."""
        audience = {"loginEndpoint": f"{self.base}/", "audiences": [f"{self.base}/"]}
        suffixes = {"storage": "example.net"}
        found = {"resourceManager": self.base, "authentication": audience, "suffixes": suffixes, "portal": self.base}
        return web.json_response(found)

    async def authority(self, request: web.Request) -> web.Response:
        """Where tokens come from."""
        tenant = f"{self.base}/{request.match_info['tenant']}"
        places = {name: f"{tenant}/oauth2/v2.0/{name.partition('_')[0]}" for name in TOKEN_PLACES}
        return web.json_response({"issuer": f"{tenant}/v2.0", **places})

    async def token(self, request: web.Request) -> web.Response:
        """A token for whoever asks."""
        return web.json_response({"token_type": "Bearer", "expires_in": 86399, "access_token": "t" * 1200})

    async def workspace(self, request: web.Request) -> web.Response:
        """The workspace; its data plane is here as well."""
        properties = {"discoveryUrl": f"{self.base}/discovery", "workspaceId": "guid"}
        return web.json_response({"properties": properties})

    async def discovery(self, request: web.Request) -> web.Response:
        """The data plane's addresses."""
        return web.json_response({"api": self.base, "history": self.base})

    async def change(self, request: web.Request) -> web.Response:
        """Go by another plan from now on."""
        self.plan = Plan(**await request.json())
        return web.json_response({})

    async def job(self, request: web.Request) -> web.Response:
        """A job by Azure Resource Manager."""
        name = request.match_info["name"]
        properties = {"jobType": "Command", "experimentName": "exp", "status": self.run(name)["status"]}
        made = {"createdAt": at(self.plan.made)}
        return web.json_response({"name": name, "properties": properties, "systemData": made})

    async def many(self, request: web.Request) -> web.Response:
        """Many jobs by run history; every so often too many."""
        self.asked += 1
        if self.asked % THROTTLED_OF == 0:
            error = {"code": "TooManyRequests", "message": "Slow down."}
            return web.json_response({"error": error}, status=429, headers={"Retry-After": "2"})
        names = (await request.json())["requests"]
        return web.json_response({"successfulResults": {name: {"runMetadata": self.run(name)} for name in names}})

    async def one(self, request: web.Request) -> web.Response:
        """One job by run history, with what it has produced: nothing."""
        return web.json_response({"runMetadata": self.run((await request.json())["runId"])})


def at(moment: float) -> str:
    """A moment as run history writes it."""
    return datetime.fromtimestamp(moment, timezone.utc).isoformat()


async def serve(plan: Plan) -> None:
    """Answer for ever."""
    service, app = Service(plan), web.Application()
    workspaces = "/{_:.*}/workspaces/ws"
    app.router.add_put("/plan", service.change)
    app.router.add_get("/metadata/endpoints", service.endpoints)
    app.router.add_get("/{tenant}/v2.0/.well-known/openid-configuration", service.authority)
    app.router.add_post("/{tenant}/oauth2/v2.0/token", service.token)
    app.router.add_get("/discovery", service.discovery)
    app.router.add_get(workspaces, service.workspace)
    app.router.add_get(workspaces + "/jobs/{name}", service.job)
    app.router.add_post("/history/{_:.*}/batchrundata", service.many)
    app.router.add_post("/history/{_:.*}/rundata", service.one)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(Path(plan.folder) / "server.pem")
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context, backlog=1024)
    await site.start()
    port = site._server.sockets[0].getsockname()[1]  # type: ignore[union-attr]
    service.base = f"https://127.0.0.1:{port}"
    print(port, flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(serve(Plan(**json.loads(sys.argv[1]))))
