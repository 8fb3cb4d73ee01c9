"""PostgreSQL and Redis as processes of our own, with Debian's programs; each can be stopped, killed and frozen.

PostgreSQL's programs are those of Debian's package ``postgresql``. Redis is that of the package ``redis-server``, or
what ``make`` has unpacked of it below ``.venvs/redis``, which needs nobody's rights.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from demo.airflow import free_port
from tests import REPOSITORY

UNPACKED = REPOSITORY / ".venvs" / "redis" / "usr"
USER = "postgres"
PATIENCE = 60.0


class MissingError(Exception):
    """A server's program is not on this machine; the text says which package has it."""


class Postgres:
    """A PostgreSQL server with an empty database, in a folder of its own.

    :param url: its address, as SQLAlchemy writes it.
    :raises MissingError: there are no programs of PostgreSQL.
    """

    def __init__(self) -> None:
        found = shutil.which("pg_ctl") or next(
            iter(sorted(map(str, Path("/usr/lib/postgresql").glob("*/bin/pg_ctl")))), None
        )
        if found is None:
            raise MissingError("PostgreSQL is missing: pg_ctl of Debian's package `postgresql`.")
        self._programs = Path(found).resolve().parent
        # The server refuses to be root.
        self._user = USER if os.geteuid() == 0 else None
        self._place = Path(tempfile.mkdtemp(prefix="postgres-"))
        if self._user:
            shutil.chown(self._place, self._user)
        self._port = free_port()
        self.url = f"postgresql+psycopg2://{USER}@127.0.0.1:{self._port}/postgres"
        self._run("initdb", "-D", "data", "-U", USER, "--auth=trust")

    @classmethod
    @contextlib.contextmanager
    def running(cls) -> Iterator[Postgres]:
        """Run one; it is gone afterwards."""
        server = cls()
        server.start()
        try:
            yield server
        finally:
            server.stop()
            shutil.rmtree(server._place, ignore_errors=True)

    @property
    def data(self) -> Path:
        """The folder of its files."""
        return self._place / "data"

    @property
    def pid(self) -> int:
        """The process above all others of the server."""
        return int((self._place / "data" / "postmaster.pid").read_text().split()[0])

    def start(self) -> None:
        """Start it, and wait until it answers."""
        options = f"-p {self._port} -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c max_connections=300"
        options += " -c fsync=off -c synchronous_commit=off"
        self._run("pg_ctl", "-D", "data", "-w", "-t", str(int(PATIENCE)), "-l", "log", "-o", options, "start")

    def stop(self) -> None:
        """End it at once, as if its machine had lost power: what was committed is there after the next start."""
        self._run("pg_ctl", "-D", "data", "-m", "immediate", "stop")

    def _run(self, program: str, *words: str) -> None:
        done = subprocess.run(
            [self._programs / program, *words], user=self._user, cwd=self._place, capture_output=True, text=True
        )
        if done.returncode:
            raise SystemExit(f"{program}: {done.stderr}")


class Redis:
    """A Redis server that keeps nothing on disk.

    :param url: its address; the number of a database follows.
    :raises MissingError: there is no program of it.
    """

    def __init__(self) -> None:
        found = shutil.which("redis-server")
        unpacked = UNPACKED / "bin" / "redis-server"
        if found is None and not unpacked.exists():
            raise MissingError("Redis is missing: redis-server of Debian's package `redis-server`.")
        self._program = Path(found or unpacked)
        libraries = os.pathsep.join(map(str, (UNPACKED / "lib").glob("*")))
        self._environment = os.environ if found else {**os.environ, "LD_LIBRARY_PATH": libraries}
        self._port = free_port()
        self.url = f"redis://127.0.0.1:{self._port}/"
        self._process: subprocess.Popen[bytes] | None = None

    @classmethod
    @contextlib.contextmanager
    def running(cls) -> Iterator[Redis]:
        """Run one; it is gone afterwards."""
        server = cls()
        server.start()
        try:
            yield server
        finally:
            server.stop()

    def start(self) -> None:
        """Start it, and wait until it answers."""
        words = [str(self._program), "--port", str(self._port), "--bind", "127.0.0.1"]
        words += ["--save", "", "--appendonly", "no"]
        self._process = subprocess.Popen(
            words, env=self._environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
        )
        deadline = time.monotonic() + PATIENCE
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise SystemExit(f"{self._program} does not answer on port {self._port}.")
            time.sleep(0.05)

    def stop(self) -> None:
        """End it; what waits in its queues is lost."""
        if self._process is not None:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait()

    def _answers(self) -> bool:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self._port), timeout=1) as asked:
            asked.sendall(b"PING\r\n")
            return asked.recv(5) == b"+PONG"
        return False
