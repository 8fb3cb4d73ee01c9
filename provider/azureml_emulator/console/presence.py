"""The running emulator as others see it: ``endpoint.json``, the lock that says whether it runs, the shell exports."""

from __future__ import annotations

import fcntl
import json
import os
import random
import shlex
import time
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any

from azureml_emulator.console import register
from azureml_emulator.core.settings import ML_AUDIENCE, PORTAL, STORAGE_SUFFIX, Settings, write_private

DEFAULT_STATE = "./.azureml-emulator"
"""The state directory where none is named."""

CONVENIENCE = {"AIRFLOW__AZUREML__POLL_INTERVAL": "2"}
"""Variables that are not needed to reach the emulator: emulated jobs are short, so Airflow looks at them more often."""


LOOK = 0.01
"""Seconds, at most, after which a lock is tried again that others look at."""


class UsageError(Exception):
    """The command cannot be carried out as given."""


class RunningError(Exception):
    """Another emulator runs in this state directory."""

    def __init__(self, state: Path, pid: int | None) -> None:
        super().__init__(f"An emulator is already running in {state} (pid {pid or 'unknown'}); stop it first.")


class NotRunningError(Exception):
    """No emulator answers in this state directory."""

    def __init__(self, state: Path) -> None:
        command = f"azureml-emulator start --state {shlex.quote(str(state))}"
        super().__init__(f"No emulator is running in {state}. Start one with: {command}")


class SeveralRunningError(UsageError):
    """More than one emulator runs, and the command is about one."""

    def __init__(self, states: Sequence[Path]) -> None:
        listed = "; ".join(f"--state {shlex.quote(str(state))}" for state in states)
        super().__init__(f"{len(states)} emulators are running. Name the one that is meant: {listed}")


def cloud_metadata(settings: Settings) -> dict[str, str]:
    """The six keys that ``MLClient(cloud_metadata=...)`` takes. Source: azure-ai-ml 1.35.2, ``_azure_environments``."""
    return {
        "resource_manager": settings.base_url,
        "active_directory": settings.authority,
        "aml_resource_id": ML_AUDIENCE,
        "storage_endpoint": STORAGE_SUFFIX,
        "azure_portal": PORTAL,
        "registry_discovery_endpoint": settings.base_url,
    }


def airflow_connection(settings: Settings) -> str:
    """The text for ``AIRFLOW_CONN_AZUREML_DEFAULT``; with all that its process would ask the endpoint for first."""
    extra = {
        "tenant_id": settings.tenant_id,
        "subscription_id": settings.subscription_id,
        "resource_group": settings.resource_group,
        "workspace_name": settings.workspace_name,
        "endpoint": settings.base_url,
        "authority": settings.authority,
        "ml_audience": ML_AUDIENCE,
        "storage_suffix": STORAGE_SUFFIX,
        "verify": str(settings.ca_bundle),
    }
    row = {"conn_type": "azureml", "login": settings.client_id, "password": settings.client_secret, "extra": extra}
    return json.dumps(row)


def describe(settings: Settings) -> dict[str, Any]:
    """The content of ``endpoint.json``."""
    return {
        "endpoint": settings.base_url,
        "authority": settings.authority,
        "ca_bundle": str(settings.ca_bundle),
        "tenant_id": settings.tenant_id,
        "client_id": settings.client_id,
        "client_secret": settings.client_secret,
        "subscription_id": settings.subscription_id,
        "resource_group": settings.resource_group,
        "workspace_name": settings.workspace_name,
        "region": settings.region,
        "storage_url": settings.storage_url,
        "studio_url": settings.studio_url,
        "cloud_metadata_url": f"{settings.base_url}/metadata/endpoints",
        "cloud_metadata": cloud_metadata(settings),
        "airflow_connection": airflow_connection(settings),
        "pid": os.getpid(),
    }


def environment(endpoint: dict[str, Any]) -> dict[str, str]:
    """The variables that make Microsoft's client and the provider use the emulator.

    :param endpoint: the content of ``endpoint.json``.
    """
    return {
        "ARM_CLOUD_METADATA_URL": endpoint["cloud_metadata_url"],
        "REGISTRY_DISCOVERY_ENDPOINT_URL": endpoint["endpoint"],
        "AZURE_AUTHORITY_HOST": endpoint["authority"],
        "AZURE_TENANT_ID": endpoint["tenant_id"],
        "AZURE_CLIENT_ID": endpoint["client_id"],
        "AZURE_CLIENT_SECRET": endpoint["client_secret"],
        "REQUESTS_CA_BUNDLE": endpoint["ca_bundle"],
        "SSL_CERT_FILE": endpoint["ca_bundle"],
        "AZURE_ML_DISABLE_ON_DISK_CACHE": "true",
        "AIRFLOW_CONN_AZUREML_DEFAULT": endpoint["airflow_connection"],
        "AZUREML_SUBSCRIPTION_ID": endpoint["subscription_id"],
        "AZUREML_RESOURCE_GROUP": endpoint["resource_group"],
        "AZUREML_WORKSPACE_NAME": endpoint["workspace_name"],
    }


