"""What may stand in a YAML file beside jobs: assets, endpoints, deployments, one row for each kind.

A row says how a file of its kind is told from others, and what makes a request of it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from airflow_azureml.rest.ids import Workspace
from airflow_azureml.spec.data import translate_data
from airflow_azureml.spec.deployments import translate_endpoint, translate_new_deployment
from airflow_azureml.spec.document import Document
from airflow_azureml.spec.models import translate_model
from airflow_azureml.spec.needs import Translation
from airflow_azureml.spec.registered import translate_component, translate_environment


class Found(Protocol):
    """What the translation of a resource gives: a name, a body with gaps, warnings."""

    @property
    def name(self) -> str:
        """The resource's name."""
        ...

    @property
    def body(self) -> Mapping[str, Any]:
        """The request's body, with gaps."""
        ...

    @property
    def warnings(self) -> tuple[str, ...]:
        """Sentences for whoever translates it."""
        ...


@dataclass(frozen=True)
class Resource:
    """One kind of resource.

    :param title: what a message calls one: ``a data asset``.
    :param read: translates a document; raises SpecError with all its problems.
    :param schemas: the last parts of its ``$schema`` addresses, in lower case, without ``.schema.json``.
    :param types: values of ``type`` that belong to this kind; empty where it has none.
    :param telltale: sets of keys, each of which tells a document of this kind that has no ``$schema``.
    """

    title: str
    read: Callable[[Document, Workspace], Found]
    schemas: tuple[str, ...]
    types: tuple[str, ...] = ()
    telltale: tuple[frozenset[str], ...] = ()

    def translate(self, document: Document, workspace: Workspace) -> Translation:
        """Translate a document to what is put to the service.

        :raises SpecError: with all problems of the document, each with its place.
        """
        found = self.read(document, workspace)
        return Translation(found.body, found.name, warnings=found.warnings)


def _keys(*texts: str) -> tuple[frozenset[str], ...]:
    return tuple(frozenset(text.split()) for text in texts)


RESOURCES: Mapping[str, Resource] = {
    "data": Resource(
        "a data asset", translate_data, ("data",), ("uri_file", "uri_folder", "mltable"), _keys("name path")
    ),
    "model": Resource(
        "a model", translate_model, ("model",), ("custom_model", "mlflow_model", "triton_model"), _keys("name path")
    ),
    "environment": Resource(
        "an environment", translate_environment, ("environment",), (), _keys("name image", "name build")
    ),
    "component": Resource(
        "a component",
        translate_component,
        (
            "commandcomponent",
            "parallelcomponent",
            "pipelinecomponent",
            "sparkcomponent",
            "datatransfercopycomponent",
            "datatransferimportcomponent",
            "datatransferexportcomponent",
        ),
        ("command", "parallel", "pipeline", "spark", "data_transfer"),
        _keys("name version", "name is_deterministic"),
    ),
    "batch endpoint": Resource("a batch endpoint", translate_endpoint, ("batchendpoint",), (), _keys("name defaults")),
    "batch deployment": Resource(
        "a batch deployment",
        translate_new_deployment,
        ("batchdeployment", "modelbatchdeployment", "pipelinecomponentbatchdeployment"),
        ("model", "pipeline"),
        _keys("name endpoint_name"),
    ),
}
"""All kinds by the words that name them."""
