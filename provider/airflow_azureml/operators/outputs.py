"""The operator that downloads one output of a job."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

from airflow_azureml.exceptions import translated
from airflow_azureml.operators.workspace import AzureMLBaseOperator
from airflow_azureml.task.resource_fields import is_name, no_name
from airflow_azureml.task.xcom import job_name_of


class AzureMLDownloadJobOutputOperator(AzureMLBaseOperator):
    """Fetch an output of a job that has ended into a local folder of the worker; while it goes on, the task fails.

    :param job_name: the job's name, or the result mapping of the task that ran it.
    :param output_name: the output; ``default`` is the job's artifacts, a scoring job's is ``score``.
    :param local_path: the folder to write to; relative to the worker's working directory. It is made where it is
        missing.
    :param overwrite: False refuses, before anything is fetched, when one of the files exists.
    :return: the list of the files' absolute paths.
    """

    template_fields: Sequence[str] = (
        *AzureMLBaseOperator.template_fields,
        "job_name",
        "output_name",
        "local_path",
        "overwrite",
    )

    def __init__(
        self,
        *,
        job_name: str | Mapping[str, Any],
        output_name: str,
        local_path: str | os.PathLike[str],
        overwrite: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.job_name = job_name
        self.output_name = output_name
        self.local_path = local_path
        self.overwrite = overwrite

    def execute(self, context: Any) -> list[str]:
        """Find the place of the output and fetch what is there."""
        from airflow_azureml.hooks.local_folders import local_folder

        name = job_name_of(self.job_name)
        if not is_name(self.output_name):
            raise no_name("output_name", self.output_name, "the name of an output")
        with translated():
            folder = local_folder("local_path", self.local_path)
        files = self.hook().download_output(name, self.output_name, folder, overwrite=self.overwrite)
        self.log.info("Fetched %d files of output %s of Azure ML job %s.", len(files), self.output_name, name)
        return files
