"""A record of a job as OpenLineage's facets; asked for by the listener of Airflow's provider for OpenLineage alone.

Sources: https://openlineage.io/docs/spec/facets; ``openlineage.client.facet_v2`` of openlineage-python.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any

from airflow_azureml.version_compat import conf

if TYPE_CHECKING:
    from airflow_azureml.lifecycle.lineage.datasets import Dataset
    from airflow_azureml.task.lineage.record import Record

REPOSITORY, BRANCH, COMMIT = "mlflow.source.git.repoURL", "mlflow.source.git.branch", "mlflow.source.git.commit"
"""Properties of a job that name the commit of its code, as Microsoft's client writes them, too."""


def lineage(
    inputs: Iterable[Dataset],
    outputs: Iterable[Dataset] = (),
    run: Mapping[str, Any] | None = None,
    job: Mapping[str, Any] | None = None,
) -> Any:
    """What the listener takes."""
    extractors: Any = import_module("airflow.providers.openlineage.extractors")
    return extractors.OperatorLineage(
        inputs=[_dataset(one) for one in inputs],
        outputs=[_dataset(one) for one in outputs],
        run_facets=dict(run or {}),
        job_facets=dict(job or {}),
    )


def of_run(record: Record) -> dict[str, Any]:
    """The job that the task has run, and why it failed."""
    facets: Any = import_module("openlineage.client.facet_v2")
    found = {"externalQuery": facets.external_query_run.ExternalQueryRunFacet(record.job_name, record.workspace)}
    if record.error is not None:
        found["errorMessage"] = facets.error_message_run.ErrorMessageRunFacet(record.error, "python")
    return found


def of_job(record: Record) -> dict[str, Any]:
    """What the job is, what it runs, and which commit that is."""
    facets: Any = import_module("openlineage.client.facet_v2")
    found: dict[str, Any] = {}
    if record.description:
        found["documentation"] = facets.documentation_job.DocumentationJobFacet(record.description)
    if record.script and not conf.getboolean("openlineage", "disable_source_code", fallback=False):
        found["sourceCode"] = facets.source_code_job.SourceCodeJobFacet("bash", record.script)
    repository = record.properties.get(REPOSITORY)
    if repository:
        found["sourceCodeLocation"] = facets.source_code_location_job.SourceCodeLocationJobFacet(
            "git",
            repository,
            repoUrl=repository,
            version=record.properties.get(COMMIT),
            branch=record.properties.get(BRANCH),
        )
    return found


def _dataset(dataset: Dataset) -> Any:
    facets: Any = import_module("openlineage.client.facet_v2")
    event: Any = import_module("openlineage.client.event_v2")
    found: dict[str, Any] = {}
    if dataset.version is not None:
        found["version"] = facets.dataset_version_dataset.DatasetVersionDatasetFacet(dataset.version)
    if dataset.asset is not None and dataset.asset != dataset.name:
        alias = facets.symlinks_dataset.Identifier(*dataset.asset, "ASSET")
        found["symlinks"] = facets.symlinks_dataset.SymlinksDatasetFacet([alias])
    return event.Dataset(*dataset.name, facets=found)
