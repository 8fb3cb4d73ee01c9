"""A sample of each family, and random changes of public job files: equal to Microsoft's client, or known why not.

All of them: ``python -m tests.oracle``; more changes: ``python -m tests.oracle --mutations 1000``.
"""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

from demo.warm_python import WarmPython
from tests.oracle import mutations
from tests.oracle.families import FAMILIES, family
from tests.oracle.judge import Case, Judge
from tests.oracle.known import known

SAMPLE = 10


@pytest.fixture(scope="module")
def judge(microsofts_client: WarmPython, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Judge]:
    """Microsoft's client, started once."""
    with Judge(tmp_path_factory.mktemp("oracle"), microsofts_client) as judge:
        yield judge


def assert_good(judge: Judge, cases: list[Case]) -> None:
    """Judge cases; some must have been sent by both sides or refused by both: a fault of the other judges nothing."""
    found = [judge.judge(case) for case in cases]
    wrong = [str(verdict) for verdict in found if not verdict.good and not known(verdict)]
    assert not wrong, "\n".join(wrong)
    kinds = Counter(verdict.kind for verdict in found)
    print(f"{len(found)} compared with azure-ai-ml: {dict(kinds)}")
    assert kinds["equal"] or kinds["both refuse"]


@pytest.mark.parametrize("name", FAMILIES)
def test_a_sample_of_a_family(judge: Judge, name: str) -> None:
    found = family(name)
    assert_good(judge, random.Random(1).sample(found, min(SAMPLE, len(found))))


def test_random_changes_of_public_job_files(judge: Judge, tmp_path: Path) -> None:
    found = list(mutations.cases(tmp_path, 1, 4 * SAMPLE))
    if not found:
        pytest.skip("no corpus")
    assert_good(judge, found)


def test_a_place_that_no_other_file_has_is_changed_too() -> None:
    for seed in range(20):
        value = {"a": {"b": 1}}
        mutations.change(value, defaultdict(dict), random.Random(seed))
        assert value != {"a": {"b": 1}}
