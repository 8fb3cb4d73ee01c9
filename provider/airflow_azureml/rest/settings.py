"""The settings of a client for one workspace: plain values, no secret in any ``repr``."""

from __future__ import annotations

from dataclasses import dataclass, field

from airflow_azureml.rest.ids import Workspace

API_VERSION = "2025-12-01"
"""The newest generally available version that models all that command, sweep, pipeline, spark and AutoML jobs need."""


@dataclass(frozen=True)
class Settings:
    """One connection, read and checked, together with the workspace it leads to.

    :param auth: ``default``, ``client_secret``, ``client_certificate``, ``workload_identity``, ``managed_identity``
        or ``azure_cli``.
    :param cloud: ``public``, ``usgov`` or ``china``; ignored where ``endpoint`` names another control plane.
    :param endpoint: https address of another control plane; with it alone, authority and audience are read from its
        ``/metadata/endpoints``.
    :param verify: path of a CA bundle; None trusts the usual roots.
    :param trusted_hosts: further host names (exact, or ``.suffix``) that tokens may go to.
    """

    workspace: Workspace
    auth: str = "default"
    tenant_id: str | None = None
    client_id: str | None = None
    client_secret: str | None = field(default=None, repr=False)
    certificate_path: str | None = None
    certificate_password: str | None = field(default=None, repr=False)
    managed_identity_client_id: str | None = None
    workload_identity_tenant_id: str | None = None
    cloud: str = "public"
    endpoint: str | None = None
    authority: str | None = None
    ml_audience: str | None = None
    storage_suffix: str | None = None
    api_version: str = API_VERSION
    verify: str | None = None
    trusted_hosts: tuple[str, ...] = ()
