"""YAML text becomes plain values with their places, or the list of all that is wrong with it as YAML.

Both loaders of PyYAML read YAML 1.1, as Microsoft's client does; the one in C is ten times as fast, but a text that
nests deep enough would end the process in it. So depth and size are known before anything is built.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, cast

from airflow_azureml.jobspec.document.document import Path, SourceLocation, dotted
from airflow_azureml.jobspec.document.messages import show
from airflow_azureml.jobspec.document.notation import altered
from airflow_azureml.jobspec.document.yaml_plain import CORE, read_plain
from airflow_azureml.rest.errors import Problem, SpecError

LIMIT = 200_000
"""Values that one document may have once its aliases are followed."""

DEPTH = 100
"""How deep values may stand in each other."""

DIGITS = 1000
"""How long a whole number may be."""

SCALARS = {"int": "a whole number", "float": "a number", "bool": "a boolean", "timestamp": "a date"}
"""Tags that a value gets by its looks, and what it should be then."""

UNPRINTABLE = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What YAML does not take in a text. Source: YAML 1.1, section 5.1."""

HINTS = (
    ("mapping values are not allowed", 'an unexpected ":", or wrong indentation; a string with ": " in it needs '
     "quotes"),
    ("did not find expected key", "wrong indentation, or text after a closing quote"),
    ("unexpected end of stream", "a quote is opened here and not closed"),
    ("expected ',' or", "a comma or closing bracket is missing; a string with brackets in it, such as a binding, "
     "needs quotes here"),
    ("another document", "a second document begins here. Accepted: one document per file"),
    ("undefined alias", "* begins an alias, and no anchor (&) of this name precedes it; a string that begins with * "
     "needs quotes"),
)  # fmt: skip
"""What PyYAML's messages mean to the author of a job file."""


def parse(text: str, place: SourceLocation) -> tuple[Any, dict[Path, SourceLocation], tuple[Problem, ...]]:
    """Read YAML; returns the value, where each part of it stands, and the keys that stand somewhere twice.

    :param place: the file and folder that the text belongs to.
    :raises SpecError: for all that cannot be built (unknown tags, values that are not what they look like), with the
        duplicate keys; or for the first mistake that ends the reading.
    """
    import yaml

    kind = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    plain = read_plain(kind, text, place, most=LIMIT, depth=DEPTH, digits=DIGITS)
    if plain is not None:
        return (*plain, ())
    try:
        check_depth(text, place, kind)
        loader = kind(text)
        try:
            node = loader.get_single_node()
            if node is None:
                return None, {}, ()
            survey = Survey(loader, place)
            survey.measure(node, ())
            if survey.problems:
                every = (*survey.problems, *survey.twice)
                raise SpecError(sorted(every, key=lambda problem: problem.line or 0))
            value = loader.construct_document(node)
        finally:
            loader.dispose()
    except yaml.YAMLError as error:
        raise SpecError([_broken(error, text, place)]) from None
    except (ValueError, RecursionError, OverflowError) as error:
        raise SpecError([_unprintable(text, place) or Problem("", f"invalid YAML: {error}.", place.file)]) from None
    return value, dict(_places(node, (), place, survey)), tuple(survey.twice)


# -- what ends the reading


def check_depth(text: str, place: SourceLocation, kind: Any) -> None:
    """Refuse what stands too deep, by events alone: composing goes as deep as the text does."""
    import yaml

    brackets = text.count("[") + text.count("{")
    deep = DEPTH - brackets
    if deep >= 0 and not any(_width(line) > deep for line in text.splitlines()):
        return
    depth = 0
    event: Any
    for event in yaml.parse(text, Loader=kind):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > DEPTH:
            message = f"values are nested more than {DEPTH} deep."
            raise SpecError([Problem("", message, place.file, event.start_mark.line + 1)])


def _width(line: str) -> int:
    """How many collections a line may stand in: two for each column before it, one for each mark of a list in it."""
    return 2 * (len(line) - len(line.lstrip(" ")) + 1) + line.count("-") + line.count("?")


def _broken(error: Any, text: str, place: SourceLocation) -> Problem:
    """Explain what ended the reading."""
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    if mark is None:
        found = _unprintable(text, place)
        return found or Problem("", f"invalid YAML: {getattr(error, 'reason', None) or error}.", place.file)
    reason = str(getattr(error, "problem", None) or getattr(error, "reason", None) or error)
    hint = next((words for sign, words in HINTS if sign in reason), reason)
    if hint != reason and "not closed" in hint and error.context_mark is not None:
        mark = error.context_mark
    elif "cannot start any token" in reason:
        hint = _unstartable(text, mark)
    return Problem("", f"invalid YAML: {hint} (column {mark.column + 1}).", place.file, mark.line + 1)


def _unstartable(text: str, mark: Any) -> str:
    line = (text.splitlines() or [""])[min(mark.line, text.count("\n"))] + " "
    letter = line[min(mark.column, len(line) - 1)]
    if letter == "\t":
        return "unexpected tab; YAML is indented by spaces"
    return f"a string that begins with {letter} needs quotes"


def _unprintable(text: str, place: SourceLocation) -> Problem | None:
    found = UNPRINTABLE.search(text)
    if found is None:
        return None
    line = text.count("\n", 0, found.start()) + 1
    return Problem("", f"invalid YAML: unexpected control character {found[0]!r}.", place.file, line)


# -- what is wrong with nodes


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


def _places(
    node: Any, path: Path, place: SourceLocation, survey: Survey, key: Any = None
) -> Iterator[tuple[Path, SourceLocation]]:
    """Note where each value stands: in the line of its key, if it has one. Merged keys stand where they came from."""
    import yaml

    line = (node if key is None else key).start_mark.line + 1
    written = survey.written.get(id(node)), survey.written.get(id(key))
    yield path, SourceLocation(place.folder, place.file, line, False, *written)
    if isinstance(node, yaml.MappingNode):
        for name, value in node.value:
            yield from _places(value, (*path, survey.keys.get(id(name), name.value)), place, survey, name)
    elif isinstance(node, yaml.SequenceNode):
        for position, item in enumerate(node.value):
            yield from _places(item, (*path, position), place, survey)
