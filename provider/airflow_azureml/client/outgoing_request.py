"""A call made ready to travel: its address, whom its token is for, and whether it may be sent again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from azure.core.rest import HttpRequest

from airflow_azureml.client.trust import TOKENLESS, check_address, check_token
from airflow_azureml.rest.clouds import ControlPlane
from airflow_azureml.rest.flow import Call, Plane
from airflow_azureml.rest.redaction import without_query
from airflow_azureml.rest.settings import Settings

QUERY_SAFE = "!$'()*,/:?@"
"""What a query may hold as it is: aiohttp takes the escapes of these back, and both drivers shall send the same."""


@dataclass(frozen=True)
class OutgoingRequest:
    """One request, ready to travel.

    :param audience: what its bearer token is for; None sends none.
    :param options: options of the pipeline for this request alone.
    """

    http: HttpRequest
    audience: str | None
    options: Mapping[str, Any]

    @property
    def url(self) -> str:
        """Where it goes, without the query."""
        return without_query(self.http.url)


def prepare(
    call: Call[Any], settings: Settings, control: ControlPlane | None, data_plane: str | None
) -> OutgoingRequest:
    """Give a call its address, audience and options.

    :param control: the control plane; None only for planes that take no token.
    :param data_plane: the data plane's address, for the planes that live there.
    :raises UntrustedHostError: the address must not be asked, or must not see a token.
    """
    arm = control.arm if control else None
    base = {Plane.ARM: arm, Plane.DATA: data_plane, Plane.DATA_ML: data_plane}.get(call.plane)
    url = (base or "").rstrip("/") + call.path if call.path.startswith("/") else call.path
    check_address(url, call.plane)
    if control is not None:
        check_token(url, control, base, settings)
    content: dict[str, Any] = {} if call.body is None else {"json": call.body}
    request = HttpRequest(call.method, addressed(url, call, settings), headers=dict(call.headers), **content)
    repeats = {"retry_on_methods": frozenset({call.method})} if call.may_repeat else {"retry_total": 0}
    return OutgoingRequest(request, audience(call.plane, control), repeats)


def addressed(url: str, call: Call[Any], settings: Settings) -> str:
    """The address with the call's query; ARM requires a version, which an address from an answer may carry already."""
    query = dict(call.query)
    if call.plane is Plane.ARM and "api-version=" not in urlsplit(url).query:
        query.setdefault("api-version", settings.api_version)
    if not query:
        return url
    return url + ("&" if "?" in url else "?") + urlencode(query, quote_via=quote, safe=QUERY_SAFE)


def audience(plane: Plane, control: ControlPlane | None) -> str | None:
    """What the token of a plane is for."""
    if control is None or plane in TOKENLESS:
        return None
    return control.ml_audience if plane in (Plane.DATA_ML, Plane.SCORING) else control.arm_audience


def scope(audience: str) -> str:
    """A token scope: the audience, one slash, ``.default``. Source: azure-ai-ml 1.35.2, ``_azure_environments``."""
    return audience.rstrip("/") + "/.default"
