"""What the hook's methods are given: names, words and numbers, of which another kind gets an error that says where."""

from __future__ import annotations

import ast
import functools
import inspect
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from airflow_azureml.exceptions import translated

Class = TypeVar("Class", bound=type[Any])

WORDS = "Literal"
"""How an annotation begins that lists words."""

OR_NONE = " | None"
"""How an annotation ends that lets an argument be left out."""

MOST = 1e15
"""What no number of lines, nodes or seconds reaches; nan is not below it either."""

NO_LIMIT = ", or None for no limit"
"""What is said of times that may be left out, where somebody may have meant an infinite one."""

CHECKED = ("str", "int", "float", WORDS)
"""How those annotations begin whose arguments are checked; ``| None`` may follow."""


def with_arguments_checked(cls: Class) -> Class:
    """Have the public methods of a class check each argument that is annotated as a text, a number or one of words."""
    for name, method in list(vars(cls).items()):
        if inspect.isfunction(method) and not name.startswith("_"):
            signature = inspect.signature(method)
            if kinds := _checked_kinds(signature):
                setattr(cls, name, _checked(method, signature, kinds))
    return cls


def _checked_kinds(signature: inspect.Signature) -> dict[str, str]:
    """The annotations of the arguments that are checked; those that are unions of more are left to who reads them."""
    kinds = {item.name: str(item.annotation) for item in signature.parameters.values()}
    plain = {name: kind.removesuffix(OR_NONE) for name, kind in kinds.items()}
    return {name: kinds[name] for name, kind in plain.items() if kind.split("[")[0] in CHECKED and "|" not in kind}


def _checked(method: Callable[..., Any], signature: inspect.Signature, kinds: Mapping[str, str]) -> Callable[..., Any]:
    @functools.wraps(method)
    def call(*given: Any, **named: Any) -> Any:
        try:
            bound = signature.bind(*given, **named)
        except TypeError:
            return method(*given, **named)  # Python's own words, which name the method
        with translated():
            for field, kind in kinds.items():
                if field in bound.arguments and not (kind.endswith(OR_NONE) and bound.arguments[field] is None):
                    bound.arguments[field] = _read(field, kind, bound.arguments[field])
        return method(*bound.args, **bound.kwargs)

    return call


def _read(field: str, kind: str, given: Any) -> Any:
    """Take an argument of its kind: of a version also a number, of an enumeration's member its value, and numbers of
    other libraries as the plain ones that they mean.

    :raises rest.errors.SpecError: it is of another.
    """
    from airflow_azureml.jobspec.document.messages import show
    from airflow_azureml.jobspec.document.plain_values import plain_values
    from airflow_azureml.rest.errors import Problem, SpecError, half_at
    from airflow_azureml.rest.json_values import place_of_half

    or_none, kind = ", or None" if kind.endswith(OR_NONE) else "", kind.removesuffix(OR_NONE)
    value = plain_values(given)
    if field == "version" and isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if kind.startswith(WORDS):
        words = ast.literal_eval(f"({kind.removeprefix(WORDS)[1:-1]},)")
        fits, accepted = isinstance(value, str) and value in words, f"one of {', '.join(words)}"
    elif kind == "str":
        fits, accepted = isinstance(value, str) and bool(value.strip()), "a text that is not empty"
    else:
        numbers, accepted = (int, "a whole number") if kind == "int" else ((int, float), "a finite number")
        fits, accepted = isinstance(value, numbers) and not isinstance(value, bool), f"{accepted}, 0 or more"
        fits = fits and 0 <= value < MOST
        or_none = NO_LIMIT if or_none and kind == "float" else or_none
    if not fits:
        raise SpecError([Problem(field, f"{show(given)} is not accepted. Accepted: {accepted}{or_none}.")])
    if (place := place_of_half(value)) is not None:
        raise SpecError([half_at(place, field)])
    return value
