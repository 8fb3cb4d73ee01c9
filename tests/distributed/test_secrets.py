"""Secrets that are planted in a run of each kind of task are found nowhere, where several machines hand it on.

Looked through: the homes and logs of all machines, the files of PostgreSQL with its log of writes, all that Redis is
told while the run lasts, the arguments and environments of all processes of Airflow, and the emulator's journal.
"""

from __future__ import annotations

import base64
import contextlib
import re
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import REPOSITORY
from tests.distributed.bed import DistributedAirflow, bed
from tests.distributed.servers import MissingError
from tests.planted_secrets import DAG, left_by, plant

pytestmark = pytest.mark.timeout(1800)

RUN = "run"
BODY = re.compile(r'\\?"body\\?": \\?"([A-Za-z0-9+/=]+)')
"""What a message of Celery's says, in base64."""


@contextlib.contextmanager
def told(address: str) -> Iterator[list[str]]:
    """All commands that a Redis is given."""
    import redis  # type: ignore[import-not-found]

    commands: list[str] = []
    with redis.Redis.from_url(f"{address}0").monitor() as monitor:

        def listen() -> None:
            with contextlib.suppress(redis.exceptions.ConnectionError, ValueError, OSError):
                commands.extend(command["command"] for command in monitor.listen())

        threading.Thread(target=listen, daemon=True).start()
        yield commands


def test_planted_secrets_are_found_nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with contextlib.ExitStack() as stack:
        try:
            running = stack.enter_context(
                bed("celery", {"planted": REPOSITORY / "tests" / "bundles" / "dags"}, in_database=True)
            )
        except MissingError as missing:
            pytest.skip(str(missing))
        airflow, postgres, redis = running.airflow, running.postgres, running.redis
        assert isinstance(airflow, DistributedAirflow)
        assert postgres is not None
        assert redis is not None
        endpoint = running.service.wait()
        monkeypatch.setenv("AIRFLOW_CONN_AZUREML_DEFAULT", endpoint["airflow_connection"])
        planted = plant(airflow, endpoint)
        commands = stack.enter_context(told(redis.url))
        left = left_by(airflow, planted, lambda: airflow.trigger(DAG, RUN), RUN, postgres.data, processes=20)
        bodies = [base64.b64decode(found[1]) for command in commands for found in BODY.finditer(command)]
        assert any(b'"planted"' in body or b"planted" in body for body in bodies), "tasks were handed on by it"
        in_broker = {
            f"{name} in a command for Redis"
            for content in (*(command.encode() for command in commands), *bodies)
            for name in planted.found_in(content)
        }
        assert left | in_broker == set()
