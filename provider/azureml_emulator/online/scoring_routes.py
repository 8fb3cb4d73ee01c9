"""Routes of the scoring host of online endpoints: who asks, which deployment answers, and what becomes of its answer.

Source of the statuses 401, 404, 408, 424 and 429 and of the headers ``ms-azureml-model-error-*``: Microsoft's page on
troubleshooting online endpoints; of the reasons ``model_error`` and ``too_many_pending_request``, of the empty body of
a 429 and of ``ms-azureml-model-time``: a public copy of the front end's own filter; of ``azureml-model-deployment`` and
``X-Request-ID``: recording test_online_deployment.
"""

from __future__ import annotations

import asyncio
import contextlib
import uuid

from aiohttp import web

from azureml_emulator.core.operations import Record
from azureml_emulator.core.request_body import read_body
from azureml_emulator.core.routing import Plane, Route
from azureml_emulator.core.schema import seconds
from azureml_emulator.endpoints.records import key_of
from azureml_emulator.identity.authorization import bearer
from azureml_emulator.online.backend import Online, ScoringError
from azureml_emulator.online.server import Reply, UnreachableError

HEADER = "azureml-model-deployment"
REASON, MODEL_STATUS = "ms-azureml-model-error-reason", "ms-azureml-model-error-statuscode"

LARGEST = 10 * 1024 * 1024
"""Bytes of a request. Source: Microsoft's page on quotas (payload of managed online endpoints)."""

HOP_BY_HOP = ("connection", "expect", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade")
"""What is said to the next server only. Source: RFC 9110, section 7.6.1. What is expected (10.1.1) has been answered
here; curl asks for it where a body has more than 1 MB."""

NOT_HANDED_ON = frozenset({"authorization", "host", "content-length", "accept-encoding", *HOP_BY_HOP})
NOT_ANSWERED = frozenset({"connection", "content-length", "transfer-encoding", "server", "date", "x-request-id"})


async def score(online: Online, request: web.Request, endpoint: str) -> web.Response:
    """Score, or ask what scoring takes."""
    request_id = str(uuid.uuid4())
    try:
        holder = online.endpoints.get(endpoint)
        if holder is None or holder["state"] == "Creating":
            raise ScoringError(404, f"There is no online endpoint {endpoint}.")
        online.admit(holder, bearer(request))
        chosen = online.route(holder, request.headers.get(HEADER))
        content = await read_body(request)
        if len(content) > LARGEST:
            raise ScoringError(413, "The request is larger than 10 MB.")
        if not request.headers.get(HEADER):
            mirror(online, request, holder, content)
        answer = await asked(online, request, chosen, content)
    except ScoringError as error:
        answer = web.Response(status=error.status, text=error.text)
    answer.headers["X-Request-ID"] = request_id
    return answer


def mirror(online: Online, request: web.Request, holder: Record, content: bytes) -> None:
    """Send a copy of a request to the deployment that gets the mirrored share, and let nobody wait for it."""
    other = online.mirrored(holder)
    if other:
        task = asyncio.create_task(unanswered(online, request, other, content))
        online.background.add(task)
        task.add_done_callback(online.background.discard)


async def unanswered(online: Online, request: web.Request, deployment: Record, content: bytes) -> None:
    """Ask a deployment without a word of its answer."""
    with contextlib.suppress(ScoringError):
        await asked(online, request, deployment, content)


async def asked(online: Online, request: web.Request, deployment: Record, content: bytes) -> web.Response:
    """What a deployment answers, as the front end gives it back."""
    settings, key = deployment["properties"]["requestSettings"], key_of(deployment).lower()
    most = 2 * settings["maxConcurrentRequestsPerInstance"] * deployment["sku"]["capacity"]
    told = {HEADER: deployment["name"]}
    if online.pending.get(key, 0) >= most:
        return web.Response(status=429, text="", headers={**told, REASON: "too_many_pending_request"})
    online.pending[key] = online.pending.get(key, 0) + 1
    try:
        reply = await handed_on(online, request, key, content, seconds(settings["requestTimeout"]) or 5.0)
    except asyncio.TimeoutError:
        return web.Response(status=408, text="upstream request timeout", headers=told)
    except UnreachableError:
        headers = {**told, REASON: "model_not_ready", MODEL_STATUS: "503"}
        return web.Response(status=424, text="no healthy upstream", headers=headers)
    finally:
        online.pending[key] -= 1
    return answered(reply, told)


async def handed_on(online: Online, request: web.Request, key: str, content: bytes, timeout: float) -> Reply:
    """The answer of a deployment's server."""
    server = online.servers.server(key)
    if server is None:
        raise UnreachableError
    headers = {name: value for name, value in request.headers.items() if name.lower() not in NOT_HANDED_ON}
    target = f"/{request.path.rpartition('/')[2]}"
    query = request.raw_path.partition("?")[2]
    return await server.request(request.method, f"{target}?{query}" if query else target, headers, content, timeout)


def answered(reply: Reply, told: dict[str, str]) -> web.Response:
    """An answer as the front end gives it back: any other status than 200 of the model is 424."""
    headers = {name: value for name, value in reply.headers.items() if name.lower() not in NOT_ANSWERED}
    headers |= {**told, "ms-azureml-model-time": str(reply.milliseconds)}
    if reply.status == 200:
        return web.Response(status=200, body=reply.content, headers=headers)
    headers |= {REASON: "model_error", MODEL_STATUS: str(reply.status)}
    return web.Response(status=424, body=reply.content, headers=headers)


ROUTES = [
    *(Route(method, "/online/{endpoint}/score", score, Plane.ONLINE) for method in ("GET", "POST", "OPTIONS")),
    Route("GET", "/online/{endpoint}/swagger.json", score, Plane.ONLINE),
]
