"""Random changes of the corpus' job files, most of them made of what other files of it have at the same key."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

from tests.corpus import mutation
from tests.oracle.judge import Case


def cases(folder: Path, seed: int, count: int) -> Iterator[Case]:
    """Change as many files; the same seed gives the same changes."""
    if not count:
        return
    found = mutation.seeds(folder / "seeds")
    others = mutation.pool(found)
    for number in range(seed, seed + count):
        chance = random.Random(number)
        of = chance.choice(found)
        text = mutation.harmful(of, others, chance)
        yield Case(f"change {number} of {of.id}", text, source=of.file)
