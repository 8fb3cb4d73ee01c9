"""How Airflow is told of the tab and of the application that serves it.

Source: https://airflow.apache.org/docs/apache-airflow/stable/administration-and-deployment/plugins.html
"""

from __future__ import annotations

from functools import cache
from typing import Any
from urllib.parse import urlsplit

from airflow_azureml import __version__
from airflow_azureml.links import AzureMLStudioLink
from airflow_azureml.version_compat import conf

NAME = "Azure ML"
"""What stands on the tab; Airflow looks for the component under this name among the browser's global ones."""

PREFIX = "/azureml"


@cache
def fastapi_app() -> dict[str, Any]:
    """The application, and where Airflow is to mount it."""
    from airflow_azureml.plugin.page.app import make_app

    return {"app": make_app(), "url_prefix": PREFIX, "name": NAME}


def react_app() -> dict[str, Any]:
    """The tab of a task instance's page.

    Airflow 3.4 shows it at those tasks alone that have the link to a job, and older ones at all tasks. The addresses
    begin with the path that Airflow is served below: 3.1 and 3.2 do not add that.
    """
    static = f"{root_path()}{PREFIX}/static"
    return {
        "name": NAME,
        "bundle_url": f"{static}/tab.js?v={__version__}",
        "icon": f"{static}/icon.svg",
        "icon_dark_mode": f"{static}/icon-dark.svg",
        "url_route": "azureml",
        "destination": "task_instance",
        "applies_to": {"task.extra_links": [AzureMLStudioLink.name]},
    }


def root_path() -> str:
    """The path that Airflow itself is served below: empty, or such as ``/airflow``."""
    return str(urlsplit(conf.get("api", "base_url", fallback="")).path.rstrip("/"))
