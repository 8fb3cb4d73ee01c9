"""Sharing a model of a workspace with a registry; what is there under its name and version is left alone."""

from __future__ import annotations

import contextlib
import re
from typing import Any

from airflow_azureml.lifecycle.models.references import model_of, registered
from airflow_azureml.rest import workspace
from airflow_azureml.rest.assets import Asset
from airflow_azureml.rest.errors import ConflictError, NotFoundError, PatienceError, Problem, SpecError
from airflow_azureml.rest.flow import Pause, Plane, Reply, Steps
from airflow_azureml.rest.ids import AssetId, Workspace
from airflow_azureml.rest.links import follow
from airflow_azureml.rest.resources import registries
from airflow_azureml.rest.resources.registries import Registry
from airflow_azureml.rest.times import retry_after

BETWEEN_LOOKS = 5.0
"""Seconds between looks at an import where the service does not say."""

LONGEST = 3600.0
"""Seconds for which an import is waited for, the operation's own time-out (a recorded answer of a registry)."""


NAME = re.compile(r"[\w.-]+")


def share_by_name(
    ws: Workspace, model: str, registry_name: str, name: str | None = None, version: str | None = None
) -> Steps[tuple[dict[str, Any], bool]]:
    """Share a model that a reference names; ``{"id", "name", "version"}`` there, and whether it is new.

    :raises SpecError: one of the names is none; or as for ``share``.
    """
    names: dict[str, Any] = {"registry_name": registry_name, "name": name, "version": version}
    for field, given in names.items():
        if given is None and field != "registry_name":
            continue
        text = str(given) if field == "version" and type(given) is int else given
        if not (isinstance(text, str) and NAME.fullmatch(text)):
            accepted = "Accepted: letters, digits, _, - and dots"
            raise SpecError([Problem(field, f"{given!r} is not a name. {accepted}.")])
    edition = None if version is None else str(version)
    registry, shared, is_new = yield from share(ws, model_of(model), registry_name, name, edition)
    identity = f"azureml://registries/{registry.name}/models/{shared.name}/versions/{shared.version}"
    return {"id": identity, "name": shared.name, "version": shared.version}, is_new


def share(
    ws: Workspace, model: AssetId, registry_name: str, name: str | None, version: str | None
) -> Steps[tuple[Registry, Asset, bool]]:
    """Take a model over into a registry; says whether it was not there before.

    :param name: in the registry; None: as in the workspace, as is ``version``.
    :raises SpecError: there is no such model or registry.
    """
    home = model.workspace or ws
    found = yield from registered(home, model)
    try:
        registry = yield from registries.discover(registry_name)
    except NotFoundError as error:
        raise SpecError([Problem("registry_name", f"{registry_name!r} does not exist: {error}")]) from None
    target = (name or found.name, version or found.version)
    existing = yield from _find(registry, *target)
    if existing is not None:
        return registry, existing, False
    info = yield from workspace.get(home)
    source = f"azureml://locations/{info.location}/workspaces/{info.guid}/models/{found.name}/versions/{found.version}"
    with contextlib.suppress(ConflictError):  # another task shares it at the same time
        yield from _finished((yield from registries.begin_import(registry, source, *target)))
    return registry, (yield from registries.get_model(registry, *target)), True


def _find(registry: Registry, name: str, version: str) -> Steps[Asset | None]:
    try:
        return (yield from registries.get_model(registry, name, version))
    except NotFoundError:
        return None


def _finished(answer: Reply) -> Steps[None]:
    """Wait until an import is done.

    :raises PatienceError: it took longer than an hour.
    """
    waited = 0.0
    url = answer.header("Location")
    while answer.status == 202 and url:
        asked = retry_after(answer)
        pause = BETWEEN_LOOKS if asked is None else max(asked, 1.0)
        if waited + pause > LONGEST:
            raise PatienceError(f"The model was not in the registry after {waited:g} s.") from None
        yield Pause(pause)
        waited += pause
        answer = yield from follow(url, lambda reply: reply, Plane.REGISTRY, ok=(200, 201, 202, 204))
        url = answer.header("Location") or url
