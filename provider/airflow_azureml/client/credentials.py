"""From settings to a credential: one table of azure-identity's own classes, sync and async."""

from __future__ import annotations

import random
import time
from collections.abc import Awaitable, Callable, Mapping
from itertools import chain, repeat
from typing import Any, NamedTuple

import azure.identity
from azure.core.credentials import AccessToken

from airflow_azureml.client.adapter import ca_bundle
from airflow_azureml.client.interruption import pause
from airflow_azureml.client.login_exchange import HOOKS, LISTENING, Exchange, Renewal
from airflow_azureml.client.pipeline import LONGEST_DELAY, Limits
from airflow_azureml.client.transport_errors import fields_of, redacted, token_error
from airflow_azureml.rest.clouds import ControlPlane
from airflow_azureml.rest.errors import AuthenticationError, SettingsError, TransientServiceError
from airflow_azureml.rest.settings import Settings
from airflow_azureml.rest.times import retry_after

PAUSES = (1.0, 2.0, 4.0, 8.0, 16.0)
"""Seconds, at least, before a login service that is throttled or out of order is asked again; the last one repeats."""


class Row(NamedTuple):
    """One way to authenticate.

    :param name: the class, called the same in ``azure.identity`` and ``azure.identity.aio``.
    :param arguments: its arguments, from the connection; entries that are None are left to the class.
    :param options: which of the groups in ``_options`` it takes.
    """

    name: str
    arguments: Callable[[Settings], Mapping[str, Any]]
    options: tuple[str, ...] = ("transport", "retry", "authority")


CREDENTIALS: Mapping[str, Row] = {
    "default": Row(
        "DefaultAzureCredential",
        lambda s: {
            "managed_identity_client_id": s.managed_identity_client_id,
            "workload_identity_tenant_id": s.workload_identity_tenant_id,
        },
        ("transport", "authority"),
    ),
    "client_secret": Row(
        "ClientSecretCredential",
        lambda s: {"tenant_id": s.tenant_id, "client_id": s.client_id, "client_secret": s.client_secret},
    ),
    "client_certificate": Row(
        "CertificateCredential",
        lambda s: {
            "tenant_id": s.tenant_id,
            "client_id": s.client_id,
            "certificate_path": s.certificate_path,
            "password": s.certificate_password,
        },
    ),
    "workload_identity": Row(
        "WorkloadIdentityCredential",
        lambda s: {
            "tenant_id": s.workload_identity_tenant_id or s.tenant_id,
            "client_id": s.client_id or s.managed_identity_client_id,
        },
    ),
    "managed_identity": Row(
        "ManagedIdentityCredential", lambda s: {"client_id": s.managed_identity_client_id}, ("transport",)
    ),
    "azure_cli": Row("AzureCliCredential", lambda s: {"tenant_id": s.tenant_id}, ()),
}


def make(library: Any, settings: Settings, control: ControlPlane, limits: Limits, transport: Any = None) -> Any:
    """Build the credential that the settings ask for.

    :param library: ``azure.identity`` or ``azure.identity.aio``.
    :param transport: what its requests travel by; None lets it make its own.
    :raises SettingsError: ``auth`` is unknown, or the class refuses what it was given.
    """
    row = CREDENTIALS.get(settings.auth)
    if row is None:
        raise SettingsError(f"auth: {settings.auth!r} is not a way to sign in. Accepted: {', '.join(CREDENTIALS)}.")
    groups = _options(settings, control, limits, transport)
    arguments = {key: value for key, value in row.arguments(settings).items() if value is not None}
    for group in row.options:
        arguments.update(groups[group])
    try:
        return getattr(library, row.name)(**arguments)
    except (ValueError, TypeError, OSError) as error:
        message = redacted(str(error), settings)
        fields = fields_of(message, settings)
        raise SettingsError(
            f"auth={settings.auth!r} cannot be used: {message} Check the connection's {fields}."
        ) from None


def _options(
    settings: Settings, control: ControlPlane, limits: Limits, transport: Any
) -> Mapping[str, Mapping[str, Any]]:
    """Options of credentials for the network; an authority of the user's own cannot be looked up at Microsoft's."""
    custom = bool(settings.authority or settings.endpoint)
    travel = {"transport": transport} if transport else {"connection_verify": ca_bundle(settings) or True}
    return {
        "transport": {**travel, **HOOKS},
        "retry": {
            "retry_total": limits.retries,
            # ``Tokens``, or the wait for a job, decides about an answer: azure-core would sleep as long as it asks.
            "retry_status": 0,
            "connection_timeout": limits.connect,
            "read_timeout": limits.read,
        },
        "authority": {
            "authority": control.authority,
            **({"disable_instance_discovery": True} if custom else {}),
        },
    }


class _Login(Renewal):
    """Who signs in, and the credential that is made of it."""

    def __init__(self, library: Any, settings: Settings, control: ControlPlane, limits: Limits, transport: Any) -> None:
        super().__init__(settings)
        self._library = library
        self._given = control, limits, transport
        self.remake()

    def remake(self) -> None:
        """Make the credential anew, without what the one before has kept."""
        self.credential = make(self._library, self.settings, *self._given)

    def takes(self, fresh: Settings) -> bool:
        """Take settings over, and make the credential of who they name."""
        is_another = super().takes(fresh)
        if is_another:
            self.remake()
        return is_another


