"""The same task instance always arrives at the same names, and no other one does."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from airflow_azureml.lifecycle.naming import (
    IDENTITY_TAGS,
    LOOP_TAGS,
    Iteration,
    TaskFacts,
    identify,
    identity_of,
    split,
)

PATTERN = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9\-_]{0,254}")
START = datetime(2025, 1, 31, 10, 0, 0, 123456, timezone.utc)
REGION = "0199f5a2-7b11-7c3e-8a55-3f2a90c1d2e3"
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
        {"iteration": Iteration(0, REGION, 0)},
    ],
)
def test_every_fact_counts(changed: dict[str, object]) -> None:
    other = identify(replace(FACTS, **changed))  # type: ignore[arg-type]
    assert other.name(1) != identify(FACTS).name(1)
    assert other.stem.rpartition("-")[2] != identify(FACTS).stem.rpartition("-")[2]


@pytest.mark.parametrize(
    "facts",
    [
        FACTS,
        replace(FACTS, run_started=None, map_index=3, generation=2),
        replace(FACTS, name_hint="x" * 60, iteration=Iteration(4, REGION, 7)),
    ],
)
@pytest.mark.parametrize("attempt", [1, 12])
def test_a_job_tells_the_names_of_all_generations(facts: TaskFacts, attempt: int) -> None:
    own = identify(facts)
    read = identity_of(own.name(attempt), own.tags(attempt))
    assert read is not None
    assert read.tags(attempt) == own.tags(attempt)
    assert [one.name(1) for one in (read, *read.earlier())] == [one.name(1) for one in (own, *own.earlier())]
    assert identity_of(own.name(1), {}) is None


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


def test_each_iteration_of_a_loop_has_names_of_its_own() -> None:
    iterations = [
        Iteration(0, REGION, 0),
        Iteration(1, REGION, 1),
        Iteration(1, "0199f5a2-9999-7c3e-8a55-3f2a90c1d2e3", 1),  # made anew after a Clear of the one before
        Iteration(1, "0199f5a2-aaaa-7c3e-8a55-3f2a90c1d2e3", 0),  # what is mapped in it has regions of its own
    ]
    looped = [identify(replace(FACTS, iteration=one)) for one in iterations]
    assert len({one.stem.rpartition("-")[2] for one in (*looped, identify(FACTS))}) == 5
    # Written out: a name that changed with a release would lose every running job.
    assert looped[1].name(1) == "etl-daily-group-train-loop1-d687f4d4c45f6bcc-1"
    assert looped[1].earlier() == ()
    assert identify(replace(FACTS, generation=1, iteration=iterations[1])).earlier() == (looped[1],)


def test_the_tags_of_a_loop_say_which_iteration_it_was() -> None:
    identity = identify(replace(FACTS, iteration=Iteration(2, REGION, 7)))
    assert tuple(identity.tags(1)) == IDENTITY_TAGS + LOOP_TAGS
    assert identity.tags(1)["airflow_loop_index"] == "2"
    assert identity.tags(1)["airflow_loop_region"] == f"{REGION}/7"
    other = identify(replace(FACTS, iteration=Iteration(1, REGION, 6)))
    assert identity.differing(other.tags(1), 1) == LOOP_TAGS
    assert not set(LOOP_TAGS) & set(identify(FACTS).tags(1))


def test_an_attempt_up_to_nine_is_one_digit_and_more_are_counted() -> None:
    ends = [identify(FACTS).name(attempt).rpartition("-")[2] for attempt in (1, 9, 10, 99, 100, 12345)]
    assert ends == ["1", "9", "a10", "a99", "b100", "d12345"]


@given(st.integers(1, 10**8), st.integers(1, 10**8))
def test_no_name_is_the_beginning_of_another(one: int, other: int) -> None:
    name = identify(FACTS).name
    assert one == other or not name(other).startswith(name(one))


def test_no_name_of_the_first_thousand_is_the_beginning_of_another() -> None:
    names = sorted(identify(FACTS).name(attempt) for attempt in range(1, 1001))
    assert len(set(names)) == 1000
    assert not any(after.startswith(before) for before, after in pairwise(names))


@pytest.mark.parametrize("attempt", [1, 9, 10, 99, 100, 10**6])
def test_a_name_is_taken_apart_again(attempt: int) -> None:
    identity = identify(FACTS)
    assert split(identity.name(attempt)) == (identity.stem, attempt)


@pytest.mark.parametrize("name", ["", "batchjob", "batchjob-", "batchjob-abc", "batchjob-1x"])
def test_names_that_are_not_ours_have_no_attempt(name: str) -> None:
    assert split(name)[1] == 0


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


@pytest.mark.parametrize("more", [{"try_number": 2}, {"generation": 1}, {"reschedules": 1}])
def test_a_first_run_is_one_of_which_airflow_says_nothing_else(more: dict[str, Any]) -> None:
    assert FACTS.is_first_run
    assert not replace(FACTS, **more).is_first_run
