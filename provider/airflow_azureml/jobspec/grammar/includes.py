"""Additional includes: files and folders that are uploaded beside the code of a component, as if they lay in it.

Source: azure-ai-ml 1.35.2, ``entities/_component/_additional_includes.py``. Packages of Azure DevOps are taken there in
a private preview only, and files named ``….additional_includes`` only for components that are internal to Microsoft.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from airflow_azureml.jobspec.document.document import Located
from airflow_azureml.jobspec.document.messages import show
from airflow_azureml.jobspec.document.requirements import Placeholder, Upload
from airflow_azureml.jobspec.grammar.local_files import warn_of_outside_links
from airflow_azureml.jobspec.table.field import Field, ReferenceConvert
from airflow_azureml.jobspec.table.translator import OMIT, Converted, Invalid, Translator
from airflow_azureml.jobspec.table.values import listed, text


def _include(located: Located, ctx: Translator) -> str | Invalid:
    if isinstance(located.value, Mapping):
        return ctx.error(located, "packages of Azure DevOps are not taken. Accepted: the path of a file or folder.")
    return text(located, ctx)


def _includes(located: Located, ctx: Translator) -> Converted[list[Any]]:
    return listed(_include)(located, ctx) or OMIT


INCLUDES = Field("additional_includes", "additional_includes", _includes)
"""They stand in the spec of a component as they are written."""


def rows_of(rows: tuple[Field, ...], located: Located) -> tuple[Field, ...]:
    """Leave the code of a component to ``beside`` where it has includes: by itself it may be empty."""
    return tuple(row for row in rows if row.name != "code") if located.value.get("additional_includes") else rows


def beside(
    includes: Sequence[str],
    located: Located,
    ctx: Translator,
    registered_code: ReferenceConvert,
) -> str | Placeholder | Invalid:
    """Put includes beside the code of a component; returns the upload of both.

    :param includes: the includes, relative to the folder of the component.
    :param registered_code: reads code that is not here, and stays without includes.
    """
    files, includes_at, code = located.document.files, located.child("additional_includes"), located.value.get("code")
    path = files.locate(code, located.child("code").place.folder) if isinstance(code, str) and code else None
    if code is not None and (path is None or files.kind(path) is None):
        return registered_code(located.child("code"), ctx)
    folder = includes_at.place.folder
    paths = [files.locate(include, folder) for include in includes]
    try:
        bundle = files.merged(path, paths, folder)
    except ValueError as error:
        return ctx.error(includes_at, f"{', '.join(map(show, includes))}: {error}.")
    warn_of_outside_links(bundle, path or folder, includes_at, ctx)
    return Placeholder(Upload("code", path or folder, bundle, variant="\n".join(paths)), "azureml:{}")
