"""References to registered models of a workspace: which version is meant."""

from __future__ import annotations

import re

from airflow_azureml.rest import assets
from airflow_azureml.rest.assets import Asset
from airflow_azureml.rest.errors import NotFoundError, Problem, SpecError
from airflow_azureml.rest.flow import Steps
from airflow_azureml.rest.ids import AssetId, Workspace, parse_asset

NAMED = re.compile(r"(?:azureml:)?(?!azureml:)(?P<name>[\w.-]+)(?::(?P<version>[\w.-]+)|@(?P<label>latest))")

ACCEPTED = "azureml:NAME:VERSION, azureml:NAME@latest, a model's ARM id, or the result of the task that registered it"


def model_of(reference: str) -> AssetId:
    """Read a reference to a model of a workspace.

    :raises SpecError: it is none.
    """
    found = parse_asset(reference)
    if found is None and (named := NAMED.fullmatch(reference)):
        found = AssetId("models", named["name"], named["version"], named["label"])
    wrong = found is None or found.kind != "models" or found.registry or found.location
    if found is None or wrong or found.label not in (None, "latest"):
        raise SpecError([Problem("model", f"{reference!r} is not a model of a workspace. Accepted: {ACCEPTED}.")])
    return found


def registered(home: Workspace, model: AssetId) -> Steps[Asset]:
    """Read the version of a model that is meant.

    :param home: the workspace that it is registered in.
    :raises SpecError: there is no such model.
    """
    try:
        version = model.version or (yield from assets.latest(home, "models", model.name))
        found: Asset = yield from assets.get(home, "models", model.name, version)
    except NotFoundError as error:
        edition = f":{model.version}" if model.version else "@latest"
        raise SpecError([Problem("model", f"{model.name}{edition}: {error}")]) from None
    return found
