"""What the emulator costs: its start, a job's way, its memory for finished jobs, and reads of a job over TLS.

* *Start*: from the process's beginning until ``endpoint.json`` is there and the port takes connections; the first one
  in a folder, which makes keys and a certificate, and later ones.
* *An empty job*: ``/bin/bash -c true`` at ``--pace 0``, from its PUT until a GET answers ``Completed``, less what the
  same command takes on its own. One at a time.
* *Many jobs*: ``--jobs`` empty ones put one after another and held in the queue (fault ``queue``) until all are there,
  then waited for by a request each second; afterwards a second wave of as many. The queue is as long in both, so what
  memory grows between their ends belongs to the finished jobs. The time counts from the first PUT.
* *GET of a job*: ``--clients`` processes, each with one connection (HTTP/1.1, TLS 1.3, kept open) of Python's
  ``ssl``, on which it sends bytes made beforehand and reads the answer to its end, without any client library.

With ``--beside FOLDER`` the emulator of another source tree is measured in turns with this one. CPU seconds are user
and system of the emulator's process; with jobs, of the processes that it has waited for as well. On a busy machine
they say more than the clock does: the requests that one core can answer are ``1000 / CPU ms``.

Prints a table and a line of JSON: medians, and of what is told in seconds the least too.
"""

from __future__ import annotations

import argparse
import http.client
import json
import multiprocessing
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
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib import import_module
from pathlib import Path
from typing import Any

PROVIDER = Path(__file__).resolve().parent.parent / "provider"
VERSION = "api-version=2025-12-01"
PROPERTIES = {"jobType": "Command", "command": "true", "environmentId": "azureml:AzureML-minimal:1"}
TERMINAL = ("Completed", "Failed", "Canceled")
PATIENCE = 3600.0

GOALS = {
    "start, first (s)": "1.5",
    "start, later (s)": "1.5",
    "an empty job (s)": "0.3",
    "jobs a minute": "200",
    "memory for a job (KB)": "0",
    "GET of a job (1/s)": "3000",
}
"""What is wanted, beside what was measured."""

Figures = dict[str, list[float]]


