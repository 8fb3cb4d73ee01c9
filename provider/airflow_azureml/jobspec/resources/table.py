"""The table of resources that YAML files describe beside jobs: one row for each kind, with its translation.

A row says what makes a request of a file of its kind; ``recognition`` says how the kinds are distinguished.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from airflow_azureml.jobspec.assets.data import translate_data
from airflow_azureml.jobspec.assets.environments_components import translate_component, translate_environment
from airflow_azureml.jobspec.assets.models import translate_model
from airflow_azureml.jobspec.batch.deployments import translate_new_deployment
from airflow_azureml.jobspec.batch.endpoints import translate_endpoint
from airflow_azureml.jobspec.document.document import Document
from airflow_azureml.jobspec.document.requirements import Translation
from airflow_azureml.jobspec.resources.computes import translate_compute
from airflow_azureml.jobspec.resources.online import translate_online_deployment, translate_online_endpoint
from airflow_azureml.rest.ids import Workspace


class Found(Protocol):
    """What the translation of a resource gives: a name, a body with placeholders, warnings."""

    @property
    def name(self) -> str:
        """The resource's name."""
        ...

    @property
    def body(self) -> Mapping[str, Any]:
        """The request's body, with placeholders."""
        ...

    @property
    def warnings(self) -> tuple[str, ...]:
        """Sentences for the task log or the command line."""
        ...


@dataclass(frozen=True)
class Resource:
    """One kind of resource.

    :param read: translates a document; raises SpecError with all its problems.
    """

    read: Callable[[Document, Workspace], Found]

    def translate(self, document: Document, workspace: Workspace) -> Translation:
        """Translate a document to what is put to the service.

        :raises SpecError: with all problems of the document, each with its place.
        """
        found = self.read(document, workspace)
        return Translation(found.body, found.name, warnings=found.warnings)


RESOURCES: Mapping[str, Resource] = {
    "data": Resource(translate_data),
    "model": Resource(translate_model),
    "environment": Resource(translate_environment),
    "component": Resource(translate_component),
    "batch endpoint": Resource(translate_endpoint),
    "batch deployment": Resource(translate_new_deployment),
    "online endpoint": Resource(translate_online_endpoint),
    "online deployment": Resource(translate_online_deployment),
    "compute": Resource(translate_compute),
}
"""All kinds by the words that name them, as in ``recognition.file_kinds.FILE_KINDS``."""
