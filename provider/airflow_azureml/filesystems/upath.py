"""Paths with the scheme ``azureml`` for universal-pathlib, on which Airflow's ``ObjectStoragePath`` is built.

Newer Airflows (3.3.2) refuse a scheme that universal-pathlib does not know. It finds this class by its entry point.
"""

from __future__ import annotations

from fsspec.registry import register_implementation
from upath import UPath

from airflow_azureml.filesystems.file_system import AzureMLFileSystem

# A path is taken apart by the file system's own rules, if that is loaded by then, and for ever by general ones if not:
# those believe that a path begins with a slash, and cut a letter off each name.
register_implementation(AzureMLFileSystem.protocol, AzureMLFileSystem, clobber=True)


class AzureMLPath(UPath):
    """A path in a datastore of Azure ML."""

    __slots__ = ()
