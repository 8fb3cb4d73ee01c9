"""Templates that make nothing: the text ``None``, which a template writes for what is not there, is refused where it
would be taken for a name, a version, a size or a path.

With ``render_template_as_native_obj`` such a template gives None itself, which is as if nothing was given.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from airflow_azureml.task.resource_fields import NOTHING

FREE = frozenset(
    (
        *("inputs", "environment_variables", "tags", "properties", "data", "description"),
        *("search_space", "hyperparameters", "conf", "op_args", "op_kwargs"),
    )
)
"""Fields, and keys in them, whose texts are for a script or a person: there the text may be meant."""


def made_of_nothing(given: Mapping[str, Any], rendered: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The templates of a task that have made nothing, each with the dotted path of its field.

    :param given: the fields by name, before they were rendered.
    :param rendered: the same, rendered.
    """
    for name, value in given.items():
        yield from _found(name, value, rendered.get(name), ())


def _found(path: str, given: Any, rendered: Any, around: tuple[int, ...]) -> Iterator[tuple[str, str]]:
    if not FREE.isdisjoint(path.split(".")):
        return
    if isinstance(given, str):
        if rendered == NOTHING and ("{{" in given or "{%" in given):
            yield path, given
        return
    if id(given) in around:
        return
    around = (*around, id(given))
    if isinstance(given, Mapping) and isinstance(rendered, Mapping):
        for key, value in given.items():
            yield from _found(f"{path}.{key}", value, rendered.get(key), around)
    elif isinstance(given, (list, tuple)) and isinstance(rendered, (list, tuple)):
        for position, (value, other) in enumerate(zip(given, rendered, strict=False)):
            yield from _found(f"{path}.{position}", value, other, around)
