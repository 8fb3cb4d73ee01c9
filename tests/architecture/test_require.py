"""What continuous integration requires must be there: a missing piece ends the tests instead of leaving some out."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests import REPOSITORY
from tests.corpus import cases, test_golden

REQUIRED = "corpus,sdk,airflow2,jobs"
"""What a machine may lack, and continuous integration requires."""

BROWSER = "chromium"
"""What it requires where it can be installed."""


def test_what_is_required_and_missing_ends_the_tests(tmp_path: Path) -> None:
    # A file without fixtures and heavy imports is collected at once.
    command = [sys.executable, "-m", "pytest", "--require", "corpus", "tests/architecture/test_require.py"]
    environment = os.environ | {"AZUREML_CORPUS": str(tmp_path)}
    done = subprocess.run(command, cwd=REPOSITORY, env=environment, capture_output=True, text=True)
    assert done.returncode == pytest.ExitCode.USAGE_ERROR
    assert "corpus is missing" in done.stderr


@pytest.fixture
def conftest(request: pytest.FixtureRequest) -> Any:
    """The module ``tests/conftest.py`` as pytest has loaded it."""
    (found,) = (
        plugin
        for plugin in request.config.pluginmanager.get_plugins()
        if str(getattr(plugin, "__file__", "")).endswith("tests/conftest.py")
    )
    return found


def test_an_unknown_name_ends_the_tests(conftest: Any) -> None:
    said = re.escape("unknown name 'corpse'. Accepted: corpus, sdk, airflow2, jobs, chromium.")
    with pytest.raises(pytest.UsageError, match=said):
        conftest.pytest_configure(SimpleNamespace(getoption=lambda _: "sdk,corpse"))


def test_continuous_integration_requires_all_that_a_machine_may_lack(conftest: Any) -> None:
    run = (REPOSITORY / ".ci" / "run").read_text()
    assert f"\nrequired={REQUIRED}\n" in run
    assert f"required=$required,{BROWSER}\n" in run
    assert '--require $required"' in run
    assert {*conftest.REQUIRABLE} == {*REQUIRED.split(","), BROWSER}


@pytest.mark.parametrize("name", [*REQUIRED.split(","), BROWSER])
def test_each_of_them_is_missed(name: str, conftest: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(conftest, "REPOSITORY", tmp_path / "clone")
    for variable in conftest.OWN_SETTINGS:
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(pytest.UsageError, match=f"--require: {name} is missing"):
        conftest.pytest_configure(SimpleNamespace(getoption=lambda _: name))


def test_whoever_has_no_corpus_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv(cases.VARIABLE, raising=False)
    monkeypatch.setattr(cases, "DEFAULT", tmp_path)
    monkeypatch.setattr(test_golden, "CASES", [])
    with pytest.raises(pytest.skip.Exception, match=f"no corpus at {tmp_path}; .* tests/samples"):
        test_golden.test_the_corpus_is_there()