def shell_environment(endpoint: dict[str, Any]) -> dict[str, str]:
    """All variables that ``env`` exports: those that make clients use the emulator, and convenient settings."""
    return environment(endpoint) | CONVENIENCE


def exports(endpoint: dict[str, Any]) -> str:
    """The variables as lines for a POSIX shell."""
    variables = shell_environment(endpoint)
    return "".join(f"export {name}={shlex.quote(value)}\n" for name, value in variables.items())


class Presence:
    """Whether an emulator runs in a state directory; for the one that does, the lock that says so.

    The lock is the operating system's: it ends with the process, however that ends, so an ``endpoint.json`` that was
    left behind does no harm.
    """

    def __init__(self, state: Path) -> None:
        self._given = state
        self.state = state.absolute()
        self.file = self.state / "endpoint.json"
        self._lock: IO[str] | None = None

    def make_directory(self) -> None:
        """See to it that the directory is there.

        :raises UsageError: it cannot be made.
        """
        if self.state.exists() and not self.state.is_dir():
            raise UsageError(f"--state: {str(self._given)!r} is not a directory.")
        try:
            self.state.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as error:
            raise UsageError(f"--state: {str(self._given)!r} cannot be made: {error.strerror}.") from None

    def take(self) -> None:
        """Become the one emulator of the directory, and remove what a killed one left.

        :raises RunningError: there is one.
        :raises UsageError: the directory cannot be made.
        """
        self.make_directory()
        lock = open(self.state / "lock", "a+")  # noqa: SIM115 - held until the process ends
        while not locked(lock, fcntl.LOCK_EX):
            if not locked(lock, fcntl.LOCK_SH):
                lock.close()
                raise RunningError(self.state, self.pid())
            # Whoever holds it has only looked whether an emulator does.
            fcntl.flock(lock, fcntl.LOCK_UN)
            time.sleep(random.uniform(0, LOOK))
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        self._lock = lock
        self.file.unlink(missing_ok=True)
        register.add(self.state)

    def announce(self, settings: Settings) -> None:
        """Write ``endpoint.json``: everything answers."""
        write_private(self.file, json.dumps(describe(settings), indent=2) + "\n")

    def leave(self) -> None:
        """Remove ``endpoint.json`` and release the lock."""
        self.file.unlink(missing_ok=True)
        if self._lock:
            register.remove(self.state)
            self._lock.close()
            self._lock = None

    def alive(self) -> bool:
        """Whether a process holds the directory."""
        try:
            lock = open(self.state / "lock")  # noqa: SIM115
        except OSError:
            return False
        with lock:
            return not locked(lock, fcntl.LOCK_SH)

    def pid(self) -> int | None:
        """The process that holds, or last held, the directory."""
        try:
            return int((self.state / "lock").read_text())
        except (OSError, ValueError):
            return None

    def endpoint(self) -> dict[str, Any]:
        """The content of ``endpoint.json`` of a running emulator.

        :raises NotRunningError: there is none, or it is still starting.
        """
        if not self.alive():
            raise NotRunningError(self.state)
        try:
            content: dict[str, Any] = json.loads(self.file.read_text())
        except (OSError, ValueError):
            raise NotRunningError(self.state) from None
        return content


def locked(lock: IO[str], kind: int) -> bool:
    """Take a lock of a kind, unless others are in the way; whether it was taken."""
    try:
        fcntl.flock(lock, kind | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def running() -> list[Presence]:
    """The running emulators of this user, the one of the current folder first."""
    states = dict.fromkeys([Path(DEFAULT_STATE).absolute(), *register.noted()])
    return [presence for presence in map(Presence, states) if presence.alive()]


def chosen(state: Path | None) -> Presence:
    """The emulator that a command is about: the named one, else the one of the current folder, else the one that runs.

    Where none runs it is the current folder's, which then says so.

    :raises SeveralRunningError: none runs in the current folder, and several elsewhere.
    """
    here = Presence(state or Path(DEFAULT_STATE))
    if state is not None or here.alive():
        return here
    living = running()
    if len(living) > 1:
        raise SeveralRunningError([presence.state for presence in living])
    return living[0] if living else here
