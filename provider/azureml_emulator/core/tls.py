"""TLS: the certificate authority that a state directory keeps, the server's certificate, the bundle for clients."""

from __future__ import annotations

import ssl
from pathlib import Path

import certifi
import trustme

from azureml_emulator.core.settings import ANY_ADDRESS, LOOPBACK, Settings, write_at_once, write_private


def server_context(settings: Settings) -> ssl.SSLContext:
    """A server context with a certificate for loopback and for the host listened on; writes the clients' bundle."""
    authority = keep_authority(settings.state)
    public_roots = Path(certifi.where()).read_text()
    own_root = authority.cert_pem.bytes().decode()
    # At a restart clients are there, and load it.
    write_at_once(settings.ca_bundle, f"{public_roots.rstrip()}\n\n# azureml-emulator\n{own_root}", 0o644)
    names = [*sorted(LOOPBACK), *({settings.host} - LOOPBACK - ANY_ADDRESS)]
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*names).configure_cert(context)
    return context


def keep_authority(state: Path) -> trustme.CA:
    """The directory's certificate authority, made at the first start."""
    certificate, key = state / "ca.pem", state / "ca-key.pem"
    if not key.exists():
        made = trustme.CA(organization_name="azureml-emulator (development only)")
        certificate.write_bytes(made.cert_pem.bytes())
        write_private(key, made.private_key_pem.bytes().decode())
    return trustme.CA.from_pem(certificate.read_bytes(), key.read_bytes())
