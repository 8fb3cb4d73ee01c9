"""The provider and a DAG file are exchanged below tasks that wait; `make upgrade` does so with thousands."""

from __future__ import annotations

import pytest

from tests.distributed.servers import MissingError
from tests.upgrades.outcome import written
from tests.upgrades.rolling import BEFORE, TODAY, session

pytestmark = pytest.mark.timeout(1800)


def test_no_deferred_task_is_lost_by_an_upgrade() -> None:
    try:
        report, rows = session("celery", 50, BEFORE, TODAY)
    except (MissingError, LookupError) as missing:
        pytest.skip(str(missing))
    exchanged = [row for row in report["seen"] if row["what"].endswith(" exchanged")]
    assert len(exchanged) == 7
    assert all(row["waiting"] for row in exchanged)
    assert len(rows) == 6
    assert not any(row.wrong for row in rows.values()), written(rows)
