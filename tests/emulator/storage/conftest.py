"""What tests of storage share."""

from __future__ import annotations

import json

import pytest

from tests.emulator_fixture import RunningEmulator


@pytest.fixture
def key(emulator: RunningEmulator) -> str:
    """The account's shared key, with which signatures are made."""
    return str(json.loads((emulator.state / "identity.json").read_text())["account_key"])
