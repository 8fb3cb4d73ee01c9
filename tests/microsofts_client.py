"""A pytest plugin: Microsoft's client in its own interpreter, loaded once; each script is a fork of it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from demo.warm_python import WarmPython
from tests.shared_python import SharedPython

KEPT = ("PATH", "HOME", "LANG", "TMPDIR", "NO_PROXY", "no_proxy")
"""What its scripts are told of this environment."""

LOADED = ("azure.ai.ml", "azure.ai.ml.entities", "azure.ai.ml.sweep", "azure.identity")


@pytest.fixture(scope="session")
def microsofts_client(sdk_python: Path) -> Iterator[WarmPython]:
    """The interpreter that Microsoft's client is installed in, with the client loaded, which takes seconds."""
    python = SharedPython("sdk", sdk_python, {key: os.environ[key] for key in KEPT if key in os.environ}, LOADED)
    yield python
    python.close()
