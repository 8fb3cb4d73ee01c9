"""What is known of a checkout besides its files, told by whoever made it: a DAG bundle of Airflow's Git provider.

It removes ``.git`` from the checkout of a run's version, so that git itself says nothing, or answers for a repository
around it; where ``.git`` stays, its remote is Airflow's own bare clone. Source:
``airflow.providers.git.bundles.git.GitDagBundle`` of apache-airflow-providers-git 1.0.1.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from typing import Any

from airflow_azureml.local import git

LOGIN = re.compile(r"^(https?://)[^/\s]*@", re.IGNORECASE)
"""The user of a web address, and the password or token."""


@dataclass(frozen=True)
class Checkout:
    """A folder with the files of one commit.

    :param folder: its root, absolute, with links resolved.
    :param repository: the remote, without a login; empty where it is not known.
    :param branch: empty where it is not known.
    :param commit: empty where it is not known.
    :param directories: those that alone were checked out (``git sparse-checkout`` in cone mode); None for all.
    """

    folder: str
    repository: str = ""
    branch: str = ""
    commit: str = ""
    directories: tuple[str, ...] | None = None

    def holds(self, path: str) -> bool:
        """Whether an absolute path lies in the checkout."""
        return _is_below(os.path.realpath(path), self.folder)

    def left_out(self, path: str) -> str:
        """Say that something of a path may not have been checked out, as a sentence; empty where all of it was."""
        if self.directories is None or not self.holds(path):
            return ""
        path = os.path.realpath(path)
        if any(_is_below(path, os.path.join(self.folder, directory)) for directory in self.directories):
            return ""
        return f"The DAG bundle has checked out only {', '.join(self.directories)} of its repository (sparse_dirs)."

    @property
    def told(self) -> dict[str, str]:
        """What there is to say of a job whose code lies here."""
        return {git.REPOSITORY: self.repository, git.BRANCH: self.branch, git.COMMIT: self.commit}


def checkout_of(bundle: Any) -> Checkout | None:
    """The checkout of a task's DAG bundle; None where the bundle is none of git.

    :param bundle: ``ti.bundle_instance`` of Airflow 3, or None.
    """
    folder, repository = getattr(bundle, "repo_path", None), getattr(bundle, "repo_url", None)
    if folder is None or not repository:
        return None
    folder = os.path.realpath(folder)
    has_git = os.path.exists(os.path.join(folder, ".git"))
    version = getattr(bundle, "version", None)
    commit = git.ask(folder, "rev-parse", "HEAD") if has_git else None
    directories = getattr(bundle, "sparse_dirs", None)
    return Checkout(
        folder,
        LOGIN.sub(r"\1", str(repository)),
        _branch(getattr(bundle, "tracking_ref", None), getattr(bundle, "bare_repo_path", None)),
        commit or (str(version) if version else ""),
        tuple(os.path.normpath(name) for name in directories) if directories else None,
    )


def _branch(name: Any, repository: Any) -> str:
    """What the bundle follows, where that is a branch and no tag or commit."""
    if not name or repository is None:
        return ""
    found = git.ask(os.fspath(repository), "show-ref", "--verify", f"refs/heads/{name}")
    return str(name) if found else ""


def _is_below(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder.rstrip(os.sep) + os.sep)
