"""Tokens: signed JWTs as the authority issues them, and their verification as each front end demands it."""

from __future__ import annotations

import time
import uuid
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

from azureml_emulator.core.settings import LOOPBACK, STORAGE_AUDIENCE, Settings, write_private

LIFETIME = 86399
"""Seconds for which a token is valid. Source: the authority's answers to service principals."""

KEY = "signing-key.pem"
"""The file of the signing key in the state directory."""

RUN_TOKEN_LIFETIME = 7 * 24 * 3600
"""Seconds that a job's own token lives."""


class TokenError(Exception):
    """A token was refused; ``code`` is ARM's error code."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


@dataclass(frozen=True)
class Audiences:
    """The audiences that each front end accepts: the emulator's own and the public cloud's, without a last slash."""

    arm: frozenset[str]
    ml: frozenset[str]
    storage: frozenset[str]

    @classmethod
    def of(cls, settings: Settings) -> Audiences:
        """The audiences of this workspace."""
        local = {f"https://{name}:{settings.port}" for name in ("127.0.0.1", "localhost", settings.address)}
        return cls(
            arm=frozenset({*local, "https://management.azure.com", "https://management.core.windows.net"}),
            ml=frozenset({settings.ml_audience, "https://ml.azure.com"}),
            storage=frozenset({STORAGE_AUDIENCE, settings.storage_url}),
        )


class Tokens:
    """Issues and verifies tokens with a key that the state directory keeps, so that they outlive a restart."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._key = signing_key(settings.state / KEY)
        self.audiences = Audiences.of(settings)
        self._issued: dict[str, float] = {}
        self._public_key = self._key.public_key()
        self._signed = lru_cache(1024)(self._read)
        self.issuer = f"{settings.authority}/{settings.tenant_id}/v2.0"

    @property
    def accepted(self) -> frozenset[str]:
        """Every audience for which a token can be requested."""
        return self.audiences.arm | self.audiences.ml | self.audiences.storage

    def accepts(self, audience: str) -> bool:
        """Whether a token can be requested for an audience."""
        return named(audience, self._settings.port) in self.accepted

    def issue(self, audience: str, *, lifetime: int = LIFETIME, claims: dict[str, Any] | None = None) -> str:
        """A token of the emulator's first application for ``audience``, exactly as spelled.

        :param lifetime: seconds from now.
        :param claims: further claims, which win over the usual ones.
        """
        issued, token_id = time.time(), uuid.uuid4().hex
        if lifetime < RUN_TOKEN_LIFETIME:
            self._issued[token_id] = issued
        moment = int(issued)
        subject = str(uuid.uuid5(uuid.UUID(self._settings.tenant_id), self._settings.client_id))
        payload: dict[str, Any] = {
            "aud": audience,
            "iss": self.issuer,
            "iat": moment,
            "nbf": moment,
            "exp": moment + lifetime,
            "appid": self._settings.client_id,
            "appidacr": "1",
            "idtyp": "app",
            "oid": subject,
            "sub": subject,
            "tid": self._settings.tenant_id,
            "uti": token_id,
            "ver": "1.0",
        }
        return jwt.encode({**payload, **(claims or {})}, self._key, algorithm="RS256", headers={"kid": self.key_id})

    def of_run(self, application: str) -> str:
        """A job's own token: for Azure ML, and of no use at ARM.

        Source: the docstring of ``AzureMLTokenAuthentication`` in azureml-mlflow 1.62.

        :param application: the client id of the application that made the job.
        """
        claims = {"appid": application}
        return self.issue(self._settings.ml_audience, lifetime=RUN_TOKEN_LIFETIME, claims=claims)

    def application(self, token: str) -> str | None:
        """The client id of the application that a token was issued to, expired or not; None when it is not ours."""
        try:
            return str(self._signed(token)["appid"])
        except TokenError:
            return None

    def is_older(self, claims: Mapping[str, Any], moment: float) -> bool:
        """Whether a token of a client was issued before a moment; a job's own token never is.

        :param moment: seconds since the epoch. What a token says itself is cut to whole seconds.
        """
        return not is_of_run(claims) and self._issued.get(claims["uti"], claims["iat"]) < moment

    def verify(self, token: str, audiences: Collection[str]) -> dict[str, Any]:
        """The claims of a token that this authority signed for one of ``audiences`` and that has not expired.

        :raises TokenError: with the code that ARM gives for the reason.
        """
        claims = dict(self._signed(token))
        if claims["exp"] <= time.time():
            raise expired(claims["exp"])
        if named(str(claims["aud"]), self._settings.port) not in audiences:
            accepted = ", ".join(repr(name) for name in sorted(audiences))
            raise TokenError(
                "InvalidAuthenticationTokenAudience",
                "The access token has been obtained for wrong audience or resource "
                f"'{claims['aud']}'. It should exactly match with one of the allowed audiences {accepted}.",
            )
        if claims.get("tid") != self._settings.tenant_id:
            raise TokenError("InvalidAuthenticationTokenTenant", "The access token is from the wrong issuer.")
        return claims

    def _read(self, token: str) -> dict[str, Any]:
        """The claims of a token that was valid once: all that does not change with time was verified."""
        try:
            options: Any = {"verify_aud": False, "require": ["exp", "aud"]}
            claims: dict[str, Any] = jwt.decode(token, self._public_key, algorithms=["RS256"], options=options)
        except jwt.ExpiredSignatureError:
            raise expired(jwt.decode(token, options={"verify_signature": False})["exp"]) from None
        except jwt.PyJWTError:
            raise TokenError("InvalidAuthenticationToken", "The access token is invalid.") from None
        return claims

    @property
    def key_id(self) -> str:
        """The name of the signing key in token headers and in the key set."""
        return str(uuid.uuid5(uuid.UUID(self._settings.tenant_id), "signing-key"))

    def key_set(self) -> dict[str, Any]:
        """The public half of the signing key as a JSON web key set."""
        row = RSAAlgorithm.to_jwk(self._public_key, as_dict=True)
        return {"keys": [{**row, "use": "sig", "kid": self.key_id}]}


