"""Ways to make many job files of one: each value replaced by each of many, each key left out, each mapping extended."""

from __future__ import annotations

import copy
import datetime
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from tests.corpus.mutation import places
from tests.oracle.judge import Case

VALUES: dict[str, Any] = {
    "null": None,
    "true": True,
    "one": 1,
    "2.0": 2.0,
    "3.5": 3.5,
    "1e-4": 1e-4,
    "empty": "",
    "word": "x",
    "'1'": "1",
    "asset": "azureml:x:1",
    "list": [],
    "list of a text": ["a"],
    "mapping": {},
    "mapping of a text": {"a": "b"},
    "binding": "${{parent.inputs.x}}",
    "date": datetime.date(2024, 1, 2),
}
"""Values that one may meet anywhere, by a short name."""

FILES = {
    "src/train.py": "print(1)\n",
    "src/sub/x.txt": "x",
    "data.csv": "a,b\n1,2\n",
    "data/a.csv": "a\n",
    "data/b.csv": "b\n",
    "mlt/MLTable": "paths:\n  - file: ./a.csv\n",
    "mlt/a.csv": "a\n1\n",
    "conda.yml": "name: e\ndependencies:\n- python=3.10\n",
    "ctx/Dockerfile": "FROM x\n",
    "ctx/f.txt": "f",
}
"""Local files for jobs to name."""

Way = tuple[Any, ...]


def each(
    tag: str,
    base: Mapping[str, Any],
    files: Mapping[str, str] = FILES,
    only: Callable[[Way], bool] = lambda _: True,
    values: Mapping[str, Any] = VALUES,
) -> Iterator[Case]:
    """Change each place below ``only``: without it, with each of the values, with an unknown key beside its own."""
    yield Case(f"{tag}: as it is", base, files)
    yield Case(f"{tag}: with an unknown key", {**base, "zzz_key": 1}, files)
    for way in filter(only, places(base)):
        name = ".".join(map(str, way))
        yield Case(f"{tag}: no {name}", without(base, way), files)
        for word, value in values.items():
            yield Case(f"{tag}: {name} = {word}", changed(base, way, value), files)
        found = at(base, way)
        if isinstance(found, dict):
            yield Case(f"{tag}: {name} with an unknown key", changed(base, way, {**found, "zzz_key": "q"}), files)


def these(
    tag: str, base: Mapping[str, Any], rows: Mapping[str, Mapping[str, Any]], files: Mapping[str, str] = FILES
) -> Iterator[Case]:
    """Change places by name: ``{"what": {"jobs/n1/compute": "azureml:c"}}``; ``...`` takes a key away."""
    for word, changes in rows.items():
        value: Any = base
        for path, new in changes.items():
            way = tuple(int(part) if part.isdigit() else part for part in path.split("/"))
            value = without(value, way) if new is ... else changed(value, way, new)
        yield Case(f"{tag}: {word}", value, files)


def at(value: Any, way: Way) -> Any:
    """The value at a place."""
    for key in way:
        value = value[key]
    return value


def changed(value: Any, way: Way, new: Any) -> Any:
    """A copy with another value at a place, which need not be there before."""
    found = copy.deepcopy(value)
    holder = found
    for key in way[:-1]:
        holder = holder.setdefault(key, {}) if isinstance(holder, dict) else holder[key]
    holder[way[-1]] = copy.deepcopy(new)
    return found


def without(value: Any, way: Way) -> Any:
    """A copy without a place, which need not be there."""
    found = copy.deepcopy(value)
    holder = at(found, way[:-1])
    if not isinstance(holder, dict) or way[-1] in holder:
        del holder[way[-1]]
    return found
