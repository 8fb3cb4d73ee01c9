"""The artifacts of a run: what its script wrote into ``./outputs``, and what MLflow has logged.

Undocumented. Source: azureml-mlflow 1.62, ``_restclient/artifact``.
"""

from __future__ import annotations

from urllib.parse import quote

from airflow_azureml.rest.flow import Call, Plane, Reply
from airflow_azureml.rest.ids import Workspace
from airflow_azureml.rest.json_values import get_text


def address(ws: Workspace, container: str, path: str) -> Call[str | None]:
    """Ask where an artifact can be read: an address that carries its own signature (a secret); None if there is none.

    Whether the service also answers for an artifact that is not there is unproven: then reading it answers 404.
    Undocumented. Source: azureml-mlflow 1.62, ``_restclient/artifact``.

    :param container: of the run's artifacts, as the run itself names it.
    :param path: within the run's artifacts, such as ``outputs/airflow.json``.
    """

    def parse(reply: Reply) -> str | None:
        return get_text(reply.json(), "contentUri") if reply.status == 200 else None

    where = f"/artifact/v2.0{ws.path}/artifacts/ExperimentRun/{quote(container, safe='')}/contentinfo"
    return Call("GET", where, parse, plane=Plane.DATA, query={"path": path}, ok=(200, 404))
