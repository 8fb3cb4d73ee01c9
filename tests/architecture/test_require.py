"""What continuous integration requires must be there: a missing piece ends the tests instead of leaving some out."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture.sources import REPOSITORY


@pytest.mark.parametrize(
    ("required", "said"),
    [("corpus", "corpus is missing"), ("sdk,corpse", "'corpse' is not known. Accepted: corpus, sdk, airflow2, jobs.")],
)
def test_what_is_required_and_missing_ends_the_tests(required: str, said: str, tmp_path: Path) -> None:
    # A file without fixtures and heavy imports is collected at once.
    command = [sys.executable, "-m", "pytest", "--require", required, "tests/architecture/test_require.py"]
    environment = os.environ | {"AZUREML_CORPUS": str(tmp_path)}
    done = subprocess.run(command, cwd=REPOSITORY, env=environment, capture_output=True, text=True)
    assert done.returncode == pytest.ExitCode.USAGE_ERROR
    assert said in done.stderr
