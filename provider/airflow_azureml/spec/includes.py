"""Additional includes: files and folders that are uploaded beside the code of a component, as if they lay in it.

Source: azure-ai-ml 1.35.2, ``entities/_component/_additional_includes.py``. Packages of Azure DevOps are taken there in
a private preview only, and files named ``….additional_includes`` only for components that are internal to Microsoft.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from airflow_azureml.spec.document import Spot
from airflow_azureml.spec.fields import INVALID, OMIT, Field, Reading, listed, show, text
from airflow_azureml.spec.needs import Gap, Upload
from airflow_azureml.spec.references import name_strays


def _includes(spot: Spot, reading: Reading) -> Any:
    return listed(text)(spot, reading) or OMIT


INCLUDES = Field("additional_includes", "additional_includes", _includes)
"""They stand in the spec of a component as they are written."""


def beside(given: Sequence[str], code: Any, spot: Spot, reading: Reading) -> Any:
    """Put includes beside the code of a component; gives back the upload of both.

    :param given: the includes, relative to the folder of the component.
    :param code: what the spec says of the code by itself; code that is no upload stays as it is, without includes.
    """
    upload = code.need if isinstance(code, Gap) and isinstance(code.need, Upload) else None
    if upload is None and code is not None:
        return code
    files, place = spot.document.files, spot.child("additional_includes")
    folder = place.place.folder
    paths = [files.locate(path, folder) for path in given]
    try:
        bundle = files.merged(upload.source if upload else None, paths, folder)
    except ValueError as error:
        reading.refuse(place, f"{', '.join(map(show, given))}: {error}.")
        return INVALID
    source = upload.source if upload else folder
    name_strays(bundle, source, place, reading)
    return Gap(Upload("code", source, bundle, variant="\n".join(paths)), "azureml:{}")
