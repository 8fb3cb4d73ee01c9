"""Routes of feature sets and of entities of a feature store, and of the features in a set."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from azureml_emulator.assets.backend import Assets, missing
from azureml_emulator.assets.feature_kinds import DATA_TYPES, features_of
from azureml_emulator.assets.responses import version_resource
from azureml_emulator.assets.routes import routes_of
from azureml_emulator.assets.versions import ENTITIES, FEATURE_SETS
from azureml_emulator.core.errors import ServiceError, not_emulated
from azureml_emulator.core.paging import page
from azureml_emulator.core.routing import Plane, Route
from azureml_emulator.core.selection import has_all, refuse

TYPES = {word.lower(): word for word in DATA_TYPES}

FEATURES_PAGE = 1000
"""The default of ``pageSize``. Source: Features - List of api-version 2025-12-01."""


def feature_resources(assets: Assets, name: str, version: str) -> list[dict[str, Any]]:
    """The features of a set as ARM answers them."""
    found = assets.find(FEATURE_SETS, name, version)
    whole = version_resource(assets.owner, found)
    return [
        {
            "id": f"{whole['id']}/features/{row['name']}",
            "name": str(row["name"]),
            "type": f"{whole['type']}/features",
            "properties": {
                "featureName": str(row["name"]),
                "dataType": TYPES.get(str(row.get("type")).lower()),
                "description": row.get("description"),
                "tags": row.get("tags") or {},
                "properties": {},
            },
            "systemData": whole["systemData"],
        }
        for row in features_of(assets.resolver, assets.blobs, found)
    ]


async def list_features(assets: Assets, request: web.Request, name: str, version: str) -> web.Response:
    """Features - List: those of a ``featureName``, with ``tags``."""
    refuse(request, "description")
    rows = feature_resources(assets, name, version)
    rows = [row for row in rows if row["name"] == request.query.get("featureName", row["name"])]
    shown = [row for row in rows if has_all(request, "tags", row["properties"]["tags"])]
    return page(request, assets.settings.base_url, shown, size_key="pageSize", default=FEATURES_PAGE)


async def get_feature(assets: Assets, request: web.Request, name: str, version: str, feature: str) -> web.Response:
    """Features - Get. The words of the 404 are ours."""
    row = next((row for row in feature_resources(assets, name, version) if row["name"] == feature), None)
    if row is None:
        message = f"Feature {feature} of {name}:{version} not found."
        raise ServiceError(404, "UserError", message, inner=("NotFound", "FeatureNotFound"))
    return web.json_response(row)


async def backfill(assets: Assets, request: web.Request, name: str, version: str) -> web.Response:
    """Featureset Versions - Backfill: 501, for nothing is materialized here."""
    if assets.versions.get(FEATURE_SETS, name, version) is None:
        raise missing(FEATURE_SETS, name, version)
    raise not_emulated("Materializing feature sets (backfill) is not emulated")


ONE = f"{{ws}}/{FEATURE_SETS}/{{name}}/versions/{{version}}"
ROUTES = [
    *(route for kind in (FEATURE_SETS, ENTITIES) for route in routes_of(kind)),
    Route("GET", f"{ONE}/features", list_features, Plane.ARM),
    Route("GET", f"{ONE}/features/{{feature}}", get_feature, Plane.ARM),
    Route("POST", f"{ONE}/backfill", backfill, Plane.ARM),
]
