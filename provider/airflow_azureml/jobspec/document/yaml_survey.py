"""The careful way through YAML: each node is measured and checked before anything is built of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, cast

from airflow_azureml.jobspec.document.document import Path, SourceLocation, dotted
from airflow_azureml.jobspec.document.messages import show
from airflow_azureml.jobspec.document.notation import altered
from airflow_azureml.rest.errors import Problem, SpecError

CORE = "tag:yaml.org,2002:"
"""What the tags of YAML's own types begin with."""

LIMIT = 200_000
"""Values that one document may have once its aliases are followed."""

DEPTH = 100
"""How deep values may stand in each other."""

DIGITS = 1000
"""How long a whole number may be."""

SCALARS = {"int": "a whole number", "float": "a number", "bool": "a boolean", "timestamp": "a date"}
"""Tags that a value gets by its looks, and what it should be then."""


@dataclass
class Survey:
    """One look at all nodes before anything is built of them.

    :param problems: what cannot be built.
    :param twice: keys that stand in a mapping twice; the later one counts.
    :param keys: keys that are not texts (``1``, ``yes``), by the identity of their nodes.
    :param written: texts of values and keys in which YAML reads something else, by the identity of their nodes.
    :param sizes: how many values each node has, aliases followed and merges done, and how deep they stand.
    """

    loader: Any
    place: SourceLocation
    problems: list[Problem] = field(default_factory=list)
    twice: list[Problem] = field(default_factory=list)
    keys: dict[int, Any] = field(default_factory=dict)
    written: dict[int, str] = field(default_factory=dict)
    sizes: dict[int, tuple[int, int] | None] = field(default_factory=dict)

    def problem(self, path: Path, node: Any, message: str) -> Problem:
        """Describe what is wrong with a node."""
        return Problem(dotted(path), message, self.place.file, node.start_mark.line + 1)

    def refuse(self, path: Path, node: Any, message: str) -> None:
        """Note that a node cannot be built."""
        self.problems.append(self.problem(path, node, message))

    def measure(self, node: Any, path: Path) -> tuple[int, int]:
        """Check a node and those in it, each once; returns its size and depth."""
        import yaml

        if id(node) in self.sizes:
            known = self.sizes[id(node)]
            if known is None:
                raise SpecError([self.problem(path, node, "this value contains itself.")])
            return known
        if isinstance(node, yaml.ScalarNode):
            if node.tag != CORE + "str":
                self.scalar(node, path)
            found = (1, 1)
        else:
            self.sizes[id(node)] = None
            self.known_tag(node, path)
            inner = list(self.pairs(node, path) if isinstance(node, yaml.MappingNode) else self.items(node, path))
            found = (1 + sum(size for size, _ in inner), 1 + max((depth for _, depth in inner), default=0))
        if found[0] > LIMIT:
            raise SpecError(
                [self.problem((), node, f"this has more than {LIMIT} values once its aliases are followed.")]
            )
        if found[1] > DEPTH + 1:
            raise SpecError([self.problem((), node, f"values are nested more than {DEPTH} deep.")])
        self.sizes[id(node)] = found
        return found

    def items(self, node: Any, path: Path) -> Iterator[tuple[int, int]]:
        """Measure the items of a list."""
        for position, item in enumerate(node.value):
            yield self.measure(item, (*path, position))

    def pairs(self, node: Any, path: Path) -> Iterator[tuple[int, int]]:
        """Check the keys of a mapping, which must not stand there twice, and go on to its values."""
        names: set[Any] = set()
        for key, value in node.value:
            if key.tag == CORE + "merge":
                yield self.merge(value, (*path, "<<"))
                continue
            name = self.key(key, path)
            if name in names:
                self.twice.append(self.problem((*path, name), key, f"the key {show(name)} is given twice."))
            names.add(name)
            yield self.measure(value, (*path, name))

    def key(self, node: Any, path: Path) -> str | int:
        """Build a key, which is a text or another scalar."""
        import yaml

        if not isinstance(node, yaml.ScalarNode):
            what = "list" if isinstance(node, yaml.SequenceNode) else "mapping"
            self.refuse(path, node, f"a {what} cannot be a key. A string that begins with a bracket needs quotes.")
            return id(node)
        if node.tag == CORE + "str":
            return str(node.value)
        name = self.keys[id(node)] = self.scalar(node, path)
        return cast("str | int", name)  # or another scalar, which stands in a path like these

    def merge(self, node: Any, path: Path) -> tuple[int, int]:
        """Check what is merged (``<<``): a mapping, or a list of mappings."""
        import yaml

        parts = node.value if isinstance(node, yaml.SequenceNode) else [node]
        if not all(isinstance(part, yaml.MappingNode) for part in parts):
            self.refuse(path, node, "only mappings can be merged. Accepted: one, or a list of them.")
        return self.measure(node, path)

    def scalar(self, node: Any, path: Path) -> object:
        """Build a value that is no text by itself, to know that it can be built."""
        if not self.known_tag(node, path):
            return node.value
        kind = node.tag.removeprefix(CORE)
        if kind == "int" and len(node.value) > DIGITS:
            self.refuse(path, node, f"this number has {len(node.value)} digits. Write it in quotes.")
            return node.value
        try:
            value = self.loader.construct_object(node)
            if altered(node.value, value):
                self.written[id(node)] = node.value
            return value
        except (ValueError, KeyError, IndexError, AttributeError):
            what = SCALARS.get(kind, f"of the type !!{kind}")
            self.refuse(path, node, f"{show(node.value)} looks like {what} and is not valid. Write it in quotes.")
            return node.value

    def known_tag(self, node: Any, path: Path) -> bool:
        """Check the tag of a node; plain values have those of YAML's own types."""
        known = node.tag in self.loader.yaml_constructors
        if not known and node.tag == CORE + "value":
            self.refuse(path, node, '"=" has a special meaning in YAML. Write it in quotes.')
        elif not known and node.tag != CORE + "merge":
            tag = node.tag.replace(CORE, "!!")
            self.refuse(path, node, f"the tag {show(tag)} is not accepted: a job file has plain values.")
        return known


def places_of(
    node: Any, path: Path, place: SourceLocation, survey: Survey, key: Any = None
) -> Iterator[tuple[Path, SourceLocation]]:
    """Note where each value stands: in the line of its key, if it has one. Merged keys stand where they came from."""
    import yaml

    line = (node if key is None else key).start_mark.line + 1
    written = survey.written.get(id(node)), survey.written.get(id(key))
    yield path, SourceLocation(place.folder, place.file, line, False, *written)
    if isinstance(node, yaml.MappingNode):
        for name, value in node.value:
            yield from places_of(value, (*path, survey.keys.get(id(name), name.value)), place, survey, name)
    elif isinstance(node, yaml.SequenceNode):
        for position, item in enumerate(node.value):
            yield from places_of(item, (*path, position), place, survey)
