"""What may be sent where: text, by https only, and a token only to hosts of the cloud, of discovery or of the user."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

from airflow_azureml.rest.clouds import ControlPlane
from airflow_azureml.rest.errors import Problem, SpecError, UntrustedHostError, half_at
from airflow_azureml.rest.flow import Call, Plane
from airflow_azureml.rest.links import parts_of
from airflow_azureml.rest.redaction import without_query
from airflow_azureml.rest.settings import Settings

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
TOKENLESS = frozenset({Plane.OPEN, Plane.SIGNED})


def check_texts(call: Call[Any]) -> None:
    """Refuse a request with half of a surrogate pair in it, which is not to be tried again and again, and one to a name
    that clients take for a step in a path.

    :raises SpecError: names the place in the request.
    """
    problems = [half_at(place, part) for part, place in call.halves().items()]
    if call.path.startswith("/") and not {".", ".."}.isdisjoint(call.path.split("/")):
        problems.append(Problem("address", 'a part of it is "." or "..". Accepted: names that are not made of dots.'))
    if problems:
        raise SpecError(problems)


def check_address(url: str, plane: Plane) -> None:
    """Refuse an address that is not https; without a token, plain http on this machine itself will do.

    :raises UntrustedHostError: names the address without its query.
    """
    parts = parts_of(url)
    local = parts and plane in TOKENLESS and parts.scheme == "http" and parts.hostname in LOOPBACK
    if not parts or not parts.hostname or parts.username is not None or not (parts.scheme == "https" or local):
        raise UntrustedHostError(
            f"{without_query(url)!r} is not an address to send requests to. Expected https://host/path."
        ) from None


def check_token(url: str, control: ControlPlane, base: str | None, settings: Settings) -> None:
    """Refuse to send a token to a host that is not trusted, before the token is fetched.

    :param base: the address below which the plane lives. What an answer names beyond it (``nextLink``, ``Location``)
        must be on that very host, or on one the user trusts; None for scoring addresses: they have hosts of their own.
    :raises UntrustedHostError: names the host and what is trusted.
    """
    plane = control if base is None else replace(control, trusted=(host_and_port(base),))
    allowed = plane.trusting(*settings.trusted_hosts)
    if host_and_port(url) not in allowed.trusted and not allowed.trusts(url):
        raise untrusted(url, allowed)


def data_plane_of(url: str, control: ControlPlane, settings: Settings) -> ControlPlane:
    """Trust the host that discovery named: in a known cloud if it is the cloud's, else because the endpoint says so.

    :raises UntrustedHostError: the workspace names a host outside its cloud.
    """
    check_address(url, Plane.DATA)
    if settings.endpoint:
        return control.trusting(url)
    if not control.trusts(url):
        raise untrusted(url, control)
    return control


def untrusted(url: str, control: ControlPlane) -> UntrustedHostError:
    """The refusal, naming what would be accepted."""
    trusted = ", ".join(f"*{name}" if name.startswith(".") else name for name in dict.fromkeys(control.trusted))
    return UntrustedHostError(
        f"No token is sent to {host_and_port(url)}, a host that a response or a setting names. Trusted here: "
        f"{trusted}. If the host is yours, add it to the connection's extra `trusted_hosts`."
    )


def is_loopback(url: str) -> bool:
    """Whether an address is on this machine itself, where an emulator may be."""
    host = urlsplit(url if "//" in url else f"//{url}").hostname or ""
    return host in LOOPBACK or host.startswith("127.")


def host_and_port(url: str) -> str:
    """Host and port of an address, in lower case."""
    parts = urlsplit(url if "//" in url else f"//{url}")
    port = parts.port or (80 if parts.scheme == "http" else 443)
    return f"{parts.hostname or ''}:{port}"
