"""Which commit local code comes from, as the properties that Microsoft's client adds to a job.

Source: azure-ai-ml 1.35.2, ``operations/_job_ops_helper.py``. It asks git about the working directory; a worker's says
nothing, so the folder of the code is asked instead, or whoever made that folder (``checkouts``).
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Mapping

REPOSITORY, BRANCH, COMMIT = "mlflow.source.git.repoURL", "mlflow.source.git.branch", "mlflow.source.git.commit"
DIRTY = "azureml.git.dirty"

ENVIRONMENT = {
    REPOSITORY: "AZUREML_GIT_REPOSITORY_URI",
    BRANCH: "AZUREML_GIT_BRANCH",
    COMMIT: "AZUREML_GIT_COMMIT",
    DIRTY: "AZUREML_GIT_DIRTY",
    "azureml.git.build_id": "AZUREML_GIT_BUILD_ID",
    "azureml.git.build_uri": "AZUREML_GIT_BUILD_URI",
}
"""Environment variables that go before what git says."""

COMMANDS = {
    REPOSITORY: ("ls-remote", "--get-url"),
    BRANCH: ("symbolic-ref", "--short", "HEAD"),
    COMMIT: ("rev-parse", "HEAD"),
}

TIMEOUT = 10
"""Seconds that one git command may take; a status over a huge checkout is given up on."""

CREDENTIAL = re.compile(r"^https?://[^/\s]*@|https://(?:[^/@]+/)?[^/@]+@|^[a-z+]+://[^/\s:@]*:[^/\s@]+@", re.IGNORECASE)
"""A password or token in a remote address; the user of an ssh address is none. Microsoft's looks only at https."""


def properties(
    path: str | None, environ: Mapping[str, str] | None = None, *, told: Mapping[str, str] | None = None
) -> dict[str, str]:
    """Repository, branch, commit and whether there are changes; none of these when the remote holds a credential.

    :param path: a file or folder; None, or one outside of a checkout, leaves what the environment says.
    :param told: what is known otherwise, by property; git is not asked then.
    """
    environ = os.environ if environ is None else environ
    known = {name: environ.get(variable, "") for name, variable in ENVIRONMENT.items()}
    dirty = environ.get(ENVIRONMENT[DIRTY])
    folder = path if path is None or os.path.isdir(path) else os.path.dirname(path)
    if told is not None:
        known |= {name: known[name] or value for name, value in told.items()}
    elif folder is not None and _checkout(folder):
        for name, command in COMMANDS.items():
            known[name] = known[name] or ask(folder, *command) or ""
        if not dirty:
            changes = ask(folder, "status", "--porcelain", ".")
            dirty = dirty if changes is None else str(bool(changes))
    # Every other word is a no, the empty one of a variable that is set among them.
    known = {name: value.strip() for name, value in known.items()}
    known[DIRTY] = "" if dirty is None else str(dirty.strip().lower() in {"true", "1"})
    if CREDENTIAL.search(known[REPOSITORY]):
        for name in (REPOSITORY, BRANCH, COMMIT, DIRTY):
            known[name] = ""
    return {name: value for name, value in known.items() if value}


def _checkout(folder: str) -> bool:
    """Look for a ``.git`` upwards before any process is started."""
    while not os.path.exists(os.path.join(folder, ".git")):
        above = os.path.dirname(folder)
        if above == folder:
            return False
        folder = above
    return True


def ask(folder: str, *arguments: str) -> str | None:
    """Ask git about a folder; None where it does not answer."""
    try:
        done = subprocess.run(["git", "-C", folder, *arguments], capture_output=True, timeout=TIMEOUT, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.decode(errors="replace").strip() if done.returncode == 0 else None
