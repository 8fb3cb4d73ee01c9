"""Microsoft's client without what it does anew for each job: its schemas, its clients, its loader that is all Python.

A schema of it is a tree of up to some ten thousand objects, made for one file and thrown away. Here what was made for
one question serves the next, after all that a question may change in it has been set as it was when it was new: never
the same schema twice within a question, nor one whose fields another schema shares. ``python -m tests.oracle.speed``
shows that the answers are the same.
"""

from __future__ import annotations

import importlib
import types
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Any

import azure.ai.ml._ml_client as ml_client
import yaml
from azure.ai.ml._schema.core.fields import TypeSensitiveUnionField
from azure.ai.ml._schema.core.schema import PathAwareSchema
from azure.ai.ml.constants._common import BASE_PATH_CONTEXT_KEY
from marshmallow.fields import Nested
from marshmallow.schema import SchemaMeta

NOTHING: dict[str, Any] = {}


@dataclass
class Made:
    """A schema, or one inside it that was made with it.

    :ivar holder: the field that it belongs to; None of an outermost schema.
    :ivar new: its attributes when it was made.
    :ivar within: those that were made with it, from the outside to the inside.
    """

    holder: Any
    schema: Any = None
    new: dict[str, Any] = field(default_factory=dict)
    within: list[Made] = field(default_factory=list)

    def finish(self, schema: Any) -> None:
        """Take note of the schema that has been made."""
        self.schema = schema
        for one in (self, *self.within):
            one.new = {key: value for key, value in vars(one.schema).items() if key != "context"}

    def renew(self, context: Any) -> None:
        """Set it as it would be if it were made now."""
        self._set(context)
        for one in self.within:
            one._set(getattr(one.holder.parent, "context", NOTHING))

    def _set(self, context: Any) -> None:
        schema = self.schema
        vars(schema).update(self.new)
        if self.holder is not None and not isinstance(self.holder.nested, (type, str)):
            schema.context.update(context)
            return
        schema.context = context or {}
        if isinstance(schema, PathAwareSchema):
            schema.old_base_path = context[BASE_PATH_CONTEXT_KEY]


class Schemas:
    """The schemas of the questions before."""

    def __init__(self) -> None:
        self.making: Made | None = None
        self.free: dict[Hashable, list[Made]] = {}
        self.used: list[tuple[Hashable, Made]] = []
        self.holders: list[Any] = []
        self.by_hand = False

    def next_question(self, by_hand: bool) -> None:
        """Have the next question find all schemas free.

        :param by_hand: whether its files are written by hand.
        """
        self.by_hand = by_hand
        for key, made in self.used:
            self.free.setdefault(key, []).append(made)
        self.used = []
        for holder in self.holders:
            holder._schema = None
        self.holders = []

    def outermost(self, kind: Any, *args: Any, **options: Any) -> Any:
        """Make a schema, or take one."""
        context = options.get("context")
        key = (kind, repr(sorted((name, value) for name, value in options.items() if name != "context")))
        if self.making is not None or args or not usable(context):
            return type.__call__(kind, *args, **options)
        free = self.free.get(key)
        made = free.pop() if free else None
        if made is None:
            made = self._make(None, lambda: type.__call__(kind, **options))
        else:
            made.renew(context)
        self.used.append((key, made))
        return made.schema

    def _make(self, holder: Any, make: Callable[[], Any]) -> Made:
        before, made = self.making, Made(holder)
        self.making = made
        try:
            made.finish(make())
        finally:
            self.making = before
        return made

    def nested(self, holder: Any, make: Callable[[Any], Any]) -> Any:
        """Make the schema of a field, or take the one that was made for it before."""
        if holder._schema:
            return holder._schema
        if self.making is not None:
            inner = Made(holder)
            self.making.within.append(inner)
            inner.schema = make(holder)
            return inner.schema
        made, context = vars(holder).get("_made"), getattr(holder.parent, "context", NOTHING)
        if not usable(context) or outlives_schema(holder):
            return make(holder)
        if made is not None and made.holder is holder:
            made.renew(context)
            holder._schema = made.schema
        else:
            holder._made = self._make(holder, lambda: make(holder))
        self.holders.append(holder)
        return holder._schema


def usable(context: Any) -> bool:
    """Whether any schema can be made with a context."""
    return bool(context) and context.get(BASE_PATH_CONTEXT_KEY) is not None


def outlives_schema(holder: Any) -> bool:
    """Whether a field is one of those that a union has for dumping: all schemas of a kind share them, and what such a
    field has made once it hands on for ever."""
    union = holder.parent
    return isinstance(union, TypeSensitiveUnionField) and any(
        holder is one for fields in union._type_sensitive_fields_dict.values() for one in fields
    )


SCHEMAS = Schemas()


def once(kind: Callable[..., Any]) -> Callable[..., Any]:
    """Make a client of the service once for the same arguments."""
    made: dict[str, Any] = {}

    def client(**options: Any) -> Any:
        key = repr(sorted(options.items()))
        if key not in made:
            made[key] = kind(**options)
        return made[key]

    return client


def fast_load(slow: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Load YAML by the loader in C, but for what is written by hand: there the two may differ. What that one does not
    take is left to the other, for its words."""

    def load(stream: Any) -> Any:
        text = stream.read() if hasattr(stream, "read") else stream
        if SCHEMAS.by_hand:
            return slow(text)
        try:
            return yaml.load(text, yaml.CSafeLoader)
        except yaml.YAMLError:
            return slow(text)

    return load


def install() -> None:
    """Have all of it in the place of theirs."""
    # This adds to the fields of schemas when it is loaded, and those that are there already would not have it.
    importlib.import_module("azure.ai.ml.entities._job.pipeline._load_component")
    if not isinstance(yaml.safe_load, types.FunctionType):
        raise TypeError("yaml.safe_load is no function")
    yaml.safe_load = fast_load(yaml.safe_load)
    make = Nested.schema.fget
    Nested.schema = property(lambda holder: SCHEMAS.nested(holder, make))
    SchemaMeta.__call__ = lambda kind, *args, **options: SCHEMAS.outermost(kind, *args, **options)
    for name, value in list(vars(ml_client).items()):
        if name.startswith("ServiceClient"):
            setattr(ml_client, name, once(value))
