"""A DAG that new versions of a model start, and many more watchers that have nothing to tell."""

from __future__ import annotations

from typing import Any

from airflow.providers.common.compat.sdk import DAG, task

from airflow_azureml.triggers import AzureMLModelTrigger

try:
    from airflow.sdk import Asset, AssetAll, AssetWatcher
except ImportError:
    AssetWatcher = None  # 2.11

QUIET = 48


def watched(name: str) -> Any:
    """An asset that stands for a model."""
    watcher = AssetWatcher(name="new_version", trigger=AzureMLModelTrigger(name))
    return Asset(name, uri=f"azureml://models/{name}", watchers=[watcher])


if AssetWatcher is not None:
    with DAG("watched_model", schedule=[watched("watched-model")]):

        @task
        def told(*, triggering_asset_events: Any) -> list[str]:
            """The versions that have started this run."""
            return [
                event.extra["payload"]["version"] for events in triggering_asset_events.values() for event in events
            ]

        told()

    with DAG("watched_quietly", schedule=AssetAll(*(watched(f"quiet-{number}") for number in range(QUIET)))):

        @task
        def never() -> None:
            """Nothing."""

        never()
