"""The example data is what its generator writes, byte for byte."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests import REPOSITORY

FOLDER = REPOSITORY / "dags_examples" / "credit_defaults"


def test_the_generator_writes_the_data_that_is_here(tmp_path: Path) -> None:
    subprocess.run([sys.executable, FOLDER / "generate.py", tmp_path / "made.csv"], check=True)

    assert (tmp_path / "made.csv").read_bytes() == (FOLDER / "data" / "credit_card.csv").read_bytes()


def test_another_seed_writes_other_data(tmp_path: Path) -> None:
    subprocess.run([sys.executable, FOLDER / "generate.py", tmp_path / "made.csv", "--seed", "8"], check=True)

    assert (tmp_path / "made.csv").read_bytes() != (FOLDER / "data" / "credit_card.csv").read_bytes()


def test_the_new_clients_are_what_their_generator_writes(tmp_path: Path) -> None:
    subprocess.run([sys.executable, FOLDER / "new_clients.py", tmp_path], check=True)

    made = {file.name: file.read_bytes() for file in tmp_path.iterdir()}
    assert made == {file.name: file.read_bytes() for file in (FOLDER / "new_clients").iterdir()}
    assert len(made) == 3
