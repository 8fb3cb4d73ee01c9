"""From an Airflow connection to ``Settings``: which fields there are, what each accepts, and which belong together.

Forms and URIs make every value a string and leave empty ones in; here an empty value is a missing one.
"""

from __future__ import annotations

import difflib
import json
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from airflow_azureml.rest.clouds import CLOUDS
from airflow_azureml.rest.errors import SettingsError
from airflow_azureml.rest.ids import Workspace
from airflow_azureml.rest.links import parts_of
from airflow_azureml.rest.redaction import redact
from airflow_azureml.rest.settings import API_VERSION, Settings

COORDINATES = ("subscription_id", "resource_group", "workspace_name")

AUTH_NEEDS: Mapping[str, tuple[str, ...]] = {
    "default": (),
    "client_secret": ("login", "password", "tenant_id"),
    "client_certificate": ("login", "tenant_id", "certificate_path"),
    "workload_identity": (),
    "managed_identity": (),
    "azure_cli": (),
}
"""Ways to authenticate, and the fields each cannot do without."""

AZURE_EXTRAS: Mapping[str, str] = {
    "tenantId": "tenant_id",
    "subscriptionId": "subscription_id",
    "managed_identity_client_id": "managed_identity_client_id",
    "workload_identity_tenant_id": "workload_identity_tenant_id",
}
"""What the official provider's connection type ``azure`` calls ours. Source: its own form."""

AZURE_CLOUDS: Mapping[str, str] = {
    "AzurePublicCloud": "public",
    "AzureUSGovernment": "usgov",
    "AzureChinaCloud": "china",
}
"""What its ``cloud_environment`` calls our clouds. Source: apache-airflow-providers-microsoft-azure 15.2.0,
``hooks/base_azure.py``, which takes every other word for the public cloud."""

AZURE_KEYS = ("key_path", "key_json")
"""Extras of that type by which its hooks sign in, and ours does not."""

ADDRESS = re.compile(r"(https://)?([\w.-]+|\[[\da-fA-F:]+\])(:\d+)?(/[^\s?#@]*)?")
HOST = re.compile(r"(https://)?\*?\.?([\w-][\w.-]*|\[[\da-fA-F:]+\])(:\d+)?/?")


@dataclass(frozen=True)
class ConnectionFields:
    """An Airflow connection, as far as it matters here.

    :param extra: the JSON text of its extras.
    """

    conn_id: str
    conn_type: str | None
    login: str | None
    password: str | None
    extra: str | None

    def __repr__(self) -> str:
        """The id alone: login, password and extras are not shown."""
        return f"ConnectionFields(conn_id={self.conn_id!r})"

    @classmethod
    def of(cls, connection: Any) -> ConnectionFields:
        """Copy what matters, but not by ``extra_dejson``: its masking blocks, which a coroutine must not."""
        values = (getattr(connection, name, None) for name in ("conn_type", "login", "password", "extra"))
        return cls(connection.conn_id, *values)


def settings(fields: ConnectionFields, overrides: Mapping[str, Any]) -> Settings:
    """Read and check a connection together with the coordinates that a user of the hook gave.

    :param overrides: ``subscription_id``, ``resource_group``, ``workspace_name``; None leaves the connection's.
    :raises SettingsError: lists everything that is wrong, one line each: field, what was given, what is accepted.
    """
    problems: list[str] = []
    values = extras(fields, problems)
    # A list is no field of a form here, and no name either.
    values |= {name: value for name, value in overrides.items() if isinstance(value, list) or not is_empty(value)}
    read = {name: check(name, values[name], problems) for name, check in CHECKS.items() if name in values}
    login, password = text_or_none(fields.login), text_or_none(fields.password)
    auth = read.get("auth") or ("client_secret" if login and password else "default")
    needs(auth, {**read, "login": login, "password": password}, problems)
    for name in COORDINATES:
        if name not in values:
            problems.append(f"{name}: missing. Give it in the connection's extras, or where the connection is used.")
    if problems:
        problems = [redact(problem) for problem in problems]  # an address with a password may be in any field
        lead = f"Connection {fields.conn_id!r}: "
        raise SettingsError(lead + (problems[0] if len(problems) == 1 else "\n  ".join(["", *problems]))) from None
    return Settings(
        workspace=Workspace(*(read.pop(name) for name in COORDINATES)),
        auth=auth,
        client_id=login,
        client_secret=password if auth == "client_secret" else None,
        certificate_password=password if auth == "client_certificate" else None,
        **{name: value for name, value in read.items() if name != "auth"},
    )


