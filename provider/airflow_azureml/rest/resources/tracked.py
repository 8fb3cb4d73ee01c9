"""Resources with long-running operations, whatever their kind: read, list, put, delete by their path.

Creating and deleting are long-running: the ``begin_…`` calls give back the answer that ``lro.finish`` follows to its
end. Source: https://learn.microsoft.com/azure/azure-resource-manager/management/async-operations
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from airflow_azureml.rest.errors import NotFoundError
from airflow_azureml.rest.flow import Call, Json, Reply, Steps
from airflow_azureml.rest.jobs import ELSEWHERE
from airflow_azureml.rest.json_values import get_any_case, get_text
from airflow_azureml.rest.links import collect


@dataclass(frozen=True)
class Resource:
    """A resource as the service shows it.

    :param state: ``Creating``, ``Succeeded``, ``Failed`` ...
    """

    name: str
    state: str | None = None
    id: str = ""
    raw: Mapping[str, Json] = field(default_factory=dict, repr=False, compare=False)

    @classmethod
    def from_json(cls, value: Json) -> Resource:
        """Read a resource."""
        identity = get_text(value, "id") or ""
        return cls(
            name=(get_text(value, "name") or identity).rpartition("/")[2],
            state=get_text(get_any_case(value, "properties"), "provisioningState"),
            id=identity,
            raw=value if isinstance(value, Mapping) else {},
        )


def get(path: str) -> Call[Resource]:
    """Read a resource. Source: https://learn.microsoft.com/rest/api/azureml/online-endpoints (Get)"""
    return Call("GET", path, lambda reply: Resource.from_json(reply.json()))


def find(path: str) -> Steps[Resource | None]:
    """Read a resource, or None when there is none of that name.

    Source: https://learn.microsoft.com/rest/api/azureml/online-endpoints (Get)

    :raises NotFoundError: the workspace itself is not there.
    """
    try:
        return (yield from get(path))
    except NotFoundError as error:
        if error.code in ELSEWHERE - {"ParentResourceNotFound"}:
            raise
        return None


def names(path: str) -> Steps[tuple[str, ...]]:
    """List the names of a collection. Source: https://learn.microsoft.com/rest/api/azureml/online-endpoints (List)"""
    rows = yield from collect(Call("GET", path, Reply.json))
    return tuple(Resource.from_json(row).name for row in rows)


def begin_put(path: str, body: Json) -> Call[Reply]:
    """Begin to make or change a resource.

    Source: https://learn.microsoft.com/rest/api/azureml/online-endpoints (Create Or Update)
    """
    return Call("PUT", path, lambda reply: reply, body=body)


def begin_delete(path: str) -> Call[Reply]:
    """Begin to delete a resource. Source: https://learn.microsoft.com/rest/api/azureml/online-endpoints (Delete)"""
    return Call("DELETE", path, lambda reply: reply)
