"""Client credentials: what the token endpoint accepts as proof, and its numbered refusals."""

from __future__ import annotations

import base64
import hmac
import time
from dataclasses import dataclass
from typing import Any

import jwt
from cryptography import x509

from azureml_emulator.core.callers import Applications
from azureml_emulator.core.settings import Settings

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


@dataclass
class Refusal(Exception):
    """A refusal of the authority: HTTP status, OAuth error, AADSTS number, text."""

    status: int
    error: str
    number: int
    text: str


def check_client(settings: Settings, applications: Applications, form: dict[str, str]) -> None:
    """Check grant, client and its proof.

    Source: Microsoft Entra authentication error codes.

    :raises Refusal: with the number that the authority gives for the reason.
    """
    for name in ("grant_type", "client_id"):
        if not form.get(name):
            text = f"The request body must contain the following parameter: '{name}'."
            raise Refusal(400, "invalid_request", 900144, text)
    if form["grant_type"] != "client_credentials":
        text = f"The app requested an unsupported grant type '{form['grant_type']}'."
        raise Refusal(400, "unsupported_grant_type", 70003, text)
    if not applications.knows(form["client_id"]):
        text = f"Application with identifier '{form['client_id']}' was not found in the directory 'azureml-emulator'."
        raise Refusal(400, "unauthorized_client", 700016, text)
    if form.get("client_assertion"):
        check_assertion(settings, form)
    elif not form.get("client_secret"):
        text = "The request body must contain the following parameter: 'client_assertion' or 'client_secret'."
        raise Refusal(401, "invalid_client", 7000218, text)
    elif not hmac.compare_digest(form["client_secret"].encode(), settings.client_secret.encode()):
        text = f"Invalid client secret provided. Ensure that it is the secret value of app '{settings.client_id}'."
        raise Refusal(401, "invalid_client", 7000215, text)


def check_assertion(settings: Settings, form: dict[str, str]) -> None:
    """Check a client assertion: a certificate's own JWT, or a federated token.

    The emulator keeps no list of certificates and issuers: any certificate and any federated token is accepted. What
    can be checked is: a JWT made with a certificate must name this client and this tenant and be within its time, and
    one that carries its certificate must be signed with it.
    """
    if form.get("client_assertion_type") != ASSERTION_TYPE:
        text = f"The client_assertion_type must be '{ASSERTION_TYPE}'."
        raise Refusal(400, "invalid_request", 50027, text)
    try:
        header = jwt.get_unverified_header(form["client_assertion"])
    except jwt.PyJWTError:
        return
    if not {"x5t", "x5t#S256", "x5c"} & set(header):
        return
    check_certificate_claims(settings, form["client_assertion"], header)


def check_certificate_claims(settings: Settings, assertion: str, header: dict[str, Any]) -> None:
    """Check issuer, subject, audience, time, and the signature where the certificate came along."""
    try:
        claims = read_assertion(assertion, header.get("x5c"))
    except (jwt.PyJWTError, ValueError):
        raise Refusal(401, "invalid_client", 700027, "Client assertion contains an invalid signature.") from None
    moment = time.time()
    if not float(claims.get("nbf", 0)) - 300 <= moment <= float(claims.get("exp", 0)) + 300:
        raise Refusal(401, "invalid_client", 700024, "Client assertion is not within its valid time range.")
    names = {str(claims.get("iss")).lower(), str(claims.get("sub")).lower()}
    if names != {settings.client_id} or settings.tenant_id not in str(claims.get("aud")):
        text = "Client assertion audience, issuer or subject does not match this application and token endpoint."
        raise Refusal(401, "invalid_client", 700023, text)


def read_assertion(assertion: str, chain: list[str] | str | None) -> dict[str, Any]:
    """The claims of an assertion, its signature checked when it carries its certificate.

    :raises ValueError: the certificate is not readable.
    """
    if not chain:
        return jwt.decode(assertion, options={"verify_signature": False})
    first = chain if isinstance(chain, str) else chain[0]
    key: Any = x509.load_der_x509_certificate(base64.b64decode(first)).public_key()
    unchecked: Any = {f"verify_{name}": False for name in ("aud", "exp", "nbf", "iat")}
    return jwt.decode(assertion, key, algorithms=["RS256", "PS256"], options=unchecked)


def resource_of(scope: str) -> str:
    """The resource of a ``<resource>/.default`` scope; OpenID's own scopes beside it are ignored.

    :raises Refusal: there is not exactly one such scope.
    """
    scopes = [word for word in scope.split() if word not in ("openid", "profile", "offline_access")]
    if len(scopes) != 1 or not scopes[0].endswith("/.default"):
        text = (
            f"The provided value for scope {scope} is not valid. Client credential flows must have a scope value with "
            "/.default suffixed to the resource identifier (application ID URI)."
        )
        raise Refusal(400, "invalid_scope", 1002012, text)
    return scopes[0].removesuffix("/.default")
