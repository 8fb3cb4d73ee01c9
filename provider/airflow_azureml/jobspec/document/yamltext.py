"""YAML text becomes plain values with their places, or the list of all that is wrong with it as YAML.

Both loaders of PyYAML read YAML 1.1, as Microsoft's client does; the one in C is ten times as fast, but a text that
nests deep enough would end the process in it. So depth and size are known before anything is built.

YAML that holds nothing unusual is read in one go, event by event. Anything that may be wrong or needs a closer look
(anchors and aliases, merges, tags, keys that are no texts or stand there twice, a second document) is left to
``yaml_survey``: the whole is gone over several times then, and what is wrong is said.
"""

from __future__ import annotations

import re
from typing import Any

from airflow_azureml.jobspec.document.document import Path, SourceLocation
from airflow_azureml.jobspec.document.notation import altered
from airflow_azureml.jobspec.document.yaml_survey import CORE, DEPTH, DIGITS, LIMIT, Survey, places_of
from airflow_azureml.rest.errors import Problem, SpecError

PLAIN = frozenset(f"{CORE}{name}" for name in ("int", "float", "bool", "null", "timestamp"))
"""Tags of the values that are no text."""

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
    ("maximum nesting depth", f"values are nested more than {DEPTH} deep"),  # libyaml's own limit, of PyYAML 6.0.4
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
    plain = read_plain(kind, text, place)
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
    return value, dict(places_of(node, (), place, survey)), tuple(survey.twice)


# -- the quick way


class Unusual(Exception):
    """Something that the quick way does not read."""


def read_plain(kind: Any, text: str, place: SourceLocation) -> tuple[Any, dict[Path, SourceLocation]] | None:
    """Read a text; None for one with anything unusual in it.

    :param kind: the class of the loader, one of PyYAML's safe ones.
    :param place: the file and folder that the text belongs to.
    """
    import yaml

    try:
        loader = kind(text)
        try:
            reader = _Reader(loader, place)
            return reader.document(), reader.places
        finally:
            loader.dispose()
    except (Unusual, yaml.YAMLError, ValueError):
        return None


class _Reader:
    def __init__(self, loader: Any, place: SourceLocation) -> None:
        import yaml

        self.loader, self.next = loader, loader.get_event
        self.folder, self.file = place.folder, place.file
        self.places: dict[Path, SourceLocation] = {}
        self.resolvers, self.constructors = loader.yaml_implicit_resolvers, loader.yaml_constructors
        self.scalar, self.mapping, self.sequence = yaml.ScalarEvent, yaml.MappingStartEvent, yaml.SequenceStartEvent
        self.begin: tuple[type, ...] = (yaml.StreamStartEvent, yaml.DocumentStartEvent)
        self.end: tuple[type, ...] = (yaml.DocumentEndEvent, yaml.StreamEndEvent)
        self.end_of_mapping, self.end_of_sequence = yaml.MappingEndEvent, yaml.SequenceEndEvent

    def document(self) -> object:
        """Read the one document of a text."""
        for expected in self.begin:
            if type(self.next()) is not expected:
                raise Unusual
        event = self.next()
        value = self.value(event, (), event.start_mark.line + 1)
        for expected in self.end:
            if type(self.next()) is not expected:
                raise Unusual
        if len(self.places) > LIMIT:
            raise Unusual
        return value

    def value(self, event: Any, path: Path, line: int) -> object:
        """Read the value that begins with an event, in the line of its key."""
        kind = type(event)
        if kind is self.scalar:
            return self.single(event, path, line)
        if event.anchor is not None or event.tag is not None or len(path) >= DEPTH:
            raise Unusual
        self.places[path] = SourceLocation(self.folder, self.file, line)
        following = self.next
        if kind is self.mapping:
            mapping: dict[str, object] = {}
            while type(key := following()) is not self.end_of_mapping:
                name = self.key(key)
                if name in mapping:
                    raise Unusual
                mapping[name] = self.value(following(), (*path, name), key.start_mark.line + 1)
            return mapping
        if kind is not self.sequence:
            raise Unusual
        items: list[object] = []
        while type(item := following()) is not self.end_of_sequence:
            items.append(self.value(item, (*path, len(items)), item.start_mark.line + 1))
        return items

    def single(self, event: Any, path: Path, line: int) -> object:
        """Read a text, or what it is by its looks."""
        text: str = event.value
        tag = self.tag(event)
        if tag is None:
            self.places[path] = SourceLocation(self.folder, self.file, line)
            return text
        if tag not in PLAIN or len(text) > DIGITS or len(self.places) > LIMIT:
            raise Unusual
        import yaml

        try:
            value = self.constructors[tag](self.loader, yaml.ScalarNode(tag, text, event.start_mark, event.end_mark))
        except (ValueError, LookupError, AttributeError, OverflowError) as error:  # it is not what it looks like
            raise Unusual from error
        written = text if altered(text, value) else None
        self.places[path] = SourceLocation(self.folder, self.file, line, False, written)
        return value

    def key(self, event: Any) -> str:
        """Read a key, which is a text."""
        if type(event) is not self.scalar or self.tag(event) is not None:
            raise Unusual
        name: str = event.value
        return name

    def tag(self, event: Any) -> str | None:
        """The tag that a plain scalar has by its looks; None for a text."""
        if event.anchor is not None or event.tag is not None:
            raise Unusual
        if not event.implicit[0]:
            return None
        text = event.value
        for tag, looks in self.resolvers.get(text[:1], ()):
            if looks.match(text):
                return str(tag)
        return None


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
