"""Bodies of endpoints and deployments: the keys of every tracked resource, names, and how a body becomes a record."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from azureml_emulator.core.errors import ServiceError
from azureml_emulator.core.operations import Record
from azureml_emulator.core.resource_body import TEXTS, TEXTS_OR_NULLS, invalid
from azureml_emulator.core.schema import Problem, Shape, anything, bag, text

NAME = re.compile(r"[a-zA-Z][a-zA-Z0-9-]{1,30}[a-zA-Z0-9]")
"""Source: Microsoft's limits: 3 to 32 letters, digits and hyphens, the first one a letter."""

MOST_DEPLOYMENTS = 20
"""Deployments of one endpoint. Source: Microsoft's page on quotas."""

TRACKED: Mapping[str, Shape] = {
    "location": text,
    "tags": TEXTS,
    "identity": bag(anything, nulls=True),
    "kind": text,
    "sku": bag(anything, nulls=True),
    "id": text,
    "name": text,
    "type": text,
    "systemData": anything,
}
BASE: Mapping[str, Shape] = {"description": text, "properties": TEXTS_OR_NULLS, "provisioningState": text}


def read(body: dict[str, Any], shape: Shape, name: str) -> dict[str, Any]:
    """The checked body of a put.

    :raises ServiceError: the service's 400, with everything that is wrong with the body and the name.
    """
    problems: list[Problem] = []
    checked = shape(body, "", problems.append)
    if not NAME.fullmatch(name):
        problems.append(Problem("name", f"{name!r}: 3 to 32 letters, digits and hyphens, the first one a letter."))
    if problems:
        raise invalid(problems)
    return dict(checked)


def record_of(name: str, body: Mapping[str, Any], properties: dict[str, Any], before: Record | None) -> Record:
    """A record from a put."""
    created = {"created_at": before["created_at"]} if before else {}
    return {
        "name": name,
        "location": body["location"],
        "tags": body.get("tags") or {},
        "properties": properties,
        **{key: body[key] for key in ("identity", "kind", "sku") if body.get(key)},
        **created,
    }


def merge(value: dict[str, Any], body: Mapping[str, Any], keys: tuple[str, ...]) -> None:
    """Take over what a patch may change."""
    for key in keys:
        if body.get(key) is not None:
            value[key] = body[key]


def check_room(before: Record | None, deployments: int) -> None:
    """An endpoint has no more deployments than the service allows.

    :raises ServiceError: 400; code and text are ours.
    """
    if before is None and deployments >= MOST_DEPLOYMENTS:
        message = f"The endpoint has {MOST_DEPLOYMENTS} deployments; it can have no more."
        raise ServiceError(400, "UserError", message, ("QuotaExceeded", "DeploymentLimitReached"))


def missing(kind: str, name: str, code: str) -> ServiceError:
    """404 of the management front end."""
    return ServiceError(404, "UserError", f"{kind} {name} was not found.", ("NotFound", code))
