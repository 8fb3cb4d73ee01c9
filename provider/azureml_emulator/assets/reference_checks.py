"""Checks of references: the assets that jobs, components and deployments name exist.

The texts of the refusals are ours: the service's are unproven.
"""

from __future__ import annotations

import re

from azureml_emulator.assets.references import Resolver, UnresolvedError
from azureml_emulator.assets.versions import Version
from azureml_emulator.core.errors import invalid_field

CURATED = re.compile(r"AzureML-[\w.\-]+", re.I)
"""Names of Microsoft's environments that a workspace shows without a registry."""

PUBLIC_REGISTRY = "azureml"
"""The registry in which every environment is assumed to exist, because the emulator has no list of them."""


def check_reference(resolver: Resolver, field: str, text: str, kind: str) -> None:
    """An asset that is named must exist; other addresses are resolved when the job runs.

    Source: an https input that did not exist was accepted with 201 (recording test_command_job_invalid_datastore).

    :param field: the field that names it, for the message.
    :param kind: the kind of asset, as in paths (``data``, ``codes``).
    :raises ServiceError: 400 for an asset that does not exist, and for code that is no asset.
    """
    try:
        reference = resolver.reference(text, kind)
        if reference is not None:
            resolver.version(reference)
        elif kind == "codes":
            raise UnresolvedError(f"{text!r} is not the id of a code version.")
    except UnresolvedError as error:
        raise invalid_field(field, str(error), not_found(kind)) from None


def required_version(resolver: Resolver, field: str, text: str, kind: str) -> Version:
    """The asset version that a field names.

    :raises ServiceError: 400 when it names none, or one that does not exist.
    """
    try:
        reference = resolver.reference(text, kind)
        if reference is None or reference.kind != kind:
            raise UnresolvedError(f"{text!r} is not the id of a version of {kind}.")
        return resolver.version(reference)
    except UnresolvedError as error:
        raise invalid_field(field, str(error), not_found(kind)) from None


def not_found(kind: str) -> str:
    """The error code for a missing asset of a kind."""
    return f"{kind.removesuffix('s').capitalize()}NotFound"


def environment_id(resolver: Resolver, text: str) -> str:
    """The environment as the service stores it: curated and registry ones by their registry id.

    :raises ServiceError: 400 for one that does not exist.
    """
    try:
        reference = resolver.reference(text, "environments")
    except UnresolvedError as error:
        raise invalid_field("environmentId", str(error), "EnvironmentNotFound") from None
    if reference is None or reference.kind != "environments":
        raise invalid_field("environmentId", f"{text!r} is not an environment's id.", "EnvironmentNotFound")
    name, version = reference.name, reference.version
    found = resolver.find_version(reference)
    if found:
        return resolver.arm_id(found)
    curated = reference.registry is None and CURATED.fullmatch(name)
    if curated or (reference.registry or "").lower() == PUBLIC_REGISTRY:
        return f"azureml://registries/{PUBLIC_REGISTRY}/environments/{name}/versions/{version or '1'}"
    where = f"registry {reference.registry!r}" if reference.registry else "workspace"
    message = f"The environment {name}:{version or reference.label} was not found in the {where}."
    raise invalid_field("environmentId", message, "EnvironmentNotFound")