def is_of_run(claims: Mapping[str, Any]) -> bool:
    """Whether a token is a job's own."""
    return bool(claims["exp"] - claims["iat"] >= RUN_TOKEN_LIFETIME)


@lru_cache(64)
def named(audience: str, port: int) -> str:
    """An audience as it is listed: without a last slash, and with the emulator's own port on loopback.

    A client that comes through a proxy of this machine, such as a test's, asks for tokens for the proxy's address.
    """
    try:
        address = urlsplit(audience.rstrip("/"))
    except ValueError:
        return audience
    if address.scheme == "https" and address.hostname in LOOPBACK and not (address.path or address.query):
        host = f"[{address.hostname}]" if ":" in address.hostname else address.hostname
        return f"https://{host}:{port}"
    return audience.rstrip("/")


def expired(moment: float) -> TokenError:
    """The refusal of a token that expired at a moment, seconds since the epoch.

    Source of code and words: an answer of ARM in https://github.com/microsoft/PlanetaryComputer/issues/343.
    """
    message = f"The access token expiry UTC time '{utc(moment)}' is earlier than current UTC time '{utc(time.time())}'."
    return TokenError("ExpiredAuthenticationToken", message)


def utc(moment: float) -> str:
    """A moment as .NET writes it in the United States: ``5/13/2024 6:05:58 PM``."""
    parts = time.gmtime(moment)
    clock = f"{parts.tm_hour % 12 or 12}:{parts.tm_min:02}:{parts.tm_sec:02} {'AM' if parts.tm_hour < 12 else 'PM'}"
    return f"{parts.tm_mon}/{parts.tm_mday}/{parts.tm_year} {clock}"


def signing_key(path: Path) -> rsa.RSAPrivateKey:
    """The directory's signing key, made at the first start."""
    if not path.exists():
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        text = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ).decode()
        write_private(path, text)
    # To look once more whether its factors are primes takes longer than all else of a start.
    loaded = serialization.load_pem_private_key(path.read_bytes(), None, unsafe_skip_rsa_key_validation=True)
    assert isinstance(loaded, rsa.RSAPrivateKey)
    return loaded
