"""A client for a process that is ending."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from airflow_azureml.client import MLClient
    from airflow_azureml.hooks.azureml import AzureMLHook


def brief_client(hook: AzureMLHook) -> MLClient:
    """Make a client of its own that awaits no answer for long, and leaves it to its user to ask again."""
    from airflow_azureml.client import Limits

    return hook.client(Limits(connect=5, read=20, retries=0, throttled=0), own=True)
