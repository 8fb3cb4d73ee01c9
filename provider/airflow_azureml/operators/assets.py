"""Operators for assets: data and models."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from airflow_azureml.exceptions import translated
from airflow_azureml.operators import keywords
from airflow_azureml.operators.workspace import AzureMLBaseOperator
from airflow_azureml.task.outlets import describe

if TYPE_CHECKING:
    from airflow_azureml.jobspec.document.document import Document
    from airflow_azureml.rest.assets import Asset
    from airflow_azureml.rest.flow import Flow
    from airflow_azureml.rest.ids import Workspace


class AzureMLAssetBaseOperator(AzureMLBaseOperator):
    """Register what lies at a path under a name and version; registering the same again changes nothing.

    :param version: left out: the latest one if its path is equal, else the next.
    :param description: free text, shown in Studio.
    :param tags: mapping of strings.
    :param spec: the CLI's YAML of the asset: the name of a ``.yml`` file, YAML text or a mapping; keywords win.
    """

    kind: ClassVar[str]
    """What the log calls the asset."""

    place: ClassVar[str]
    """The service's name for the path."""

    pushes_each_key = True

    def __init__(
        self,
        *,
        name: str | None = None,
        path: Any = None,
        type: str | None = None,
        version: str | int | None = None,
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

    keyword_names: ClassVar[tuple[str, ...]] = keywords.names(__init__)
    template_fields: Sequence[str] = (*AzureMLBaseOperator.template_fields, *keyword_names)
    template_fields_renderers: ClassVar[dict[str, str]] = keywords.renderers(__init__, spec="yaml")
    template_file_fields = ("spec",)

    @abstractmethod
    def translate(self, document: Document, workspace: Workspace) -> Any:
        """Read the document: name, version, body and warnings.

        :raises rest.errors.SpecError: with all its problems.
        """

    @abstractmethod
    def registration(self, workspace: Workspace, asset: Any) -> Flow[Asset]:
        """Find the version that stands for this path, or make it."""

    def upstream_type(self, given: Any) -> Any:
        """The type that an upstream output brings along."""
        return given

    def execute(self, context: Any) -> dict[str, Any]:
        """Find the version that stands for this path, or make it."""
        with translated():
            registered = self._register(context)
            describe(context, self.outlets, registered)
            return registered

    def _register(self, context: Any) -> dict[str, Any]:
        from airflow_azureml.lifecycle.asset_versions import long_form
        from airflow_azureml.lifecycle.news import reporter
        from airflow_azureml.rest.redaction import redact

        hook = self.hook()
        asset = self.translate(self.document(context), hook.settings().workspace)
        for warning in asset.warnings:
            self.log.warning("%s", warning)
        with hook.client() as client:
            registered = client.run(self.registration(client.workspace, asset), news=reporter(self.log))
            path = long_form(str(registered.properties.get(self.place, "")), client.workspace)
            self.log.info("%s %s:%s points to %s", self.kind, registered.name, registered.version, redact(path))
            return {"id": registered.id, "name": registered.name, "version": registered.version, "path": path}

    def document(self, context: Any) -> Document:
        """Lay the keywords over the spec; a result of such an operator as ``path`` gives name and version, too."""
        path: Any = self.path
        kind = self.type
        given = {name: getattr(self, name) for name in self.keyword_names if name != "spec"}
        if self.is_registered():
            given |= {"name": path["name"], "version": path["version"]}
        if isinstance(path, Mapping):
            self._refuse_whole_result(path)
            path, kind = path.get("path"), kind or self.upstream_type(path.get("type"))
        given |= {"path": path, "type": kind}
        return self.load_spec(context, given)

    def _refuse_whole_result(self, path: Mapping[str, Any]) -> None:
        """Refuse the result of a job where one of its outputs is meant.

        :raises rest.errors.SpecError: says which it has.
        """
        from airflow_azureml.jobspec.grammar.whole_results import hint
        from airflow_azureml.rest.errors import Problem, SpecError

        if not path.get("path") and (meant := hint(path)):
            raise SpecError([Problem("path", f"this is not data.{meant}")])

    def keeps_type(self) -> bool:
        """Whether the type is that of the version which ``path`` has registered."""
        return self.type is None and self.is_registered()

    def is_registered(self) -> bool:
        """Whether ``path`` is the result of a task that has registered it, and no other name is given."""
        path: Any = self.path
        given = any(value is not None for value in (self.name, self.version, self.spec))
        return not given and isinstance(path, Mapping) and bool(path.get("name") and path.get("version"))


class AzureMLCreateDataAssetOperator(AzureMLAssetBaseOperator):
    """Register data under a name and version; registering the same again changes nothing.

    A given version that exists and stands for the same path is fine, with another path it is an error. Without a
    version the latest one is taken if its path is equal, else the next one is made.

    :param name: the asset's name.
    :param path: a local file or folder (uploaded by its content, never twice), a datastore path, an https address, or
        the output of an upstream task, ``task.output["name"]``. Or, without ``name``, the result of the task that has
        registered the data: what is said about that version changes.
    :param type: ``uri_folder``, ``uri_file`` or ``mltable`` (a folder with a file ``MLTable``, read where it is
        local); an upstream output brings its own.
    :param spec: the CLI's YAML of a data asset: the name of a ``.yml`` file, YAML text or a mapping; keywords win.
    :return: ``{"id", "name", "version", "path"}``.
    """

    kind = "Data asset"
    place = "dataUri"

    def translate(self, document: Document, workspace: Workspace) -> Any:
        """Read a data asset."""
        from airflow_azureml.jobspec.assets.data import translate_data

        return translate_data(document, workspace)

    def registration(self, workspace: Workspace, asset: Any) -> Flow[Asset]:
        """Register data."""
        from airflow_azureml.lifecycle.asset_registration import register_data

        return register_data(workspace, asset.name, asset.version, asset.body, keeps_type=self.keeps_type())


class AzureMLRegisterModelOperator(AzureMLAssetBaseOperator):
    """Register a model under a name and version; registering the same again changes nothing.

    Versions are taken and made as ``AzureMLCreateDataAssetOperator`` does.

    :param name: the model's name.
    :param path: the output of an upstream task, ``train.output["model"]``, a local file or folder (uploaded by its
        content, never twice), a datastore path, or ``azureml://jobs/<job>/outputs/<output>/paths/<path>``. Or, without
        ``name``, the result of the task that has registered the model: what is said about that version changes.
    :param type: ``custom_model`` (default), ``mlflow_model`` or ``triton_model``; an upstream output that is a model
        brings its own.
    :param stage: where the version stands, such as ``Staging`` or ``Production``; a word of your own choice.
    :param spec: the CLI's YAML of a model: the name of a ``.yml`` file, YAML text or a mapping; keywords win.
    :return: ``{"id", "name", "version", "path"}``.
    """

    kind = "Model"
    place = "modelUri"

    def __init__(self, *, stage: str | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.stage = stage

    keyword_names: ClassVar[tuple[str, ...]] = (*AzureMLAssetBaseOperator.keyword_names, "stage")
    template_fields: Sequence[str] = (*AzureMLAssetBaseOperator.template_fields, "stage")

    def translate(self, document: Document, workspace: Workspace) -> Any:
        """Read a model."""
        from airflow_azureml.jobspec.assets.models import translate_model

        return translate_model(document, workspace)

    def registration(self, workspace: Workspace, asset: Any) -> Flow[Asset]:
        """Register a model."""
        from airflow_azureml.lifecycle.asset_registration import register_model

        return register_model(workspace, asset.name, asset.version, asset.body, keeps_type=self.keeps_type())

    def upstream_type(self, given: Any) -> Any:
        """A folder or file of an upstream task becomes a model of the default type."""
        return given if isinstance(given, str) and given.endswith("_model") else None