class Tokens:
    """A credential that raises our own errors; what azure-core's bearer policies ask for tokens.

    Our errors pass azure-core's retry policy by, so that a wrong secret fails at once. A login service that is
    throttled or out of order is asked again for ``limits.throttled`` seconds, as late as it asks to be.

    :param transport: the client's own, whose trusted roots are read already.
    :param reread: reads the settings anew; None where that cannot be.
    """

    def __init__(
        self,
        settings: Settings,
        control: ControlPlane,
        limits: Limits,
        transport: Any,
        reread: Callable[[], Settings] | None = None,
    ) -> None:
        self._authority, self._limits, self._reread = control.authority, limits, reread
        self._login = _Login(azure.identity, settings, control, limits, transport)
        self._last = Exchange()

    def get_token(self, *scopes: str, **options: Any) -> AccessToken:
        """A token from the credential's cache or the authority.

        :raises AuthenticationError: refused; names the fields of the connection to look at.
        :raises TransientError: the authority was not reached or is out of order.
        """
        until, pauses = time.monotonic() + self._limits.throttled, chain(PAUSES, repeat(PAUSES[-1]))
        while True:
            try:
                return self._ask(*scopes, **options)
            except AuthenticationError:
                if not self._has_become_another():
                    raise
            except TransientServiceError as error:
                # msal keeps a failed answer for some time, up to a minute, and sends no request meanwhile.
                self._login.remake()
                seconds = max(next(pauses) * random.uniform(1, 1.5), retry_after(error.reply) or 0.0)
                if time.monotonic() + seconds > until:
                    raise
                pause(seconds)

    def _has_become_another(self) -> bool:
        """Whether the connection says otherwise by now who signs in; the credential is that one's, then."""
        if self._reread is None or not self._login.begins():
            return False
        try:
            fresh = self._reread()
        except Exception:  # noqa: BLE001 - whatever it is, that of the login service is the one to tell
            return False
        return self._login.takes(fresh)

    def _ask(self, *scopes: str, **options: Any) -> AccessToken:
        exchange = Exchange()
        listening = LISTENING.set(exchange)
        try:
            token: AccessToken = self._login.credential.get_token(*scopes, **options)
        except Exception as error:
            if not exchange.explains(error):
                raise
            # Without a request of its own the credential repeats the answer that another thread was given.
            self._last = exchange if exchange.url else self._last
            raise token_error(error, self._login.settings, self._authority, self._last) from None
        finally:
            LISTENING.reset(listening)
        return token

    def close(self) -> None:
        """Close the credential's connections."""
        self._login.credential.close()


class AsyncTokens:
    """``Tokens`` for coroutines, which does not wait by itself: each wait for a job has a patience of its own.

    While a login service asks for a pause it is sent nothing: a triggerer's waits would ask one after the other.

    :param transport: the client's own. A credential with one of its own reads the CA bundle anew for each token, while
        the event loop stands still.
    :param reread: as for ``Tokens``.
    """

    def __init__(
        self,
        settings: Settings,
        control: ControlPlane,
        limits: Limits,
        transport: Any,
        reread: Callable[[], Awaitable[Settings]] | None = None,
    ) -> None:
        import azure.identity.aio  # not for a worker's processes, which have no coroutines

        self._authority, self._reread = control.authority, reread
        self._login = _Login(azure.identity.aio, settings, control, limits, transport)
        self._throttled: dict[tuple[str, ...], tuple[float, TransientServiceError]] = {}

    async def get_token(self, *scopes: str, **options: Any) -> AccessToken:
        """A token from the credential's cache or the authority.

        :raises AuthenticationError: refused; names the fields of the connection to look at.
        :raises TransientError: the authority was not reached or is out of order.
        """
        try:
            return await self._ask(*scopes, **options)
        except AuthenticationError:
            if not await self._has_become_another():
                raise
        return await self._ask(*scopes, **options)

    async def _has_become_another(self) -> bool:
        """Whether the connection says otherwise by now who signs in; the credential is that one's, then."""
        if self._reread is None or not self._login.begins():
            return False
        try:
            fresh = await self._reread()
        except Exception:  # noqa: BLE001 - whatever it is, that of the login service is the one to tell
            return False
        return self._login.takes(fresh)

    async def _ask(self, *scopes: str, **options: Any) -> AccessToken:
        until, last = self._throttled.get(scopes, (0.0, None))
        if last is not None and time.monotonic() < until:
            raise TransientServiceError(str(last), last.reply)
        if options.get("claims"):
            # azure-identity 1.24.0 (not 1.25.3) would give out the token again that has just been refused.
            self._login.remake()
        exchange = Exchange()
        listening = LISTENING.set(exchange)
        try:
            token: AccessToken = await self._login.credential.get_token(*scopes, **options)
        except Exception as error:
            if not exchange.explains(error):
                raise
            failure = token_error(error, self._login.settings, self._authority, exchange)
            if isinstance(failure, TransientServiceError):
                seconds = min(retry_after(failure.reply) or PAUSES[0], LONGEST_DELAY)
                self._throttled[scopes] = time.monotonic() + seconds, failure
            raise failure from None
        finally:
            LISTENING.reset(listening)
        return token

    async def close(self) -> None:
        """Close the credential's connections."""
        await self._login.credential.close()
