"""What a request costs the emulator: requests per second over TLS, and its CPU for each.

Four connections that stay open put blobs of 4 KB under new names, with the datastore's signature as job clients do,
read one of them, and read a job. The client sends bytes that were made beforehand, so that nearly all of the time is
the emulator's. With ``--beside FOLDER`` the emulator of another source tree is measured in turns with this one.

Prints a table and a line of JSON, medians of ``--rounds``.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import socket
import ssl
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.parse
import uuid
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(REPOSITORY))

PROVIDER = REPOSITORY / "provider"
COMMAND = "from azureml_emulator.console.cli import main; raise SystemExit(main())"
CONTENT = os.urandom(4096)
CONNECTIONS = 4
WHAT = ("PUT of a blob", "GET of a blob", "GET of a job")

FIGURES = ("per second", "CPU ms")

Row = dict[str, float]


class Emulator:
    """An emulator of a source tree, with a job that has ended."""

    def __init__(self, provider: Path, place: Path) -> None:
        self.provider, self.state = provider, place / "state"
        self.tell("start", "--environment", f"*={sys.executable}", "--detach")
        self.facts: Any = json.loads((self.state / "endpoint.json").read_text())
        self.process: Any = import_module("psutil").Process(self.facts["pid"])
        self.tls = ssl.create_default_context(cafile=self.facts["ca_bundle"])
        from tests.emulator.service import Service

        service = Service(self.facts)
        assert service.run("measured", "true")["status"] == "Completed"
        self.workspace, self.token = service.ws, service.token(service.base)
        store = "datastores/workspaceblobstore"
        self.signature = service.post(f"{store}/listSecrets", {"expirableSecret": True}).body["sasToken"]
        self.container = service.get(store).body["properties"]["containerName"]
        exchange(self.connect(), [self.message("PUT of a blob", new=False)])

    def tell(self, *words: str) -> None:
        """One command of the emulator."""
        environment = {**os.environ, "PYTHONPATH": str(self.provider)}
        command = [sys.executable, "-c", COMMAND, *words, "--state", str(self.state)]
        subprocess.run(command, stdout=subprocess.DEVNULL, check=True, env=environment)

    def message(self, what: str, *, new: bool = True) -> bytes:
        """The bytes of one request.

        :param new: a blob is put under a new name, else under the name that is read.
        """
        if what == "GET of a job":
            path = f"{self.workspace}/jobs/measured?api-version=2025-12-01"
            return head("GET", path, {"Authorization": f"Bearer {self.token}"})
        account = urllib.parse.urlsplit(self.facts["storage_url"]).path
        put = what == "PUT of a blob"
        name = f"LocalUpload/{uuid.uuid4().hex}.bin" if put and new else "measured.bin"
        headers = {"x-ms-version": "2021-12-02", "x-ms-client-request-id": str(uuid.uuid4())}
        if put:
            headers.update({"x-ms-blob-type": "BlockBlob", "Content-Length": str(len(CONTENT))})
        path = f"{account}/{self.container}/{name}?{self.signature}"
        return head("PUT" if put else "GET", path, headers) + (CONTENT if put else b"")

    def measure(self, what: str, count: int) -> Row:
        """So many requests on all connections; requests per second, and milliseconds of CPU for each."""
        share = count // CONNECTIONS
        messages = [[self.message(what) for _ in range(share)] for _ in range(CONNECTIONS)]
        sockets = [self.connect() for _ in range(CONNECTIONS)]
        with ThreadPoolExecutor(CONNECTIONS) as pool:
            list(pool.map(exchange, sockets, [rows[:1] for rows in messages]))
            began, used = time.perf_counter(), sum(self.process.cpu_times()[:2])
            list(pool.map(exchange, sockets, messages))
            seconds, cpu = time.perf_counter() - began, sum(self.process.cpu_times()[:2]) - used
        for each in sockets:
            each.close()
        return {"per second": share * CONNECTIONS / seconds, "CPU ms": 1000 * cpu / (share * CONNECTIONS)}

    def connect(self) -> ssl.SSLSocket:
        """A new connection."""
        address = urllib.parse.urlsplit(self.facts["endpoint"])
        plain = socket.create_connection((address.hostname, address.port))
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return self.tls.wrap_socket(plain, server_hostname=address.hostname)


def head(method: str, path: str, headers: dict[str, str]) -> bytes:
    """A request without its body."""
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", *(f"{name}: {value}" for name, value in headers.items())]
    return "\r\n".join([*lines, "", ""]).encode()


def exchange(connection: ssl.SSLSocket, messages: Sequence[bytes]) -> None:
    """Send requests one after another, and read each answer whole."""
    for message in messages:
        connection.sendall(message)
        received = bytearray()
        while (end := received.find(b"\r\n\r\n")) < 0:
            received += connection.recv(65536)
        lines = bytes(received[:end]).lower().split(b"\r\n")
        if not lines[0].startswith(b"http/1.1 20"):
            raise SystemExit(bytes(received).decode())
        length = next(int(line.partition(b":")[2]) for line in lines if line.startswith(b"content-length:"))
        while len(received) < end + 4 + length:
            received += connection.recv(65536)


def medians(rows: list[Row]) -> Row:
    """The median of each figure."""
    return {name: round(statistics.median(row[name] for row in rows), 3) for name in rows[0]}


def main() -> None:
    """Print the table and the JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--count", type=int, default=1000, help="requests of each kind in a round")
    parser.add_argument("--beside", type=Path, metavar="FOLDER", help="the folder provider/ of another source tree")
    options = parser.parse_args()
    trees = {"here": PROVIDER, **({"beside": options.beside.resolve()} if options.beside else {})}
    found: dict[str, dict[str, list[Row]]] = {what: {name: [] for name in trees} for what in WHAT}
    place, emulators = Path(tempfile.mkdtemp(prefix="requests-")), dict[str, Emulator]()
    try:
        for name, provider in trees.items():
            emulators[name] = Emulator(provider, place / name)
        for number in range(options.rounds):
            for what in WHAT:
                for name in list(trees)[:: -1 if number % 2 else 1]:
                    found[what][name].append(emulators[name].measure(what, options.count))
    finally:
        for emulator in emulators.values():
            emulator.tell("stop")
        shutil.rmtree(place, ignore_errors=True)
    table = {what: {name: medians(rows) for name, rows in sides.items()} for what, sides in found.items()}
    print(f"{'emulator, ' + ' / '.join(trees):<34}{'requests per second':>22}{'CPU ms each':>18}")
    for what, sides in table.items():
        cells = [" / ".join(f"{side[figure]:g}" for side in sides.values()) for figure in FIGURES]
        print(f"{what:<34}{cells[0]:>22}{cells[1]:>18}")
    print(json.dumps({"load": os.getloadavg()[0], "cores": os.cpu_count(), "rows": table}))


if __name__ == "__main__":
    main()
