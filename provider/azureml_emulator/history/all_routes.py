"""The routes of run history, of its artifacts and of the metric service."""

from __future__ import annotations

from azureml_emulator.history import (
    artifact_routes,
    edit_routes,
    event_routes,
    experiment_routes,
    metric_routes,
    routes,
    sdk1_artifact_routes,
)

RUN_HISTORY = [
    *routes.ROUTES,
    *edit_routes.ROUTES,
    *experiment_routes.ROUTES,
    *event_routes.ROUTES,
    *artifact_routes.ROUTES,
    *sdk1_artifact_routes.ROUTES,
    *metric_routes.ROUTES,
]
