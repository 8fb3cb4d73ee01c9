"""The download of a registered model: which version is meant, where its files are, and the credentials for them."""

from __future__ import annotations

import re
from dataclasses import replace

from airflow_azureml.lifecycle.output_download import enter
from airflow_azureml.rest import assets, workspace
from airflow_azureml.rest.errors import NotFoundError, Problem, SpecError
from airflow_azureml.rest.flow import LocalFolder, Steps, StorageLocation, Transfer, Transferred
from airflow_azureml.rest.ids import AssetId, Workspace, parse_asset
from airflow_azureml.rest.json_values import get_text

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


def download(ws: Workspace, model: AssetId, target: LocalFolder) -> Steps[Transferred]:
    """Fetch the files of a model.

    :raises SpecError: there is no such model, or its files are in a kind of storage that cannot be read here.
    """
    home = model.workspace or ws
    try:
        version = model.version or (yield from assets.latest(home, "models", model.name))
        found = yield from assets.get(home, "models", model.name, version)
    except NotFoundError as error:
        raise SpecError([Problem("model", f"{model.name} {model.version or '@latest'}: {error}")]) from None
    uri = get_text(found.properties, "modelUri") or ""
    order = Transfer(StorageLocation(""), target)
    moved: Transferred = yield from workspace.move(
        lambda anew: enter(home, uri, uri, anew=anew), lambda location: replace(order, source=location)
    )
    return moved
