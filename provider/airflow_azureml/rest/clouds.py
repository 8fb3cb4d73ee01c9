"""Control planes: the three Azure clouds as a table, and how the addresses of another one are found.

Sources: ``_environments`` and ``_convert_arm_to_cli`` of azure-ai-ml 1.35.2. In China Microsoft's client takes the
audience ``https://ml.azure.cn``, a page of its documentation ``https://studio.ml.azure.cn``; which one the service
expects is unproven, and ``ml_audience`` overrides it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from airflow_azureml.rest.errors import SettingsError, UntrustedHostError
from airflow_azureml.rest.flow import Call, Json, Plane, Reply, Steps
from airflow_azureml.rest.json_values import get_any_case
from airflow_azureml.rest.redaction import without_query
from airflow_azureml.rest.settings import Settings

METADATA_VERSION = "2019-05-01"
"""The version that azure-ai-ml asks ``/metadata/endpoints`` with."""


@dataclass(frozen=True)
class ControlPlane:
    """Where a cloud answers, and for whom its tokens are.

    :param arm: base address of ARM, without a slash at its end.
    :param arm_audience: audience of ARM tokens; ``/.default`` is added where one is asked for.
    :param ml_audience: audience of the scoring host and of ``x-azureml-token``.
    :param authority: base address of the login service.
    :param trusted: hosts that tokens may go to: ``name``, ``name:port`` or ``.suffix``.
    """

    arm: str
    arm_audience: str
    ml_audience: str
    authority: str
    storage_suffix: str
    trusted: tuple[str, ...]

    def trusts(self, url: str) -> bool:
        """Whether a token may be sent to an address: https, and a trusted host."""
        parts = urlsplit(url)
        if parts.scheme != "https" or not parts.hostname or parts.username is not None:
            return False
        host, whole = parts.hostname.lower(), _host(url)
        return any(host.endswith(name) if name.startswith(".") else name in (host, whole) for name in self.trusted)

    def trusting(self, *hosts: str) -> ControlPlane:
        """The same control plane, with further hosts (names, or whole https addresses) that tokens may go to."""
        names = tuple(_host(host) if "://" in host else host.lower() for host in hosts)
        return replace(self, trusted=(*self.trusted, *names))


CLOUDS = {
    "public": ControlPlane(
        arm="https://management.azure.com",
        arm_audience="https://management.azure.com",
        ml_audience="https://ml.azure.com",
        authority="https://login.microsoftonline.com",
        storage_suffix="core.windows.net",
        trusted=("management.azure.com", ".azureml.ms", ".ml.azure.com", ".core.windows.net"),
    ),
    "usgov": ControlPlane(
        arm="https://management.usgovcloudapi.net",
        arm_audience="https://management.usgovcloudapi.net",
        ml_audience="https://ml.azure.us",
        authority="https://login.microsoftonline.us",
        storage_suffix="core.usgovcloudapi.net",
        trusted=("management.usgovcloudapi.net", ".ml.azure.us", ".core.usgovcloudapi.net"),
    ),
    "china": ControlPlane(
        arm="https://management.chinacloudapi.cn",
        arm_audience="https://management.chinacloudapi.cn",
        ml_audience="https://ml.azure.cn",
        authority="https://login.chinacloudapi.cn",
        storage_suffix="core.chinacloudapi.cn",
        trusted=("management.chinacloudapi.cn", ".ml.azure.cn", ".core.chinacloudapi.cn"),
    ),
}
"""The clouds a connection may name."""


def control_plane(settings: Settings) -> Steps[ControlPlane]:
    """Find the control plane of a connection.

    An ``endpoint`` without the rest is asked for its ``/metadata/endpoints``. Undocumented, see ``metadata``; source:
    azure-ai-ml 1.35.2, ``_azure_environments.py``.

    :raises SettingsError: the cloud is unknown, an address is not https, or the endpoint does not describe itself.
    :raises UntrustedHostError: the endpoint names a login service on a host that is not trusted.
    """
    if settings.endpoint is None:
        cloud = CLOUDS.get(settings.cloud)
        if cloud is None:
            raise SettingsError(f"cloud: {settings.cloud!r} is not a cloud. Accepted: {', '.join(CLOUDS)}.") from None
        return _override(cloud, settings)
    endpoint = _base("endpoint", settings.endpoint)
    if settings.authority and settings.ml_audience:
        suffix = settings.storage_suffix or CLOUDS["public"].storage_suffix
        plane = ControlPlane(endpoint, endpoint, settings.ml_audience, settings.authority, suffix, (_host(endpoint),))
        return _override(plane, settings)
    clouds = yield from metadata(endpoint)
    return _override(_described(endpoint, clouds, settings), settings)


def metadata(endpoint: str) -> Call[Json]:
    """Ask a control plane which clouds it knows; no token goes there.

    Undocumented. Source: azure-ai-ml 1.35.2, ``_azure_environments.py`` and ``ArmConstants.DEFAULT_URL``.
    """
    query = {"api-version": METADATA_VERSION}
    return Call("GET", f"{endpoint}/metadata/endpoints", Reply.json, plane=Plane.OPEN, query=query, ok=(200,))


def _described(endpoint: str, clouds: Json, settings: Settings) -> ControlPlane:
    """Read the entry whose ``resourceManager`` is the endpoint itself, from a list of clouds or a single one."""
    rows = clouds if isinstance(clouds, list) else [clouds]
    own = next((row for row in rows if _same_host(get_any_case(row, "resourceManager"), endpoint)), None)
    login = get_any_case(own, "authentication", "loginEndpoint")
    portal, storage = get_any_case(own, "portal"), get_any_case(own, "suffixes", "storage")
    if not isinstance(login, str) or not isinstance(portal, str):
        raise SettingsError(
            f"endpoint: {endpoint}/metadata/endpoints does not describe this control plane. "
            "Give authority and ml_audience in the connection, or correct endpoint."
        ) from None
    authority = _base("authority", settings.authority or login)
    known = {_host(cloud.authority) for cloud in CLOUDS.values()}
    if settings.authority is None and _host(authority) not in known and not _same_host(authority, endpoint):
        raise UntrustedHostError(
            f"endpoint: {endpoint} names the login service {without_query(login)}, which is on another host. "
            "Give it as authority in the connection if it is right."
        ) from None
    return ControlPlane(
        arm=endpoint,
        arm_audience=endpoint,
        ml_audience=_ml_audience(portal),
        authority=authority,
        storage_suffix=storage if isinstance(storage, str) and storage else CLOUDS["public"].storage_suffix,
        trusted=(_host(endpoint),),
    )


def _ml_audience(portal: str) -> str:
    """Derive the Azure ML audience from the portal's address, as azure-ai-ml does: what follows its second dot."""
    return "https://ml.azure." + ".".join(portal.split(".")[2:]).replace("/", "")


def _override(plane: ControlPlane, settings: Settings) -> ControlPlane:
    """Let the connection's own fields win, and add the hosts it trusts."""
    changed = replace(
        plane,
        authority=_base("authority", settings.authority or plane.authority),
        ml_audience=(settings.ml_audience or plane.ml_audience).rstrip("/"),
        storage_suffix=settings.storage_suffix or plane.storage_suffix,
    )
    return changed.trusting(*settings.trusted_hosts)


def _base(name: str, url: str) -> str:
    """An https base address without a slash at its end; a bare host name counts as one."""
    whole = url if "://" in url else f"https://{url}"
    parts = urlsplit(whole)
    if parts.scheme != "https" or not parts.hostname or parts.query or parts.username is not None:
        raise SettingsError(
            f"{name}: {without_query(url)!r} is not an https address. Expected https://host[:port]."
        ) from None
    return whole.rstrip("/")


def _host(url: str) -> str:
    """Host and port of an address, in lower case; the usual port is left out."""
    return urlsplit(url).netloc.lower().removesuffix(":443")


def _same_host(url: Json, other: str) -> bool:
    return isinstance(url, str) and _host(url) == _host(other)
