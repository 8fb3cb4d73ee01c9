"""Changed job files: either refused with reasons, or sent as a valid body; the same after a change that says the same.

A longer run: ``make fuzz``, which is ``python -m tests.corpus.mutation 100000``.
"""

from __future__ import annotations

import random
from collections import Counter
from pathlib import Path

import pytest

from tests.corpus import mutation
from tests.corpus.neutral import rewritten


@pytest.fixture(scope="module")
def laid_out(tmp_path_factory: pytest.TempPathFactory) -> list[mutation.Seed]:
    """All jobs of the corpus."""
    found = mutation.seeds(tmp_path_factory.mktemp("seeds"))
    if not found:
        pytest.skip("no corpus")
    return found


def test_nothing_but_a_refusal_or_a_valid_body(laid_out: list[mutation.Seed]) -> None:
    """And a fifth of the changes is neutral; they would show little if all the others were refused, or none."""
    counted = Counter[str]()
    mutation.run(laid_out, 400, 7, lambda became: counted.update([became]))
    print(f"{sum(counted.values())} changes: {dict(counted)}")
    assert min(counted["neutral"], counted["refused"], counted["sent"]) > 40, counted


def test_neutral_changes_change_nothing(laid_out: list[mutation.Seed]) -> None:
    """Each job of the corpus once, whatever hypothesis has chosen."""
    for number, seed in enumerate(laid_out):
        text = rewritten(seed.text, seed.value, seed.file.parent, random.Random(number))
        assert mutation.outcome(text, seed.file) == seed.sent, f"{seed.id}:\n{text}"


def test_neutral_changes_are_of_all_kinds(laid_out: list[mutation.Seed]) -> None:
    """Order, quotes, comments and paths are changed, each in some."""
    seed = next(seed for seed in laid_out if "./" in str(seed.value.get("code")))
    texts = [rewritten(seed.text, seed.value, seed.file.parent, random.Random(number)) for number in range(60)]
    assert isinstance(seed.file, Path)
    assert any("# a: comment" in text for text in texts)
    assert any('"command"' in text or "'command'" in text for text in texts)
    assert any("././" in text or ".//" in text for text in texts)
    assert len({text.find("command:") < text.find("environment:") for text in texts}) == 2
