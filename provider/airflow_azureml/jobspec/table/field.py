"""One row for each key of a YAML mapping: how its value is read, and by which name it is sent in each form."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from types import EllipsisType
from typing import Any, Generic, TypeVar

from airflow_azureml.jobspec.document.document import Located
from airflow_azureml.jobspec.document.requirements import Placeholder
from airflow_azureml.jobspec.table.form import Form, node_name
from airflow_azureml.jobspec.table.json_values import anything
from airflow_azureml.jobspec.table.translator import Invalid, Translator

R_co = TypeVar("R_co", covariant=True)

Convert = Callable[[Located, Translator], object]
"""Reads one value. Returns what is sent for it, INVALID after it has noted a problem, or OMIT."""


ReferenceConvert = Callable[[Located, Translator], "str | Placeholder | Invalid"]
"""The same of a reference, which becomes an id or an address, or a placeholder for one."""

MappingConvert = Callable[[Located, Translator], "dict[str, Any] | Invalid"]
"""The same of a mapping."""


class Container(Generic[R_co]):
    """A converter of a mapping or a list: no binding can stand in the place of one.

    Also a decorator for such a converter.
    """

    def __init__(self, convert: Callable[[Located, Translator], R_co]) -> None:
        self.convert = convert

    def __call__(self, located: Located, ctx: Translator) -> R_co:
        return self.convert(located, ctx)


@dataclass(frozen=True, eq=False)
class Field:
    """One key of a YAML mapping. A row is equal to itself alone, so that tables of rows are quick to compare.

    :param name: the key in YAML.
    :param api_name: the service's name, sent in a job; None reads the value for its own sake and sends nothing.
    :param required: refuse a mapping without it.
    :param ignored: accept any value and send nothing: what only answers of the service carry.
    :param bindable: whether a binding may stand in the place of a value, where bindings are taken at all; by default
        in that of all but mappings and lists.
    :param python_only: a key that no YAML schema of Microsoft's client has, but its objects do.
    :param unsent: a setting that is checked and then lost in Microsoft's client, where the service has no place for it:
        a warning says so.
    :param node: the name in a node of a pipeline, None for what is not sent there; by default ``api_name`` in snake
        case.
    :param component: the name in the specification of a component, None for what is not sent there; by default
        ``name``.
    """

    name: str
    api_name: str | None
    convert: Convert
    required: bool = False
    ignored: bool = False
    bindable: bool | None = None
    python_only: bool = False
    unsent: bool = False
    node: str | EllipsisType | None = field(default=..., kw_only=True)
    component: str | EllipsisType | None = field(default=..., kw_only=True)

    def sent_as(self, form: Form) -> str | None:
        """Give the name that the value is sent by; None for one that is not sent."""
        if form is Form.JOB:
            return self.api_name
        stated = self.node if form is Form.NODE else self.component
        if not isinstance(stated, EllipsisType):
            return stated
        if self.api_name is None or form is Form.COMPONENT:
            return None if self.api_name is None else self.name
        return node_name(self.api_name)

    def takes_binding(self) -> bool:
        """Whether a binding may stand in the place of the value, where bindings are taken."""
        return not isinstance(self.convert, Container) if self.bindable is None else self.bindable


Table = Sequence[Field]


def answers(*names: str) -> tuple[Field, ...]:
    """Rows for keys that only the service fills in; Microsoft's client takes them out of a YAML file in silence."""
    return tuple(Field(name, None, anything, ignored=True) for name in names)