def extras(fields: ConnectionFields, problems: list[str]) -> dict[str, Any]:
    """The extras that were given, under our names; what else a connection of type ``azure`` has is its own."""
    conn_type = fields.conn_type or "azureml"
    if conn_type not in ("azureml", "azure"):
        problems.append(f"conn_type: {conn_type!r} is not accepted. Accepted: azureml, azure.")
        return {}
    raw = short_names(parsed(fields.extra, problems), conn_type)
    if conn_type == "azure":
        raw = from_azure(raw, fields, problems)
    values: dict[str, Any] = {}
    for name, value in raw.items():
        if name in CHECKS:
            values[name] = value
        elif conn_type == "azureml":
            problems.append(unknown(name))
    return {name: value for name, value in values.items() if not is_empty(value)}


def short_names(given: Mapping[str, Any], kind: str) -> dict[str, Any]:
    """Extras by their own names: older forms wrote ``extra__azure__tenantId``, which counts where the short one is
    missing. Source: apache-airflow-providers-microsoft-azure, ``utils.get_field``."""
    prefix = f"extra__{kind}__"
    old = {name.removeprefix(prefix): value for name, value in given.items() if name.startswith(prefix)}
    new = {name: value for name, value in given.items() if not name.startswith(prefix)}
    return old | {name: value for name, value in new.items() if name not in old or not is_empty(value)}


def from_azure(raw: Mapping[str, Any], fields: ConnectionFields, problems: list[str]) -> dict[str, Any]:
    """The extras of a connection of type ``azure`` under our names."""
    values = {AZURE_EXTRAS.get(name, name): value for name, value in raw.items() if name != "cloud_environment"}
    cloud = raw.get("cloud_environment")
    if not is_empty(cloud):
        clouds = {name.lower(): ours for name, ours in AZURE_CLOUDS.items()}
        ours = clouds.get(cloud.strip().lower()) if isinstance(cloud, str) else None
        if ours is None:
            problems.append(f"cloud_environment: {cloud!r} is not accepted. Accepted: {', '.join(AZURE_CLOUDS)}.")
        elif values.get("cloud", ours) != ours:
            problems.append(
                f"cloud_environment: {cloud!r} contradicts cloud {values['cloud']!r}. Accepted: one of them."
            )
        values["cloud"] = ours or "public"
    if not (fields.login and fields.password):
        for name in AZURE_KEYS:
            if not is_empty(raw.get(name)):
                problems.append(f"{name}: this way to sign in is not supported. Accepted: login and password.")
    return values


def is_empty(value: Any) -> bool:
    """Whether a field was left empty, in whatever way forms and files do that."""
    return value is None or value == [] or (isinstance(value, str) and not value.strip())


def parsed(extra: str | None, problems: list[str]) -> Mapping[str, Any]:
    """The extras as a mapping."""
    if not extra or not extra.strip():
        return {}
    try:
        value = json.loads(extra)
    except ValueError as error:
        problems.append(f'extra: not JSON ({error}). Expected an object such as {{"tenant_id": "…"}}.')
        return {}
    if not isinstance(value, dict):
        problems.append(f"extra: a JSON {type(value).__name__} is not accepted. Expected an object.")
        return {}
    return value


def unknown(name: str) -> str:
    """What is said of an extra that there is not; never its value, which may be a secret in the wrong place."""
    if re.search(r"secret|password|client_?id", name, re.IGNORECASE) and name not in CHECKS:
        return f"{name}: not an extra. The client id belongs in `login`, its secret in `password`."
    near = difflib.get_close_matches(re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower(), CHECKS, n=1)
    hint = f"Did you mean {near[0]!r}? " if near else ""
    return f"{name}: not a known extra. {hint}Accepted: {', '.join(CHECKS)}."


def needs(auth: str, values: Mapping[str, Any], problems: list[str]) -> None:
    """Say which fields a way to authenticate lacks."""
    for name in AUTH_NEEDS.get(auth, ()):
        if not values.get(name) and not any(problem.startswith(f"{name}:") for problem in problems):
            problems.append(f"{name}: missing; auth={auth!r} needs {', '.join(AUTH_NEEDS[auth])}.")


