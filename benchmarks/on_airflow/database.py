"""Airflow's database for a benchmark: SQLite in its home, or a PostgreSQL server that is started for it.

PostgreSQL's programs are those of Debian's package ``postgresql``; Airflow needs ``psycopg2`` and ``asyncpg`` for it,
which the benchmark's own environment must have as well.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from demo.airflow import free_port

CONNECTION = "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"
USER = "postgres"


class Database:
    """Asks Airflow's database.

    :param url: as SQLAlchemy writes it.
    """

    def __init__(self, url: str) -> None:
        from sqlalchemy import create_engine
        from sqlalchemy.pool import NullPool

        self.url = url
        self._engine = create_engine(url, poolclass=NullPool)

    def ask(self, query: str, **values: object) -> list[Any]:
        """The rows of an answer; values stand in the query as ``:name``."""
        from sqlalchemy import text

        with self._engine.connect() as connection:
            return list(connection.execute(text(query), values))


@contextlib.contextmanager
def postgres() -> Iterator[str]:
    """Run a PostgreSQL server with an empty database; gives its address."""
    programs = Path(shutil.which("pg_ctl") or "pg_ctl").resolve().parent
    place = Path(tempfile.mkdtemp(prefix="postgres-"))
    # The server refuses to be root.
    user = USER if os.geteuid() == 0 else None
    if user:
        shutil.chown(place, user)

    def run(program: str, *words: str) -> None:
        done = subprocess.run([programs / program, *words], user=user, cwd=place, capture_output=True, text=True)
        if done.returncode:
            raise SystemExit(f"{program}: {done.stderr}")

    port = free_port()
    run("initdb", "-D", "data", "-U", USER, "--auth=trust")
    options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c max_connections=300"
    options += " -c fsync=off -c synchronous_commit=off"
    run("pg_ctl", "-D", "data", "-w", "-l", "log", "-o", options, "start")
    try:
        yield f"postgresql+psycopg2://{USER}@127.0.0.1:{port}/postgres"
    finally:
        run("pg_ctl", "-D", "data", "-m", "immediate", "stop")
        shutil.rmtree(place, ignore_errors=True)