class Emulator:
    """A running emulator of a source tree."""

    def __init__(self, provider: Path, state: Path) -> None:
        """Start it; its byte code is kept beside the folder of its state, as an installed package has it."""
        began = time.perf_counter()
        environment = {**os.environ, "PYTHONPATH": str(provider), "PYTHONPYCACHEPREFIX": str(state.parent / "pycache")}
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        words = ["start", "--state", str(state), "--pace", "0", "--environment", f"*={sys.executable}"]
        command = [sys.executable, "-m", "azureml_emulator.console.cli", *words]
        self._popen = subprocess.Popen(command, stdout=subprocess.DEVNULL, cwd=state.parent, env=environment)
        self.process: Any = import_module("psutil").Process(self._popen.pid)
        while not (state / "endpoint.json").exists():
            if self._popen.poll() is not None or time.perf_counter() - began > 120:
                raise SystemExit(f"The emulator of {provider} did not start.")
            time.sleep(0.005)
        self.facts: Any = json.loads((state / "endpoint.json").read_text())
        self.address = urllib.parse.urlsplit(self.facts["endpoint"])
        self.connect().close()
        self.start_seconds, self.start_cpu = time.perf_counter() - began, self.cpu()
        self._client: http.client.HTTPSConnection | None = None
        self._token = ""
        group = f"/subscriptions/{self.facts['subscription_id']}/resourceGroups/{self.facts['resource_group']}"
        name = self.facts["workspace_name"]
        self.jobs = f"{group}/providers/Microsoft.MachineLearningServices/workspaces/{name}/jobs"

    def cpu(self, *, children: bool = False) -> float:
        """CPU seconds of the process, and of the children that it has waited for."""
        return float(sum(self.process.cpu_times()[: 4 if children else 2]))

    def memory(self) -> float:
        """KB of memory that nothing else shares."""
        return float(self.process.memory_full_info().uss / 1024)

    def connect(self) -> ssl.SSLSocket:
        """A new connection."""
        plain = socket.create_connection((self.address.hostname, self.address.port))
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return self._tls().wrap_socket(plain, server_hostname=self.address.hostname)

    def get_bytes(self, job: str) -> bytes:
        """A GET of a job as bytes."""
        lines = [f"GET {self.jobs}/{job}?{VERSION} HTTP/1.1", "Host: 127.0.0.1", f"Authorization: {self._bearer()}"]
        return "\r\n".join([*lines, "", ""]).encode()

    def put(self, job: str) -> None:
        """Submit an empty job."""
        self._request("PUT", f"{self.jobs}/{job}?{VERSION}", {"properties": PROPERTIES})

    def hold(self, count: int) -> None:
        """Let so many jobs stay in the queue."""
        self._control("POST", {"kind": "queue", "times": count})

    def let_go(self) -> None:
        """Let the held jobs run."""
        self._control("DELETE")

    def status(self, job: str) -> str:
        """A job's status."""
        return str(self._request("GET", f"{self.jobs}/{job}?{VERSION}")["properties"]["status"])

    def wait(self, job: str, every: float) -> None:
        """Look at a job until it has ended."""
        deadline = time.perf_counter() + PATIENCE
        while (status := self.status(job)) not in TERMINAL:
            if time.perf_counter() > deadline:
                raise SystemExit(f"{job} is still {status}.")
            time.sleep(every)
        if status != "Completed":
            raise SystemExit(f"{job} is {status}.")

    def stop(self) -> None:
        """End it."""
        self._popen.terminate()
        self._popen.wait(60)

    def _tls(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=self.facts["ca_bundle"])

    def _bearer(self) -> str:
        if not self._token:
            names = ("client_id", "client_secret")
            form = {name: self.facts[name] for name in names} | {"grant_type": "client_credentials"}
            form["scope"] = f"{self.facts['endpoint'].rstrip('/')}/.default"
            path = f"/{self.facts['tenant_id']}/oauth2/v2.0/token"
            content = urllib.parse.urlencode(form).encode()
            answer = self._send("POST", path, content, {"Content-Type": "application/x-www-form-urlencoded"})
            self._token = f"Bearer {answer['access_token']}"
        return self._token

    def _control(self, method: str, body: Any = None) -> None:
        content = None if body is None else json.dumps(body).encode()
        headers = {"Authorization": f"Bearer {self.facts['client_secret']}", "Content-Type": "application/json"}
        self._send(method, "/emulator/faults", content, headers)

    def _request(self, method: str, path: str, body: Any = None) -> Any:
        content = None if body is None else json.dumps(body).encode()
        return self._send(method, path, content, {"Authorization": self._bearer(), "Content-Type": "application/json"})

    def _send(self, method: str, path: str, content: bytes | None, headers: dict[str, str]) -> Any:
        if self._client is None:
            self._client = http.client.HTTPSConnection(self.address.netloc, context=self._tls())
        self._client.request(method, path, content, headers)
        answer = self._client.getresponse()
        read = answer.read()
        if answer.status >= 300:
            raise SystemExit(f"{method} {path}: {answer.status} {read.decode()}")
        return json.loads(read)


@contextmanager
def running(provider: Path, state: Path) -> Iterator[Emulator]:
    """An emulator that is stopped afterwards."""
    state.parent.mkdir(parents=True, exist_ok=True)
    emulator = Emulator(provider, state)
    try:
        yield emulator
    finally:
        emulator.stop()


def starts(provider: Path, place: Path, found: Figures) -> None:
    """One first start in a folder, and a second one."""
    for name in ("start, first", "start, later"):
        with running(provider, place / "new") as emulator:
            note(found, f"{name} (s)", emulator.start_seconds)
            note(found, f"{name}: CPU (s)", emulator.start_cpu)
    shutil.rmtree(place / "new")


def single_jobs(emulator: Emulator, count: int, found: Figures) -> None:
    """Empty jobs one after another, each beside its command on its own."""
    for number in range(count):
        name = f"single-{time.time_ns()}-{number}"
        cpu, began = emulator.cpu(children=True), time.perf_counter()
        emulator.put(name)
        emulator.wait(name, 0.005)
        seconds = time.perf_counter() - began
        cpu = emulator.cpu(children=True) - cpu
        began = time.perf_counter()
        subprocess.run(["/bin/bash", "-c", "true"], check=True)
        note(found, "an empty job (s)", seconds - (time.perf_counter() - began))
        note(found, "an empty job: CPU (s)", cpu)


def many_jobs(emulator: Emulator, count: int, found: Figures) -> None:
    """Two waves of jobs that are queued at once."""
    left = []
    for wave in ("first", "second"):
        cpu, own, began = emulator.cpu(children=True), emulator.cpu(), time.perf_counter()
        names = [f"{wave}-{number}" for number in range(count)]
        emulator.hold(count)
        for name in names:
            emulator.put(name)
        note(found, "a PUT (ms)", 1000 * (time.perf_counter() - began) / count)
        emulator.let_go()
        for name in names:
            emulator.wait(name, 1)
        seconds = time.perf_counter() - began
        note(found, "jobs a minute", 60 * count / seconds)
        note(found, "one of many: CPU (ms)", 1000 * (emulator.cpu(children=True) - cpu) / count)
        note(found, "one of many: CPU of the emulator (ms)", 1000 * (emulator.cpu() - own) / count)
        time.sleep(1)
        left.append(emulator.memory())
    note(found, "memory for a job (KB)", (left[1] - left[0]) / count)