def text_or_none(value: Any) -> str | None:
    """A field's text without blanks around it; None when nothing is there."""
    return value.strip() or None if isinstance(value, str) else None


def text(name: str, value: Any, problems: list[str]) -> str | None:
    """A non-empty string without blanks inside."""
    if isinstance(value, str) and value.strip() and not re.search(r"\s", value.strip()):
        return value.strip()
    problems.append(f"{name}: {value!r} is not accepted. Expected text without blanks.")
    return None


def part(name: str, value: Any, problems: list[str]) -> str | None:
    """One part of an address: a name or id, not a path."""
    if isinstance(value, str) and re.fullmatch(r"(?!\.\.?$)[^\s/?#%]+", value.strip()) and value.isprintable():
        return value.strip()
    problems.append(f"{name}: {value!r} is not accepted. Expected the name or id alone.")
    return None


def one_of(*accepted: str) -> Callable[[str, Any, list[str]], str | None]:
    """One of several words."""

    def check(name: str, value: Any, problems: list[str]) -> str | None:
        if isinstance(value, str) and value.strip() in accepted:
            return value.strip()
        problems.append(f"{name}: {value!r} is not accepted. Accepted: {', '.join(accepted)}.")
        return None

    return check


def file(name: str, value: Any, problems: list[str]) -> str | None:
    """The path of a file that exists on this machine."""
    if isinstance(value, str) and os.path.isfile(os.path.expanduser(value.strip())):
        return os.path.expanduser(value.strip())
    problems.append(f"{name}: {value!r} is not a file on this machine. Expected the path of an existing file.")
    return None


def address(name: str, value: Any, problems: list[str]) -> str | None:
    """An https address; a bare host counts as one."""
    if isinstance(value, str) and ADDRESS.fullmatch(value.strip()) and parts_of(value.strip()):
        return value.strip()
    shown = re.sub(r"//[^/@]*@|\?.*", "//…", value) if isinstance(value, str) else value
    problems.append(f"{name}: {shown!r} is not accepted. Expected https://host[:port].")
    return None


def version(name: str, value: Any, problems: list[str]) -> str | None:
    """An api-version."""
    if isinstance(value, str) and re.fullmatch(r"\d{4}-\d{2}-\d{2}(-preview)?", value.strip()):
        return value.strip()
    problems.append(f"{name}: {value!r} is not accepted. Expected a date such as {API_VERSION}.")
    return None


def hosts(name: str, value: Any, problems: list[str]) -> tuple[str, ...]:
    """Host names: a list, or a text that is a JSON list or has commas or blanks between them."""
    rows = listed(value) if isinstance(value, str) else value
    if isinstance(rows, list) and all(isinstance(row, str) and is_host(row.strip()) for row in rows):
        return tuple(row.strip().removeprefix("*") for row in rows)
    accepted = "a list of host names; `.example.com` for all its subdomains"
    problems.append(f"{name}: {value!r} is not accepted. Expected {accepted}.")
    return ()


def is_host(value: str) -> bool:
    """Whether a text is a host, or with ``*.`` before it all below one."""
    return bool(HOST.fullmatch(value) and parts_of(value.replace("*", "").lstrip(".")))


def listed(value: str) -> Any:
    """A list that came as text; None for broken JSON."""
    if not value.strip().startswith("["):
        return re.split(r"[\s,;]+", value.strip(" ,;"))
    try:
        return json.loads(value)
    except ValueError:
        return None


CHECKS: Mapping[str, Callable[[str, Any, list[str]], Any]] = {
    "tenant_id": part,
    "subscription_id": part,
    "resource_group": part,
    "workspace_name": part,
    "auth": one_of(*AUTH_NEEDS),
    "managed_identity_client_id": part,
    "workload_identity_tenant_id": part,
    "certificate_path": file,
    "cloud": one_of(*CLOUDS),
    "verify": file,
    "endpoint": address,
    "authority": address,
    "ml_audience": text,
    "storage_suffix": part,
    "api_version": version,
    "trusted_hosts": hosts,
}
"""The extras there are, and the function that reads each."""
