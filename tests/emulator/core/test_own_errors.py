"""Mistakes of the emulator's own: a client sees the service's 500, the emulator's output tells where."""

from __future__ import annotations

import contextlib
import sqlite3

from tests.emulator.service import Service
from tests.emulator_fixture import RunningEmulator


def test_an_exception_is_a_500_in_the_service_s_words(fresh_emulator: RunningEmulator) -> None:
    service = Service(fresh_emulator)
    assert service.get("jobs/nobody").status == 404
    with contextlib.closing(sqlite3.connect(fresh_emulator.state / "state.sqlite")) as database:
        database.execute("ALTER TABLE resources RENAME TO hidden")
        answer = service.get("jobs/nobody")
        database.execute("ALTER TABLE hidden RENAME TO resources")
    assert answer.status == 500
    assert answer.body["error"]["code"] == "ServiceError"
    assert answer.inner == ["InternalServerError"]
    assert answer.headers["x-ms-request-id"]
    assert "no such table" not in answer.content.decode()
    log = fresh_emulator.log.read_text()
    assert "Traceback" in log
    assert "no such table: resources" in log
    assert service.get("jobs/nobody").status == 404
    assert [row["status"] for row in fresh_emulator.journal() if row["path"].endswith("/jobs/nobody")] == [
        404,
        500,
        404,
    ]
