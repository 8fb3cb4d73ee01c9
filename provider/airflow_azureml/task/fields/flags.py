"""Keywords that are true or false: what is neither is refused, where Python would take a text such as ``"False"`` as
true."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any

from airflow_azureml.exceptions import AzureMLSpecError

WORDS = {"true": True, "false": False}
"""What a template makes of a flag, in small or capital letters."""


def flags(task: type[Any]) -> frozenset[str]:
    """The keywords of a class of tasks that our own constructors annotate as ``bool``."""
    ours = (cls for cls in task.__mro__ if cls.__module__.startswith("airflow_azureml."))
    return frozenset().union(*(_flags_of(vars(cls)["__init__"]) for cls in ours if "__init__" in vars(cls)))


@functools.cache
def _flags_of(constructor: Callable[..., None]) -> frozenset[str]:
    return frozenset(name for name, kind in constructor.__annotations__.items() if kind == "bool")


def given_flags(task: type[Any], given: Mapping[str, Any]) -> dict[str, bool]:
    """The flags among the keywords of a task that are not to be rendered, numpy's true and false as Python's.

    :raises AzureMLSpecError: one is neither true nor false.
    """
    found = {name: given[name] for name in flags(task) & given.keys() if name not in task.template_fields}
    return _read(found, "True or False; it is no template field", {})


def rendered_flags(task: type[Any], given: Mapping[str, Any]) -> dict[str, bool]:
    """The flags among the rendered fields of a task; a text is read as the word that it is.

    :raises AzureMLSpecError: one is neither true nor false.
    """
    found = {name: given[name] for name in flags(task) & given.keys()}
    return _read(found, "True or False, or a template that renders to one of them", WORDS)


def _read(given: Mapping[str, Any], accepted: str, words: Mapping[str, bool]) -> dict[str, bool]:
    if all(isinstance(value, bool) for value in given.values()):
        return dict(given)
    from airflow_azureml.jobspec.document.messages import show
    from airflow_azureml.jobspec.document.plain_values import plain_values

    found = {name: plain_values(value) for name, value in given.items()}
    texts = {name: value.strip().lower() for name, value in found.items() if isinstance(value, str)}
    found |= {name: words[text] for name, text in texts.items() if text in words}
    wrong = sorted(name for name, value in found.items() if not isinstance(value, bool))
    if wrong:
        lines = (f"{name}: {show(given[name])} is not accepted. Accepted: {accepted}." for name in wrong)
        raise AzureMLSpecError("\n".join(lines))
    return found
