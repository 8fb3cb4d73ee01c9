"""Operators for definitions that jobs name: environments and components."""

from __future__ import annotations

import os
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from airflow_azureml.exceptions import translated
from airflow_azureml.operators import keywords
from airflow_azureml.operators.workspace import AzureMLBaseOperator

if TYPE_CHECKING:
    from airflow_azureml.jobspec.document.document import Document
    from airflow_azureml.lifecycle.resources.definitions import Kind
    from airflow_azureml.rest.ids import Workspace


class AzureMLDefinitionBaseOperator(AzureMLBaseOperator):
    """Register a definition under a name and version; registering the same again changes nothing."""

    kind: ClassVar[Kind]
    """The service's name for the kind of definition."""

    template_file_fields = ("spec",)

    @abstractmethod
    def document(self, context: Any) -> Document:
        """Read the keywords as the CLI's YAML.

        :raises rest.errors.SpecError: the spec cannot be read.
        """

    @abstractmethod
    def translate(self, document: Document, workspace: Workspace) -> Any:
        """Read the document: name, version, body and warnings.

        :raises rest.errors.SpecError: with all its problems.
        """

    def execute(self, context: Any) -> dict[str, Any]:
        """Find the version that holds this definition, or make it."""
        from airflow_azureml.lifecycle.news import reporter
        from airflow_azureml.lifecycle.resources.definitions import NAMES, register

        with translated():
            hook = self.hook()
            read = self.translate(self.document(context), hook.settings().workspace)
            for warning in read.warnings:
                self.log.warning("%s", warning)
            with hook.client() as client:
                flow = register(client.workspace, self.kind, read.name, read.version, read.body)
                made = client.run(flow, news=reporter(self.log))
        self.log.info("%s %s:%s", NAMES[self.kind], made.name, made.version)
        return {"id": made.id, "name": made.name, "version": made.version}


class AzureMLCreateEnvironmentOperator(AzureMLDefinitionBaseOperator):
    """Register an environment under a name and version; registering the same again changes nothing.

    A given version that exists and holds the same definition is fine, with another one it is an error. Without a
    version the latest one is taken if its definition is equal, else the next one is made. Azure ML builds the image
    when a job first needs it.

    :param name: the environment's name.
    :param image: an image, alone or as the base of ``conda_file``; excludes ``build``.
    :param build: mapping with ``path``, a local folder that is uploaded, and ``dockerfile_path``.
    :param conda_file: a conda file's name, relative to the DAG file's folder, or its content as a mapping.
    :param version: left out: the latest one if its definition is equal, else the next.
    :param description: free text, shown in Studio.
    :param tags: mapping of strings.
    :param spec: the CLI's YAML of an environment: the name of a ``.yml`` file, YAML text or a mapping; keywords win.
    :return: ``{"id", "name", "version"}``.
    """

    kind = "environments"

    def __init__(
        self,
        *,
        name: str | None = None,
        image: str | None = None,
        build: Mapping[str, Any] | None = None,
        conda_file: str | os.PathLike[str] | Mapping[str, Any] | None = None,
        version: str | None = None,
        description: str | None = None,
        tags: Mapping[str, Any] | None = None,
        spec: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.name = name
        self.image = image
        self.build = build
        self.conda_file = conda_file
        self.version = version
        self.description = description
        self.tags = tags
        self.spec = spec

    keyword_names: ClassVar[tuple[str, ...]] = keywords.names(__init__)
    template_fields: Sequence[str] = (*AzureMLBaseOperator.template_fields, *keyword_names)
    template_fields_renderers: ClassVar[dict[str, str]] = keywords.renderers(__init__, spec="yaml")

    def document(self, context: Any) -> Document:
        """Lay the keywords over the spec."""
        given = {name: getattr(self, name) for name in self.keyword_names if name != "spec"}
        if isinstance(self.conda_file, os.PathLike):
            given["conda_file"] = os.fspath(self.conda_file)
        return self.load_spec(context, given)

    def translate(self, document: Document, workspace: Workspace) -> Any:
        """Read an environment."""
        from airflow_azureml.jobspec.assets.environments_components import translate_environment

        return translate_environment(document, workspace)


class AzureMLCreateComponentOperator(AzureMLDefinitionBaseOperator):
    """Register a component of any type under its name and a version; registering the same again changes nothing.

    Versions are taken and made as ``AzureMLCreateEnvironmentOperator`` does. Local code is uploaded by its content.

    :param spec: the CLI's YAML of a component: the name of a ``.yml`` file, YAML text or a mapping.
    :param version: overrides the one of the spec; where neither says one: the latest if its definition is equal, else
        the next.
    :return: ``{"id", "name", "version"}``.
    """

    kind = "components"

    def __init__(self, *, spec: Any, version: str | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.spec = spec
        self.version = version

    template_fields: Sequence[str] = (*AzureMLBaseOperator.template_fields, *keywords.names(__init__))
    template_fields_renderers: ClassVar[dict[str, str]] = {"spec": "yaml"}

    def document(self, context: Any) -> Document:
        """Read the spec, with the version that is given."""
        document = self.load_field("spec", context)
        return document if self.version is None else document.replaced(version=self.version)

    def translate(self, document: Document, workspace: Workspace) -> Any:
        """Read a component."""
        from airflow_azureml.jobspec.assets.environments_components import translate_component

        return translate_component(document, workspace)
