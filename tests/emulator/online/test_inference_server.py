"""The scoring server answers as azureml-inference-server-http 1.5.1 did, whose answers are kept beside."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from azureml_emulator.online.server_stage import SERVER
from tests.emulator.online.inference_server import RECORDED, REQUESTS, SCRIPT, Asked, Connect, OverSocket, ask, served


@pytest.fixture(scope="module")
def connect(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Connect]:
    """Connects to the emulator's scoring server, in an interpreter without anything of Microsoft's."""
    folder = tmp_path_factory.mktemp("score")
    (folder / "score.py").write_text(SCRIPT)
    words = [sys.executable, str(SERVER), str(folder / "s"), str(folder / "score.py")]

    def socket_of_it() -> OverSocket:
        return OverSocket(str(folder / "s"))

    with served(words, socket_of_it, Path(folder)):
        yield socket_of_it


@pytest.mark.parametrize("asked", REQUESTS, ids=str)
def test_the_same_answer(connect: Connect, asked: Asked) -> None:
    recorded = json.loads(RECORDED.read_text(encoding="utf-8"))
    assert ask(connect, asked) == recorded[str(asked)]
