"""The same task instance always arrives at the same names, and no other one does."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from airflow_azureml.lifecycle.naming import IDENTITY_TAGS, TaskFacts, identify

PATTERN = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9\-_]{0,254}")
START = datetime(2025, 1, 31, 10, 0, 0, 123456, timezone.utc)
FACTS = TaskFacts("etl.daily", "scheduled__2025-01-31T00:00:00+00:00", START, "group.train")


def test_a_name_is_readable_and_stays_the_same() -> None:
    # Written out: a name that changed with a release would lose every running job.
    assert identify(FACTS).name(1) == "etl-daily-group-train-ea31a5c269b9cdfc-1"
    assert identify(FACTS).name(2) == "etl-daily-group-train-ea31a5c269b9cdfc-2"


@pytest.mark.parametrize(
    "changed",
    [
        {"dag_id": "etl_daily"},
        {"run_id": "manual"},
        {"run_started": START + timedelta(microseconds=1)},
        {"run_started": None},
        {"task_id": "group-train"},
        {"map_index": 0},
        {"generation": 1},
    ],
)
def test_every_fact_counts(changed: dict[str, object]) -> None:
    other = identify(replace(FACTS, **changed))  # type: ignore[arg-type]
    assert other.name(1) != identify(FACTS).name(1)
    assert other.stem.rpartition("-")[2] != identify(FACTS).stem.rpartition("-")[2]


def test_neighbouring_facts_do_not_run_together() -> None:
    one = identify(TaskFacts("a", "b c", None, "d"))
    two = identify(TaskFacts("a", "b", None, "c d"))
    assert one.stem.rpartition("-")[2] != two.stem.rpartition("-")[2]


def test_the_zone_of_the_start_does_not_count() -> None:
    east = START.astimezone(timezone(timedelta(hours=5)))
    assert identify(replace(FACTS, run_started=east)).name(1) == identify(FACTS).name(1)
    assert identify(replace(FACTS, run_started=east)).tags(1) == identify(FACTS).tags(1)


def test_a_hint_replaces_the_readable_part_only() -> None:
    hinted = identify(replace(FACTS, name_hint="Nightly train!"))
    assert hinted.name(1) == "Nightly-train-ea31a5c269b9cdfc-1"
    assert hinted.tags(1) == identify(FACTS).tags(1)


def test_the_map_index_can_be_read() -> None:
    assert "-group-train-7-" in identify(replace(FACTS, map_index=7)).name(1)


@settings(deadline=None)
@given(
    st.text(max_size=300), st.text(max_size=300), st.integers(-1, 10**6), st.integers(1, 10**6), st.none() | st.text()
)
def test_names_fit_the_service(dag_id: str, task_id: str, map_index: int, attempt: int, hint: str | None) -> None:
    identity = identify(TaskFacts(dag_id, "r", None, task_id, map_index, name_hint=hint))
    assert PATTERN.fullmatch(identity.name(attempt))


def test_tags() -> None:
    tags = identify(replace(FACTS, map_index=3, generation=2)).tags(4)
    assert tuple(tags) == IDENTITY_TAGS
    assert tags == {
        "airflow_dag_id": "etl.daily",
        "airflow_run_id": "scheduled__2025-01-31T00:00:00+00:00",
        "airflow_run_started": "2025-01-31T10:00:00.123456+00:00",
        "airflow_task_id": "group.train",
        "airflow_map_index": "3",
        "airflow_generation": "2",
        "airflow_attempt": "4",
    }
    assert identify(replace(FACTS, run_started=None)).tags(1)["airflow_run_started"] == ""


def test_whose_a_job_is() -> None:
    identity = identify(FACTS)
    assert identity.differing({**identity.tags(1), "_aml_system_x": "y"}, 1) == ()
    assert identity.differing(identity.tags(2), 1) == ("airflow_attempt",)
    assert identity.differing({}, 1) == IDENTITY_TAGS


def test_earlier_generations() -> None:
    assert identify(FACTS).earlier() == ()
    third = identify(replace(FACTS, generation=2))
    assert [earlier.facts.generation for earlier in third.earlier()] == [0, 1]
    assert third.earlier()[0] == identify(FACTS)


def test_later_generations() -> None:
    assert identify(FACTS).later() == ()
    fourth_try = identify(replace(FACTS, generation=1, try_number=4))
    assert [later.facts.generation for later in fourth_try.later()] == [3, 2]
    assert fourth_try.later()[1].name(1) == identify(replace(FACTS, generation=2)).name(1)


def test_facts_that_make_no_sense() -> None:
    with pytest.raises(ValueError, match="generation: -1"):
        identify(replace(FACTS, generation=-1))
    with pytest.raises(ValueError, match="run_started"):
        identify(replace(FACTS, run_started=datetime(2025, 1, 1)))
