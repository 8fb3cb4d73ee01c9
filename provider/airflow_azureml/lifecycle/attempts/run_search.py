"""A search of an experiment's runs for other jobs of a task, which keeps nobody from going on."""

from __future__ import annotations

from airflow_azureml.lifecycle.news import Warned
from airflow_azureml.rest.errors import AzureMLError, NotFoundError, SettingsError
from airflow_azureml.rest.flow import Flow, News, Steps
from airflow_azureml.rest.history import Run


def found_or_none(search: Flow[tuple[Run, ...]], what: str) -> Steps[tuple[Run, ...]]:
    """The runs that a search finds; none where the service does not answer, and the news say so.

    :param what: is looked for, as the news name it.
    :raises SettingsError: the connection is wrong.
    """
    try:
        return (yield from search)
    except SettingsError:
        raise
    except NotFoundError:
        return ()  # the first job of an experiment makes it
    except AzureMLError as error:
        yield News(Warned(f"Could not look for {what}: {error}"))
        return ()