def gets(emulator: Emulator, clients: int, count: int, found: Figures) -> None:
    """GETs of a finished job from several processes at once."""
    name = f"read-{time.time_ns()}"
    emulator.put(name)
    emulator.wait(name, 0.05)
    message, share = emulator.get_bytes(name), count // clients
    forks = multiprocessing.get_context("fork")
    ready = forks.Barrier(clients + 1)
    processes = [forks.Process(target=ask, args=(emulator, message, share, ready)) for _ in range(clients)]
    for process in processes:
        process.start()
    ready.wait(60)
    cpu, began = emulator.cpu(), time.perf_counter()
    for process in processes:
        process.join()
    seconds, cpu = time.perf_counter() - began, emulator.cpu() - cpu
    if any(process.exitcode for process in processes):
        raise SystemExit("A client failed.")
    note(found, "GET of a job (1/s)", share * clients / seconds)
    note(found, "GET of a job: CPU (ms)", 1000 * cpu / (share * clients))


def ask(emulator: Emulator, message: bytes, count: int, ready: Any) -> None:
    """One client: so many requests on one connection, one after another."""
    connection = emulator.connect()
    exchange(connection, message)
    ready.wait(60)
    for _ in range(count):
        exchange(connection, message)
    connection.close()


def exchange(connection: ssl.SSLSocket, message: bytes) -> None:
    """Send a request and read its answer whole."""
    connection.sendall(message)
    received = connection.recv(65536)
    while (end := received.find(b"\r\n\r\n")) < 0:
        received += connection.recv(65536)
    if not received.startswith(b"HTTP/1.1 200"):
        raise SystemExit(received.decode())
    length = int(received[:end].lower().partition(b"content-length:")[2].partition(b"\r\n")[0])
    left = end + 4 + length - len(received)
    while left:
        left -= len(connection.recv(65536))


def note(found: Figures, name: str, value: float) -> None:
    """Keep a figure."""
    found.setdefault(name, []).append(value)


def cell(name: str, values: list[float]) -> str:
    """The median, and of seconds the least."""
    median = f"{statistics.median(values):.4g}"
    return f"{median} ({min(values):.3g})" if name.endswith("(s)") else median


def main() -> None:
    """Print the table and the JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3, help="of everything but the many jobs, which run once")
    parser.add_argument("--singles", type=int, default=10, metavar="N", help="empty jobs in a round")
    parser.add_argument("--jobs", type=int, default=1000, metavar="N", help="jobs in each of two waves; 0: none")
    parser.add_argument("--requests", type=int, default=6000, metavar="N", help="GETs in a round")
    parser.add_argument("--clients", type=int, default=3, metavar="N", help="processes that ask at once")
    parser.add_argument("--beside", type=Path, metavar="FOLDER", help="the folder provider/ of another source tree")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the JSON there")
    options = parser.parse_args()
    trees = {"here": PROVIDER, **({"beside": options.beside.resolve()} if options.beside else {})}
    found: dict[str, Figures] = {name: {} for name in trees}
    place = Path(tempfile.mkdtemp(prefix="emulator-"))
    try:
        for number in range(options.rounds):
            for name in list(trees)[:: -1 if number % 2 else 1]:
                with running(trees[name], place / name / "kept") as emulator:
                    single_jobs(emulator, options.singles, found[name])
                    gets(emulator, options.clients, options.requests, found[name])
                starts(trees[name], place / name, found[name])
        for name in trees if options.jobs else ():
            with running(trees[name], place / name / "many") as emulator:
                many_jobs(emulator, options.jobs, found[name])
    finally:
        with suppress(OSError):
            shutil.rmtree(place)
    print(f"{'median (least)':<40}{'goal':>8}" + "".join(f"{name:>20}" for name in trees))
    for figure in found["here"]:
        cells = "".join(f"{cell(figure, sides[figure]):>20}" for sides in found.values())
        print(f"{figure:<40}{GOALS.get(figure, ''):>8}{cells}")
    rows = {figure: {name: sides[figure] for name, sides in found.items()} for figure in found["here"]}
    text = json.dumps({"load": os.getloadavg()[0], "cores": os.cpu_count(), "goals": GOALS, "rows": rows})
    print(text)
    if options.json:
        options.json.write_text(text + "\n")


if __name__ == "__main__":
    main()
