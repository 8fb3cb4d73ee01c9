"""Changes to job files: neutral ones, after which the same must be sent, and harmful ones, after which anything may be.

Hypothesis chooses them. The long run is a command of its own: ``python -m tests.corpus.mutation [COUNT] [SEED]``, which
is ``make fuzz``.
"""

from __future__ import annotations

import copy
import json
import os
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import hypothesis
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from airflow_azureml.jobspec.document.load import load
from airflow_azureml.jobspec.render import render
from airflow_azureml.jobspec.translate import translate
from airflow_azureml.rest.errors import SpecError
from airflow_azureml.rest.ids import Workspace
from tests.corpus import validity
from tests.corpus.cases import CLONE, Case, find
from tests.corpus.neutral import LOADER, rewritten

DUMPER = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
"""The one that is not all Python, which takes a third of the time that a change takes."""

WS = Workspace("s", "g", "w")
JUNK: tuple[Any, ...] = (
    *(None, True, False, 0, 1, -1, 3.5, float("nan"), float("inf"), 10**30, "", " ", "x", "é\n\x07", "a" * 5000),
    *("azureml:", "azureml:x:1", "azureml:x@latest", "azureml:@", "azureml://", "azureml://datastores/a/paths/b"),
    *("https://", "${{parent.inputs.x}}", "${{", "${{inputs.}}", "/", "..", "~", "file:", "git+https://x/y", "\x00"),
    *([], {}, ["a"], [[]], {"a": "b"}, {"type": "x"}, {"path": None}, {1: 2}, {None: None}, "serverless", "local"),
)
"""Values that are wrong in most places."""


class Seed:
    """A job of the corpus, laid out once: its file, its text and what is sent for it."""

    def __init__(self, case: Case, folder: Path) -> None:
        self.id = case.id
        self.file = case.lay_out(folder)
        self.text = self.file.read_text(encoding="utf-8-sig")
        self.value = yaml.load(self.text, Loader=LOADER)
        self.sent = outcome(self.text, self.file)


def seeds(folder: Path) -> list[Seed]:
    """Lay out the jobs of the corpus, in folders of their own."""
    return [Seed(case, folder / str(at)) for at, case in enumerate(find()) if case.kind == "jobs"]


def outcome(text: str, file: Path) -> str | None:
    """What is sent for a text, as canonical JSON; None when it is refused. Nothing else may happen."""
    try:
        translation = translate(load(text, file=str(file)), WS)
    except SpecError as error:
        if not error.problems or not all(problem.message for problem in error.problems):
            raise AssertionError("a refusal without a reason") from error
        if "INVALID" in str(error):
            raise AssertionError(f"a refusal that shows a word of the code: {error}") from error
        return None
    shown = render(translation, WS)
    validity.check(shown)
    shown["requests"].sort(key=lambda row: row["path"])
    shown["uploads"].sort(key=lambda row: row["target"])
    return json.dumps(shown, sort_keys=True, allow_nan=False)


# -- harmful changes


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Go through the ways to all values below the top."""
    for key in value if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ():
        yield (*path, key)
        yield from places(value[key], (*path, key))


def harmful(seed: Seed, others: Mapping[str, list[Any]], chance: random.Random) -> str:
    """Delete, rename, replace and exchange values, or damage the text."""
    if chance.random() > 0.9:
        return damaged(seed.text, chance)
    value = copy.deepcopy(seed.value)
    for _ in range(chance.choice([1, 1, 2, 4])):
        ways = list(places(value))
        if not ways:
            break
        *above, key = chance.choice(ways)
        holder = value
        for step in above:
            holder = holder[step]
        change(holder, key, others, chance)
    text: str = yaml.dump(value, Dumper=DUMPER, sort_keys=False, allow_unicode=True)
    return text


def change(holder: Any, key: Any, others: Mapping[str, list[Any]], chance: random.Random) -> None:
    """Change one value."""
    kind = chance.randrange(5)
    if kind == 0:
        del holder[key]
    elif kind == 1 and isinstance(holder, dict):
        holder[f"{key}{chance.choice('xs_')}"] = holder.pop(key)
    elif kind == 2:
        holder[key] = copy.deepcopy(chance.choice(others.get(str(key), [None])))
    elif kind == 3 and isinstance(holder, dict):
        name = chance.choice(list(others))
        holder[name] = copy.deepcopy(chance.choice(others[name]))
    else:
        holder[key] = copy.deepcopy(chance.choice(JUNK))


def damaged(text: str, chance: random.Random) -> str:
    """Cut, double or overwrite a part of the text."""
    start = chance.randrange(len(text))
    end = min(len(text), start + chance.randrange(1, 40))
    other = chance.choice(
        ["", text[start:end] * 2, "\t", ": ", "- ", "{", "&a *a", "!!python/object:x", "\x00", "<<: "]
    )
    return text[:start] + other + text[end:]


def pool(found: list[Seed]) -> dict[str, list[Any]]:
    """All values of all jobs by their keys."""
    values: dict[str, list[Any]] = {}
    for seed in found:
        for *above, key in places(seed.value):
            holder = seed.value
            for step in above:
                holder = holder[step]
            values.setdefault(str(key), []).append(holder[key])
    return values


def one(found: list[Seed], others: Mapping[str, list[Any]], chance: random.Random, neutral: bool) -> str:
    """Make and try one change; gives back what became of it: neutral, sent or refused."""
    seed = chance.choice(found)
    text = rewritten(seed.text, seed.value, seed.file.parent, chance) if neutral else harmful(seed, others, chance)
    try:
        sent = outcome(text, seed.file)
    except Exception as error:
        raise AssertionError(f"a change of {seed.id}: {error!r}\n{text}") from error
    if neutral:
        assert sent == seed.sent, f"this change of {seed.id} is not neutral:\n{text}"
        return "neutral"
    return "refused" if sent is None else "sent"


def run(found: list[Seed], count: int, seed: int, tell: Callable[[str], object] = lambda _: None) -> None:
    """Let hypothesis choose as many changes, one in five neutral; what it finds to be wrong, it makes small.

    :param tell: told what became of each.
    """
    others = pool(found)

    for neutral, share in ((True, count // 5), (False, count - count // 5)):

        @hypothesis.seed(seed)
        @settings(max_examples=share, deadline=None, suppress_health_check=list(HealthCheck), database=None)
        @given(chance=st.randoms(use_true_random=False), neutral=st.just(neutral))
        def change(chance: random.Random, neutral: bool) -> None:
            tell(one(found, others, chance, neutral))

        change()


AT_ONCE = 1000
"""Changes that hypothesis chooses in one go: it remembers all of them, to try none twice."""


def main() -> None:
    """Run many changes and say what became of them."""
    count, first = (int(word) for word in [*sys.argv[1:], *("100000", "0")[len(sys.argv) - 1 :]])
    started, counted = time.perf_counter(), Counter[str]()
    # Temporary folders may lie in this checkout: a commit that is made meanwhile is none of the jobs'.
    os.environ["GIT_CEILING_DIRECTORIES"] = str(CLONE)
    with tempfile.TemporaryDirectory() as folder:
        found = seeds(Path(folder))
        if not found:
            sys.exit("there are no golden requests; set AZUREML_CORPUS")
        for done in range(0, count, AT_ONCE):
            run(found, min(AT_ONCE, count - done), first + done, lambda became: counted.update([became]))
            seconds = time.perf_counter() - started
            print(f"{done + min(AT_ONCE, count - done)} changes in {seconds:.0f} s: {dict(counted)}", flush=True)


if __name__ == "__main__":
    main()
