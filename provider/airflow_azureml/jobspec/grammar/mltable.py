"""Tables (``mltable``): a folder in which the file ``MLTable`` says what the table is made of.

Source: azure-ai-ml 1.35.2, ``DataOperations._validate`` and ``_schema/_data/`` for what is read of a local table. Of a
table that lies in storage Microsoft's client reads the same where it can; here the service does.
"""

from __future__ import annotations

import os.path
from collections.abc import Mapping

from airflow_azureml.jobspec.document.document import Document, Located
from airflow_azureml.jobspec.document.messages import missing, show
from airflow_azureml.jobspec.grammar.local_files import read_file
from airflow_azureml.jobspec.grammar.references import is_url
from airflow_azureml.jobspec.table.translator import INVALID, Invalid, Translator
from airflow_azureml.jobspec.table.values import text

FILE = "MLTable"
"""The name of the file."""

PATHS = ("file", "folder", "pattern")
"""Keys of a path in it, one of them."""


def local_table(path: str, located: Located, ctx: Translator) -> list[str] | None:
    """Read what a local table refers to, as it is written there; returns None after a problem.

    :param path: the absolute path of the folder.
    :param artifact_address: where the folder is named.
    """
    document = _document(path, located, ctx)
    if document is INVALID:
        return None
    rows = document.value.get("paths")
    if not isinstance(rows, list):
        wrong = '"paths" is required' if rows is None else f"{show(rows)} is not a list"
        ctx.error(document.root, f"{wrong}. Accepted: a list of file, folder or pattern.", "paths")
        return None
    references = [_referenced(row, path, ctx) for row in document.root.child("paths").items()]
    valid = [path for path in references if path is not INVALID]
    return valid if len(valid) == len(references) else None


def warn_of_no_table(path: str, located: Located, ctx: Translator) -> None:
    """Warn where a local table of a job is none: the job would fail when it reads it."""
    files = located.document.files
    if files.kind(path) == "folder" and files.kind(os.path.join(path, FILE)) != "file":
        ctx.warn(located, f"{path} has no file {FILE}, which defines the table.")


def _document(path: str, located: Located, ctx: Translator) -> Document | Invalid:
    files = located.document.files
    if files.kind(path) != "folder":
        return ctx.error(
            located, f"{show(located.value)} is not a folder. Accepted for mltable: the folder that holds {FILE}."
        )
    file = os.path.join(path, FILE)
    if files.kind(file) != "file":
        why = missing("file", file, files.left_out(file))
        return ctx.error(located, f"{show(located.value)} is not a table: {why}")
    return read_file(file, located, ctx)


def _referenced(located: Located, folder: str, ctx: Translator) -> str | Invalid:
    entry = located.value
    keys = [key for key in entry if key in PATHS] if isinstance(entry, Mapping) else []
    if len(keys) != 1 or len(entry) != 1:
        return ctx.error(located, f"{show(entry)} is not a path of a table. Accepted: {', '.join(PATHS)}, one of them.")
    path_text = text(located.child(keys[0]), ctx)
    if path_text is INVALID or keys[0] == "pattern" or is_url(path_text):
        return path_text
    files = located.document.files
    inside = os.path.normpath(os.path.join(folder, path_text)) + os.sep
    if not inside.startswith(folder.rstrip(os.sep) + os.sep) or files.kind(files.locate(path_text, folder)) is None:
        ctx.warn(located.child(keys[0]), f"{show(path_text)} is not in the folder that is uploaded, {folder}.")
    return path_text
