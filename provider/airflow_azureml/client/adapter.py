"""``requests`` as a client uses it: trusted roots are read once, hundreds take 20 ms of CPU; proxies once per host."""

from __future__ import annotations

import os
import re
import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import requests
from requests import Request
from requests.adapters import HTTPAdapter
from requests.utils import DEFAULT_CA_BUNDLE_PATH
from urllib3.util.ssl_ import create_urllib3_context

from airflow_azureml.client.answers import BoundedBody
from airflow_azureml.rest.errors import SettingsError
from airflow_azureml.rest.settings import Settings

WATCHED = (
    *("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy", "NO_PROXY", "no_proxy"),
    *("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"),
)
"""Variables that say how an address is reached; what was found holds until one of them changes."""

BUNDLES = ("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE")
"""Variables that name a file of trusted roots, where ``verify`` does not."""

ACCEPTED = "Accepted: the path of a CA bundle (PEM)."

CERTIFICATE = re.compile(rb"-----BEGIN ([A-Z0-9]+ )?CERTIFICATE-----")
"""How a certificate begins in a PEM file: RFC 7468, section 5, and OpenSSL's older ``X509`` and ``TRUSTED``."""


def ca_bundle(settings: Settings, environment: Mapping[str, str] = os.environ) -> str | None:
    """The file of trusted roots; None leaves the choice to the libraries.

    requests listens to ``REQUESTS_CA_BUNDLE`` only, aiohttp to ``SSL_CERT_FILE`` only; here both clients take either.

    :raises SettingsError: naming ``verify`` or the variable: it names no file, or one that holds no certificate. The
        libraries would fail with words of OpenSSL at the first token, which look like a fault of the login service.
    """
    if settings.verify:
        return _pem("verify", settings.verify)
    named = ((name, environment.get(name)) for name in BUNDLES)
    return next((_pem(name, path) for name, path in named if path and os.path.isfile(path)), None)


def _pem(name: str, path: str) -> str:
    try:
        with open(path, "rb") as file:
            found = CERTIFICATE.search(file.read())
    except OSError as error:
        why = error.strerror or error
        raise SettingsError(f"{name}: {path!r} is not a file that can be read ({why}). {ACCEPTED}") from None
    if not found:
        raise SettingsError(f"{name}: {path!r} holds no certificate. {ACCEPTED}")
    return path


@contextmanager
def loaded(path: str | None) -> Iterator[None]:
    """Say of a bundle that OpenSSL cannot read that it is the bundle, and not the server, that is at fault.

    :raises SettingsError: naming ``verify`` or the variable: what stands between its lines is no certificate.
    """
    try:
        yield
    except ssl.SSLError as error:
        name = next((variable for variable in BUNDLES if os.environ.get(variable) == path), "verify")
        raise SettingsError(f"{name}: {path!r} cannot be read ({error.reason or error}). {ACCEPTED}") from error


class Session(requests.Session):
    """One look at the environment for all requests to a host.

    ``requests`` goes through all variables twice for each request: half a millisecond of CPU where they are 40, a whole
    one among the hundred and more that Kubernetes sets.
    """

    def __init__(self) -> None:
        super().__init__()
        self._found: dict[tuple[Any, ...], dict[str, Any]] = {}

    def merge_environment_settings(self, url: Any, proxies: Any, stream: Any, verify: Any, cert: Any) -> dict[str, Any]:
        """Say by which proxies an address is reached, and with which roots."""
        if proxies != {}:
            return dict(super().merge_environment_settings(url, proxies, stream, verify, cert))
        address = urlsplit(url)
        key = (address.scheme, address.netloc, stream, verify, cert, *map(os.environ.get, WATCHED))
        found = self._found.get(key)
        if found is None:
            found = self._found[key] = dict(super().merge_environment_settings(url, {}, stream, verify, cert))
        return {**found, "proxies": dict(found["proxies"])}


class Adapter(HTTPAdapter):
    """One TLS context for all connections that trust the same roots.

    urllib3 itself makes a context, and reads the roots, for each connection that it opens: a transfer opens many.
    Source: requests 2.34, ``HTTPAdapter.build_connection_pool_key_attributes``, which is there to be overridden; older
    ones than 2.32 do not call it, and read the roots each time.
    """

    def __init__(self, connections: int) -> None:
        self._lock = threading.Lock()
        self._contexts: dict[str, ssl.SSLContext] = {}
        super().__init__(pool_maxsize=connections)

    def build_connection_pool_key_attributes(
        self, request: Any, verify: Any, cert: Any = None
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """Put the context in the place of the file that it was read from."""
        host, pool = super().build_connection_pool_key_attributes(request, verify, cert)
        if verify and host["scheme"] == "https":
            roots = DEFAULT_CA_BUNDLE_PATH if verify is True else str(verify)
            pool = {key: value for key, value in pool.items() if key not in ("ca_certs", "ca_cert_dir")}
            pool["ssl_context"] = self._context(roots)
        return host, pool

    def send(
        self,
        request: Any,
        stream: bool = False,
        timeout: Any = None,
        verify: Any = True,
        cert: Any = None,
        proxies: Any = None,
    ) -> Any:
        """Send a request; the answer's body, where it is urllib3's, has its bounds unless it is to be streamed."""
        response = super().send(request, stream=stream, timeout=timeout, verify=verify, cert=cert, proxies=proxies)
        if not stream and hasattr(response.raw, "stream"):
            response.raw = BoundedBody(response.raw)
        return response

    def pool(self, url: str, **options: Any) -> Any:
        """urllib3's pool of connections to the host of an https address, behind the proxy that is to be taken.

        None where this ``requests`` (older than 2.32) or this address does not give one.

        :param options: ``verify``, ``cert`` and ``proxies``, as ``requests.Session.merge_environment_settings`` names
            them.
        """
        find = getattr(self, "get_connection_with_tls_context", None)
        if find is None or not url.startswith("https://"):
            return None
        ways = {name: options[name] for name in ("verify", "cert", "proxies")}
        return find(Request("GET", url).prepare(), **ways)

    def cert_verify(self, conn: Any, url: str, verify: Any, cert: Any) -> None:
        """Name no file to a pool that has a context."""
        if "ssl_context" not in conn.conn_kw:
            super().cert_verify(conn, url, verify, cert)

    def _context(self, roots: str) -> ssl.SSLContext:
        with self._lock:
            if roots not in self._contexts:
                context = create_urllib3_context(cert_reqs=ssl.CERT_REQUIRED)
                where = {"capath": roots} if os.path.isdir(roots) else {"cafile": roots}
                with loaded(roots):
                    context.load_verify_locations(**where)
                self._contexts[roots] = context
            return self._contexts[roots]
