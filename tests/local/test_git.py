"""Which commit code comes from: real checkouts, and remotes that must not be told."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from airflow_azureml.local import git
from demo.warm_python import WarmPython

DIRTY = "azureml.git.dirty"
URL, BRANCH, COMMIT = (f"mlflow.source.git.{name}" for name in ("repoURL", "branch", "commit"))


def run(folder: Path, *arguments: str) -> str:
    own = ["-c", "user.name=t", "-c", "user.email=t@t", "-c", "init.defaultBranch=trunk"]
    return subprocess.run(
        ["git", "-C", str(folder), *own, *arguments], check=True, capture_output=True, text=True
    ).stdout.strip()


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout with one commit and a folder of code."""
    run(tmp_path, "init", "-q")
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "main.py").write_text("1")
    run(tmp_path, "add", "-A")
    run(tmp_path, "commit", "-qm", "x")
    run(tmp_path, "remote", "add", "origin", "https://example.com/a/b.git")
    return tmp_path


def test_a_clean_checkout(checkout: Path) -> None:
    found = git.properties(str(checkout / "src"), {})
    commit = run(checkout, "rev-parse", "HEAD")
    assert found == {URL: "https://example.com/a/b.git", BRANCH: "trunk", COMMIT: commit, DIRTY: "False"}
    assert git.properties(str(checkout / "src" / "main.py"), {}) == found


def test_changes_are_told(checkout: Path) -> None:
    (checkout / "src" / "main.py").write_text("2")
    assert git.properties(str(checkout / "src"), {})[DIRTY] == "True"


@pytest.mark.parametrize("word", ["", " ", "no"])
def test_a_variable_that_is_no_yes_is_a_no(checkout: Path, word: str) -> None:
    assert git.properties(None, {"AZUREML_GIT_DIRTY": word}) == {DIRTY: "False"}
    (checkout / "new").write_text("")
    # An empty one leaves it to git.
    assert git.properties(str(checkout), {"AZUREML_GIT_DIRTY": word})[DIRTY] == str(not word)


def test_without_git_nothing_is_told(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    assert git.properties(str(checkout), {}) == {}


@pytest.mark.parametrize(
    "remote",
    ["https://user:token@example.com/a.git", "https://token@example.com/a.git", "ssh://user:secret@example.com/a.git"],
)
def test_a_remote_with_a_credential_is_not_told(checkout: Path, remote: str) -> None:
    run(checkout, "remote", "set-url", "origin", remote)
    assert git.properties(str(checkout / "src"), {}) == {}


@pytest.mark.parametrize("remote", ["ssh://git@example.com/a.git", "git@example.com:a/b.git"])
def test_the_user_of_ssh_is_no_credential(checkout: Path, remote: str) -> None:
    run(checkout, "remote", "set-url", "origin", remote)
    assert git.properties(str(checkout / "src"), {})[URL] == remote


def test_the_environment_goes_first(checkout: Path) -> None:
    found = git.properties(str(checkout / "src"), {"AZUREML_GIT_BRANCH": "other", "AZUREML_GIT_BUILD_ID": "7"})
    assert (found[BRANCH], found["azureml.git.build_id"]) == ("other", "7")


def test_outside_of_a_checkout_there_is_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # The tests' own folder may lie in a checkout: git is told to look no higher.
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert git.properties(str(tmp_path), {}) == {}
    assert git.properties(None, {}) == {}


MICROSOFTS = """
import json, os, sys
from azure.ai.ml.operations._job_ops_helper import get_git_properties
for line in sys.stdin:
    folder, variables = json.loads(line)
    os.chdir(folder)
    os.environ.update(variables)
    print(json.dumps(get_git_properties()), flush=True)
    for name in variables:
        del os.environ[name]
"""

ENVIRONMENTS: tuple[Mapping[str, str], ...] = (
    {},
    *({name: word} for name in git.ENVIRONMENT.values() for word in ("", " ", "True", " 1 ", "no")),
)


def test_all_is_as_microsofts_client_says_it(
    checkout: Path, microsofts_client: WarmPython, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Temporary folders may lie in a checkout themselves: git is told to look no higher.
    above = {"GIT_CEILING_DIRECTORIES": str(checkout.parent)}
    monkeypatch.setenv(*next(iter(above.items())))

    def agree() -> None:
        for variables in ENVIRONMENTS:
            print(json.dumps([str(checkout / "src"), variables]), file=questions, flush=True)
            assert git.properties(str(checkout / "src"), variables) == json.loads(answers.readline()), variables

    with microsofts_client.talk("-c", MICROSOFTS, settings=above) as (questions, answers):
        agree()
        (checkout / "beside").write_text("")  # of no interest below src
        agree()
        (checkout / "src" / "new.py").write_text("")
        agree()
        run(checkout, "checkout", "-q", "--detach")
        agree()
        (checkout / ".git").rename(checkout.parent / "elsewhere")
        agree()
