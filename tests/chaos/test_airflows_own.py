"""Which runs are stuck by Airflow's own doing, by what was seen of them at the time."""

from __future__ import annotations

from typing import Any

import pytest

from tests.chaos import plan
from tests.chaos.airflows_own import cause
from tests.chaos.plan import Case


@pytest.mark.parametrize(
    ("state", "seen", "own"),
    [
        ("queued", {}, True),
        ("running", {"silence": 400.0}, True),
        ("running", {"silence": 4.0}, False),
        ("running", {}, False),
        ("deferred", {"trigger": None, "triggerer": None}, True),
        ("deferred", {"trigger": 7, "triggerer": None}, True),
        ("deferred", {"trigger": 7, "triggerer": 3}, False),
    ],
)
def test_only_what_no_process_of_the_task_could_help_is_airflows_own(
    state: str, seen: dict[str, Any], own: bool
) -> None:
    case = Case(0, plan.DEFERRED, "s1-0", [])
    assert cause(case) is None
    case.history = [{"what": "stuck", "state": state, "seen": seen}]
    assert (cause(case) is not None) is own
