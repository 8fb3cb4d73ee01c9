"""The example of the page on testing DAGs, in a project of somebody else's with an environment of its own."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from tests import REPOSITORY
from tests.packaging.installs import SETTINGS, UV, Installed, run

BLOCK = re.compile(r"^```python\n# (?P<name>[\w/]+\.py)\n(?P<text>.*?)^```$", re.M | re.S)

pytestmark = pytest.mark.timeout(900)


def examples() -> dict[str, str]:
    """The files of the page's project."""
    page = (REPOSITORY / "docs" / "testing-your-dags.md").read_text(encoding="utf-8")
    return {found["name"]: found["text"] for found in BLOCK.finditer(page)}


def test_the_page_has_a_whole_project() -> None:
    assert set(examples()) == {"dags/nightly.py", "conftest.py", "tests/test_nightly.py"}


@pytest.mark.long
@pytest.mark.parametrize("installed", ["airflow3"], indirect=True)
def test_the_pages_project_passes_its_tests(installed: Installed, wheel: Path) -> None:
    lock = REPOSITORY / "requirements" / "airflow3.txt"
    packages = (f"{wheel}[emulator]", "pytest", "pytest-xdist")
    python = installed.environment / "bin" / "python"
    command = (UV, "pip", "install", "--quiet", "--python", python, "--constraints", lock, *packages)
    run(*command, environment=SETTINGS | os.environ, cwd=installed.folder)
    for name, text in examples().items():
        file = installed.folder / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(text, encoding="utf-8")
    # The folder may lie in the repository, whose settings are not the project's.
    (installed.folder / "pytest.ini").write_text("[pytest]\n")
    for words in ((), ("-n", "2")):
        said = installed.run("python", "-m", "pytest", "-q", "tests", *words)
        assert "3 passed" in said, said
    listed = installed.run("python", "-m", "pytest", "--fixtures", "tests")
    assert "azureml_emulator [session scope]" in listed
