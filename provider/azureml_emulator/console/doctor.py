"""The doctor: what in a shell would keep a client from reaching the emulator, each finding with its remedy."""

from __future__ import annotations

import os
import shlex
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from azureml_emulator.console.control_client import opener
from azureml_emulator.console.presence import environment

SECRETS = frozenset({"AZURE_CLIENT_SECRET", "AIRFLOW_CONN_AZUREML_DEFAULT"})
BUNDLES = ("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE")
OTHER_CREDENTIALS = ("AZURE_CLIENT_CERTIFICATE_PATH", "AZURE_FEDERATED_TOKEN_FILE", "AZURE_USERNAME")
CLOCK_LIMIT = 120.0
"""Seconds of difference between two clocks from which tokens may be refused."""

Check = Callable[[Mapping[str, Any], Mapping[str, str]], Iterator[str]]


def examine(endpoint: Mapping[str, Any], shell: Mapping[str, str]) -> list[str]:
    """All findings, one line each; none when a client started from this shell reaches the emulator.

    :param endpoint: the content of ``endpoint.json``.
    :param shell: the environment variables of the shell.
    """
    return [finding for check in CHECKS for finding in check(endpoint, shell)]


def missing_variables(endpoint: Mapping[str, Any], shell: Mapping[str, str]) -> Iterator[str]:
    """Variables of ``env`` that are unset or lead elsewhere."""
    remedy = f'run: eval "$(azureml-emulator env --state {shlex.quote(os.path.dirname(endpoint["ca_bundle"]))})"'
    for name, wanted in environment(dict(endpoint)).items():
        actual = shell.get(name)
        if actual is None:
            yield f"{name} is not set; {remedy}"
        elif name in SECRETS and actual != wanted:
            yield f"{name} is not this emulator's; {remedy}"
        elif name not in BUNDLES and actual != wanted:
            yield f"{name} is {actual!r}, not {wanted!r}; {remedy}"


def other_cloud(endpoint: Mapping[str, Any], shell: Mapping[str, str]) -> Iterator[str]:
    """Variables that send Microsoft's client to another cloud."""
    if shell.get("AZUREML_CURRENT_CLOUD", "AzureMLLocal") != "AzureMLLocal":
        yield f"AZUREML_CURRENT_CLOUD is {shell['AZUREML_CURRENT_CLOUD']!r}: azure-ai-ml takes that cloud; unset it"
    url = shell.get("AZUREML_DEV_URL_MFE")
    if url and url.rstrip("/") != endpoint["endpoint"]:
        yield f"AZUREML_DEV_URL_MFE is {url!r}: azure-ai-ml goes there; unset it"


def other_credentials(endpoint: Mapping[str, Any], shell: Mapping[str, str]) -> Iterator[str]:
    """Variables of another credential that azure-identity would take up."""
    for name in OTHER_CREDENTIALS:
        if shell.get(name):
            yield f"{name} is set: azure-identity may use that credential instead of the client secret; unset it"


def proxies(endpoint: Mapping[str, Any], shell: Mapping[str, str]) -> Iterator[str]:
    """A proxy that stands between clients and the emulator."""
    proxy = next((name for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy") if shell.get(name)), None)
    host = urlsplit(endpoint["endpoint"]).hostname or ""
    excepted = {entry.strip().lower() for name in ("no_proxy", "NO_PROXY") for entry in shell.get(name, "").split(",")}
    if proxy and not excepted & {host, "*"}:
        remedy = f"export NO_PROXY={host},$NO_PROXY"
        yield f"{proxy} is set and NO_PROXY does not name {host}: requests would go to the proxy; run: {remedy}"


def bundles(endpoint: Mapping[str, Any], shell: Mapping[str, str]) -> Iterator[str]:
    """CA files that are missing or do not hold the emulator's root."""
    own_root = Path(endpoint["ca_bundle"]).with_name("ca.pem").read_text().strip()
    for name in BUNDLES:
        path = shell.get(name)
        if not path:
            continue
        if not os.path.isfile(path):
            yield f"{name} names {path!r}, which is not a file"
        elif own_root not in Path(path).read_text(errors="replace"):
            yield f"{name} names {path!r}, which does not hold the emulator's root; use {endpoint['ca_bundle']!r}"


def reachable(endpoint: Mapping[str, Any], shell: Mapping[str, str]) -> Iterator[str]:
    """Whether the emulator answers, and whether the two clocks agree."""
    try:
        with opener(endpoint).open(endpoint["cloud_metadata_url"], timeout=10) as answer:
            served = parsedate_to_datetime(answer.headers["Date"])
    except OSError as error:
        yield f"{endpoint['endpoint']} does not answer from here: {error}"
        return
    difference = abs((datetime.now(timezone.utc) - served).total_seconds())
    if difference > CLOCK_LIMIT:
        yield f"the clocks here and at the emulator differ by {difference:.0f} seconds; tokens depend on the time"


CHECKS: tuple[Check, ...] = (missing_variables, other_cloud, other_credentials, proxies, bundles, reachable)
