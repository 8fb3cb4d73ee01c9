"""The quick way through YAML that holds nothing unusual: its values and their places in one go, event by event.

Anything that may be wrong or needs a closer look (anchors and aliases, merges, tags, keys that are no texts or stand
there twice, a second document) is left to ``yamltext``, which goes over the whole several times and says what is wrong.
"""

from __future__ import annotations

from typing import Any

from airflow_azureml.jobspec.document.document import Path, SourceLocation
from airflow_azureml.jobspec.document.notation import altered

CORE = "tag:yaml.org,2002:"
SCALARS = frozenset(f"{CORE}{name}" for name in ("int", "float", "bool", "null", "timestamp"))
"""Tags of the values that are no text."""


class Unusual(Exception):
    """Something that the quick way does not read."""


def read_plain(
    kind: Any, text: str, place: SourceLocation, *, most: int, depth: int, digits: int
) -> tuple[Any, dict[Path, SourceLocation]] | None:
    """Read a text; None for one with anything unusual in it.

    :param kind: the class of the loader, one of PyYAML's safe ones.
    :param place: the file and folder that the text belongs to.
    :param most: how many values it may have.
    :param depth: how deep they may stand in each other.
    :param digits: how long a whole number may be.
    """
    import yaml

    try:
        loader = kind(text)
        try:
            reader = _Reader(loader, place, (most, depth, digits))
            return reader.document(), reader.places
        finally:
            loader.dispose()
    except (Unusual, yaml.YAMLError, ValueError):
        return None


class _Reader:
    def __init__(self, loader: Any, place: SourceLocation, limits: tuple[int, int, int]) -> None:
        import yaml

        self.loader, self.next = loader, loader.get_event
        self.folder, self.file = place.folder, place.file
        self.most, self.depth, self.digits = limits
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
        if len(self.places) > self.most:
            raise Unusual
        return value

    def value(self, event: Any, path: Path, line: int) -> object:
        """Read the value that begins with an event, in the line of its key."""
        kind = type(event)
        if kind is self.scalar:
            return self.single(event, path, line)
        if event.anchor is not None or event.tag is not None or len(path) >= self.depth:
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
        if tag not in SCALARS or len(text) > self.digits or len(self.places) > self.most:
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
