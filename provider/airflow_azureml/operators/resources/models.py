"""Operators for registered models: downloaded, shared with a registry."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from typing import Any

from airflow_azureml.exceptions import translated
from airflow_azureml.operators.infrastructure import reference
from airflow_azureml.operators.workspace import AzureMLBaseOperator


class AzureMLDownloadModelOperator(AzureMLBaseOperator):
    """Fetch the files of a registered model into a local folder of the worker.

    :param model: ``azureml:name:version``, ``azureml:name@latest``, an ARM id, or the result of the task that
        registered it.
    :param local_path: the folder to write to; relative to the worker's working directory. It is made where it is
        missing.
    :param overwrite: False refuses, before anything is fetched, when one of the files exists.
    :return: the list of the files' absolute paths.
    """

    template_fields: Sequence[str] = (*AzureMLBaseOperator.template_fields, "model", "local_path", "overwrite")

    def __init__(
        self,
        *,
        model: str | Mapping[str, Any],
        local_path: str | os.PathLike[str],
        overwrite: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.model = model
        self.local_path = local_path
        self.overwrite = overwrite

    def execute(self, context: Any) -> list[str]:
        """Find the place of the model and fetch what is there."""
        from airflow_azureml.lifecycle.models.download import download
        from airflow_azureml.lifecycle.models.references import model_of
        from airflow_azureml.rest.flow import LocalFolder

        with translated():
            model = model_of(str(reference(self.model)))
            folder = os.path.abspath(os.path.expanduser(os.fspath(self.local_path)))
            with self.hook().client() as client:
                moved = client.run(download(client.workspace, model, LocalFolder(folder, self.overwrite)))
        self.log.info("Fetched %d files of model %s.", len(moved.names), model.name)
        return [os.path.join(folder, *name.split("/")) for name in moved.names]


class AzureMLShareModelOperator(AzureMLBaseOperator):
    """Share a model of the workspace with a registry, from where other workspaces deploy it.

    A version of this name that the registry has already is left as it is, and is success: versions in a registry never
    change.

    :param model: ``azureml:name:version``, ``azureml:name@latest``, an ARM id, or the result of the task that
        registered it.
    :param registry_name: the registry.
    :param name: in the registry; left out: as in the workspace.
    :param version: in the registry; left out: as in the workspace.
    :return: ``{"id", "name", "version"}`` of the model in the registry; ``id`` may be given wherever a model is taken.
    """

    template_fields: Sequence[str] = (
        *AzureMLBaseOperator.template_fields,
        "model",
        "registry_name",
        "name",
        "version",
    )

    def __init__(
        self,
        *,
        model: str | Mapping[str, Any],
        registry_name: str,
        name: str | None = None,
        version: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.model = model
        self.registry_name = registry_name
        self.name = name
        self.version = version

    def execute(self, context: Any) -> dict[str, Any]:
        """Take the model over where the registry does not have it."""
        from airflow_azureml.lifecycle.models.references import model_of
        from airflow_azureml.lifecycle.models.sharing import share
        from airflow_azureml.rest.errors import Problem, SpecError

        with translated():
            for field in ("registry_name", "name", "version"):
                given = getattr(self, field)
                if given is None and field != "registry_name":
                    continue
                if not re.fullmatch(r"[\w.-]+", str(given or "")):
                    accepted = "Accepted: letters, digits, _, - and dots"
                    raise SpecError([Problem(field, f"{given!r} is not a name. {accepted}.")])
            model = model_of(str(reference(self.model)))
            edition = None if self.version is None else str(self.version)
            with self.hook().client() as client:
                flow = share(client.workspace, model, self.registry_name, self.name, edition)
                registry, shared, is_new = client.run(flow)
        said = "now has" if is_new else "already has"
        self.log.info("Registry %s %s model %s:%s.", registry.name, said, shared.name, shared.version)
        identity = f"azureml://registries/{registry.name}/models/{shared.name}/versions/{shared.version}"
        return {"id": identity, "name": shared.name, "version": shared.version}
