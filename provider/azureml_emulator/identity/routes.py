"""The authority: OpenID configuration, the token endpoint, and managed identity's endpoints."""

from __future__ import annotations

import time
import uuid
from collections.abc import Mapping
from typing import Any

from aiohttp import web

from azureml_emulator.core.clock import now
from azureml_emulator.core.routing import Plane, Route
from azureml_emulator.identity.backend import Authority
from azureml_emulator.identity.credentials import Refusal, check_client, resource_of
from azureml_emulator.identity.tokens import LIFETIME

TOKEN_LIFETIME = "token_lifetime"
"""The key of a request under which the seconds are noted that the token it asks for is to live."""


async def openid_configuration(authority: Authority, request: web.Request, tenant: str) -> web.Response:
    """The authority's own addresses. Source: msal asks for it once per credential."""
    if tenant != authority.settings.tenant_id:
        return refuse(unknown_tenant(tenant))
    base = f"{authority.settings.authority}/{tenant}"
    return web.json_response(
        {
            "token_endpoint": f"{base}/oauth2/v2.0/token",
            "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt"],
            "jwks_uri": f"{base}/discovery/v2.0/keys",
            "issuer": authority.tokens.issuer,
            "authorization_endpoint": f"{base}/oauth2/v2.0/authorize",
            "device_authorization_endpoint": f"{base}/oauth2/v2.0/devicecode",
            "end_session_endpoint": f"{base}/oauth2/v2.0/logout",
            "id_token_signing_alg_values_supported": ["RS256"],
            "response_types_supported": ["code", "id_token", "token"],
            "subject_types_supported": ["pairwise"],
        }
    )


async def keys(authority: Authority, request: web.Request, tenant: str) -> web.Response:
    """The public keys that verify this authority's tokens."""
    return web.json_response(authority.tokens.key_set())


async def token(authority: Authority, request: web.Request, tenant: str) -> web.Response:
    """Issue a token for client credentials: a secret or an assertion."""
    form = {name: str(value) for name, value in (await request.post()).items()}
    try:
        if tenant != authority.settings.tenant_id:
            raise unknown_tenant(tenant)
        check_client(authority.settings, authority.applications, form)
        resource = resource_of(form.get("scope", ""))
        check_resource(authority, resource)
    except Refusal as refusal:
        return refuse(refusal)
    lifetime, claims = request.get(TOKEN_LIFETIME, LIFETIME), {"appid": form["client_id"].lower()}
    answer = {"token_type": "Bearer", "expires_in": lifetime, "ext_expires_in": lifetime}
    issued = authority.tokens.issue(resource, lifetime=lifetime, claims=claims)
    return web.json_response({**answer, "access_token": issued})


def unknown_tenant(tenant: str) -> Refusal:
    """The authority's error for an unknown tenant."""
    text = f"Tenant '{tenant}' not found. Check that you have the correct tenant ID and sign into the correct cloud."
    return Refusal(400, "invalid_request", 90002, text)


def check_resource(authority: Authority, resource: str) -> None:
    """Refuse a resource that no route here accepts a token for."""
    if not authority.tokens.accepts(resource):
        tenant = authority.settings.tenant_id
        text = f"The resource principal named {resource} was not found in the tenant named {tenant}."
        raise Refusal(400, "invalid_resource", 500011, text)


def refuse(refusal: Refusal) -> web.Response:
    """An error as the authority words it."""
    trace, correlation = str(uuid.uuid4()), str(uuid.uuid4())
    moment = f"{now():%Y-%m-%d %H:%M:%SZ}"
    text = f"AADSTS{refusal.number}: {refusal.text} Trace ID: {trace} Correlation ID: {correlation} Timestamp: {moment}"
    body: dict[str, Any] = {
        "error": refusal.error,
        "error_description": text,
        "error_codes": [refusal.number],
        "timestamp": moment,
        "trace_id": trace,
        "correlation_id": correlation,
    }
    return web.json_response(body, status=refusal.status)


