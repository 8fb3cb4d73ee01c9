"""Operators for registered models: downloaded, shared with a registry."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

from airflow_azureml.exceptions import translated
from airflow_azureml.operators.infrastructure import reference
from airflow_azureml.operators.workspace import AzureMLBaseOperator
from airflow_azureml.task.outlets import describe


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
        from airflow_azureml.hooks.local_folders import local_folder
        from airflow_azureml.lifecycle.models.download import download
        from airflow_azureml.lifecycle.models.references import model_of
        from airflow_azureml.rest.flow import LocalFolder

        with translated():
            model = model_of(str(reference(self.model)))
            folder = local_folder("local_path", self.local_path)
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
    pushes_each_key = True

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
        from airflow_azureml.lifecycle.models.sharing import share_by_name

        with translated(), self.hook().client() as client:
            model = str(reference(self.model))
            flow = share_by_name(client.workspace, model, self.registry_name, self.name, self.version)
            shared, is_new = client.run(flow)
        said = "now has" if is_new else "already has"
        self.log.info("Registry %s %s model %s:%s.", self.registry_name, said, shared["name"], shared["version"])
        describe(context, self.outlets, shared)
        return shared
