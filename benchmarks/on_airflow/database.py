"""Airflow's database for a benchmark: SQLite in its home, or a PostgreSQL server that is started for it.

Airflow needs ``psycopg2`` and ``asyncpg`` for PostgreSQL, which ``.venvs/distributed`` has.
"""

from __future__ import annotations

from typing import Any

CONNECTION = "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"


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
