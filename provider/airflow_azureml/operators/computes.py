"""The keyword ``compute`` as a list in order of preference."""

from __future__ import annotations

from typing import Any


def several_computes(given: Any) -> tuple[str, ...]:
    """The computes of a list; empty where the keyword is none.

    :raises rest.errors.SpecError: it is empty, or holds something else than names.
    """
    from airflow_azureml.rest.errors import Problem, SpecError

    if not isinstance(given, (list, tuple)):
        return ()
    accepted = "Accepted: a compute, or a list of one or more, in order of preference."
    if not given:
        raise SpecError([Problem("compute", f"an empty list is not accepted. {accepted}")])
    wrong = [place for place, compute in enumerate(given) if not isinstance(compute, str) or not compute]
    if wrong:
        raise SpecError(
            [Problem(f"compute[{place}]", f"{given[place]!r} is not a name. {accepted}") for place in wrong]
        )
    return tuple(given)
