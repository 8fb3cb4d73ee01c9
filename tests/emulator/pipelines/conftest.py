"""What tests of pipelines share: the emulator, names, two components."""

from __future__ import annotations

import uuid

import pytest

from tests.emulator.pipelines.service import FOLDER, Pipelines
from tests.emulator_fixture import RunningEmulator

WRITE = "echo ${{inputs.word}} > ${{outputs.out}}/word.txt"
JOIN = "cat ${{inputs.a}}/word.txt ${{inputs.b}}/word.txt > ${{outputs.both}}/all.txt"


@pytest.fixture(scope="module")
def service(emulator: RunningEmulator) -> Pipelines:
    """The session's emulator."""
    return Pipelines(emulator)


@pytest.fixture
def name() -> str:
    """A job name that was never used."""
    return f"pipe-{uuid.uuid4().hex[:12]}"


@pytest.fixture
def write(service: Pipelines) -> str:
    """A component that writes a word."""
    return service.component(WRITE, {"word": {"type": "string"}}, {"out": FOLDER})


@pytest.fixture
def join(service: Pipelines) -> str:
    """A component that joins two words."""
    return service.component(JOIN, {"a": FOLDER, "b": FOLDER}, {"both": FOLDER})
