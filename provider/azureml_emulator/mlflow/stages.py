"""Stages of registered models' versions, which MLflow alone knows: no other interface of the workspace shows them.

Source: https://learn.microsoft.com/azure/machine-learning/how-to-manage-models-mlflow ("Work with model stages"). A
model has its stages as MLflow's ``model_registry.proto`` has them.
"""

from __future__ import annotations

from azureml_emulator.core.store import Store

TABLE = "mlflow_stages"
NONE = "None"
ARCHIVED = "Archived"
STAGES = (NONE, "Staging", "Production", ARCHIVED)


class Stages:
    """In which stage each version is; those that are in none are not stored."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def of(self, name: str, version: str) -> str:
        """The stage of a version."""
        return str((self._store.get(TABLE, f"{name}/{version}") or {}).get("stage", NONE))

    def put(self, name: str, version: str, stage: str) -> None:
        """Move a version to a stage."""
        self._store.put(TABLE, f"{name}/{version}", {"stage": stage})

    def forget(self, name: str, version: str) -> None:
        """A version is gone."""
        self._store.delete(TABLE, f"{name}/{version}")
