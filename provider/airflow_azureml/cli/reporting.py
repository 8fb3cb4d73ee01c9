"""How the command line reports problems: one per line on stderr, as ``file:line: dotted.path: message``."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Sequence

from airflow_azureml.rest.errors import Problem, SpecError


def problems_of(error: SpecError | OSError) -> Sequence[Problem]:
    """All problems that an error carries."""
    if isinstance(error, SpecError):
        return error.problems
    return [Problem("", f"{error.filename or 'a file'} cannot be read: {error.strerror or error}.")]


def line_of(problem: Problem, path: str) -> str:
    """Write a problem on one line; ``.`` is the document as a whole.

    :param path: the file that was looked at, as its name was given.
    """
    file = path if problem.file in (None, os.path.abspath(path)) else problem.file
    message = " ".join(problem.message.splitlines())
    return f"{file}:{problem.line or 1}: {problem.path or '.'}: {message}"


def complain(problems: Iterable[Problem], path: str) -> int:
    """Print problems on stderr; returns the exit code of a command that has found some."""
    for problem in problems:
        print(line_of(problem, path), file=sys.stderr)
    return 1
