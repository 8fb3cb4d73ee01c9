"""The difference between an existing resource and a requested one, and the body that updates it.

The service replaces a resource by what is put: a PUT without tags takes them away. (Source: azure-cli#33834, and
azure-ai-ml 1.35.2, whose ``begin_create_or_update`` puts the object it is given as it is. Its PATCH changes tags and
descriptions alone: REST reference, Batch Deployments - Update.) So an update puts the merge of both.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from airflow_azureml.rest.redaction import redact

READ_ONLY = frozenset({"provisioningState", "scoringUri", "swaggerUri", "keys"})
"""Properties that only answers carry. Source: REST reference, Batch Endpoints and Deployments - Get."""

OUTER = ("tags", "identity", "kind", "sku", "location")
"""What a resource has beside its properties, and is put again."""

UNIONS = {"model": "referenceType", "deploymentConfiguration": "deploymentConfigurationType"}
"""Mappings of several shapes, and the key that says which."""

FREE = frozenset({"tags", "properties", "environmentVariables", "settings", "flavors"})
"""Mappings whose keys are the user's own words."""

EXACT = frozenset(
    {"tags", "properties", "environmentVariables", "description", "scoringScript", "outputFileName"},
)
"""What the service gives back in the case that it was given: the user's own words, and names of files."""

ENTIRE = frozenset({"traffic", "mirrorTraffic"})
"""Mappings that an update replaces, because what they name adds up; a share of nothing is as none."""

CONCEALED = frozenset({"environmentVariables", "userAccountCredentials", "administratorAccount"})
"""Mappings whose values may be secrets."""


def holds(shown: Any, wanted: Any) -> bool:
    """Whether a resource already is all that is wanted of it; what is not asked for may be anything.

    Ids and words are compared without regard to case: the service gives them back in its own. Where it holds texts, a
    number or a truth value comes back as one.
    """
    return _holds(shown, wanted, ())


def _holds(shown: Any, wanted: Any, path: tuple[str, ...]) -> bool:
    if isinstance(wanted, Mapping):
        if not isinstance(shown, Mapping):
            return not wanted and shown is None
        if path and path[-1] in ENTIRE:
            return _shares(shown) == _shares(wanted)
        return all(_holds(shown.get(key), value, (*path, key)) for key, value in wanted.items())
    if isinstance(wanted, str) and isinstance(shown, str):
        return wanted == shown if EXACT & set(_names(path)) else wanted.casefold() == shown.casefold()
    if isinstance(wanted, (bool, int, float)) and isinstance(shown, str):
        return str(wanted).casefold() == shown.casefold()
    return bool(shown == wanted)


def _shares(mapping: Mapping[str, Any]) -> dict[str, Any]:
    return {name.casefold(): share for name, share in mapping.items() if share}


def _names(path: tuple[str, ...]) -> tuple[str, ...]:
    """The keys of a value, without the ``properties`` that every resource has."""
    return path[1:] if path[:1] == ("properties",) else path


def whole(shown: Mapping[str, Any], wanted: Mapping[str, Any]) -> dict[str, Any]:
    """The body of an update: what is given, and all else as it is shown.

    :param shown: the answer to a GET.
    :param wanted: ``{"properties": {...}}``, with ``tags`` and the like where they are given.
    """
    kept: dict[str, Any] = {key: shown[key] for key in OUTER if shown.get(key)}
    if isinstance(kept.get("identity"), Mapping):
        kept["identity"] = _identity(kept["identity"])
    inner = shown.get("properties")
    existing = inner if isinstance(inner, Mapping) else {}
    requested = wanted["properties"]
    if _other_kind(existing, requested):
        existing = {key: existing[key] for key in ("description", "properties") if key in existing}
    kept["properties"] = {key: value for key, value in existing.items() if key not in READ_ONLY and value is not None}
    body = _laid_over(kept, wanted)
    properties = body["properties"]
    if properties.get("outputAction") == "SummaryOnly" and "outputFileName" not in requested:
        properties.pop("outputFileName", None)  # which only appended rows have
    return body


def _identity(shown: Mapping[str, Any]) -> dict[str, Any]:
    """An identity without what only answers carry. Source: azure-ai-ml 1.35.2, ``ManagedServiceIdentity``."""
    assigned = shown.get("userAssignedIdentities")
    kept = {key: value for key, value in shown.items() if key not in ("principalId", "tenantId")}
    return {**kept, "userAssignedIdentities": {key: {} for key in assigned}} if isinstance(assigned, Mapping) else kept


def _other_kind(shown: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    """Whether a deployment of a model becomes one of a pipeline, or the other way round."""
    pairs = (("model", "deploymentConfiguration"), ("deploymentConfiguration", "model"))
    return any(bool(wanted.get(one)) and bool(shown.get(other)) for one, other in pairs)


def _laid_over(shown: Mapping[str, Any], wanted: Mapping[str, Any]) -> dict[str, Any]:
    body = dict(shown)
    for key, value in wanted.items():
        existing = shown.get(key)
        discriminator = UNIONS.get(key)
        same = not discriminator or (
            isinstance(existing, Mapping) and existing.get(discriminator) == (value or {}).get(discriminator)
        )
        both = isinstance(existing, Mapping) and isinstance(value, Mapping)
        body[key] = _laid_over(existing, value) if both and same and key not in ENTIRE else value  # type: ignore[arg-type]
    return body


def changes(shown: Any, wanted: Any) -> Iterator[str]:
    """Say each value that an update changes, for the task log: ``mini_batch_size: 10 becomes 5``."""
    for path, before, after in _differences(shown, wanted, ()):
        names = _names(path)
        spelled, free = [], False
        for name in names:
            spelled.append(name if free else _snake(name))
            free = free or name in FREE
        if CONCEALED & set(names):
            yield f"{'.'.join(spelled)} changes"
        else:
            yield f"{'.'.join(spelled)}: {redact(f'{_shown(before)} becomes {_shown(after)}')}"


def _differences(
    shown: Any, wanted: Mapping[str, Any], path: tuple[str, ...]
) -> Iterator[tuple[tuple[str, ...], Any, Any]]:
    for key, value in wanted.items():
        existing = shown.get(key) if isinstance(shown, Mapping) else None
        if isinstance(value, Mapping) and value and key not in ENTIRE:
            yield from _differences(existing, value, (*path, key))
        elif not _holds(existing, value, (*path, key)):
            yield (*path, key), existing, value


def _snake(name: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)


def _shown(value: Any) -> str:
    text = "nothing" if value is None else f'"{value}"' if isinstance(value, str) else str(value)
    return text if len(text) <= 200 else f"{text[:197]}..."
