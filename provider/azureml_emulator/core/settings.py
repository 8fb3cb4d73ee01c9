"""Settings: what a state directory keeps for good (port, ids, secrets), and the options of one start."""

from __future__ import annotations

import json
import os
import secrets
import socket
import uuid
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from random import SystemRandom

ACCOUNT = "emuacct"
STORAGE_SUFFIX = "local"
ML_AUDIENCE = "https://ml.azure.local"
PORTAL = "https://portal.azure.local"
STORAGE_AUDIENCE = "https://storage.azure.com"
ANY_ADDRESS = frozenset({"0.0.0.0", "::", ""})
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
CLOUD = "AzureMLLocal"
"""The name of the cloud that the metadata describes."""

REGISTRY = "local"
"""The name of the one registry."""

REGISTRY_CONTAINERS = "registry-"
"""How the names of its storage containers begin, which have addresses of their own."""

MLFLOW_AS_SERVICE, MLFLOW_DIRECT = "azureml", "direct"
"""What ``start --mlflow`` takes: as Azure ML answers MLflow, or so that plain MLflow is enough."""

OWN, BUILD = "own", "build"
"""What ``start --environments`` takes: no environment is made, or one from each definition."""


class SettingsError(Exception):
    """A state directory or an option cannot be used; the text is meant for the user."""


@dataclass(frozen=True)
class Identity:
    """What is chosen once for a state directory: ports, ids and secrets."""

    port: int
    studio_port: int
    tenant_id: str
    client_id: str
    client_secret: str = field(repr=False)
    subscription_id: str
    workspace_id: str
    account_key: str = field(repr=False)
    resource_group: str = "emulator-rg"
    workspace_name: str = "emulator-ws"
    region: str = "eastus"

    @classmethod
    def choose(cls, host: str, port: int | None) -> Identity:
        """Make new ids, secrets and two free ports; ``port`` is taken as given when there is one."""
        first = port or free_port(host)
        return cls(
            port=first,
            studio_port=free_port("127.0.0.1", avoid=first),
            tenant_id=str(uuid.uuid4()),
            client_id=str(uuid.uuid4()),
            client_secret=secrets.token_urlsafe(30),
            subscription_id=str(uuid.uuid4()),
            workspace_id=str(uuid.uuid4()),
            account_key=b64encode(secrets.token_bytes(64)).decode(),
        )


