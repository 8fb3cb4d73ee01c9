"""Whether the inputs of a job that the service shows certainly differ from those of our invocation.

The service may spell an address in another way than it was given, so only what is of one kind is compared; in doubt
they are the same.
"""

from __future__ import annotations

from collections.abc import Mapping

from airflow_azureml.rest.flow import Json
from airflow_azureml.rest.ids import parse_asset, parse_datastore_path
from airflow_azureml.rest.json_values import get_any_case


def certainly_differ(shown: Json, sent: Json) -> bool:
    """Whether an input of the same name certainly has another value."""
    if not isinstance(shown, Mapping) or not isinstance(sent, Mapping):
        return False
    return any(_other(shown[name], sent[name]) for name in shown.keys() & sent.keys())


def _other(shown: Json, sent: Json) -> bool:
    ours, theirs = _meant(sent), _meant(shown)
    return ours is not None and theirs is not None and ours[0] == theirs[0] and ours[1] != theirs[1]


def _meant(entry: Json) -> tuple[str, str] | None:
    """The kind of a value and its one spelling; None where it cannot be read."""
    value, uri = get_any_case(entry, "value"), get_any_case(entry, "uri")
    if value is not None:
        return "literal", str(value).lower()
    if not isinstance(uri, str) or not uri:
        return None
    place = parse_datastore_path(uri)
    if place is not None:
        return "datastore", f"{place.datastore}/{place.path.rstrip('/')}"
    asset = parse_asset(uri)
    if asset is not None:
        return ("asset", f"{asset.kind}/{asset.name}/{asset.version}") if asset.version else None
    return ("address", uri.rstrip("/")) if uri.startswith(("https://", "http://")) else None
