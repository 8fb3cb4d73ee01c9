"""The reading of a report, when the job has ended: never an error, for the job is what it is."""

from __future__ import annotations

from collections.abc import Callable

from airflow_azureml.lifecycle.news import Warned
from airflow_azureml.lifecycle.reports.report import FILE, MOST_BYTES, TAGS, Report, from_bytes, from_tags, without
from airflow_azureml.rest import logs
from airflow_azureml.rest.errors import AzureMLError
from airflow_azureml.rest.flow import News, Steps
from airflow_azureml.rest.history import Run
from airflow_azureml.rest.ids import Workspace
from airflow_azureml.rest.mlflow import artifacts


def read(ws: Workspace, run: Run, taken: frozenset[str], *, has_files: bool) -> Steps[Report]:
    """Read what a run reports, by its tags and in its file, which goes before them; what is wrong with it is news.

    :param taken: keys of XCom that are not the script's.
    :param has_files: a script of the user's ran in it, and may have left the file.
    """
    problems: list[str] = []
    content = (yield from _content(ws, run, _naming(f"{FILE} of job {run.id}", problems))) if has_files else None
    in_tags = _naming(f"The tags {TAGS}… of job {run.id}", problems)
    report = from_tags(run.tags, in_tags)
    if content is not None:
        report = from_bytes(content, _naming(f"{FILE} of job {run.id}", problems)).over(report)
    report = without(report, taken, _naming(f"What job {run.id} reports", problems))
    for problem in problems:
        yield News(Warned(problem))
    return report


def _naming(what: str, problems: list[str]) -> Callable[[str], None]:
    return lambda problem: problems.append(f"{what}: {problem}.")


def _content(ws: Workspace, run: Run, complain: Callable[[str], None]) -> Steps[bytes | None]:
    """Read the file; None where there is none, or it is too large."""
    try:
        address = yield from artifacts.address(ws, run.container or f"dcid.{run.id}", FILE)
        if address is None:
            return None
        chunk = yield from logs.read(address, 0, MOST_BYTES + 1)
    except AzureMLError as error:
        complain(f"it could not be looked for: {error}")
        return None
    size = max(chunk.size or 0, len(chunk.data))
    if size > MOST_BYTES:
        complain(f"it has {size:,} bytes, and no more than {MOST_BYTES:,} are read")
        return None
    return chunk.data if chunk.data or chunk.size == 0 else None
