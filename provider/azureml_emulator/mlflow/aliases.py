"""Aliases of registered models: names for one of their versions, as ``models:/NAME@champion`` takes them.

Whether Azure Machine Learning has them is not published: neither Microsoft's page on models with MLflow
(https://learn.microsoft.com/azure/machine-learning/how-to-manage-models-mlflow) nor azureml-mlflow 1.62 speaks of them.
So they are there only where plain MLflow shall be enough.
"""

from __future__ import annotations

from azureml_emulator.core.store import Store

TABLE = "mlflow_alias"


class Aliases:
    """Which version each alias of a model names."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def of(self, name: str) -> dict[str, str]:
        """A model's versions by their aliases."""
        prefix = f"{name}/"
        rows = self._store.list(TABLE, prefix)
        return {key.removeprefix(prefix): str(row["version"]) for key, row in rows}

    def put(self, name: str, alias: str, version: str) -> None:
        """Have an alias name a version."""
        self._store.put(TABLE, f"{name}/{alias}", {"version": version})

    def forget(self, name: str, alias: str) -> None:
        """Remove an alias, if there is one."""
        self._store.delete(TABLE, f"{name}/{alias}")
