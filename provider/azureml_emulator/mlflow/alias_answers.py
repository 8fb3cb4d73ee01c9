"""Setting, reading and removing aliases of registered models, as MLflow's own server does.

Source: ``store/model_registry/sqlalchemy_store.py`` and ``utils/validation.py`` of MLflow 3.13.
"""

from __future__ import annotations

import re
from typing import Any

from azureml_emulator.mlflow.backend import Mlflow
from azureml_emulator.mlflow.protocol import invalid, required
from azureml_emulator.mlflow.registry_rows import find_model_version, find_registered_model, version_row

NAME = re.compile(r"[\w-]{1,255}")
OF_A_VERSION = re.compile(r"v\d+", re.I)


def set_alias(mlflow: Mlflow, body: dict[str, Any]) -> dict[str, Any]:
    """Have an alias name a version; an alias that names another one moves."""
    alias, named = read_alias(required(body, "alias")), find_model_version(mlflow, body)
    mlflow.aliases.put(named.name, alias, named.version)
    return {}


def delete_alias(mlflow: Mlflow, body: dict[str, Any]) -> dict[str, Any]:
    """Remove an alias; one that is not there is fine."""
    mlflow.aliases.forget(find_registered_model(mlflow, body), required(body, "alias"))
    return {}


def version_by_alias(mlflow: Mlflow, body: dict[str, Any]) -> dict[str, Any]:
    """The version that an alias names."""
    name, alias = find_registered_model(mlflow, body), required(body, "alias")
    version = mlflow.aliases.of(name).get(alias)
    if version is None:
        raise invalid(f"Registered model alias {alias} not found.")
    return {"model_version": version_row(mlflow, find_model_version(mlflow, {"name": name, "version": version}))}


def read_alias(value: str) -> str:
    """An alias that may be set.

    :raises ServiceError: it has other characters, or a name that means something else.
    """
    if not NAME.fullmatch(value):
        raise invalid(f"Invalid alias name: {value!r}. Accepted: letters, digits, '_' and '-', at most 255.")
    if value.lower() == "latest" or OF_A_VERSION.fullmatch(value):
        raise invalid(f"Invalid alias name: {value!r} is reserved.")
    return value
