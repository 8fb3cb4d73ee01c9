"""Changed job files: either refused with reasons, or sent as valid JSON; the same after a change that says the same.

A longer run: ``python -m tests.corpus.mutation 100000``.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.corpus import mutation


@pytest.fixture(scope="module")
def laid_out(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[mutation.Seed], dict[str, list[Any]]]:
    """All jobs of the corpus, and their values by key."""
    found = mutation.seeds(tmp_path_factory.mktemp("seeds"))
    if not found:
        pytest.skip("no corpus")
    return found, mutation.pool(found)


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck), database=None, derandomize=True)
@given(number=st.integers(0, 10**9))
def test_nothing_but_a_refusal_or_a_body(laid_out: Any, number: int) -> None:
    mutation.one(laid_out[0], laid_out[1], number)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck), database=None, derandomize=True)
@given(number=st.integers(0, 10**9).map(lambda number: number * 5))
def test_neutral_changes_change_nothing(laid_out: Any, number: int) -> None:
    assert mutation.one(laid_out[0], laid_out[1], number) == "neutral"


def test_changes_are_of_all_kinds(laid_out: Any) -> None:
    """The changes would not show much if all of them were refused, or none."""
    outcomes = [mutation.one(laid_out[0], laid_out[1], number) for number in range(100)]
    assert {"neutral", "refused", "sent"} == set(outcomes)
    assert isinstance(laid_out[0][0].file, Path)