@dataclass(frozen=True)
class Settings:
    """The settings of a state directory, and the options of this start."""

    state: Path
    host: str
    identity: Identity
    environments: Mapping[str, str] = field(default_factory=dict)
    mlflow: str = MLFLOW_AS_SERVICE
    environments_mode: str = OWN

    @property
    def mlflow_direct(self) -> bool:
        """Whether plain MLflow is enough for jobs, which it is not in the service."""
        return self.mlflow == MLFLOW_DIRECT

    @property
    def port(self) -> int:
        """The TLS port of ARM, data plane, tokens and storage."""
        return self.identity.port

    @property
    def tenant_id(self) -> str:
        """The tenant that tokens are issued for."""
        return self.identity.tenant_id

    @property
    def client_id(self) -> str:
        """The client id of the one application that can get tokens."""
        return self.identity.client_id

    @property
    def client_secret(self) -> str:
        """Its secret; control routes ask for the same one."""
        return self.identity.client_secret

    @property
    def subscription_id(self) -> str:
        """The workspace's subscription."""
        return self.identity.subscription_id

    @property
    def resource_group(self) -> str:
        """The workspace's resource group."""
        return self.identity.resource_group

    @property
    def workspace_name(self) -> str:
        """The workspace's name."""
        return self.identity.workspace_name

    @property
    def workspace_id(self) -> str:
        """The workspace's GUID."""
        return self.identity.workspace_id

    @property
    def region(self) -> str:
        """The workspace's location."""
        return self.identity.region

    @property
    def account_key(self) -> str:
        """The storage account's key, base64."""
        return self.identity.account_key

    @property
    def address(self) -> str:
        """The host name that clients use: loopback when the emulator listens on every address."""
        host = "127.0.0.1" if self.host in ANY_ADDRESS else self.host
        return f"[{host}]" if ":" in host else host

    @property
    def base_url(self) -> str:
        """The https origin of everything but the Studio pages, without a slash at the end."""
        return f"https://{self.address}:{self.port}"

    @property
    def api(self) -> str:
        """The data-plane base address that discovery names: the same origin."""
        return self.base_url

    @property
    def studio_url(self) -> str:
        """The plain-http origin of the Studio pages, always on loopback, without a slash at the end."""
        return f"http://127.0.0.1:{self.identity.studio_port}"

    @property
    def authority(self) -> str:
        """The origin of the token endpoint."""
        return self.base_url

    @property
    def ml_audience(self) -> str:
        """The audience of scoring tokens and of ``x-azureml-token``."""
        return ML_AUDIENCE

    @property
    def account_name(self) -> str:
        """The storage account's name as datastores answer it.

        Clients form ``https://{accountName}.blob.{suffix}``; an account name that holds host and port turns that
        formula into a path-style address on this server.
        """
        return f"{self.address}:{self.port}/{ACCOUNT}"

    @property
    def storage_url(self) -> str:
        """The blob service's address; a container's name follows after a slash."""
        return f"https://{self.account_name}.blob.{STORAGE_SUFFIX}"

    @property
    def workspace_arm_id(self) -> str:
        """The workspace's ARM path (its id)."""
        return (
            f"/subscriptions/{self.subscription_id}/resourceGroups/{self.resource_group}"
            f"/providers/Microsoft.MachineLearningServices/workspaces/{self.workspace_name}"
        )

    @property
    def registry_arm_id(self) -> str:
        """The registry's ARM path (its id)."""
        return self.workspace_arm_id.rpartition("/workspaces/")[0] + f"/registries/{REGISTRY}"

    @property
    def location_url(self) -> str:
        """The address below which long-running operations are: the subscription's part of Azure ML in the region."""
        return (
            f"{self.base_url}/subscriptions/{self.subscription_id}/providers/Microsoft.MachineLearningServices"
            f"/locations/{self.region}"
        )

    @property
    def ca_bundle(self) -> Path:
        """The file of trusted roots for clients: the public ones and our own."""
        return self.state / "ca-bundle.pem"

    @property
    def default_container(self) -> str:
        """The container of the datastore ``workspaceblobstore``."""
        return f"azureml-blobstore-{self.workspace_id}"

    @property
    def artifact_container(self) -> str:
        """The container of the datastore ``workspaceartifactstore``."""
        return "azureml"


def load_settings(
    state: Path,
    host: str,
    port: int | None,
    environments: Mapping[str, str],
    mlflow: str = MLFLOW_AS_SERVICE,
    environments_mode: str = OWN,
) -> Settings:
    """Read the directory's choices, or make them; a ``port`` given now replaces the kept one for good. What follows it
    holds for this start."""
    state = state.absolute()
    path = state / "identity.json"
    identity = read_identity(path)
    if identity is None:
        identity = Identity.choose(host, port)
        write_private(path, json.dumps(asdict(identity), indent=2))
    elif port and port != identity.port:
        identity = replace(identity, port=port)
        write_private(path, json.dumps(asdict(identity), indent=2))
    return Settings(state, host, identity, dict(environments), mlflow, environments_mode)


def with_free_studio_port(settings: Settings) -> Settings:
    """The same settings, with another Studio port, kept from now on, when the kept one is taken by another program."""
    if can_bind("127.0.0.1", settings.identity.studio_port):
        return settings
    identity = replace(settings.identity, studio_port=free_port("127.0.0.1", avoid=settings.port))
    write_private(settings.state / "identity.json", json.dumps(asdict(identity), indent=2))
    return replace(settings, identity=identity)


def read_identity(path: Path) -> Identity | None:
    """The kept choices, or None in a directory that has none yet."""
    try:
        data = json.loads(path.read_text())
        return Identity(**{row.name: data[row.name] for row in fields(Identity)})
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError):
        raise SettingsError(f"{path} is not readable as this emulator's settings; remove the directory.") from None


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner may read, in one step."""
    write_at_once(path, text, 0o600)


def write_at_once(path: Path, text: str, mode: int) -> None:
    """Write a file in one step: readers see the old text or the new one, never a part."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    temporary.unlink(missing_ok=True)
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
    temporary.replace(path)


def free_port(host: str, avoid: int = 0) -> int:
    """A port on which nothing listens, below the range from which systems take the ports of outgoing connections."""
    for _ in range(200):
        port = SystemRandom().randrange(10240, 32000)
        if port != avoid and can_bind(host, port):
            return port
    raise SettingsError(f"--host: no free port was found on {host!r}; is that an address of this machine?")


def can_bind(host: str, port: int) -> bool:
    """Whether a server could listen there now."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host or None, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError:
        return False
    return True
