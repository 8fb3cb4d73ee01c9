"""What operators of resources have in common: shares of traffic, results."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from airflow_azureml.rest.flow import Steps


def result(path: str, title: str) -> Steps[dict[str, Any]]:
    """Read id and name of what an operation has made."""
    from airflow_azureml.lifecycle.resources.operations import made
    from airflow_azureml.rest.resources import tracked

    resource = yield from made(lambda: tracked.find(path), title)
    return {"id": resource.id, "name": resource.name}


def shares(given: Any) -> int | dict[str, int]:
    """Take a percentage, or percentages by the names of deployments; a text is taken for the number that it shows.

    :raises rest.errors.SpecError: they are none, or do not add up.
    """
    from airflow_azureml.rest.errors import Problem, SpecError

    accepted = 'Accepted: {"blue": 90, "green": 10}, whole percentages that add up to 100 or 0'

    def percentage(value: Any) -> int:
        text = str(value).strip()
        if isinstance(value, bool) or not (text.isdecimal() and int(text) <= 100):
            raise SpecError([Problem("traffic", f"{value!r} is not a percentage. {accepted}.")])
        return int(text)

    if not isinstance(given, Mapping):
        return percentage(given)
    read = {str(name): percentage(value) for name, value in given.items()}
    if sum(read.values()) not in (0, 100):
        raise SpecError([Problem("traffic", f"{dict(given)} adds up to {sum(read.values())}. {accepted}.")])
    return read
