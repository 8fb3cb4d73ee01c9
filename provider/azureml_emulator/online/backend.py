"""The backend of online endpoints: endpoints, deployments, their servers, and who may score."""

from __future__ import annotations

import asyncio
import hmac
from dataclasses import dataclass
from typing import Any

from azureml_emulator.assets.references import Resolver
from azureml_emulator.control.faults import Faults
from azureml_emulator.core.errors import ServiceError
from azureml_emulator.core.operations import Record
from azureml_emulator.core.settings import Settings
from azureml_emulator.core.store import Store
from azureml_emulator.core.transitions import Transitions
from azureml_emulator.endpoints.records import OperatedRecords, key_of
from azureml_emulator.execution.backend import Execution
from azureml_emulator.identity.tokens import TokenError, Tokens
from azureml_emulator.online import traffic
from azureml_emulator.online.deployments import completed, completed_sku, needs_new_servers
from azureml_emulator.online.models import Deployments, Endpoints
from azureml_emulator.online.schemas import AAD_TOKEN, KEY
from azureml_emulator.online.servers import Servers

TOKEN_AUDIENCE = "azureml"
"""The audience of an endpoint's own tokens. Source: recording test_online_deployment."""

TOKEN_LIFETIME, REFRESH_BEFORE = 24 * 3600, 12 * 3600
"""Seconds: of such a token, and before its end when it is to be asked for again. Source: the same recording."""


@dataclass
class ScoringError(Exception):
    """A refusal of the scoring host, which answers with plain text."""

    status: int
    text: str


class Online:
    """The online endpoints of the workspace.

    :ivar pending: how many requests each deployment is at, by its key.
    :ivar background: mirrored requests that are under way.
    """

    def __init__(
        self,
        settings: Settings,
        store: Store,
        transitions: Transitions,
        faults: Faults,
        tokens: Tokens,
        resolver: Resolver,
        execution: Execution,
    ) -> None:
        self.settings = settings
        self.faults = faults
        self.servers = Servers(execution, faults)
        self.endpoints = Endpoints(store, transitions, self.servers.forget)
        self.deployments = Deployments(store, transitions, self.servers.forget, self.servers.busy)
        self.servers.failed = self.deployments.fail
        self.pending: dict[str, int] = {}
        self.background: set[asyncio.Task[None]] = set()
        self._tokens = tokens
        self._resolver = resolver

    def operated(self) -> tuple[OperatedRecords, ...]:
        """All its records that have operations."""
        return self.endpoints, self.deployments

    async def start(self) -> None:
        """Start the servers of all deployments that there are."""
        for record in self.deployments.all():
            if record["state"] != "Failed":
                await self.servers.recover(key_of(record), record)

    async def stop(self) -> None:
        """End all servers."""
        await self.servers.stop()

    # resources ---------------------------------------------------------------------------------------

    def endpoint_properties(self, name: str, requested: dict[str, Any]) -> dict[str, Any]:
        """The properties of an endpoint as the service stores them.

        :raises ServiceError: 400 where its shares break the rules.
        """
        kept = {key: value for key, value in requested.items() if key not in ("provisioningState", "keys")}
        properties = {"traffic": {}, "mirrorTraffic": {}, **kept}
        traffic.check(properties, [row["name"] for row in self.deployments.of(name)])
        return properties

    def complete_deployment(self, body: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
        """The properties and the SKU of a deployment as the service stores them.

        :raises ServiceError: 400 for what is missing, contradicts itself, or names something that does not exist.
        """
        return completed(self._resolver, body["properties"]), completed_sku(body.get("sku"))

    def serve(self, value: Record, before: Record | None) -> None:
        """Start the servers of a deployment that was written, where something changed for them."""
        if needs_new_servers(before, value["properties"]):
            self.servers.begin(key_of(value), value)

    def check_idle(self, endpoint: Record, deployment: Record) -> None:
        """A deployment with live traffic is not deleted.

        Microsoft's page on safe rollout takes its traffic away first; that the service refuses it, and how, is
        unproven.

        :raises ServiceError: 400.
        """
        share = traffic.share(endpoint["properties"]["traffic"], deployment["name"])
        if share:
            message = f"The deployment {deployment['name']} has {share} % of the endpoint's traffic; set it to 0 first."
            raise ServiceError(400, "UserError", message, ("BadArgument", "DeploymentHasTraffic"))

    def token(self, endpoint: Record) -> dict[str, Any]:
        """A token for scoring. Source: recording test_online_deployment."""
        claims = {
            "endpointName": endpoint["name"],
            "serviceId": endpoint["name"],
            "workspaceId": self.settings.workspace_id,
            "canRefresh": "False",
        }
        access = self._tokens.issue(TOKEN_AUDIENCE, lifetime=TOKEN_LIFETIME, claims=claims)
        expires = int(self._tokens.verify(access, [TOKEN_AUDIENCE])["exp"])
        return {
            "accessToken": access,
            "tokenType": "Bearer",
            "expiryTimeUtc": expires,
            "refreshAfterTimeUtc": expires - REFRESH_BEFORE,
        }

    # scoring -----------------------------------------------------------------------------------------

    def admit(self, endpoint: Record, credential: str | None) -> None:
        """Let a request through that shows the endpoint's key or a token for it.

        Source of the words for keys: https://github.com/MicrosoftDocs/azure-docs/issues/98265 and users' notes; those
        for tokens are ours.

        :raises ScoringError: 401.
        """
        mode = endpoint["properties"]["authMode"]
        if mode == KEY:
            if not credential:
                raise ScoringError(401, "key_auth_bad_header_forbidden")
            if not any(hmac.compare_digest(credential.encode(), key.encode()) for key in endpoint["keys"].values()):
                raise ScoringError(401, "key_auth_access_denied")
            return
        try:
            audiences = self._tokens.audiences.ml if mode == AAD_TOKEN else [TOKEN_AUDIENCE]
            claims = self._tokens.verify(credential or "", audiences)
        except TokenError as error:
            raise ScoringError(401, error.message) from None
        if mode != AAD_TOKEN and claims.get("endpointName") != endpoint["name"]:
            raise ScoringError(401, "The token is for another endpoint.")

    def route(self, endpoint: Record, deployment: str | None) -> Record:
        """The deployment that a request goes to.

        :param deployment: the one that the request names; None: one by the shares.
        :raises ScoringError: 404 where there is none. Source: Microsoft's page on troubleshooting.
        """
        name = deployment or traffic.drawn(endpoint["properties"]["traffic"])
        chosen = self.deployments.get(f"{endpoint['name']}/{name}") if name else None
        if chosen is None:
            raise ScoringError(404, NO_ROUTE)
        return chosen

    def mirrored(self, endpoint: Record) -> Record | None:
        """The deployment that a request is mirrored to, if it is."""
        name = traffic.mirror(endpoint["properties"]["mirrorTraffic"])
        return self.deployments.get(f"{endpoint['name']}/{name}") if name else None


NO_ROUTE = (
    "No valid deployments to route to. Please check that the endpoint has at least one deployment with positive weight "
    "values or use a deployment specific header to route."
)
"""Source: Microsoft's page on troubleshooting endpoints; there these are the words of a batch endpoint."""
