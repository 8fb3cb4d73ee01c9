"""Objects of ``azure-ai-ml`` as arguments of operators: converted to plain values when the operator is made.

Airflow copies operators (``tasks clear`` and ``backfill`` with ``-t``, ``dag.partial_subset``) and serialises them; a
copy of a job object raises ``KeyError: '__deepcopy__'``, and one with outputs cannot be pickled (azure-ai-ml 1.35.2).
Nothing of azure is imported here: an object is recognised by its class, which has ``_to_dict``.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from enum import Enum
from pathlib import Path, PurePath
from typing import Any

from airflow_azureml.exceptions import translated


def plain(value: Any, *, top: bool = False, around: tuple[int, ...] = ()) -> Any:
    """Swap objects of ``azure-ai-ml`` for what they write down, at any depth; a value without any is given back itself.

    :param top: the value is a whole job, or another document that can be read from a file.
    :raises AzureMLSpecError: an object is not complete; the text is that of ``azure-ai-ml``.
    """
    if hasattr(type(value), "_to_dict"):  # an instance may answer to any name
        return _written(value, top)
    if isinstance(value, Enum):  # a template would write the member's name
        from airflow_azureml.jobspec.document.plain_values import plain_values

        return plain_values(value)
    if isinstance(value, os.PathLike):
        # Airflow's own paths write themselves down for other processes.
        return value if isinstance(value, PurePath) or hasattr(value, "serialize") else Path(os.fspath(value))
    if id(value) in around:
        return value
    if type(value) in (set, frozenset):
        # Airflow 2.11 writes a set down as it comes, which is another DAG in each process that reads the file.
        return sorted(value, key=repr)
    around = (*around, id(value))
    if type(value) is dict:
        items = {key: plain(item, around=around) for key, item in value.items()}
        return items if any(items[key] is not value[key] for key in value) else value
    if type(value) in (list, tuple):
        parts = [plain(item, around=around) for item in value]
        return type(value)(parts) if any(new is not old for new, old in zip(parts, value, strict=True)) else value
    return value


def _written(value: Any, top: bool) -> Any:
    from airflow_azureml.jobspec.document import sdk_objects

    with translated():
        return sdk_objects.as_mapping(value) if top else sdk_objects.plain(value)


def converted(operator: type[Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """The values of an operator's template fields that were not plain, made plain; others are none of ours."""
    found = {name: _field(operator, name, value) for name, value in given.items()}
    return {name: value for name, value in found.items() if value is not given[name]}


def _field(operator: type[Any], name: str, value: Any) -> Any:
    if name not in operator.template_fields:
        return value
    return plain(value, top=name in getattr(operator, "template_file_fields", ()))
