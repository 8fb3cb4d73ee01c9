"""Keys of endpoints that know their callers by one. No HTTP."""

from __future__ import annotations

import secrets
import string
from collections.abc import Mapping
from typing import Any

from azureml_emulator.core.errors import ServiceError
from azureml_emulator.core.operations import Record
from azureml_emulator.core.schema import record, text, words

LETTERS = string.ascii_letters + string.digits

REGENERATE = record({"keyType": words("Primary", "Secondary"), "keyValue": text}, ("keyType",))
"""Source: RegenerateEndpointKeysRequest of api-version 2025-12-01."""


def new_key() -> str:
    """A key of an endpoint: 32 letters and digits."""
    return "".join(secrets.choice(LETTERS) for _ in range(32))


def with_keys(value: Record, before: Record | None) -> Record:
    """An endpoint's record with its keys, which it keeps for good."""
    keys = before["keys"] if before else {"primary": new_key(), "secondary": new_key()}
    return {**value, "keys": keys}


def replaced(keys: Mapping[str, str], asked: Mapping[str, Any]) -> dict[str, str]:
    """The keys after one was regenerated. It becomes what the request brings; what is there already, which Microsoft's
    client sends, or nothing makes a new one.

    :param asked: a body of the shape ``REGENERATE``.
    """
    wanted = asked.get("keyValue")
    value = wanted if wanted and wanted not in keys.values() else new_key()
    return {**keys, asked["keyType"].lower(): value}


def shown_keys(keys: Mapping[str, str]) -> dict[str, str]:
    """The keys as ARM answers them."""
    return {"primaryKey": keys["primary"], "secondaryKey": keys["secondary"]}


def auth_mismatch(endpoint: Record, mode: str) -> ServiceError:
    """400 for what is asked of an endpoint that knows its callers in another way. Form and text are ours."""
    own = endpoint["properties"]["authMode"]
    message = f"The endpoint {endpoint['name']} has the auth mode {own}, not {mode}."
    return ServiceError(400, "UserError", message, ("BadArgument", "AuthModeMismatch"))
