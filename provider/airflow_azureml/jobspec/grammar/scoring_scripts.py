"""Scoring scripts: they lie in the code that is uploaded, and Python can parse them.

Microsoft's client looks as well (azure-ai-ml 1.35.2, ``validate_scoring_script``), but takes everything for a mistake
that the Python it runs on does not know. Scripts run in an environment of their own, whose Python may be newer.
"""

from __future__ import annotations

import ast
import posixpath
import re
import sys
import warnings
from collections.abc import Mapping

from airflow_azureml.jobspec.document.document import Located
from airflow_azureml.jobspec.document.messages import closest, show
from airflow_azureml.jobspec.document.requirements import Placeholder, Upload
from airflow_azureml.jobspec.table.translator import Translator

LATER_SYNTAX: tuple[tuple[tuple[int, int], str, re.Pattern[str]], ...] = (
    ((3, 11), "except*", re.compile(r"^\s*except\s*\*")),
    ((3, 11), "unpacking in an index", re.compile(r"[\w\])]\[(?:[^\]]*,)?\s*\*")),
    ((3, 12), "a type statement", re.compile(r"^\s*type\s+\w+")),
    ((3, 12), "type parameters", re.compile(r"^\s*(?:async\s+)?(?:def|class)\s+\w+\s*\[")),
    ((3, 12), "nesting in an f-string", re.compile(r"(?<![\w\"'])(?:[rR]?[fF]|[fF][rR])[\"']")),
    ((3, 13), "a type parameter with a default", re.compile(r"^\s*(?:type|(?:async\s+)?def|class)\s+\w+\s*\[.*=")),
    ((3, 14), "a template string", re.compile(r"(?<![\w\"'])(?:[rR]?[tT]|[tT][rR])[\"']")),
    ((3, 14), "except without parentheses", re.compile(r"^\s*except\s*\*?\s*[\w.]+\s*,")),
    ((3, 15), "a lazy import", re.compile(r"^\s*lazy\s+(?:import|from)\b")),
    ((3, 15), "unpacking in a comprehension", re.compile(r"[\[({]\s*\*{1,2}.*\bfor\b")),
)
"""What later versions of Python brought, each with what its line looks like. Source: their *What's New* pages."""


def check_script(located: Located, code: object, ctx: Translator) -> None:
    """Check a scoring script.

    :param artifact_address: its name.
    :param code: what became of the code beside it; only what is uploaded can be looked at.
    """
    if (
        not isinstance(located.value, str)
        or not isinstance(code, Placeholder)
        or not isinstance(code.requirement, Upload)
    ):
        return
    files = {name: path for path, name in code.requirement.bundle.files}
    name = posixpath.normpath(located.value)
    if name in files:
        _check_syntax(files[name], located, ctx)
    else:
        ctx.error(located, _missing(name, files, code.requirement.source, located))


def _missing(name: str, files: Mapping[str, str], source: str, located: Located) -> str:
    if posixpath.isabs(name) or name.startswith(".."):
        return f"{show(located.value)} is outside of the code. Accepted: a path relative to {source}."
    if located.document.files.kind(located.document.files.locate(name, source)) == "file":
        return f"{show(located.value)} is not uploaded: an ignore file of {source} leaves it out."
    alike = [file for file in files if posixpath.basename(file) == posixpath.basename(name)]
    similar = alike[0] if alike else closest(name, [file for file in files if file.endswith(".py")])
    hint = f" Did you mean {show(similar)}?" if similar else ""
    return f"there is no file {show(located.value)} in {source}.{hint}"


def _check_syntax(path: str, located: Located, ctx: Translator) -> None:
    try:
        content = located.document.files.content(path)
    except OSError as error:
        ctx.error(located, f"{path} cannot be read: {error.strerror or error}.")
        return
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse(content, path)
    except SyntaxError as error:
        where = f"{path}:{error.lineno or 1}: {error.msg}"
        later = _later(content, error)
        if later is None:
            ctx.error(located, f"Python cannot parse the script: {where}.")
        else:
            ours = ".".join(map(str, sys.version_info[:2]))
            ctx.warn(located, f"Python {ours} cannot parse the script: {where}. It may be {later}.")
    except ValueError as error:
        ctx.error(located, f"Python cannot parse the script: {path}: {error}.")
    except (RecursionError, MemoryError):
        ctx.warn(located, f"{path} is too deeply nested to be checked.")


def _later(content: bytes, error: SyntaxError) -> str | None:
    """Find the syntax that a later Python may parse and ours does not; None where there is none."""
    lines = content.decode("utf-8", "replace").splitlines()
    first = error.lineno or 1
    suspects = lines[first - 1 : max(first, error.end_lineno or first)]
    if str(error.msg).startswith("f-string"):
        suspects.append('f"')  # the line that is named need not be that of the string
    for version, syntax, pattern in LATER_SYNTAX:
        if version > sys.version_info[:2] and any(pattern.search(line) for line in suspects):
            return f"{syntax}, new in Python {version[0]}.{version[1]}"
    return None
