"""The table and the picture of sessions."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree

from tests.chaos import judge, plan
from tests.chaos.picture import draw
from tests.chaos.report import moments, table, totals


def row(act: str, *, wrong: bool = False, reached: bool = True) -> dict[str, Any]:
    history = [{"what": act, "point": plan.WAITING, "reached": reached, "outcome": "pid 1"}]
    return {"wrong": [[judge.DUPLICATE, "a, b"]] if wrong else [], "airflow": None, "jobs": 2, "history": history}


ROWS = [row(plan.KILL_TASK), row(plan.KILL_TASK, wrong=True), row(plan.CLEAR), row(plan.CLEAR, reached=False)]
REPORT = {"bed": "celery", "seed": 7, "named": True, "cases": ROWS, "storms": [{"kind": "scheduler killed"}]}


def test_what_is_wrong_is_counted() -> None:
    counted = totals(ROWS)
    assert (counted["runs"], counted["jobs"], counted[judge.DUPLICATE], counted[judge.LEFT_OVER]) == (4, 8, 1, 0)


def test_what_was_cut_off_is_no_run() -> None:
    cut = row(plan.KILL_TASK)
    cut["history"].append({"what": plan.CUT_OFF})
    counted = totals([*ROWS, cut])
    assert (counted["runs"], counted["cut off"]) == (4, 1)


def test_only_moments_that_were_reached_count() -> None:
    assert moments([REPORT]) == {(plan.WAITING, plan.KILL_TASK): (2, 1), (plan.WAITING, plan.CLEAR): (1, 0)}
    said = table([REPORT])
    assert "| waiting | kill task | 2 | 1 |" in said
    assert "| scheduler killed | 1 |" in said


def test_the_picture_shows_what_went_wrong() -> None:
    texts = [one.text for one in ElementTree.fromstring(draw(moments([REPORT]))).iter() if one.text]
    assert {"kill task", "clear", "waiting", "1 of 2", "1"} <= set(texts)


def test_the_picture_has_room_for_long_names() -> None:
    """The longest deed's name ends at 162 and has some six units a letter; the last moment's leans to the right."""
    picture = ElementTree.fromstring(draw({(plan.BEFORE_XCOM, "x" * 40): (1, 0)}))
    left, _, width, _ = map(float, picture.attrib["viewBox"].split())
    assert left < 162 - 40 * 6
    assert left + width > 199 + len(plan.BEFORE_XCOM) * 4
