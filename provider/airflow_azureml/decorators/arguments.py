"""Which of a decorated function's arguments are inputs and outputs of its job, and what the function is given for them.

One rule: a parameter that is named like a declared input or output, or whose argument is data (a mapping with ``path``,
as another task's output is), stands for it, and the function is given the binding, ``${{inputs.name}}``. Every other
argument is the function's own.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from inspect import Parameter, signature
from typing import Any

from airflow_azureml.exceptions import AzureMLSpecError


def declared(function: Callable[..., Any], inputs: Any, outputs: Any, positional: int) -> dict[str, str]:
    """The arguments that nobody need give, because a declaration has their value: outputs, and inputs with one.

    :param inputs: as they were declared; what is no mapping is not known while the DAG is parsed.
    :param outputs: likewise.
    :param positional: how many arguments are given by their place.
    :raises AzureMLSpecError: a parameter is named like an input and like an output.
    """
    names = list(signature(function).parameters)[positional:]
    both = [name for name in names if name in _keys(inputs) and name in _keys(outputs)]
    if both:
        raise AzureMLSpecError(f"{function.__name__}: {both[0]} is the name of an input and of an output: which is it?")
    bound = {name: _binding("outputs", name) for name in names if name in _keys(outputs)}
    return bound | {name: _binding("inputs", name) for name in names if _has_value(_keys(inputs).get(name))}


def taken(
    function: Callable[..., Any], args: Iterable[Any], kwargs: Mapping[str, Any], inputs: Any, outputs: Any
) -> tuple[list[Any], dict[str, Any], Any]:
    """Take inputs from a function's arguments.

    :param args: rendered, as ``kwargs`` are.
    :return: the arguments by place and by name with bindings among them, and the inputs of the job.
    :raises AzureMLSpecError: an argument for an output, or a declared input without a value.
    """
    call = signature(function)
    bound = call.bind_partial(*args, **kwargs)
    found: dict[str, Any] = dict(_keys(inputs))
    for name, parameter in call.parameters.items():
        if parameter.kind is Parameter.VAR_POSITIONAL:
            continue
        if parameter.kind is Parameter.VAR_KEYWORD:
            given = bound.arguments.get(name, {})
            for key, value in given.items():
                given[key] = _argument(function, key, value, found, outputs)
        elif name in bound.arguments:
            bound.arguments[name] = _argument(function, name, bound.arguments[name], found, outputs)
        elif name in found and parameter.default is not Parameter.empty:
            bound.arguments[name] = _argument(function, name, parameter.default, found, outputs)
    kept = inputs if inputs is not None and not isinstance(inputs, Mapping) else found or None
    return list(bound.args), dict(bound.kwargs), kept


def _argument(function: Callable[..., Any], name: str, value: Any, inputs: dict[str, Any], outputs: Any) -> Any:
    """What the function is given for an argument, whose value may become an input."""
    from airflow_azureml.jobspec.document.plain_values import with_output_under

    value = with_output_under(value)
    if name in _keys(outputs):
        if value != _binding("outputs", name):
            raise AzureMLSpecError(f"{function.__name__}: {name} is an output of the job; it takes no argument.")
        return value
    if name in inputs:
        if value != _binding("inputs", name):
            inputs[name] = _laid_under(inputs[name], value)
        if not _has_value(inputs[name]):
            raise AzureMLSpecError(f"{function.__name__}: the input {name} has no value. Give it as an argument.")
    elif _is_data(value):
        inputs[name] = value
    else:
        return value
    return _binding("inputs", name)


def _laid_under(declaration: Any, value: Any) -> Any:
    """An input whose value is an argument: of data the argument gives the path, the declaration all that it says."""
    if not isinstance(declaration, Mapping):
        return value
    if _is_data(value):
        return {**value, **declaration, "path": value["path"]}
    return {**declaration, "path": value} if isinstance(value, (str, os.PathLike)) else value


def _is_data(value: Any) -> bool:
    return isinstance(value, Mapping) and bool(value.get("path"))


def _has_value(declaration: Any) -> bool:
    """Whether a declared input needs no argument: it is a literal, data with a path, or only a run shows it."""
    return declaration is not None and (not isinstance(declaration, Mapping) or "path" in declaration)


def _keys(declaration: Any) -> Mapping[str, Any]:
    return declaration if isinstance(declaration, Mapping) else {}


def _binding(kind: str, name: str) -> str:
    return f"${{{{{kind}.{name}}}}}"
