"""Changes to job files: neutral ones, after which the same must be sent, and harmful ones, after which anything may be.

The long run is a command of its own: ``python -m tests.corpus.mutation [COUNT] [SEED]``.
"""

from __future__ import annotations

import copy
import json
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from airflow_azureml.rest.errors import SpecError
from airflow_azureml.rest.ids import Workspace
from airflow_azureml.spec.load import load
from airflow_azureml.spec.rendering import render
from airflow_azureml.spec.translate import translate
from tests.corpus.cases import Case, find

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
        self.value = yaml.safe_load(self.text)
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
        return None
    shown = render(translation, WS)
    assert isinstance(shown["body"]["properties"]["jobType"], str)
    shown["requests"].sort(key=lambda row: row["path"])
    shown["uploads"].sort(key=lambda row: row["target"])
    return json.dumps(shown, sort_keys=True, allow_nan=False)


# -- neutral changes


def shuffled(value: Any, chance: random.Random) -> Any:
    """Change the order of all keys; the order of nodes, inputs and outputs says nothing."""
    if isinstance(value, dict):
        names = list(value)
        chance.shuffle(names)
        return {name: shuffled(value[name], chance) for name in names}
    return [shuffled(item, chance) for item in value] if isinstance(value, list) else value


def neutral(seed: Seed, chance: random.Random) -> str:
    """Write the same in another way: order, quotes, flow style, line widths, comments, equal paths."""
    value = copy.deepcopy(seed.value)
    if chance.random() < 0.5:
        value = shuffled(value, chance)
    if isinstance(value.get("code"), str) and value["code"].startswith("./") and chance.random() < 0.5:
        value["code"] = value["code"].replace("./", "././")
    text = yaml.safe_dump(
        value,
        default_flow_style=chance.choice([None, True, False]),
        default_style=None,
        width=chance.choice([20, 80, 10**6]),
        indent=chance.choice([2, 4, 7]),
        sort_keys=chance.random() < 0.3,
        allow_unicode=chance.random() < 0.5,
        explicit_start=chance.random() < 0.3,
    )
    if chance.random() < 0.5:
        text = f"# {chance.random()}\n\n{text}\n# the end\n"
    return text.replace("\n", "\r\n") if chance.random() < 0.1 else text


# -- harmful changes


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Go through the ways to all values below the top."""
    for key in value if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ():
        yield (*path, key)
        yield from places(value[key], (*path, key))


def harmful(seed: Seed, others: Mapping[str, list[Any]], chance: random.Random) -> str:
    """Delete, rename, replace and exchange values, or damage the text."""
    if chance.random() < 0.1:
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
    return yaml.safe_dump(value, sort_keys=False, allow_unicode=True)


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


def one(found: list[Seed], others: Mapping[str, list[Any]], number: int) -> str:
    """Make and try one change; each fifth is neutral. Gives back what became of it."""
    chance = random.Random(number)
    seed = chance.choice(found)
    if number % 5 == 0:
        text = neutral(seed, chance)
        assert outcome(text, seed.file) == seed.sent, f"change {number} of {seed.id} is not neutral:\n{text}"
        return "neutral"
    text = harmful(seed, others, chance)
    try:
        return "refused" if outcome(text, seed.file) is None else "sent"
    except Exception as error:
        raise AssertionError(f"change {number} of {seed.id}: {error!r}\n{text}") from error


def main() -> None:
    """Run many changes and say what became of them."""
    count, first = (int(word) for word in [*sys.argv[1:], *("100000", "0")[len(sys.argv) - 1 :]])
    started = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        found = seeds(Path(folder))
        others = pool(found)
        counted = Counter(one(found, others, number) for number in range(first, first + count))
    print(f"{count} changes in {time.perf_counter() - started:.0f} s: {dict(counted)}")


if __name__ == "__main__":
    main()
