"""Additional includes: files and folders that are uploaded beside the code of a component, as if they lay in it.

Source: azure-ai-ml 1.35.2, ``entities/_component/_additional_includes.py``. Packages of Azure DevOps are taken there in
a private preview only, and files named ``….additional_includes`` only for components that are internal to Microsoft.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from airflow_azureml.spec.document import Spot
from airflow_azureml.spec.fields import OMIT, Convert, Field, Reading, show
from airflow_azureml.spec.needs import Gap, Upload
from airflow_azureml.spec.references import name_strays
from airflow_azureml.spec.values import listed, text


def _includes(spot: Spot, reading: Reading) -> Any:
    return listed(text)(spot, reading) or OMIT


INCLUDES = Field("additional_includes", "additional_includes", _includes)
"""They stand in the spec of a component as they are written."""


def rows_of(rows: tuple[Field, ...], spot: Spot) -> tuple[Field, ...]:
    """Leave the code of a component to ``beside`` where it has includes: by itself it may be empty."""
    return tuple(row for row in rows if row.name != "code") if spot.value.get("additional_includes") else rows


def beside(given: Sequence[str], spot: Spot, reading: Reading, alone: Convert) -> Any:
    """Put includes beside the code of a component; gives back the upload of both.

    :param given: the includes, relative to the folder of the component.
    :param alone: reads code that is not here, and stays without includes.
    """
    files, place, code = spot.document.files, spot.child("additional_includes"), spot.value.get("code")
    path = files.locate(code, spot.child("code").place.folder) if isinstance(code, str) and code else None
    if code is not None and (path is None or files.kind(path) is None):
        return alone(spot.child("code"), reading)
    folder = place.place.folder
    paths = [files.locate(include, folder) for include in given]
    try:
        bundle = files.merged(path, paths, folder)
    except ValueError as error:
        return reading.refuse(place, f"{', '.join(map(show, given))}: {error}.")
    name_strays(bundle, path or folder, place, reading)
    return Gap(Upload("code", path or folder, bundle, variant="\n".join(paths)), "azureml:{}")
