"""The link "Azure ML Studio" of a task: the page of its job, available as soon as the job has a name."""

from __future__ import annotations

from typing import Any

from airflow_azureml.version_compat import BaseOperatorLink

STUDIO_URL_KEY = "azureml_studio_url"
"""The XCom key under which a task leaves the address of its job's page."""


class AzureMLStudioLink(BaseOperatorLink):
    """Link to the job's page in Azure ML Studio.

    The operator pushes the address as soon as it knows the job. Airflow 3 asks ``get_link`` once more at the end of
    every run and writes the answer over that XCom, so the answer must be what stands there, and nothing computed.
    """

    name = "Azure ML Studio"

    @property
    def xcom_key(self) -> str:
        """Fixed: the default of Airflow 3 would change with the class's name."""
        return STUDIO_URL_KEY

    def get_link(self, operator: Any, *, ti_key: Any) -> str:
        """Read the address that the task pushed; empty while there is none.

        Where the operator knows that it has pushed none, nothing is looked up: Airflow 3 logs an error for each XCom
        that is not there.
        """
        if not getattr(operator, "has_studio_page", True):
            return ""
        from airflow_azureml.version_compat import XCom

        return XCom.get_value(key=STUDIO_URL_KEY, ti_key=ti_key) or ""
