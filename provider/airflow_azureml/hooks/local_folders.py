"""Folders of this machine that files are fetched into."""

from __future__ import annotations

import os
from typing import Any

from airflow_azureml.jobspec.document.messages import show
from airflow_azureml.rest.errors import Problem, SpecError


def local_folder(field: str, given: Any) -> str:
    """Make the path of a folder absolute; ``~`` is the user's home.

    An empty text, such as a template that rendered to nothing, is not taken for the working directory.

    :param field: the argument that holds it, for the message.
    :raises SpecError: it is no path.
    """
    path = os.fspath(given) if isinstance(given, os.PathLike) else given
    if not isinstance(path, str) or not path.strip() or "\0" in path:
        raise SpecError([Problem(field, f"{show(given)} is not a folder. Accepted: the path of a folder.")])
    return os.path.abspath(os.path.expanduser(path))
