"""Access: what a request must show before its handler is called, plane by plane."""

from __future__ import annotations

import hmac
import ipaddress
import re
import uuid
from collections.abc import Callable

from aiohttp import web

from azureml_emulator.core.errors import Envelope, ServiceError, not_emulated, resource_not_found
from azureml_emulator.core.routing import Match, Plane
from azureml_emulator.core.settings import LOOPBACK, REGISTRY
from azureml_emulator.identity.backend import Authority
from azureml_emulator.identity.tokens import TokenError, expired

API_VERSION = re.compile(r"\d{4}-\d{2}-\d{2}(-\w+)?")


def check(authority: Authority, request: web.Request, match: Match) -> None:
    """Authenticate a request, then check its api-version and the coordinates in its path.

    :raises ServiceError: as the service's front end would refuse it.
    """
    plane = match.route.plane
    CHECKS[plane](authority, request)
    if plane is Plane.ARM:
        check_api_version(request)
    check_coordinates(authority, match)


def check_api_version(request: web.Request) -> None:
    """ARM demands an api-version and refuses one that is no date. Source: ARM's common errors."""
    version = request.query.get("api-version")
    if not version:
        message = "The api-version query parameter (?api-version=) is required for all requests."
        raise ServiceError(400, "MissingApiVersionParameter", message, envelope=Envelope.ARM)
    if not API_VERSION.fullmatch(version):
        message = f"The api-version '{version}' is invalid. Supported: 'YYYY-MM-DD' and 'YYYY-MM-DD-preview'."
        raise ServiceError(400, "InvalidApiVersionParameter", message, envelope=Envelope.ARM)


def check_coordinates(authority: Authority, match: Match) -> None:
    """Refuse another subscription, resource group, workspace or registry than the emulator's, as ARM does.

    :raises ServiceError: also 501, for what would be in another workspace or registry.
    """
    settings = authority.settings
    if match.subscription is not None and not same_name(match.subscription, settings.subscription_id):
        if not is_guid(match.subscription):
            message = f"The provided subscription identifier '{match.subscription}' is malformed or invalid."
            raise ServiceError(400, "InvalidSubscriptionId", message, envelope=Envelope.ARM)
        message = f"The subscription '{match.subscription}' could not be found."
        raise ServiceError(404, "SubscriptionNotFound", message, envelope=Envelope.ARM)
    if match.group is not None and not same_name(match.group, settings.resource_group):
        message = f"Resource group '{match.group}' could not be found."
        raise ServiceError(404, "ResourceGroupNotFound", message, envelope=Envelope.ARM)
    for kind, name, own in (
        ("workspaces", match.workspace, settings.workspace_name),
        ("registries", match.registry, REGISTRY),
    ):
        if name is not None and not same_name(name, own):
            if authority.is_neighbour(kind, name):
                raise not_emulated(f"What is in {kind} beside {own} is not emulated: {name} is empty")
            raise resource_not_found(f"Microsoft.MachineLearningServices/{kind}/{name}", match.group)


def same_name(left: str, right: str) -> bool:
    """ARM compares names without regard to case."""
    return left.lower() == right.lower()


def is_guid(text: str) -> bool:
    """Whether a text is a GUID."""
    try:
        uuid.UUID(text)
    except ValueError:
        return False
    return True


def bearer(request: web.Request) -> str | None:
    """The bearer token of a request, or None."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" and token.strip() else None


def check_nothing(authority: Authority, request: web.Request) -> None:
    """No credential is required."""


def check_arm(authority: Authority, request: web.Request) -> None:
    """A token for ARM."""
    check_bearer(authority, request, authority.tokens.audiences.arm, Envelope.ARM)


def check_data(authority: Authority, request: web.Request) -> None:
    """A token for ARM or for Azure ML."""
    check_bearer(authority, request, authority.tokens.audiences.arm | authority.tokens.audiences.ml, Envelope.HISTORY)


def check_mlflow(authority: Authority, request: web.Request) -> None:
    """The same; MLflow clients send a job's own token."""
    check_bearer(authority, request, authority.tokens.audiences.arm | authority.tokens.audiences.ml, Envelope.MLFLOW)


def check_scoring(authority: Authority, request: web.Request) -> None:
    """A token for Azure ML, and no other."""
    check_bearer(authority, request, authority.tokens.audiences.ml, Envelope.HISTORY)


def check_bearer(authority: Authority, request: web.Request, audiences: frozenset[str], envelope: Envelope) -> None:
    """Demand a valid token for one of the audiences; 401 otherwise."""
    token = bearer(request)
    try:
        if token is None:
            raise TokenError("AuthenticationFailed", "Authentication failed. The 'Authorization' header is missing.")
        request["claims"] = authority.tokens.verify(token, audiences)
    except TokenError as error:
        raise refusal(authority, error, envelope) from None


def refusal(authority: Authority, error: TokenError, envelope: Envelope) -> ServiceError:
    """401 for a token."""
    address = f"{authority.settings.authority}/{authority.settings.tenant_id}"
    headers = {"WWW-Authenticate": f'Bearer authorization_uri="{address}", error="invalid_token"'}
    return ServiceError(401, error.code, error.message, envelope=envelope, headers=headers)


def expired_token(authority: Authority, plane: Plane, since: float) -> ServiceError:
    """The refusal of a token that expired at a moment (seconds since the epoch), as a plane's front end words it."""
    envelope = {Plane.ARM: Envelope.ARM, Plane.MLFLOW: Envelope.MLFLOW}.get(plane, Envelope.HISTORY)
    return refusal(authority, expired(since), envelope)


def check_control(authority: Authority, request: web.Request) -> None:
    """The emulator's own secret, from this machine."""
    peer = ipaddress.ip_address(request.remote or "::")
    presented = bearer(request) or ""
    if not peer.is_loopback or not hmac.compare_digest(presented.encode(), authority.settings.client_secret.encode()):
        message = "Control routes need the client_secret of endpoint.json as bearer token, from this machine."
        raise ServiceError(403, "Forbidden", message, envelope=Envelope.ARM)


def check_local_page(authority: Authority, request: web.Request) -> None:
    """Refuse pages under other names than loopback's: another site whose name resolves to this machine must not read
    them."""
    host = request.host.rpartition(":")[0] or request.host
    if host not in LOOPBACK:
        raise ServiceError(403, "Forbidden", "Studio pages are for this machine only.", envelope=Envelope.ARM)


CHECKS: dict[Plane, Callable[[Authority, web.Request], None]] = {
    Plane.OPEN: check_nothing,
    Plane.ARM: check_arm,
    Plane.DATA: check_data,
    Plane.SCORING: check_scoring,
    Plane.ONLINE: check_nothing,
    Plane.MLFLOW: check_mlflow,
    Plane.STORAGE: check_nothing,
    Plane.CONTROL: check_control,
    Plane.STUDIO: check_local_page,
}
