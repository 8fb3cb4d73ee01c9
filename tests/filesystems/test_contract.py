"""Fsspec's own tests of file systems, against the emulator's blob storage."""

from __future__ import annotations

from collections.abc import Callable

import fsspec.tests.abstract as abstract
import pytest

from airflow_azureml.filesystems.file_system import AzureMLFileSystem

pytestmark = pytest.mark.long


class OurFixtures(abstract.AbstractFixtures):  # type: ignore[misc]  # fsspec has no types
    """What fsspec's tests ask of those who run them."""

    @pytest.fixture
    def fs(self, fs: AzureMLFileSystem) -> AzureMLFileSystem:
        """The file system, with a connection to the emulator."""
        return fs

    @pytest.fixture
    def fs_join(self) -> Callable[..., str]:
        """Joins the parts of a path."""
        return lambda *parts: "/".join(parts)

    @pytest.fixture
    def fs_path(self, folder: str) -> str:
        """A folder that nobody else writes to."""
        return folder

    @pytest.fixture
    def supports_empty_directories(self) -> bool:
        """Blob storage has none."""
        return False


class TestCopy(abstract.AbstractCopyTests, OurFixtures):  # type: ignore[misc]
    """Copies within a file system."""


class TestGet(abstract.AbstractGetTests, OurFixtures):  # type: ignore[misc]
    """From the file system to local folders."""


class TestPut(abstract.AbstractPutTests, OurFixtures):  # type: ignore[misc]
    """From local folders to the file system."""


class TestPipe(abstract.AbstractPipeTests, OurFixtures):  # type: ignore[misc]
    """Whole contents at once."""


class TestOpen(abstract.AbstractOpenTests, OurFixtures):  # type: ignore[misc]
    """Modes of files."""
