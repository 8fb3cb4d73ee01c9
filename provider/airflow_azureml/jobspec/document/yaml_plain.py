"""The quick way through YAML that holds nothing unusual: its values and their places in one go.

Anything that may be wrong or needs a closer look (aliases, merges, tags, keys that are no texts or stand there twice)
is left to ``yamltext``, which takes three rounds and says what is wrong.
"""

from __future__ import annotations

from typing import Any

from airflow_azureml.jobspec.document.document import Path, SourceLocation
from airflow_azureml.jobspec.document.notation import altered

CORE = "tag:yaml.org,2002:"
TEXT, MAPPING, LIST = f"{CORE}str", f"{CORE}map", f"{CORE}seq"
SCALARS = frozenset(f"{CORE}{name}" for name in ("int", "float", "bool", "null", "timestamp"))
"""Tags of the values that are no text."""


class Unusual(Exception):
    """Something that the quick way does not read."""


def read_plain(
    loader: Any, node: Any, place: SourceLocation, *, most: int, depth: int, digits: int
) -> tuple[Any, dict[Path, SourceLocation]] | None:
    """Read the top node of a text; None for one with anything unusual in it.

    :param loader: builds single values.
    :param place: the file and folder that the text belongs to.
    :param most: how many values it may have.
    :param depth: how deep they may stand in each other.
    :param digits: how long a whole number may be.
    """
    folder, file = place.folder, place.file
    places: dict[Path, SourceLocation] = {}
    seen: set[int] = set()
    constructors = loader.yaml_constructors

    def read(node: Any, path: Path, line: int) -> object:
        tag, inner = node.tag, node.value
        if isinstance(inner, str):
            if tag == TEXT:
                places[path] = SourceLocation(folder, file, line)
                return inner
            if tag not in SCALARS or len(inner) > digits:
                raise Unusual
            value = constructors[tag](loader, node)
            places[path] = SourceLocation(folder, file, line, False, inner if altered(inner, value) else None)
            return value
        if id(node) in seen or len(path) >= depth or len(places) >= most:
            raise Unusual
        seen.add(id(node))
        places[path] = SourceLocation(folder, file, line)
        if tag == LIST and node.id == "sequence":
            return [read(item, (*path, at), item.start_mark.line + 1) for at, item in enumerate(inner)]
        if tag != MAPPING or node.id != "mapping":
            raise Unusual
        mapping: dict[str, Any] = {}
        for key, item in inner:
            name = key.value
            if key.tag != TEXT or name in mapping or not isinstance(name, str):
                raise Unusual
            mapping[name] = read(item, (*path, name), key.start_mark.line + 1)
        return mapping

    try:
        value = read(node, (), node.start_mark.line + 1)
    except (Unusual, ValueError, LookupError, AttributeError, TypeError, OverflowError):
        return None
    return None if len(places) > most else (value, places)
