"""What a DAG bundle says of its checkout, where git itself says nothing, or something else."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from airflow_azureml.jobspec.document.load import LocalFiles, load
from airflow_azureml.jobspec.translate import translate
from airflow_azureml.local.checkouts import Checkout, checkout_of
from airflow_azureml.rest.errors import SpecError
from tests.local.test_git import BRANCH, COMMIT, URL, run
from tests.rest.driving import WS

VERSION = "0123456789abcdef0123456789abcdef01234567"


@pytest.fixture(autouse=True)
def nothing_said(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("REPOSITORY_URI", "BRANCH", "COMMIT", "DIRTY", "BUILD_ID", "BUILD_URI"):
        monkeypatch.delenv(f"AZUREML_GIT_{name}", raising=False)


@pytest.fixture
def bundle(tmp_path: Path) -> Any:
    """A pruned checkout within a repository that is another one."""
    run(tmp_path, "init", "-q", "-b", "around")
    run(tmp_path, "remote", "add", "origin", "https://example.com/around.git")
    bare = tmp_path / "bare"
    bare.mkdir()
    run(bare, "init", "-q", "--bare")
    place = tmp_path / "versions" / VERSION
    (place / "dags").mkdir(parents=True)
    (place / "src" / "deep").mkdir(parents=True)
    (place / "src" / "main.py").write_text("1")
    (place / "job.yml").write_text("type: command\ncommand: x\nenvironment: azureml:e:1\ncode: src\n")
    run(tmp_path, "add", "versions")
    run(tmp_path, "commit", "-qm", "around")
    run(tmp_path, "push", "-q", str(bare), "HEAD:refs/heads/trunk")
    return SimpleNamespace(
        repo_path=place,
        repo_url="https://user:token@example.com/a/b.git",
        tracking_ref="trunk",
        version=VERSION,
        bare_repo_path=bare,
        sparse_dirs=None,
    )


def test_a_pruned_checkout_is_the_bundle_s_and_not_of_the_repository_around_it(bundle: Any) -> None:
    found = LocalFiles(checkout_of(bundle)).git(str(bundle.repo_path / "src"))
    assert found == {URL: "https://example.com/a/b.git", BRANCH: "trunk", COMMIT: VERSION}
    assert LocalFiles(checkout_of(bundle)).git(None) == found, "a job without code is the bundle's, too"


def test_code_elsewhere_is_asked_about_itself(bundle: Any, tmp_path: Path) -> None:
    elsewhere = tmp_path / "code"
    elsewhere.mkdir()
    assert LocalFiles(checkout_of(bundle)).git(str(elsewhere))[URL] == "https://example.com/around.git"
    beside = tmp_path / "versions" / f"{VERSION}-more"
    beside.mkdir()
    assert LocalFiles(checkout_of(bundle)).git(str(beside))[BRANCH] == "around"


def test_what_is_a_tag_is_no_branch(bundle: Any) -> None:
    bundle.tracking_ref = "v1"
    assert BRANCH not in LocalFiles(checkout_of(bundle)).git(None)


def test_a_checkout_with_git_names_the_commit_that_is_there_and_the_real_remote(bundle: Any) -> None:
    """Its own remote is a bare clone on the worker's disk."""
    bundle.version = None
    run(bundle.repo_path, "init", "-q", "-b", "trunk")
    run(bundle.repo_path, "add", "-A")
    run(bundle.repo_path, "commit", "-qm", "x")
    run(bundle.repo_path, "remote", "add", "origin", str(bundle.bare_repo_path))
    found = LocalFiles(checkout_of(bundle)).git(str(bundle.repo_path / "src"))
    assert found[COMMIT] == run(bundle.repo_path, "rev-parse", "HEAD")
    assert found[URL] == "https://example.com/a/b.git"


@pytest.mark.parametrize("other", [None, SimpleNamespace(path="/dags", version=None), SimpleNamespace(repo_path="/x")])
def test_another_bundle_says_nothing(other: Any) -> None:
    assert checkout_of(other) is None


def test_the_environment_goes_first(bundle: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AZUREML_GIT_COMMIT", "mine")
    assert LocalFiles(checkout_of(bundle)).git(None)[COMMIT] == "mine"


def test_a_remote_that_still_holds_a_credential_is_not_told(bundle: Any) -> None:
    bundle.repo_url = "ssh://user:secret@example.com/a.git"
    assert LocalFiles(checkout_of(bundle)).git(None) == {}


@pytest.mark.parametrize(
    ("path", "left_out"),
    [("src", False), ("src/deep", False), ("src/other.py", False), ("", True), ("source", True), ("dags/x", True)],
)
def test_what_a_sparse_checkout_leaves_out(tmp_path: Path, path: str, left_out: bool) -> None:
    checkout = Checkout(str(tmp_path.resolve()), directories=("src",))
    assert bool(checkout.left_out(str(tmp_path / path))) is left_out
    assert not checkout.left_out("/elsewhere")
    assert not Checkout(str(tmp_path.resolve())).left_out(str(tmp_path / path))


def test_a_folder_that_is_left_out_is_named_with_the_reason(bundle: Any) -> None:
    bundle.sparse_dirs = ["dags", "src/deep/"]
    document = load(str(bundle.repo_path / "job.yml"), checkout=checkout_of(bundle))
    (warning,) = translate(document, WS).warnings
    assert "parts of the folder" in warning
    assert "only dags, src/deep of its repository (sparse_dirs)" in warning
    with pytest.raises(SpecError, match=r"no file or folder .*/data\. The DAG bundle has checked out"):
        translate(document.merged(inputs={"x": {"type": "uri_folder", "path": "data"}}), WS)
