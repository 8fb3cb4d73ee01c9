"""The methods that Airflow's provider for OpenLineage looks for on an operator or sensor that has a job."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from airflow_azureml.task.lineage.record import ATTRIBUTE, Record

if TYPE_CHECKING:
    from airflow_azureml.lifecycle.lineage.datasets import Dataset


class LineageOperator:
    """An operator or sensor whose job's data and source OpenLineage is told.

    A task that defers sends START twice, with one run id, and COMPLETE or FAIL once.
    """

    def get_openlineage_facets_on_start(self) -> Any:
        """What the task's keywords tell before there is a job: outputs of other tasks that it is given."""
        from airflow_azureml.task.lineage import facets

        return facets.lineage(_given(getattr(self, "inputs", None)))

    def get_openlineage_facets_on_complete(self, task_instance: Any) -> Any:
        """What is known of the job at the task's end."""
        from airflow_azureml.task.lineage import facets

        record = getattr(getattr(task_instance, "task", None), ATTRIBUTE, None) or getattr(self, ATTRIBUTE, None)
        if not isinstance(record, Record):
            return self.get_openlineage_facets_on_start()
        return facets.lineage(record.inputs, record.outputs, facets.of_run(record), facets.of_job(record))

    def get_openlineage_facets_on_failure(self, task_instance: Any) -> Any:
        """The same, with the error."""
        return self.get_openlineage_facets_on_complete(task_instance)


def _given(inputs: Any) -> Iterator[Dataset]:
    """The inputs that say themselves where they lie."""
    from airflow_azureml.lifecycle.lineage import names
    from airflow_azureml.lifecycle.lineage.datasets import Dataset

    for value in inputs.values() if isinstance(inputs, Mapping) else ():
        name = names.of_result(value)
        if name is not None:
            yield Dataset(name)
