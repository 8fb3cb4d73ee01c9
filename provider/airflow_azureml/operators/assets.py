"""Operators for assets: data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from airflow_azureml.exceptions import translated
from airflow_azureml.operators.workspace import AzureMLBaseOperator

if TYPE_CHECKING:
    from airflow_azureml.spec.document import Document


class AzureMLCreateDataAssetOperator(AzureMLBaseOperator):
    """Register data under a name and version; registering the same again changes nothing.

    A given version that exists and stands for the same path is fine, with another path it is an error. Without a
    version the latest one is taken if its path is equal, else the next one is made.

    :param name: the asset's name.
    :param path: a local file or folder (uploaded by its content, never twice), a datastore path, an https address, or
        the output of an upstream task, ``task.output["name"]``.
    :param type: ``uri_folder`` or ``uri_file``; an upstream output brings its own.
    :param spec: the CLI's YAML of a data asset: the name of a ``.yml`` file, YAML text or a mapping; keywords win.
    :return: ``{"id", "name", "version", "path"}``.
    """

    template_fields: Sequence[str] = (
        *AzureMLBaseOperator.template_fields,
        "name",
        "path",
        "type",
        "version",
        "description",
        "tags",
        "spec",
    )
    template_fields_renderers: ClassVar[dict[str, str]] = {"tags": "json", "spec": "yaml"}
    template_file_fields = ("spec",)

    def __init__(
        self,
        *,
        name: str | None = None,
        path: Any = None,
        type: str | None = None,
        version: str | None = None,
        description: str | None = None,
        tags: Mapping[str, Any] | None = None,
        spec: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.name = name
        self.path = path
        self.type = type
        self.version = version
        self.description = description
        self.tags = tags
        self.spec = spec

    def execute(self, context: Any) -> dict[str, Any]:
        """Find the version that stands for this path, or make it."""
        with translated():
            return self._register(context)

    def _register(self, context: Any) -> dict[str, Any]:
        from airflow_azureml.lifecycle.registering import long_form, register_data
        from airflow_azureml.spec.data import translate_data

        hook = self.hook()
        asset = translate_data(self._document(context), hook.settings().workspace)
        for warning in asset.warnings:
            self.log.warning("%s", warning)
        with hook.client() as client:
            found = client.run(register_data(client.workspace, asset.name, asset.version, asset.body), news=self.tell)
            self.log.info("Data asset %s:%s stands for %s", found.name, found.version, found.properties.get("dataUri"))
            path = long_form(str(found.properties.get("dataUri", "")), client.workspace)
            return {"id": found.id, "name": found.name, "version": found.version, "path": path}

    def _document(self, context: Any) -> Document:
        path: Any = self.path
        kind = self.type
        if isinstance(path, Mapping):
            path, kind = path.get("path"), kind or path.get("type")
        given = {
            "name": self.name,
            "path": path,
            "type": kind,
            "version": self.version,
            "description": self.description,
            "tags": self.tags,
        }
        given = {key: value for key, value in given.items() if value is not None}
        return self.load_built(given) if self.spec is None else self.load_field("spec", context).replaced(**given)
