#!/usr/bin/env bash
# A token endpoint's 429 without a body ends in coroutines of azure-identity 1.25.1 in a bare TypeError; outside of them no error keeps a status.
#
# 1.27.0 raises ClientAuthenticationError there, too, the class of a wrong secret. Its `response` is the answer where the
# credential is of azure.identity.aio; the same credential of azure.identity has None, for a refusal as well, so that one
# who wants to wait for Retry-After learns neither that nor the status. 1.25.0, the version of Airflow 3.0's
# constraints, does as 1.25.1. The login service here is a server on this machine.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cat > "$folder/ask.py" <<'PYTHON'
import asyncio
import json
import logging
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import azure.identity
import azure.identity.aio
from azure.core.pipeline.transport import AioHttpTransport, RequestsTransport

logging.disable(logging.CRITICAL)
LOGIN = "https://login.example"
TENANT = {name: f"{LOGIN}/tenant/{name}" for name in ("authorization_endpoint", "token_endpoint")}
answer = [429, b""]


class Login(BaseHTTPRequestHandler):
    """Knows one tenant, and has one answer for who asks for a token."""

    def do_GET(self):
        self.say(200, json.dumps({**TENANT, "issuer": f"{LOGIN}/tenant/v2.0"}).encode())

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.say(*answer)

    def say(self, status, body):
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Retry-After", "7")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *words):
        pass


server = ThreadingHTTPServer(("127.0.0.1", 0), Login)
Thread(target=server.serve_forever, daemon=True).start()


class Here(RequestsTransport):
    def send(self, request, **options):
        request.url = request.url.replace(LOGIN, f"http://127.0.0.1:{server.server_port}")
        return super().send(request, **options)


class HereAsync(AioHttpTransport):
    async def send(self, request, **options):
        request.url = request.url.replace(LOGIN, f"http://127.0.0.1:{server.server_port}")
        return await super().send(request, **options)


options = {"authority": LOGIN, "disable_instance_discovery": True, "retry_total": 0}
names = ("tenant", "id", "secret")


def sync():
    azure.identity.ClientSecretCredential(*names, transport=Here(), **options).get_token("api/.default")


async def coroutine():
    async with azure.identity.aio.ClientSecretCredential(*names, transport=HereAsync(), **options) as credential:
        await credential.get_token("api/.default")


REFUSED = json.dumps({"error": "invalid_client", "error_description": "AADSTS7000215: Invalid client secret provided."})
for said, now in (("429 without a body", [429, b""]), ("401 with its reason", [401, REFUSED.encode()])):
    answer[:] = now
    for colour, ask in (("sync", sync), ("coroutine", lambda: asyncio.run(coroutine()))):
        try:
            ask()
        except Exception as error:
            response = getattr(error, "response", None)
            status = f"status {response.status_code}" if response is not None else "no status"
            print(f"{azure.identity.__version__} {said}, {colour}: {type(error).__name__}, {status}")
PYTHON
for version in 1.25.1 1.27.0; do
    "${PYTHON:-python3}" -m venv "$folder/$version"
    "$folder/$version/bin/python" -m pip install --quiet --disable-pip-version-check "azure-identity==$version" azure-core==1.41.0 \
        msal==1.39.0 aiohttp==3.14.5
    "$folder/$version/bin/python" -W ignore "$folder/ask.py" >> "$folder/seen.txt"
done
cat > "$folder/expected.txt" <<'TEXT'
1.25.1 429 without a body, sync: ClientAuthenticationError, no status
1.25.1 429 without a body, coroutine: TypeError, no status
1.25.1 401 with its reason, sync: ClientAuthenticationError, no status
1.25.1 401 with its reason, coroutine: ClientAuthenticationError, status 401
1.27.0 429 without a body, sync: ClientAuthenticationError, no status
1.27.0 429 without a body, coroutine: ClientAuthenticationError, status 429
1.27.0 401 with its reason, sync: ClientAuthenticationError, no status
1.27.0 401 with its reason, coroutine: ClientAuthenticationError, status 401
TEXT
cat "$folder/seen.txt"
diff "$folder/expected.txt" "$folder/seen.txt" && echo "As written down: what azure-identity makes of an answer without a body."
