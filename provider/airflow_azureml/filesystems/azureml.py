"""What Airflow asks of a provider's file system: the schemes it is for, and the file system for a connection.

Airflow imports this module where a task first uses an object storage path; nothing of Azure comes with it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from airflow_azureml.filesystems.file_system import AzureMLFileSystem

schemes = ["azureml"]


def get_fs(conn_id: str | None, storage_options: Mapping[str, Any] | None = None) -> AzureMLFileSystem:
    """Make the file system for an Airflow connection.

    :param conn_id: None takes ``azureml_default``.
    :param storage_options: further arguments of ``AzureMLFileSystem``.
    """
    from airflow_azureml.filesystems.file_system import AzureMLFileSystem

    options = dict(storage_options or {})
    return AzureMLFileSystem(**({"azureml_conn_id": conn_id} if conn_id else {}), **options)
