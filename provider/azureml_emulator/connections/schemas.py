"""The keys of connections, by how they authenticate; where they come from is said in ``core/resource_body.py``."""

from __future__ import annotations

from collections.abc import Mapping

from azureml_emulator.core.resource_body import ENVELOPE
from azureml_emulator.core.schema import Shape, anything, bag, filled, flag, many, record, text, union, words

COMMON: Mapping[str, Shape] = {
    "authType": text,
    "category": filled,
    "target": text,
    "metadata": bag(text, nulls=True),
    "expiryTime": text,
    "group": text,
    "isSharedToAll": flag,
    "sharedUserList": many(text),
    "useWorkspaceManagedIdentity": flag,
    "peRequirement": words("Required", "NotRequired", "NotApplicable"),
    "peStatus": words("Inactive", "Active", "NotApplicable"),
    "createdByWorkspaceArmId": text,
    "error": anything,
    "value": text,
    "valueFormat": text,
}

CREDENTIALS: Mapping[str, tuple[str, ...]] = {
    "PAT": ("pat",),
    "ManagedIdentity": ("clientId", "resourceId"),
    "UsernamePassword": ("username", "password", "securityToken"),
    "SAS": ("sas",),
    "AccountKey": ("key",),
    "ServicePrincipal": ("clientId", "clientSecret", "tenantId"),
    "AccessKey": ("accessKeyId", "secretAccessKey"),
    "ApiKey": ("key",),
    "OAuth2": (
        "authUrl", "clientId", "clientSecret", "developerToken", "password", "refreshToken", "tenantId", "username",
    ),
}  # fmt: skip
"""The keys of the credentials of each way to authenticate."""

CUSTOM = "CustomKeys"
WITHOUT = ("None", "AAD")
"""Ways to authenticate that take no credentials."""


def with_credentials(shape: Shape) -> Shape:
    """Properties with credentials of one shape."""
    return record({**COMMON, "credentials": shape}, ("authType",))


CONNECTION = union(
    "authType",
    {
        **{word: with_credentials(record(dict.fromkeys(keys, text))) for word, keys in CREDENTIALS.items()},
        CUSTOM: with_credentials(record({"keys": bag(text)})),
        **{word: record(COMMON, ("authType",)) for word in WITHOUT},
    },
)
"""Source: WorkspaceConnectionPropertiesV2 and its kinds in api-version 2025-12-01. ``category`` is any word there: new
ones come often."""

BODY = record({**ENVELOPE, "properties": CONNECTION}, ("properties",))
