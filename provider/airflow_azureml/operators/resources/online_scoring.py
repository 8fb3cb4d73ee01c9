"""The operator that invokes an online endpoint."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from airflow_azureml.exceptions import translated
from airflow_azureml.operators.workspace import AzureMLBaseOperator
from airflow_azureml.task.resource_fields import deployment_name_of, endpoint_name_of


class AzureMLInvokeOnlineEndpointOperator(AzureMLBaseOperator):
    """Score data with an online endpoint, and return the answer.

    The endpoint is called with its own key or token where it has one, else with the connection's identity. The request
    is sent once; where the model fails or is busy, the task is retried as Airflow is told.

    :param endpoint_name: the endpoint, or the result of the task that made it.
    :param data: what is sent: a mapping, a list, or JSON as text.
    :param file: in place of ``data``: the name of a file with JSON, relative to the DAG file's folder; rendered.
    :param deployment_name: the same of a deployment; left out: the endpoint's shares decide.
    :return: the answer, read as JSON; its text where it is none.
    """

    template_fields: Sequence[str] = (
        *AzureMLBaseOperator.template_fields,
        "endpoint_name",
        "data",
        "file",
        "deployment_name",
    )
    template_fields_renderers: ClassVar[dict[str, str]] = {"data": "json"}

    def __init__(
        self,
        *,
        endpoint_name: str | Mapping[str, Any],
        data: Any = None,
        file: str | os.PathLike[str] | None = None,
        deployment_name: str | Mapping[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.endpoint_name = endpoint_name
        self.data = data
        self.file = file
        self.deployment_name = deployment_name

    def execute(self, context: Any) -> Any:
        """Ask the endpoint once."""
        from airflow_azureml.lifecycle.resources.online import invoke

        with translated():
            name, data = endpoint_name_of(self.endpoint_name), self._payload(context)
            given = self.deployment_name
            deployment = None if given is None else deployment_name_of(given, name)
            with self.hook().client() as client:
                return client.run(invoke(client.workspace, name, data, deployment))

    def _payload(self, context: Any) -> Any:
        from airflow_azureml.lifecycle.resources.online import json_value
        from airflow_azureml.rest.errors import Problem, SpecError

        if (self.data is None) == (self.file is None):
            given = "neither is given" if self.data is None else "both are given"
            raise SpecError([Problem("data", f"{given}. Accepted: data or file, one of them.")])
        if self.file is None:
            return json_value("data", self.data)
        if not isinstance(self.file, (str, os.PathLike)):
            raise SpecError([Problem("file", f"{self.file!r:.200} is not accepted. Accepted: a file's name.")])
        return json_value("file", self.read_file_of("file", context))
