"""Keywords that name a resource: by its name, or by the result of the task that made it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, get_args

from airflow_azureml.exceptions import AzureMLSpecError

ENDPOINTS = ("onlineendpoints", "batchendpoints")


def endpoint_name_of(value: Any) -> str:
    """Take an endpoint's name, given as such or as the result mapping of the task that made it.

    :raises AzureMLSpecError: it is neither.
    """
    return _name_of("endpoint_name", value, "an endpoint's", ENDPOINTS)


def deployment_name_of(value: Any, endpoint: Any, field: str = "deployment_name") -> str:
    """Take a deployment's name, given as such or as the result mapping of the task that made it.

    :param endpoint: the name of the endpoint that it is to be of; one that is no text is left to who reads it.
    :raises AzureMLSpecError: it is neither, or of another endpoint.
    """
    name = _name_of(field, value, "a deployment's", ("deployments",))
    way = _way(value)
    if isinstance(endpoint, str) and len(way) > 3 and way[-3].lower() != endpoint.lower():
        accepted = f"a deployment of the endpoint {endpoint!r}"
        raise AzureMLSpecError(f"{field}: {name!r} is one of the endpoint {way[-3]!r}. Accepted: {accepted}.")
    return name


def compute_name_of(value: Any) -> str:
    """Take a compute's name, given as such or as the result mapping of the task that made it.

    :raises AzureMLSpecError: it is neither.
    """
    return _name_of("name", value, "a compute's", ("computes",))


def _way(value: Any) -> list[str]:
    """The parts of the ARM id of a result mapping; none of anything else."""
    id = value.get("id") if isinstance(value, Mapping) else None
    parts = id.strip("/").split("/") if isinstance(id, str) and "/workspaces/" in id.lower() else []
    return parts if len(parts) > 1 else []


def _name_of(field: str, value: Any, whose: str, collections: tuple[str, ...]) -> str:
    """Take a name, or that of a result mapping whose id, where it has one, lies in one of these collections of ARM."""
    name, way = value.get("name") if isinstance(value, Mapping) else value, _way(value)
    if not is_resource_name(name) or (way and way[-2].lower() not in collections):
        raise no_name(field, value, f"{whose} name, or a result mapping with its name")
    return text_of(name)


NOTHING = "None"
"""What a template makes of a result that is not there."""


def is_name(value: Any) -> bool:
    """Whether a value is a text that names something.

    It is not blank, no step in a path (``.`` or ``..``), and nothing that a template makes of a mapping or of nothing:
    whoever deletes or cancels what has such a name would be told that it is not there, which is as good as done.
    """
    if not isinstance(value, str) or not value.strip() or value in (".", "..", NOTHING):
        return False
    return not (value.startswith("{") and value.endswith("}"))


def is_resource_name(value: Any) -> bool:
    """Whether a value may name something of a workspace: an address or an ARM id, whose steps ``/`` parts, does not."""
    return is_name(value) and "/" not in value and value.isprintable()


def no_name(field: str, value: Any, accepted: str) -> AzureMLSpecError:
    """The error of a value that ``is_name`` does not take."""
    from airflow_azureml.jobspec.document.messages import LONGEST
    from airflow_azureml.jobspec.grammar.whole_results import MADE_BY_A_TEMPLATE, is_text_of_result
    from airflow_azureml.rest.redaction import without_query

    given, meant = repr(without_query(value) if isinstance(value, str) and "://" in value else value), ""
    given = given if len(given) <= LONGEST else f"{given[: LONGEST - 3]}..."
    if isinstance(value, str) and is_text_of_result(value):
        meant = f" {MADE_BY_A_TEMPLATE}"
    elif value == NOTHING:
        meant = " This is what a template makes of a result that is not there."
    return AzureMLSpecError(f"{field}: {given} is not accepted. Accepted: {accepted}.{meant}")


def text_of(name: object) -> str:
    """A text as it is meant: of an enumeration's member its value, of which ``str()`` makes ``Stage.TEST``."""
    from airflow_azureml.jobspec.document.plain_values import plain_values

    return str(plain_values(name))


MADE_KEYS = frozenset({"id", "name", "version"})
"""What the result mapping of a task that made something holds, of which more is a thing that is written out."""


def made(value: Any) -> Any:
    """A thing by its id, where the result mapping of the task that made it is given; anything else as it is."""
    is_result = isinstance(value, Mapping) and MADE_KEYS.issuperset(value) and isinstance(value.get("id"), str)
    return value["id"] if is_result else value


def one_of(field: str, given: Any, words: Any) -> str:
    """Take one of a few words.

    :raises AzureMLSpecError: it is none of them.
    """
    accepted = get_args(words)
    if given not in accepted:
        raise AzureMLSpecError(f"{field}: {given!r} is not accepted. Accepted: {', '.join(accepted)}.")
    return text_of(given)
