"""Operators for definitions that jobs name: environments and components."""

from __future__ import annotations

import os
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from airflow_azureml.exceptions import translated
from airflow_azureml.operators import keywords
from airflow_azureml.operators.operations import AzureMLProvisioningBaseOperator
from airflow_azureml.operators.workspace import AzureMLBaseOperator
from airflow_azureml.task.xcom import pull_own

if TYPE_CHECKING:
    from airflow_azureml.hooks.plans import Plan
    from airflow_azureml.jobspec.document.document import Document
    from airflow_azureml.lifecycle.resources.definitions import Kind
    from airflow_azureml.lifecycle.resources.operations import Operation
    from airflow_azureml.rest.ids import Workspace

BUILD_KEY = "azureml_build"
"""XCom of a deferred task: what it has made, and where the state of the build is found."""


class AzureMLDefinitionBaseOperator(AzureMLBaseOperator):
    """Register a definition under a name and version; registering the same again changes nothing."""

    kind: ClassVar[Kind]
    """The service's name for the kind of definition."""

    template_file_fields = ("spec",)
    pushes_each_key = True

    @abstractmethod
    def document(self, context: Any) -> Document:
        """Read the keywords as the CLI's YAML.

        :raises rest.errors.SpecError: the spec cannot be read.
        """

    @abstractmethod
    def definition(self, document: Document, workspace: Workspace) -> Plan:
        """Read the document, and say how it is registered.

        :raises rest.errors.SpecError: with all its problems.
        """

    def execute(self, context: Any) -> dict[str, Any]:
        """Find the version that holds this definition, or make it."""
        from airflow_azureml.lifecycle.news import reporter
        from airflow_azureml.lifecycle.resources.definitions import NAMES

        with translated():
            hook = self.hook()
            plan = self.definition(self.document(context), hook.settings().workspace)
            for warning in plan.warnings:
                self.log.warning("%s", warning)
            with hook.client() as client:
                made: dict[str, Any] = client.run(plan.result, news=reporter(self.log))
        self.log.info("%s %s:%s", NAMES[self.kind], made["name"], made["version"])
        return made


class AzureMLCreateEnvironmentOperator(AzureMLDefinitionBaseOperator, AzureMLProvisioningBaseOperator):
    """Register an environment under a name and version; registering the same again changes nothing.

    A given version that exists and holds the same definition is fine, with another one it is an error. Without a
    version the latest one is taken if its definition is equal, else the next one is made. Azure ML builds the image
    when a job first needs it, or at once with ``wait_for_build``.

    :param name: the environment's name.
    :param image: an image, alone or as the base of ``conda_file``; excludes ``build``.
    :param build: mapping with ``path``, a local folder that is uploaded, and ``dockerfile_path``.
    :param conda_file: a conda file's name, relative to the DAG file's folder, or its content as a mapping.
    :param version: left out: the latest one if its definition is equal, else the next.
    :param description: free text, shown in Studio.
    :param tags: mapping of strings.
    :param wait_for_build: have the image built where it is not there yet, and wait for it; a build that fails shows the
        end of its log. By requests of Azure ML's v1 client, for the v2 API has none.
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
        version: str | int | None = None,
        description: str | None = None,
        tags: Mapping[str, Any] | None = None,
        wait_for_build: bool = False,
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
        self.wait_for_build = wait_for_build
        self.spec = spec
        self._made: dict[str, Any] = {}

    keyword_names: ClassVar[tuple[str, ...]] = keywords.names(__init__)
    template_fields: Sequence[str] = (*AzureMLBaseOperator.template_fields, *keyword_names)
    template_fields_renderers: ClassVar[dict[str, str]] = keywords.renderers(__init__, spec="yaml")

    def document(self, context: Any) -> Document:
        """Lay the keywords over the spec."""
        given = {name: getattr(self, name) for name in self.keyword_names if name not in ("spec", "wait_for_build")}
        if isinstance(self.conda_file, os.PathLike):
            given["conda_file"] = os.fspath(self.conda_file)
        return self.load_spec(context, given)

    def definition(self, document: Document, workspace: Workspace) -> Plan:
        """Read it as an environment."""
        from airflow_azureml.hooks import plans

        return plans.environment(document, workspace)

    def execute(self, context: Any) -> dict[str, Any]:
        """Find the version or make it, and have its image built where that is asked for."""
        self._made = super().execute(context)
        if not self.wait_for_build:
            return self._made
        made: dict[str, Any] = self._go_on(context, 0)
        return made

    def execute_complete(self, context: Any, event: Any = None) -> Any:
        """Come back from the triggerer when the build has ended."""
        from airflow_azureml.lifecycle.resources.images import why_failed
        from airflow_azureml.lifecycle.resources.operations import OperationEvent

        noted = pull_own(context["ti"], BUILD_KEY) or {}
        self._made = noted.get("made") or super().execute(context)
        with translated():
            done = OperationEvent.from_dict(event)
            if done.outcome == "failed" and noted:
                with self.hook().client() as client:
                    event = {**event, "message": client.run(why_failed(noted["location"], done.message))}
        return super().execute_complete(context, event)

    def plan(self, context: Any, workspace: Workspace) -> Plan:
        """One operation builds the image."""
        from airflow_azureml.hooks import plans

        return plans.image(workspace, self._made)

    def _follow(self, client: Any, operation: Operation, limit: float) -> None:
        from airflow_azureml.lifecycle.resources.images import why_failed
        from airflow_azureml.rest.errors import BadRequestError

        try:
            super()._follow(client, operation, limit)
        except BadRequestError as error:
            raise BadRequestError(client.run(why_failed(operation.url, str(error))), error.reply) from None

    def _defer(self, context: Any, number: int, operation: Operation, limit: float) -> None:
        # Made again after the build, it might be another version, which somebody else has made meanwhile.
        context["ti"].xcom_push(key=BUILD_KEY, value={"made": self._made, "location": operation.url})
        super()._defer(context, number, operation, limit)


class AzureMLCreateComponentOperator(AzureMLDefinitionBaseOperator):
    """Register a component of any type under its name and a version; registering the same again changes nothing.

    Versions are taken and made as ``AzureMLCreateEnvironmentOperator`` does. Local code is uploaded by its content.

    :param spec: the CLI's YAML of a component: the name of a ``.yml`` file, YAML text or a mapping.
    :param version: overrides the one of the spec; where neither says one: the latest if its definition is equal, else
        the next.
    :return: ``{"id", "name", "version"}``.
    """

    kind = "components"

    def __init__(self, *, spec: Any, version: str | int | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.spec = spec
        self.version = version

    template_fields: Sequence[str] = (*AzureMLBaseOperator.template_fields, *keywords.names(__init__))
    template_fields_renderers: ClassVar[dict[str, str]] = {"spec": "yaml"}

    def document(self, context: Any) -> Document:
        """Read the spec, with the version that is given."""
        document = self.load_field("spec", context)
        return document if self.version is None else document.replaced(version=self.version)

    def definition(self, document: Document, workspace: Workspace) -> Plan:
        """Read it as a component."""
        from airflow_azureml.hooks import plans

        return plans.component(document, workspace)
