"""Registration of data assets and models by content or location; their files are uploaded first."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from airflow_azureml.lifecycle.asset_versions import keep
from airflow_azureml.lifecycle.needs.fulfilment import Fulfilment
from airflow_azureml.rest.assets import Asset
from airflow_azureml.rest.flow import Steps
from airflow_azureml.rest.ids import Workspace


def register_data(
    ws: Workspace, name: str, version: str | None, body: Mapping[str, Any], *, keeps_type: bool = False
) -> Steps[Asset]:
    """Make a data asset, or find the one that is there already.

    :param version: the version that must stand for this place; None: the latest if it does, else the next.
    :param body: ``{"properties": {...}}`` with placeholders.
    :param keeps_type: the version is there, and is of the type that it has.
    :raises SpecError: the given version exists and stands for another place.
    """
    return (yield from _register(ws, "data", name, version, body, keeps_type))


def register_model(
    ws: Workspace, name: str, version: str | None, body: Mapping[str, Any], *, keeps_type: bool = False
) -> Steps[Asset]:
    """Register a model, or find the one that is there already; parameters and errors as for ``register_data``."""
    return (yield from _register(ws, "models", name, version, body, keeps_type))


def _register(
    ws: Workspace, kind: str, name: str, version: str | None, body: Mapping[str, Any], keeps_type: bool
) -> Steps[Asset]:
    filled = yield from Fulfilment(ws).fill(body)
    return (yield from keep(ws, kind, name, version, filled, keeps_type=keeps_type))
