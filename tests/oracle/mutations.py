"""Random changes of the corpus' job files: mostly what another of them has at the same kind of place."""

from __future__ import annotations

import copy
import random
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from tests.corpus import mutation
from tests.oracle.judge import Case
from tests.oracle.variations import Way, at

NAMES = {"conf", "environment_variables", "inputs", "jobs", "outputs", "properties", "search_space", "services", "tags"}
"""Keys whose mapping has names of the user's own."""

Pool = Mapping[Way, Mapping[str, Sequence[Any]]]


def kind(way: Way) -> Way:
    """A place without the user's own names."""
    found = []
    for depth, key in enumerate(way):
        above = ["", "", *way][depth : depth + 2]
        free = isinstance(key, int) or (above[1] in NAMES and above[0] not in NAMES)
        found.append("*" if free else str(key))
    return tuple(found)


def pool(seeds: Sequence[mutation.Seed]) -> Pool:
    """What all files have, by the kind of place above and the key."""
    found: dict[Way, dict[str, list[Any]]] = defaultdict(lambda: defaultdict(list))
    for seed in seeds:
        for way in mutation.places(seed.value):
            found[kind(way[:-1])][str(way[-1])].append(at(seed.value, way))
    return found


def change(value: Any, others: Pool, chance: random.Random) -> None:
    """Change a document in one place: another's value there, a key that another has there, one key less, or junk."""
    way = chance.choice(list(mutation.places(value)))
    holder, key = at(value, way[:-1]), way[-1]
    there = others[kind(way[:-1])]
    what = chance.random()
    if what < 0.45:
        same = there.get(str(key)) or [item for items in there.values() for item in items] or mutation.JUNK
        holder[key] = copy.deepcopy(chance.choice(same))
    elif what < 0.8 and isinstance(holder, dict) and there:
        name = chance.choice(sorted(there))
        holder[name] = copy.deepcopy(chance.choice(there[name]))
    elif what < 0.9:
        del holder[key]
    else:
        holder[key] = copy.deepcopy(chance.choice(mutation.JUNK))


def cases(folder: Path, seed: int, count: int) -> Iterator[Case]:
    """Change as many files; the same seed gives the same changes."""
    if not count:
        return
    found = mutation.seeds(folder / "seeds")
    others = pool(found) if found else {}
    for number in range(seed, seed + count) if found else ():
        chance = random.Random(number)
        of = chance.choice(found)
        value = copy.deepcopy(of.value)
        for _ in range(chance.choice([1, 1, 1, 2])):
            change(value, others, chance)
        yield Case(
            f"change {number} of {of.id}", yaml.safe_dump(value, sort_keys=False, allow_unicode=True), source=of.file
        )
