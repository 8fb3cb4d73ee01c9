"""The names that the hook's methods are given: a number or nothing in place of one gets an error that says where."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any, TypeVar

from airflow_azureml.exceptions import translated

Class = TypeVar("Class", bound=type[Any])

REQUIRED, OPTIONAL = "str", "str | None"
"""How a method annotates a name."""


def with_names_checked(cls: Class) -> Class:
    """Have the public methods of a class check each argument that is annotated as a text."""
    for name, method in list(vars(cls).items()):
        if inspect.isfunction(method) and not name.startswith("_") and _texts(method):
            setattr(cls, name, _checked(method))
    return cls


def _texts(method: Callable[..., Any]) -> dict[str, str]:
    parameters = inspect.signature(method).parameters.values()
    return {item.name: item.annotation for item in parameters if item.annotation in (REQUIRED, OPTIONAL)}


def _checked(method: Callable[..., Any]) -> Callable[..., Any]:
    signature, texts = inspect.signature(method), _texts(method)

    @functools.wraps(method)
    def call(*given: Any, **named: Any) -> Any:
        bound = signature.bind(*given, **named)
        with translated():
            for field, annotation in texts.items():
                if field in bound.arguments and not (annotation == OPTIONAL and bound.arguments[field] is None):
                    bound.arguments[field] = _text(field, bound.arguments[field])
        return method(*bound.args, **bound.kwargs)

    return call


def _text(field: str, given: Any) -> str:
    """Take a text that says something; of a version also a number, of an enumeration's member its value.

    :raises rest.errors.SpecError: it is none.
    """
    from airflow_azureml.jobspec.document.members import without_members
    from airflow_azureml.jobspec.document.messages import show
    from airflow_azureml.rest.errors import Problem, SpecError, unwritable

    value = without_members(given)
    if field == "version" and isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if not isinstance(value, str) or not value.strip():
        raise SpecError([Problem(field, f"{show(given)} is not accepted. Accepted: a text that is not empty.")])
    if (problem := unwritable(value, field)) is not None:
        raise SpecError([problem])
    return value
