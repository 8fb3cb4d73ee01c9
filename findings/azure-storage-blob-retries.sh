#!/usr/bin/env bash
# azure-storage-blob 12.31.1 gives up at the first 429 and never reads Retry-After; azure-core 1.41.0 does both in its own policy.
#
# The storage client has a retry policy of its own, whose waits follow a fixed scale: it asks again sooner or later than
# the service asked for. Whoever relies on azure-core's documented policy has to put it there.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check azure-storage-blob==12.31.1 azure-core==1.41.0

cat > "$folder/expected.txt" <<'TEXT'
storage 429: 1 request, 0 pauses as asked for, 0 others
storage 503: 4 requests, 0 pauses as asked for, 3 others
storage 408: 4 requests, 0 pauses as asked for, 3 others
core 429: 4 requests, 3 pauses as asked for, 0 others
core 503: 4 requests, 3 pauses as asked for, 0 others
core 408: 4 requests, 3 pauses as asked for, 0 others
TEXT
"$folder/venv/bin/python" - > "$folder/seen.txt" <<'PYTHON'
import logging
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

logging.disable(logging.CRITICAL)

from azure.core import PipelineClient
from azure.core.exceptions import HttpResponseError
from azure.core.pipeline.policies import RetryPolicy
from azure.core.rest import HttpRequest
from azure.storage.blob import BlobClient

pauses, asked = [], []
time.sleep = pauses.append


class Busy(BaseHTTPRequestHandler):
    """Answers each request with the status in its path, and asks for a pause of 7 s."""

    def do_GET(self):
        asked.append(self.path)
        self.send_response(int(self.path.rsplit("/", 1)[1]))
        self.send_header("Retry-After", "7")
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_HEAD = do_GET

    def log_message(self, *words):
        pass


server = ThreadingHTTPServer(("127.0.0.1", 0), Busy)
Thread(target=server.serve_forever, daemon=True).start()
address = f"http://127.0.0.1:{server.server_port}"
core = PipelineClient(address, policies=[RetryPolicy(retry_total=3)])


def by_storage(status):
    try:
        BlobClient(address + "/account", "container", str(status)).get_blob_properties()
    except HttpResponseError:
        pass


def by_core(status):
    core.send_request(HttpRequest("GET", f"{address}/{status}"))


for name, ask in (("storage", by_storage), ("core", by_core)):
    for status in (429, 503, 408):
        pauses.clear()
        asked.clear()
        ask(status)
        kept = pauses.count(7)
        print(f"{name} {status}: {len(asked)} request{'s' * (len(asked) > 1)}, ", end="")
        print(f"{kept} pauses as asked for, {len(pauses) - kept} others")
PYTHON
cat "$folder/seen.txt"
diff "$folder/expected.txt" "$folder/seen.txt" && echo "As written down: azure-storage-blob 12.31.1 neither waits out a 429 nor reads Retry-After."
