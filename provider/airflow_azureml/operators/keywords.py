"""The keywords of an operator, read off its own constructor: template fields and renderers follow from them."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any


def names(constructor: Callable[..., None]) -> tuple[str, ...]:
    """The keywords that an ``__init__`` names itself, in order."""
    code = constructor.__code__
    return code.co_varnames[code.co_argcount : code.co_argcount + code.co_kwonlyargcount]


def mappings(constructor: Callable[..., None]) -> tuple[str, ...]:
    """Those that may be mappings, by their annotations; the UI shows them as JSON."""
    return tuple(name for name in names(constructor) if "Mapping" in constructor.__annotations__[name])


def renderers(constructor: Callable[..., None], **others: str) -> dict[str, str]:
    """How the UI shows the template fields: mappings as JSON, others as they are named here, such as ``yaml``."""
    return {**dict.fromkeys(mappings(constructor), "json"), **others}


def whole_seconds(given: Any, field: str) -> Any:
    """A time as whole seconds, as the service takes it, rounded up; what is no time is left for the spec to refuse.

    :param field: the keyword that it was given to.
    :raises rest.errors.SpecError: it is negative: a job file with such a time is sent, as Microsoft's client sends it.
    """
    from airflow_azureml.jobspec.document.plain_values import plain_values

    seconds = given.total_seconds() if isinstance(given, timedelta) else plain_values(given)
    if isinstance(seconds, (int, float)) and seconds < 0:
        from airflow_azureml.rest.errors import Problem, SpecError

        accepted = "a number of seconds, or a timedelta, that is not negative"
        raise SpecError([Problem(field, f"{given!r} is not accepted. Accepted: {accepted}.")])
    return math.ceil(seconds) if isinstance(seconds, float) and math.isfinite(seconds) else seconds


def refuse_other_than_mappings(operator: Any, merged: Sequence[str]) -> None:
    """Refuse keywords that are merged key by key but have no keys.

    :raises rest.errors.SpecError: names each of them.
    """
    from airflow_azureml.rest.errors import Problem, SpecError

    given = {name: getattr(operator, name) for name in merged}
    wrong = [name for name, value in given.items() if value is not None and not isinstance(value, Mapping)]
    if wrong:
        raise SpecError([Problem(name, f"{given[name]!r} is not accepted. Accepted: a mapping.") for name in wrong])


def twice(one: str, other: str) -> Exception:
    """The error of a thing that was given twice."""
    from airflow_azureml.rest.errors import Problem, SpecError

    return SpecError([Problem(one, f"given both here and in {other}. Accepted: one of them.")])
