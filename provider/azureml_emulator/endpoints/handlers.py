"""Handlers that endpoints and deployments of every kind share: reads, deletes, the patch of an endpoint."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from aiohttp import web

from azureml_emulator.core.operations import Record
from azureml_emulator.core.paging import page
from azureml_emulator.core.request_body import read_object
from azureml_emulator.core.resource_body import TEXTS, read_body
from azureml_emulator.core.schema import anything, bag, record
from azureml_emulator.core.selection import in_time_order
from azureml_emulator.endpoints.bodies import merge, missing
from azureml_emulator.endpoints.keys import REGENERATE, replaced
from azureml_emulator.endpoints.operations import Owner, Resource, accepted, delete_response, start, write_response
from azureml_emulator.endpoints.records import DeploymentRecords, KeyedEndpoints, OperatedRecords, key_of

ENDPOINT_PATCH = record({"tags": TEXTS, "identity": bag(anything, nulls=True)})
"""Source: PartialMinimalTrackedResourceWithIdentity of api-version 2025-12-01."""


async def regenerate_keys(
    owner: Owner, request: web.Request, records: KeyedEndpoints, endpoint: Record
) -> web.Response:
    """Endpoints - Regenerate keys: an operation."""
    asked = read_body(await read_object(request), REGENERATE)
    records.set_keys(endpoint, replaced(endpoint["keys"], asked))
    operation = start(owner, request, records, endpoint["name"], endpoint, "Updating")
    return web.Response(status=202, headers=accepted(owner.settings, request, records.writing, operation))


class Room(Owner, Protocol):
    """The backend of a room with endpoints and deployments."""

    @property
    def endpoints(self) -> OperatedRecords:
        """The endpoints by name."""

    @property
    def deployments(self) -> DeploymentRecords:
        """Their deployments."""


Backend = TypeVar("Backend", bound=Room)


@dataclass(frozen=True)
class Shared(Generic[Backend]):
    """The handlers of one kind of endpoints.

    :param kind: ``Batch`` or ``Online``.
    :param endpoint: an endpoint as ARM answers it; ``deployment``: a deployment.
    """

    kind: str
    endpoint: Resource
    deployment: Resource

    def find_endpoint(self, room: Backend, name: str, *, look: bool = False) -> Record:
        """An endpoint, or a 404. The words of the service's own are unproven.

        :param look: a client looks at it.
        """
        value = room.endpoints.get(name, look=look)
        if value is None:
            raise missing(f"{self.kind}Endpoint", name, "EndpointNotFound")
        return value

    def find_deployment(self, room: Backend, endpoint: str, name: str, *, look: bool = False) -> Record:
        """A deployment of an endpoint that exists, or a 404.

        :param look: a client looks at it.
        """
        holder = self.find_endpoint(room, endpoint)
        value = room.deployments.get(f"{holder['name']}/{name}", look=look)
        if value is None:
            raise missing(f"{self.kind}Deployment", f"{name} of endpoint {holder['name']}", "DeploymentNotFound")
        return value

    async def get_endpoint(self, room: Backend, request: web.Request, endpoint: str) -> web.Response:
        """Endpoints - Get."""
        return web.json_response(self.endpoint(room.settings, self.find_endpoint(room, endpoint, look=True)))

    async def patch_endpoint(self, room: Backend, request: web.Request, endpoint: str) -> web.Response:
        """Endpoints - Update: tags and identity."""
        body = read_body(await read_object(request), ENDPOINT_PATCH)
        value = self.find_endpoint(room, endpoint)
        merge(value, body, ("tags", "identity"))
        return write_response(room, request, room.endpoints, value["name"], value, self.endpoint, value)

    async def delete_endpoint(self, room: Backend, request: web.Request, endpoint: str) -> web.Response:
        """Endpoints - Delete, with all its deployments: an operation; a missing one is 204."""
        value = room.endpoints.get(endpoint)
        return delete_response(room, request, room.endpoints, value, value["name"] if value else "")

    async def list_deployments(self, room: Backend, request: web.Request, endpoint: str) -> web.Response:
        """Deployments - List."""
        name = self.find_endpoint(room, endpoint)["name"]
        found = in_time_order(
            request, room.deployments.of(name), lambda value: str(value["modified_at"]), newest_first=False
        )
        rows = [self.deployment(room.settings, value) for value in found]
        return page(request, room.settings.base_url, rows)

    async def get_deployment(self, room: Backend, request: web.Request, endpoint: str, deployment: str) -> web.Response:
        """Deployments - Get."""
        record = self.find_deployment(room, endpoint, deployment, look=True)
        return web.json_response(self.deployment(room.settings, record))

    async def delete_deployment(
        self, room: Backend, request: web.Request, endpoint: str, deployment: str
    ) -> web.Response:
        """Deployments - Delete: an operation; a missing one is 204."""
        value = room.deployments.get(f"{endpoint}/{deployment}")
        return delete_response(room, request, room.deployments, value, key_of(value) if value else "")
