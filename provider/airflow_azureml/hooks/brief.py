"""Clients for those who cannot wait for long: a process that is ending, a person who looks at a page."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from airflow_azureml.client import MLClient
    from airflow_azureml.hooks.azureml import AzureMLHook


def brief_client(hook: AzureMLHook) -> MLClient:
    """Make a client of its own that awaits no answer for long, and leaves it to its user to ask again."""
    from airflow_azureml.client import Limits

    return hook.client(Limits(connect=5, read=20, retries=0, throttled=0), own=True)


def impatient_client(hook: AzureMLHook, *, connect: float, read: float) -> MLClient:
    """Take a share in this process's client for questions that are asked once.

    :param connect: seconds to reach the service.
    :param read: seconds of its silence.
    """
    from airflow_azureml.client import Limits

    return hook.client(Limits(connect=connect, read=read, retries=0, throttled=0))