async def instance_discovery(authority: Authority, request: web.Request) -> web.Response:
    """Which authorities belong together: this one, to itself. Source: msal, ``authority.py``."""
    base = f"{authority.settings.authority}/{authority.settings.tenant_id}"
    return web.json_response(
        {
            "tenant_discovery_endpoint": f"{base}/v2.0/.well-known/openid-configuration",
            "api-version": "1.1",
            "metadata": [],
        }
    )


async def machine_identity(authority: Authority, request: web.Request) -> web.Response:
    """A token for the managed identity of a virtual machine. Source: azure-identity and msal, IMDS, 2018-02-01."""
    return metadata_token(authority, request, request.query)


async def service_identity(authority: Authority, request: web.Request) -> web.Response:
    """A token for the managed identity of App Service (2019-08-01) or of an Azure ML compute (2017-09-01).

    Source: azure-identity and msal: App Service sends ``X-IDENTITY-HEADER``, Azure ML ``secret``. Any value is taken.
    """
    if not (request.headers.get("X-IDENTITY-HEADER") or request.headers.get("secret")):
        return bad_identity_request("Header X-IDENTITY-HEADER or secret is missing")
    return identity_token(authority, request, request.query)


async def shell_identity(authority: Authority, request: web.Request) -> web.Response:
    """A token for the managed identity of Cloud Shell, which is what clients take a machine for that has
    ``MSI_ENDPOINT`` alone. Source: azure-identity 1.27 (``CloudShellCredential``), msrestazure 0.6
    (``get_msi_token``, by which azureml-core signs in): the resource is in a form.
    """
    return metadata_token(authority, request, {key: str(value) for key, value in (await request.post()).items()})


def metadata_token(authority: Authority, request: web.Request, asked: Mapping[str, str]) -> web.Response:
    """The answer where a header keeps out what was sent on to the endpoint by mistake."""
    if request.headers.get("Metadata", "").lower() != "true":
        return bad_identity_request("Required metadata header not specified")
    return identity_token(authority, request, asked)


def identity_token(authority: Authority, request: web.Request, asked: Mapping[str, str]) -> web.Response:
    """The answer of all managed identity endpoints.

    :param asked: the resource, and the client's id if one is named.
    """
    resource = asked.get("resource", "")
    client = asked.get("client_id") or asked.get("clientid")
    if client and client != authority.settings.client_id:
        return bad_identity_request("Identity not found")
    if not authority.tokens.accepts(resource):
        text = f"AADSTS500011: The resource principal named {resource} was not found."
        return web.json_response({"error": "invalid_resource", "error_description": text}, status=400)
    lifetime = request.get(TOKEN_LIFETIME, LIFETIME)
    return web.json_response(
        {
            "access_token": authority.tokens.issue(resource, lifetime=lifetime),
            "client_id": authority.settings.client_id,
            "expires_in": str(lifetime),
            "expires_on": str(int(time.time()) + lifetime),
            "resource": resource,
            "token_type": "Bearer",
        }
    )


def bad_identity_request(text: str) -> web.Response:
    """400 as the identity endpoint words it."""
    return web.json_response({"error": "invalid_request", "error_description": text}, status=400)


ROUTES = [
    Route("GET", "/{tenant}/v2.0/.well-known/openid-configuration", openid_configuration, Plane.OPEN),
    Route("GET", "/{tenant}/.well-known/openid-configuration", openid_configuration, Plane.OPEN),
    Route("GET", "/{tenant}/discovery/v2.0/keys", keys, Plane.OPEN),
    Route("GET", "/common/discovery/instance", instance_discovery, Plane.OPEN),
    Route("POST", "/{tenant}/oauth2/v2.0/token", token, Plane.OPEN),
    Route("GET", "/metadata/identity/oauth2/token", machine_identity, Plane.OPEN),
    Route("GET", "/msi/token", service_identity, Plane.OPEN),
    Route("POST", "/msi/token", shell_identity, Plane.OPEN),
]
